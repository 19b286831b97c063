// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - fuzzes what a migration brings: any bytes, and records with right
 * checksums, which get past the first check
 *
 * The first byte says which. What is handed on must be about memory and pages that
 * the vGPU has, in the order of a stream, and how the bytes were cut must not matter.
 */
#include <errno.h>

#include "fuzz.h"
#include "stream_maker.h"

static const enum stream_tag tags[] = {
	STREAM_HELLO, STREAM_VRAM, STREAM_ZERO, STREAM_STATE_CONFIG, STREAM_MONITOR,
	STREAM_PERSONALITY, STREAM_FAMILY, STREAM_CONTEXT, STREAM_PINS, STREAM_CORE, STREAM_END,
};

struct seen {
	unsigned int records;
	uint64_t sum;
	bool end;
};

static void check_memory(const struct stream_hello *target, const struct stream_record *record)
{
	uint64_t all = target->framebuffer / STREAM_GRANULE, sum = 0;
	struct stream_range range;

	stream_range(record, &range);
	FUZZ_CHECK(range.granules && range.first < all && range.granules <= all - range.first,
		   "granules %llu, %llu of them", (unsigned long long)range.first,
		   (unsigned long long)range.granules);
	for (size_t i = 0; range.data && i < STREAM_GRANULE; i++)
		sum += range.data[i];
	FUZZ_CHECK(sum <= 255 * STREAM_GRANULE, "%llu", (unsigned long long)sum);
}

static void check_pins(const struct stream_hello *target, const struct stream_record *record)
{
	struct stream_pins pins;
	uint64_t sum = 0, runs = 0;
	__u64 page, pages;

	stream_pins(record, &pins);
	while (stream_pins_run(&pins, &page, &pages)) {
		FUZZ_CHECK(pages && page + pages > page && page + pages <= 1ULL << 52,
			   "page %llu, %llu of them", (unsigned long long)page,
			   (unsigned long long)pages);
		sum += pages;
		runs++;
	}
	FUZZ_CHECK(sum == pins.pages && runs == pins.runs, "%llu pages in %llu runs",
		   (unsigned long long)sum, (unsigned long long)runs);
	FUZZ_CHECK(pins.first < target->aperture_pages &&
		   sum <= target->aperture_pages - pins.first,
		   "%llu pages at %llu", (unsigned long long)sum, (unsigned long long)pins.first);
}

static int take(struct stream_parser *parser, const struct stream_record *record)
{
	struct seen *seen = parser->context;

	FUZZ_CHECK(!seen->end, "a record behind the end");
	FUZZ_CHECK((record->tag == STREAM_HELLO) == !seen->records, "record %u", seen->records);
	FUZZ_CHECK(record->bytes <= STREAM_PAYLOAD_MAX, "%zu bytes", record->bytes);
	FUZZ_CHECK(record->version >> 8 == 1, "version 0x%x", record->version);
	seen->records++;
	for (size_t i = 0; i < record->bytes; i++)
		seen->sum = seen->sum * 31 + record->payload[i];
	seen->end = record->tag == STREAM_END;
	if (record->tag == STREAM_VRAM || record->tag == STREAM_ZERO)
		check_memory(parser->target, record);
	else if (record->tag == STREAM_PINS)
		check_pins(parser->target, record);
	return 0;
}

static const struct stream_ops ops = { .record = take };

/* In portions of @most bytes; the result. */
static int read_stream(const struct stream_hello *target, const uint8_t *bytes, size_t size,
		       size_t most, struct seen *seen)
{
	uint8_t *buffer = malloc(STREAM_RECORD_MAX);
	struct stream_parser parser;
	int ret = 0, finish;

	*seen = (struct seen){ 0 };
	if (!buffer)
		abort();
	stream_parser_init(&parser, &ops, seen, target, buffer);
	for (size_t at = 0; at < size && !ret; at += most)
		ret = stream_feed(&parser, bytes + at, size - at < most ? size - at : most);
	finish = stream_finish(&parser);
	FUZZ_CHECK(ret <= 0 && (!ret || finish == ret), "%d, then %d", ret, finish);
	FUZZ_CHECK(!ret || (parser.reason[0] && strlen(parser.reason) < sizeof(parser.reason) - 1),
		   "no sentence, or half a one: %s", parser.reason);
	FUZZ_CHECK(!ret || stream_feed(&parser, bytes, size) == ret, "the error was forgotten");
	FUZZ_CHECK(!finish == (seen->end || !size) || ret == -EBADMSG, "whole: %d, end: %d",
		   !finish, seen->end);
	for (const char *c = parser.reason; *c; c++)
		FUZZ_CHECK(*c >= ' ' && *c <= '~', "0x%x in a sentence", *c & 0xff);
	free(buffer);
	return finish;
}

/* Records as the input says, most of them with little wrong. */
static struct made forge(struct fuzz *fuzz, const struct stream_hello *target)
{
	struct made made = { 0 };
	uint8_t *payload = malloc(STREAM_PAYLOAD_MAX + 1);
	bool vram = false;

	if (!payload)
		abort();
	while (fuzz->left && made.writer.records < 24) {
		uint8_t what = (uint8_t)fuzz_number(fuzz, 1);
		enum stream_tag tag = tags[(what & 15) % (sizeof(tags) / sizeof(tags[0]))];
		size_t record = made.size, change;

		if (tag == STREAM_HELLO) {
			made_hello(&made, target);
		} else if (tag == STREAM_VRAM && !vram) {
			/* One: it takes longer than all the others. */
			vram = true;
			made_vram(&made, fuzz_number(fuzz, 2), 0);
		} else if (tag == STREAM_END && !(what & 0x40)) {
			made_end(&made);
		} else {
			size_t bytes = tag == STREAM_STATE_CONFIG ? STREAM_CONFIG :
				       tag == STREAM_ZERO ? 16 :
				       tag == STREAM_PINS ? 16 + 16 * fuzz_below(fuzz, 8) :
				       fuzz_below(fuzz, 300);

			fuzz_bytes(fuzz, payload, bytes);
			made_record(&made, tag, 0x100, 0, payload, bytes);
		}
		if (!(what & 0x80))
			continue;
		/* Any byte but the checksum, and the size, of which others depend. */
		change = fuzz_below(fuzz, made.size - record - 8);
		change += change >= 8 ? 8 : 0;
		made.bytes[record + change] = (uint8_t)fuzz_number(fuzz, 1);
		made_seal(&made, record);
	}
	free(payload);
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint8_t what = (uint8_t)fuzz_number(&fuzz, 1);
	struct stream_hello target = what & 2 ? other_hello() : native_hello();
	size_t most = 1 + fuzz_below(&fuzz, 200);
	struct made made = { 0 };
	struct seen whole, cut;
	int ret;

	if (what & 1) {
		made.size = fuzz.left;
		made.bytes = malloc(made.size + !made.size);
		if (!made.bytes)
			abort();
		memcpy(made.bytes, fuzz.at, made.size);
	} else {
		made = forge(&fuzz, &target);
	}
	ret = read_stream(&target, made.bytes, made.size, made.size + 1, &whole);
	FUZZ_CHECK(read_stream(&target, made.bytes, made.size, most, &cut) == ret &&
		   cut.sum == whole.sum && cut.records == whole.records,
		   "%zu bytes at a time it is another one", most);
	free(made.bytes);
	return 0;
}
