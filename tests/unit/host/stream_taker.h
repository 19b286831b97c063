/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream_taker.h - who reads streams, and notes what it was given
 */
#ifndef STREAM_TAKER_H
#define STREAM_TAKER_H

#include "stream_maker.h"

#define TAKEN_MAX	64

/**
 * struct taken - what a parser handed on: enough to tell whether it was all
 * @parser: it
 * @target: what the stream is for
 * @buffer: the parser's
 * @count: records
 * @record: the first of them: tag, size, and a sum of the payload
 * @refuse_tag: give that error for records with this tag
 * @refuse_error: the error
 * @refuse_reason: and its sentence; NULL: none
 */
struct taken {
	struct stream_parser parser;
	struct stream_hello target;
	uint8_t *buffer;
	unsigned int count;
	struct {
		uint32_t tag;
		size_t bytes;
		uint32_t sum;
	} record[TAKEN_MAX];
	uint32_t refuse_tag;
	int refuse_error;
	const char *refuse_reason;
};

uint32_t sum_of(const uint8_t *bytes, size_t count);

/** taken_begin(), taken_end() - before stream_feed() and after it */
void taken_begin(struct taken *taken, const struct stream_hello *target);
void taken_end(struct taken *taken);

/** taken_all() - feed all of it at once; the result of the whole stream */
int taken_all(struct taken *taken, const struct made *made, const struct stream_hello *target);

/** taken_same() - whether the first @count records are the same */
bool taken_same(const struct taken *a, const struct taken *b, unsigned int count);

/** assert_refused() - the stream gives that error, and a sentence with those words */
#define assert_refused(made, target, error, words)	\
	taken_refused(made, target, error, words, __LINE__)
void taken_refused(const struct made *made, const struct stream_hello *target, int error,
		   const char *words, int line);

#endif /* STREAM_TAKER_H */
