/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forge.h - changes saved vGPUs, as somebody would who means harm
 */
#ifndef FORGE_H
#define FORGE_H

#include "migration.h"

#define FORGE_HEADER	16u	/* bytes in front of a record's payload */

/**
 * struct forge_record - where a record is
 * @at: offset of its header
 * @bytes: of its payload
 * @tag: four letters
 */
struct forge_record {
	size_t at;
	uint32_t bytes;
	char tag[5];
};

bool forge_next(const struct saved *saved, struct forge_record *record);
bool forge_find(const struct saved *saved, const char *tag, struct forge_record *record);
void forge_seal(struct saved *saved, const struct forge_record *record);
void forge_number(struct saved *saved, const char *tag, unsigned int offset,
		  unsigned int bytes, uint64_t value);
struct saved forge_copy(const struct saved *saved);

#endif /* FORGE_H */
