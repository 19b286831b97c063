// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration.c - fuzzes what the library is told of a vGPU that may be of another host:
 * the record of a description
 */
#include <errno.h>

#include "fuzz.h"
#include "openvgpu.h"
#include "stream_maker.h"

#define RECORD	(STREAM_HEADER + STREAM_HELLO_SIZE)
#define REASONS	14	/* there are no more rules */

static void check_sentence(const char *reason, size_t size)
{
	FUZZ_CHECK(memchr(reason, 0, size) && reason[0], "no sentence");
	for (; *reason; reason++)
		FUZZ_CHECK(*reason >= ' ' && *reason <= '~', "0x%x in a sentence", *reason & 0xff);
}

static struct ovgpu_migration *parse(const char *text)
{
	char reason[OVGPU_TEXT_SIZE];
	struct ovgpu_migration *migration;
	int err = ovgpu_migration_parse(text, &migration, reason, sizeof(reason));

	FUZZ_CHECK(!err == !!migration, "returned %d", err);
	if (err) {
		FUZZ_CHECK(err == -EBADMSG || err == -EINVAL || err == -E2BIG, "returned %d", err);
		check_sentence(reason, sizeof(reason));
		return NULL;
	}
	FUZZ_CHECK(!reason[0] && !strcmp(migration->record, text), "%s", reason);
	FUZZ_CHECK(!ovgpu_migration_refuses(migration, migration, 0, reason, sizeof(reason)),
		   "it does not suit itself: %s", reason);
	return migration;
}

/* A right one, of which some bytes are others. */
static struct ovgpu_migration *forge(struct fuzz *fuzz)
{
	uint8_t what = (uint8_t)fuzz_number(fuzz, 1);
	struct stream_hello hello = what & 1 ? other_hello() : native_hello();
	struct ovgpu_migration *migration;
	char *text = malloc(2 * RECORD + 1);
	struct made made = { 0 };
	size_t change, i;

	if (!text)
		abort();
	made_hello(&made, &hello);
	for (i = 0; i < what >> 4; i++) {
		/* Neither the size nor the checksum, which follows from the others. */
		change = fuzz_below(fuzz, RECORD - 8);
		change += change >= 8 ? 8 : 0;
		made.bytes[change] = (uint8_t)fuzz_number(fuzz, 1);
	}
	made_seal(&made, 0);
	for (i = 0; i < made.size; i++)
		snprintf(text + 2 * i, 3, what & 2 ? "%02X" : "%02x", made.bytes[i]);
	migration = parse(text);
	free(text);
	free(made.bytes);
	return migration;
}

static void compare(const struct ovgpu_migration *source, const struct ovgpu_migration *target)
{
	char reason[OVGPU_TEXT_SIZE];
	unsigned int i;

	for (i = 0; ovgpu_migration_refuses(source, target, i, reason, sizeof(reason)); i++) {
		FUZZ_CHECK(i < REASONS, "reason %u", i);
		check_sentence(reason, sizeof(reason));
	}
	FUZZ_CHECK(!reason[0], "no reason, and %s", reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ovgpu_migration *source, *target;
	struct fuzz fuzz = { data, size };
	char *text;

	if (fuzz_number(&fuzz, 1) & 1) {
		text = malloc(fuzz.left + 1);
		if (!text)
			abort();
		memcpy(text, fuzz.at, fuzz.left);
		text[fuzz.left] = '\0';
		ovgpu_free(parse(text));
		free(text);
		return 0;
	}
	source = forge(&fuzz);
	target = forge(&fuzz);
	if (source && target)
		compare(source, target);
	ovgpu_free(source);
	ovgpu_free(target);
	return 0;
}
