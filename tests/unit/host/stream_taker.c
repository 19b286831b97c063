// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream_taker.c - who reads streams, and notes what it was given
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "stream_taker.h"
#include "unit.h"

uint32_t sum_of(const uint8_t *bytes, size_t count)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < count; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static int take(struct stream_parser *parser, const struct stream_record *record)
{
	struct taken *taken = parser->context;

	unit_assert(!parser->ended, "a record behind the end");
	if (record->tag == taken->refuse_tag) {
		if (taken->refuse_reason)
			snprintf(parser->reason, sizeof(parser->reason), "%s",
				 taken->refuse_reason);
		return taken->refuse_error;
	}
	if (taken->count < TAKEN_MAX) {
		taken->record[taken->count].tag = record->tag;
		taken->record[taken->count].bytes = record->bytes;
		taken->record[taken->count].sum = sum_of(record->payload, record->bytes);
	}
	taken->count++;
	if (record->tag == STREAM_VRAM || record->tag == STREAM_ZERO) {
		uint64_t granules = parser->target->framebuffer / STREAM_GRANULE;
		struct stream_range range;

		stream_range(record, &range);
		unit_assert(range.granules && range.first < granules &&
			    range.granules <= granules - range.first,
			    "granules %llu and %llu more reached the callback",
			    (unsigned long long)range.first, (unsigned long long)range.granules);
		if (range.data)
			sum_of(range.data, STREAM_GRANULE);
	} else if (record->tag == STREAM_PINS) {
		struct stream_pins pins;
		uint64_t all = 0;
		__u64 page, pages;

		stream_pins(record, &pins);
		while (stream_pins_run(&pins, &page, &pages))
			all += pages;
		unit_equal(all, pins.pages);
		unit_assert(pins.first < parser->target->aperture_pages &&
			    all <= parser->target->aperture_pages - pins.first,
			    "a mapping of %llu pages at %llu reached the callback",
			    (unsigned long long)all, (unsigned long long)pins.first);
	}
	return 0;
}

static const struct stream_ops ops = { .record = take };

void taken_begin(struct taken *taken, const struct stream_hello *target)
{
	memset(taken, 0, sizeof(*taken));
	taken->target = *target;
	taken->buffer = malloc(STREAM_RECORD_MAX);
	unit_assert(taken->buffer, "no memory");
	stream_parser_init(&taken->parser, &ops, taken, &taken->target, taken->buffer);
}

void taken_end(struct taken *taken)
{
	free(taken->buffer);
}

int taken_all(struct taken *taken, const struct made *made, const struct stream_hello *target)
{
	int ret;

	taken_begin(taken, target);
	ret = stream_feed(&taken->parser, made->bytes, made->size);
	if (ret)
		unit_equal(stream_finish(&taken->parser), ret);
	else
		ret = stream_finish(&taken->parser);
	unit_assert(ret || taken->parser.ended, "whole, but not ended");
	unit_assert(!ret || !taken->parser.ended || taken->parser.error == -EBADMSG,
		    "ended, and error %d", ret);
	unit_assert(!taken->parser.error || taken->parser.reason[0], "error %d without a word",
		    ret);
	taken_end(taken);
	return ret;
}

bool taken_same(const struct taken *a, const struct taken *b, unsigned int count)
{
	return a->count >= count && b->count >= count &&
		!memcmp(a->record, b->record, count * sizeof(a->record[0]));
}

void taken_refused(const struct made *made, const struct stream_hello *target, int error,
		   const char *words, int line)
{
	struct taken taken;
	int ret = taken_all(&taken, made, target);

	unit_assert(ret == error, "line %d: %d, not %d: %s", line, ret, error, taken.parser.reason);
	unit_assert(strstr(taken.parser.reason, words), "line %d: not \"%s\": %s", line, words,
		    taken.parser.reason);
	for (unsigned int i = 0; i < taken.count && i < TAKEN_MAX; i++)
		unit_assert(taken.record[i].tag != STREAM_END, "line %d: END was handed on", line);
}
