// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stream.c - streams of migrated vGPUs, the very source the module has
 *
 * What a guest relies on: it goes on with all that it had, or where it was. So a
 * stream is taken as it was written, however it is cut, and one that is damaged, not
 * whole or out of order is refused, with a sentence.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "stream_taker.h"
#include "unit.h"

/* Offset of record @number. */
static size_t offset_of(const struct made *made, unsigned int number)
{
	size_t offset = 0;

	while (number--) {
		const uint8_t *size = made->bytes + offset + 8;

		offset += STREAM_HEADER + (size[0] | size[1] << 8 | size[2] << 16);
	}
	return offset;
}

/* Without record @number, and with END's counts as if it had never been. */
static struct made without(const struct made *made, unsigned int number)
{
	struct made result = { 0 };
	unsigned int count = made->writer.records - 1;

	for (unsigned int i = 0; i < count; i++) {
		size_t from = offset_of(made, i), to = offset_of(made, i + 1);

		if (i == number)
			continue;
		result.bytes = realloc(result.bytes, result.size + to - from);
		memcpy(result.bytes + result.size, made->bytes + from, to - from);
		result.size += to - from;
		result.writer.records++;
		result.writer.bytes += to - from;
	}
	made_end(&result);
	return result;
}

/* Record @number once more, in front of record @before. */
static struct made again(const struct made *made, unsigned int number, unsigned int before)
{
	struct made result = { 0 };
	unsigned int count = made->writer.records - 1;

	for (unsigned int i = 0; i <= count; i++) {
		for (int copy = i == before; copy >= 0; copy--) {
			unsigned int which = copy ? number : i;
			size_t from = offset_of(made, which), to = offset_of(made, which + 1);

			if (which == count)
				break;
			result.bytes = realloc(result.bytes, result.size + to - from);
			memcpy(result.bytes + result.size, made->bytes + from, to - from);
			result.size += to - from;
			result.writer.records++;
			result.writer.bytes += to - from;
		}
	}
	made_end(&result);
	return result;
}

static uint32_t tag_at(const struct made *made, unsigned int number)
{
	uint32_t tag;

	memcpy(&tag, made->bytes + offset_of(made, number), sizeof(tag));
	return tag;
}

/* ------------------------------------------------------------------ whole streams */

START_TEST(round_trip)
{
	static const uint32_t tags[] = {
		STREAM_HELLO, STREAM_VRAM, STREAM_ZERO, STREAM_ZERO, STREAM_VRAM,
		STREAM_STATE_CONFIG, STREAM_MONITOR, STREAM_PERSONALITY, STREAM_FAMILY,
		STREAM_CONTEXT, STREAM_CONTEXT, STREAM_PINS, STREAM_PINS, STREAM_CORE, STREAM_END,
	};
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, true);
	struct taken taken;

	unit_equal(taken_all(&taken, &made, &hello), 0);
	unit_equal(taken.count, sizeof(tags) / sizeof(tags[0]));
	for (unsigned int i = 0; i < taken.count; i++)
		unit_equal(taken.record[i].tag, tags[i]);
	unit_equal(taken.record[5].bytes, STREAM_CONFIG);
	unit_equal(taken.record[13].bytes, 0);
	unit_equal(taken.parser.records, made.writer.records);
	unit_equal(taken.parser.bytes, made.writer.bytes);
	unit_equal(made.writer.bytes, made.size);
	unit_assert(!memcmp(&taken.parser.source, &hello, sizeof(hello)), "HELLO is another one");
	free(made.bytes);

	hello = other_hello();
	made = made_whole(&hello, true);
	unit_equal(taken_all(&taken, &made, &hello), 0);
	unit_equal(taken.count, 10);
	free(made.bytes);
}
END_TEST

/* What moves is what was there: payloads as they were written. */
START_TEST(contents)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, true);
	struct taken taken;

	unit_equal(taken_all(&taken, &made, &hello), 0);
	for (unsigned int i = 0; i < taken.count; i++) {
		size_t from = offset_of(&made, i) + STREAM_HEADER, to = offset_of(&made, i + 1);

		unit_equal(taken.record[i].bytes, to - from);
		unit_equal(taken.record[i].sum, sum_of(made.bytes + from, to - from));
	}
	free(made.bytes);
}
END_TEST

START_TEST(every_split)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, false);
	struct taken whole, taken;

	unit_equal(taken_all(&whole, &made, &hello), 0);
	for (size_t cut = 0; cut <= made.size; cut++) {
		taken_begin(&taken, &hello);
		unit_equal(stream_feed(&taken.parser, made.bytes, cut), 0);
		unit_equal(stream_feed(&taken.parser, made.bytes + cut, made.size - cut), 0);
		unit_equal(stream_finish(&taken.parser), 0);
		unit_assert(taken.count == whole.count && taken_same(&taken, &whole, whole.count),
			    "cut at %zu it is another one", cut);
		taken_end(&taken);
	}
	free(made.bytes);
}
END_TEST

START_TEST(any_portions)
{
	struct unit_random random = { unit_seed("portions") };
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, true);
	struct taken whole, taken;

	unit_equal(taken_all(&whole, &made, &hello), 0);
	for (unsigned int i = 0; i < 200; i++) {
		size_t at = 0, most = i ? 1 + unit_random(&random) % (1u << i % 18) : 1;

		taken_begin(&taken, &hello);
		while (at < made.size) {
			size_t count = 1 + unit_random(&random) % most;

			if (count > made.size - at)
				count = made.size - at;
			unit_equal(stream_feed(&taken.parser, made.bytes + at, count), 0);
			at += count;
		}
		unit_equal(stream_finish(&taken.parser), 0);
		unit_assert(taken.count == whole.count && taken_same(&taken, &whole, whole.count),
			    "in portions up to %zu it is another one", most);
		taken_end(&taken);
	}
	free(made.bytes);
}
END_TEST

/* ---------------------------------------------------------------- damaged streams */

START_TEST(truncated)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, false);
	struct taken whole, taken;

	unit_equal(taken_all(&whole, &made, &hello), 0);
	for (size_t size = 0; size < made.size; size++) {
		taken_begin(&taken, &hello);
		unit_equal(stream_feed(&taken.parser, made.bytes, size), 0);
		unit_equal(stream_finish(&taken.parser), size ? -EBADMSG : 0);
		unit_assert(!taken.parser.ended, "ended after %zu of %zu bytes", size, made.size);
		unit_assert(taken.count < whole.count && taken_same(&taken, &whole, taken.count),
			    "%zu bytes gave other records", size);
		taken_end(&taken);
	}
	free(made.bytes);
}
END_TEST

START_TEST(every_bit)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, false);
	struct taken whole, taken;

	unit_equal(taken_all(&whole, &made, &hello), 0);
	for (size_t bit = 0; bit < 8 * made.size; bit++) {
		made.bytes[bit / 8] ^= 1 << bit % 8;
		unit_assert(taken_all(&taken, &made, &hello) < 0, "bit %zu was not missed", bit);
		unit_assert(taken.count < whole.count && taken_same(&taken, &whole, taken.count),
			    "a damaged record was handed on, bit %zu", bit);
		made.bytes[bit / 8] ^= 1 << bit % 8;
	}
	free(made.bytes);
}
END_TEST

/* Forged: with right checksums. What is handed on is checked in take(). */
START_TEST(forged)
{
	struct unit_random random = { unit_seed("forged") };
	struct stream_hello hello = native_hello();
	unsigned int accepted = 0, refusals = 0;

	for (unsigned int i = 0; i < 5000; i++) {
		struct made made = made_whole(&hello, false);
		unsigned int changes = 1 + unit_random(&random) % 3;
		struct taken taken;

		while (changes--) {
			unsigned int number = unit_random(&random) % made.writer.records;
			size_t record = offset_of(&made, number);
			size_t bytes = offset_of(&made, number + 1) - record - STREAM_HEADER;
			size_t at = unit_random(&random) % (8 + bytes);
			uint64_t value = unit_random(&random);
			uint8_t *byte;

			/* Not the size, and not the checksum. */
			at += at < 8 ? 0 : STREAM_HEADER - 8;
			byte = made.bytes + record + at;
			if (value & 0x100)
				*byte = 0xff;
			else if (value & 0x200)
				*byte ^= 1u << value % 8;
			else
				*byte = value;
			made_seal(&made, record);
		}
		if (taken_all(&taken, &made, &hello))
			refusals++;
		else
			accepted++;
		free(made.bytes);
	}
	/* Opaque payloads may hold anything. */
	unit_assert(accepted > 250 && refusals > 250, "%u accepted, %u refused", accepted,
		    refusals);
}
END_TEST

START_TEST(random_bytes)
{
	struct unit_random random = { unit_seed("random bytes") };
	struct stream_hello hello = native_hello();

	for (unsigned int i = 0; i < 2000; i++) {
		uint8_t bytes[512];
		struct made made = { .bytes = bytes };
		struct taken taken;

		made.size = 1 + unit_random(&random) % sizeof(bytes);
		for (size_t j = 0; j < made.size; j++)
			bytes[j] = unit_random(&random);
		if (i & 1)
			memcpy(bytes, "HELO", 4);
		unit_assert(taken_all(&taken, &made, &hello) < 0, "it was taken");
		unit_equal(taken.count, 0);
	}
}
END_TEST

/* -------------------------------------------------------------------------- rules */

START_TEST(order)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, true);
	unsigned int count = made.writer.records - 1;
	struct taken taken;

	/* Each record once more, everywhere. */
	for (unsigned int number = 0; number < count; number++) {
		for (unsigned int before = 0; before <= count; before++) {
			struct made more = again(&made, number, before);
			uint32_t tag = tag_at(&made, number);
			bool memory = tag == STREAM_VRAM || tag == STREAM_ZERO;
			bool right = memory ? before >= 1 && before <= 5 :
				     tag == STREAM_CONTEXT ? before >= 9 && before <= 11 :
				     tag == STREAM_PINS ? before >= 11 && before <= 13 : false;
			int ret = taken_all(&taken, &more, &hello);

			unit_assert(ret == (right ? 0 : -EBADMSG),
				    "record %u once more before %u: %d: %s", number, before, ret,
				    taken.parser.reason);
			free(more.bytes);
		}
	}
	free(made.bytes);
}
END_TEST

START_TEST(missing)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, true);
	unsigned int count = made.writer.records - 1;
	struct taken taken;

	for (unsigned int number = 0; number < count; number++) {
		struct made less = without(&made, number);
		uint32_t tag = tag_at(&made, number);
		bool needed = tag == STREAM_STATE_CONFIG || tag == STREAM_MONITOR ||
			      tag == STREAM_PERSONALITY || tag == STREAM_CORE;
		char words[32];

		snprintf(words, sizeof(words), "%.4s is missing", (const char *)&tag);
		if (tag == STREAM_HELLO)
			assert_refused(&less, &hello, -EBADMSG, "no vGPU wrote this");
		else if (needed)
			assert_refused(&less, &hello, -EBADMSG, words);
		else
			unit_equal(taken_all(&taken, &less, &hello), 0);
		free(less.bytes);
	}

	/* The reader's owner may need more. */
	struct made less = without(&made, 8);

	taken_begin(&taken, &hello);
	taken.parser.required |= 1u << stream_rank(STREAM_FAMILY);
	unit_equal(stream_feed(&taken.parser, less.bytes, less.size), -EBADMSG);
	unit_assert(strstr(taken.parser.reason, "FAMI is missing"), "%s", taken.parser.reason);
	taken_end(&taken);
	free(less.bytes);
	free(made.bytes);
}
END_TEST

START_TEST(the_end)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, false);
	size_t end_at = offset_of(&made, made.writer.records - 1);

	/* Records and bytes are counted. */
	for (unsigned int byte = 0; byte < 16; byte++) {
		made.bytes[end_at + STREAM_HEADER + byte]++;
		made_seal(&made, end_at);
		assert_refused(&made, &hello, -EBADMSG, "were sent");
		made.bytes[end_at + STREAM_HEADER + byte]--;
		made_seal(&made, end_at);
	}

	/* And nothing is behind. END was handed on by then. */
	struct taken taken;

	taken_begin(&taken, &hello);
	unit_equal(stream_feed(&taken.parser, made.bytes, made.size), 0);
	unit_equal(stream_finish(&taken.parser), 0);
	unit_equal(stream_feed(&taken.parser, "x", 1), -EBADMSG);
	unit_equal(stream_finish(&taken.parser), -EBADMSG);
	unit_assert(strstr(taken.parser.reason, "bytes behind the end"), "%s", taken.parser.reason);
	taken_end(&taken);
	free(made.bytes);
}
END_TEST

START_TEST(unknown)
{
	struct stream_hello hello = native_hello();
	struct made made, whole = made_whole(&hello, false);
	struct taken taken, known;

	unit_equal(taken_all(&known, &whole, &hello), 0);

	/* Optional: skipped, of whatever version, and counted. */
	made = (struct made){ 0 };
	made_hello(&made, &hello);
	made_record(&made, STREAM_TAG('N', 'E', 'W', '1'), 0x100, STREAM_OPTIONAL, "abc", 3);
	made_record(&made, STREAM_TAG('N', 'E', 'W', '1'), 0x700, STREAM_OPTIONAL, "", 0);
	made_zero(&made, 0, 1);
	made_state(&made, STREAM_STATE_CONFIG, STREAM_CONFIG, 3);
	made_state(&made, STREAM_MONITOR, 0, 0);
	/* Even END of a version that is not known. */
	made_record(&made, STREAM_END, 0x200, STREAM_OPTIONAL, "abc", 3);
	made_state(&made, STREAM_PERSONALITY, 8, 0);
	made_state(&made, STREAM_CORE, 0, 0);
	made_end(&made);
	unit_equal(taken_all(&taken, &made, &hello), 0);
	unit_equal(taken.count, 7);
	unit_equal(taken.parser.records, 10);
	free(made.bytes);

	/* Mandatory: refused. */
	made = (struct made){ 0 };
	made_hello(&made, &hello);
	made_record(&made, STREAM_TAG('N', 'E', 'W', '1'), 0x102, 0, "abc", 3);
	assert_refused(&made, &hello, -EINVAL,
		       "migration refused: record 1: 0x3157454e of version 1.2 is not known here: update openvgpu on this host");
	free(made.bytes);

	/* Nothing optional stands in for HELLO. */
	made = (struct made){ 0 };
	made_record(&made, STREAM_HELLO, 0x200, STREAM_OPTIONAL, "", 0);
	assert_refused(&made, &hello, -EINVAL, "of version 2.0 is not known here");
	free(made.bytes);

	/* A former version. */
	made = (struct made){ 0 };
	made_record(&made, STREAM_HELLO, 9, 0, "", 0);
	assert_refused(&made, &hello, -EINVAL,
		       "of version 0.9 is not known here: update openvgpu on the source's host");
	free(made.bytes);

	/* A flag of a newer version. */
	made = (struct made){ 0 };
	made_hello(&made, &hello);
	made_record(&made, STREAM_TAG('N', 'E', 'W', '1'), 0x100, 3, "abc", 3);
	assert_refused(&made, &hello, -EINVAL, "flags 0x3 are of a newer version");
	free(made.bytes);
	free(whole.bytes);
}
END_TEST

/* Each kind of record of version 1.1 has more than it had; of 2.0 it is another. */
START_TEST(versions)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, true);
	unsigned int count = made.writer.records - 1;
	struct taken taken;

	for (unsigned int number = 0; number < count; number++) {
		struct made newer = { 0 };

		for (unsigned int i = 0; i < count; i++) {
			size_t from = offset_of(&made, i) + STREAM_HEADER;
			size_t bytes = offset_of(&made, i + 1) - from;
			uint8_t payload[STREAM_PAYLOAD_MAX] = { 0 };
			uint32_t tag = tag_at(&made, i);

			memcpy(payload, made.bytes + from, bytes);
			if (i == number && tag != STREAM_PINS)
				bytes += 5;
			made_record(&newer, tag, i == number ? 0x101 : 0x100, 0, payload, bytes);
		}
		made_end(&newer);
		unit_assert(!taken_all(&taken, &newer, &hello), "record %u of 1.1 is refused: %s",
			    number, taken.parser.reason);
		newer.bytes[offset_of(&newer, number) + 5] = 2;
		made_seal(&newer, offset_of(&newer, number));
		assert_refused(&newer, &hello, -EINVAL, "of version 2.1 is not known here");
		free(newer.bytes);
	}
	free(made.bytes);
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		enum stream_tag tag;
		size_t bytes;
	} wrong[] = {
		{ STREAM_VRAM, 8 + STREAM_GRANULE - 1 }, { STREAM_VRAM, 8 + STREAM_GRANULE + 1 },
		{ STREAM_VRAM, 0 }, { STREAM_ZERO, 15 }, { STREAM_ZERO, 17 },
		{ STREAM_STATE_CONFIG, STREAM_CONFIG - 1 },
		{ STREAM_STATE_CONFIG, STREAM_CONFIG + 1 },
		{ STREAM_CONTEXT, 7 }, { STREAM_PINS, 31 }, { STREAM_END, 15 }, { STREAM_END, 17 },
	};
	static const uint8_t zeros[STREAM_PAYLOAD_MAX + 1];
	uint8_t buffer[STREAM_RECORD_MAX + 1];
	struct stream_hello hello = native_hello();
	struct stream_writer writer = { 0 };
	struct made made;

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char words[32];

		made = (struct made){ 0 };
		made_hello(&made, &hello);
		made_record(&made, wrong[i].tag, 0x100, 0, zeros, wrong[i].bytes);
		snprintf(words, sizeof(words), "record 1: it has %zu bytes", wrong[i].bytes);
		assert_refused(&made, &hello, -EBADMSG, words);
		free(made.bytes);
	}
	made = (struct made){ 0 };
	made_record(&made, STREAM_HELLO, 0x100, 0, zeros, STREAM_HELLO_SIZE - 1);
	assert_refused(&made, &hello, -EBADMSG, "record 0: it has");
	free(made.bytes);

	/* Too large is said before the bytes come. */
	for (unsigned int optional = 0; optional < 2; optional++) {
		made = (struct made){ 0 };
		made_hello(&made, &hello);
		made_record(&made, STREAM_PERSONALITY, 0x100, optional, zeros,
			    STREAM_PAYLOAD_MAX + 1);
		made.size = offset_of(&made, 1) + STREAM_HEADER;
		assert_refused(&made, &hello, -E2BIG, "record 1: it has 66561 bytes");
		free(made.bytes);
	}

	/* The writer says so, too, and counts nothing. */
	unit_equal(stream_put(&writer, buffer, sizeof(buffer), STREAM_CORE, zeros,
			      STREAM_PAYLOAD_MAX + 1), -E2BIG);
	unit_equal(stream_put(&writer, buffer, 20, STREAM_CORE, zeros, 5), -E2BIG);
	unit_equal(stream_put_hello(&writer, buffer, STREAM_HEADER + STREAM_HELLO_SIZE - 1,
				    &hello), -E2BIG);
	unit_equal(stream_put_vram(&writer, buffer, STREAM_VRAM_DATA + STREAM_GRANULE - 1, 0),
		   -E2BIG);
	unit_equal(stream_put_zero(&writer, buffer, 31, 0, 1), -E2BIG);
	unit_equal(stream_put_end(&writer, buffer, 31), -E2BIG);
	unit_equal(writer.records, 0);
	unit_equal(writer.bytes, 0);
	unit_equal(stream_put(&writer, buffer, STREAM_HEADER + 5, STREAM_CORE, zeros, 5),
		   STREAM_HEADER + 5);
	unit_equal(stream_put(&writer, buffer, sizeof(buffer), STREAM_CORE, zeros,
			      STREAM_PAYLOAD_MAX), STREAM_RECORD_MAX);
	unit_equal(writer.records, 2);
}
END_TEST

/* Video memory and pages are of this vGPU, whatever a stream says. */
START_TEST(bounds)
{
	static const uint64_t memory[][2] = {
		{ 0, 0 }, { 0, 8193 }, { 8192, 1 }, { 8191, 2 }, { 1, ~0ULL }, { ~0ULL, 1 },
		{ ~0ULL, 2 }, { ~0ULL - 1, 3 }, { 1ULL << 63, 1ULL << 63 },
	};
	static const struct {
		uint64_t first, page, pages, more;
		uint32_t write;
		const char *words;
	} pins[] = {
		{ 0x10000, 0, 1, 1, 0, "outside the aperture" },
		{ 0xffff, 0, 1, 1, 0, "outside the aperture" },
		{ ~0ULL, 0, 1, 1, 0, "outside the aperture" },
		{ 0, 0, 0x10000, 1, 0, "outside the aperture" },
		{ 0, 0, ~0ULL, 1, 0, "outside the aperture" },
		{ 0, 0, ~0ULL, 2, 0, "outside the aperture" },
		{ 0, 0, 1ULL << 63, 1ULL << 63, 0, "outside the aperture" },
		{ 0, 0, 4096, 1, 0, "too many pages" },
		{ 0xf000, 0, 1, 4096, 0, "outside the aperture" },
		{ 0, 0, 0, 1, 0, "outside guest memory" },
		{ 0, 0, 1, 0, 0, "outside guest memory" },
		{ 0, 1ULL << 52, 1, 1, 0, "outside guest memory" },
		{ 0, (1ULL << 52) - 1, 2, 1, 0, "outside guest memory" },
		{ 0, ~0ULL, 1, 1, 0, "outside guest memory" },
		{ 0, 0, 1, 1, 2, "has no meaning" },
	};
	static const struct made_run all = { (1ULL << 52) - 4096, 4096 }, one = { 0, 1 };
	struct stream_hello hello = native_hello();
	uint8_t payload[8 + STREAM_GRANULE] = { 0, 0x20 };
	struct made made;

	for (unsigned int i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		made = (struct made){ 0 };
		made_hello(&made, &hello);
		made_zero(&made, memory[i][0], memory[i][1]);
		assert_refused(&made, &hello, -EBADMSG, "outside the framebuffer");
		free(made.bytes);
	}
	made = (struct made){ 0 };
	made_hello(&made, &hello);
	made_record(&made, STREAM_VRAM, 0x100, 0, payload, sizeof(payload));
	assert_refused(&made, &hello, -EBADMSG, "record 1: video memory outside the framebuffer");
	free(made.bytes);

	for (unsigned int i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		const struct made_run runs[] = {
			{ pins[i].page, pins[i].pages }, { 5, pins[i].more },
		};

		made = (struct made){ 0 };
		made_hello(&made, &hello);
		made_pins(&made, pins[i].first, pins[i].write, runs, 2);
		assert_refused(&made, &hello, -EBADMSG, pins[i].words);
		/* Runs that are said to be there, and are not. */
		made.bytes[offset_of(&made, 1) + STREAM_HEADER + 12] = 3;
		made_seal(&made, offset_of(&made, 1));
		assert_refused(&made, &hello, -EBADMSG, "has no meaning");
		free(made.bytes);
	}

	/* The very last of each. */
	made = (struct made){ 0 };
	made_hello(&made, &hello);
	made_vram(&made, 8191, 0);
	made_zero(&made, 0, 8192);
	made_state(&made, STREAM_STATE_CONFIG, STREAM_CONFIG, 3);
	made_state(&made, STREAM_MONITOR, 0, 0);
	made_state(&made, STREAM_PERSONALITY, 0, 0);
	made_pins(&made, 0, 1, &all, 1);
	made_pins(&made, 0xffff, 0, &one, 1);
	made_state(&made, STREAM_CORE, 0, 0);
	made_end(&made);
	struct taken taken;

	unit_assert(!taken_all(&taken, &made, &hello), "%s", taken.parser.reason);
	free(made.bytes);
}
END_TEST

/* The owner's error is the stream's, with its sentence or one of the reader. */
START_TEST(owner)
{
	struct stream_hello hello = native_hello();
	struct made made = made_whole(&hello, false);
	struct taken taken;

	for (unsigned int words = 0; words < 2; words++) {
		taken_begin(&taken, &hello);
		taken.refuse_tag = STREAM_PINS;
		taken.refuse_error = -ENOMEM;
		taken.refuse_reason = words ? "no page is free" : NULL;
		unit_equal(stream_feed(&taken.parser, made.bytes, made.size), -ENOMEM);
		unit_assert(strstr(taken.parser.reason,
				   words ? "no page is free" : "record 9: error -12"),
			    "%s", taken.parser.reason);
		/* The first error is the last. */
		unit_equal(stream_feed(&taken.parser, made.bytes, made.size), -ENOMEM);
		unit_equal(stream_feed(&taken.parser, NULL, 0), -ENOMEM);
		unit_equal(stream_finish(&taken.parser), -ENOMEM);
		unit_equal(taken.count, 9);
		taken_end(&taken);
	}
	free(made.bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tests = tcase_create("stream");

	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, round_trip);
	tcase_add_test(tests, contents);
	tcase_add_test(tests, every_split);
	tcase_add_test(tests, any_portions);
	tcase_add_test(tests, truncated);
	tcase_add_test(tests, every_bit);
	tcase_add_test(tests, forged);
	tcase_add_test(tests, random_bytes);
	tcase_add_test(tests, order);
	tcase_add_test(tests, missing);
	tcase_add_test(tests, the_end);
	tcase_add_test(tests, unknown);
	tcase_add_test(tests, versions);
	tcase_add_test(tests, sizes);
	tcase_add_test(tests, bounds);
	tcase_add_test(tests, owner);
	return unit_run(suite, "stream");
}
