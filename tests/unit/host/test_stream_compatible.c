// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stream_compatible.c - which vGPUs a stream is for, and streams of old versions
 *
 * An administrator reads the sentences, so they are compared whole.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "stream_taker.h"
#include "unit.h"

static struct stream_hello source, target;

static void both_native(void)
{
	source = native_hello();
	target = source;
}

#define assert_incompatible(words)	incompatible(words, __LINE__)

static void incompatible(const char *words, int line)
{
	struct made made = { 0 };
	char reason[STREAM_REASON] = "";
	struct taken taken;

	unit_assert(stream_refuses(&source, &target, 0, reason, sizeof(reason)),
		    "line %d: it is compatible", line);
	unit_assert(!strcmp(reason, words), "line %d: \"%s\"", line, reason);
	/* And a stream of it is refused in the same words. */
	made_hello(&made, &source);
	unit_assert(taken_all(&taken, &made, &target) == -EINVAL &&
		    !strcmp(taken.parser.reason, words), "line %d: a stream: %s", line,
		    taken.parser.reason);
	unit_equal(taken.count, 0);
	free(made.bytes);
	both_native();
}

static void assert_compatible(void)
{
	char reason[STREAM_REASON] = "";

	unit_assert(!stream_refuses(&source, &target, 0, reason, sizeof(reason)), "%s", reason);
	unit_assert(!reason[0], "compatible, and \"%s\"", reason);
	both_native();
}

START_TEST(incompatibilities)
{
	both_native();
	assert_compatible();

	name_is(source.personality, "plain");
	assert_incompatible("migration refused: the source has personality plain, this vGPU direct: write plain to its openvgpu/personality");
	source.any_family = true;
	assert_incompatible("migration refused: the source has personality direct, this vGPU direct: write direct to its openvgpu/personality");
	source.framebuffer = 1ULL << 30;
	source.bar_bytes = 1ULL << 30;
	name_is(source.type, "openvgpu-1024mq");
	assert_incompatible("migration refused: the source has 1024 MiB, this vGPU 512: create openvgpu-1024mq");
	source.framebuffer = 1ULL << 30;
	assert_incompatible("migration refused: the source has 1024 MiB, this vGPU 512");
	source.bar_bytes = 1ULL << 30;
	assert_incompatible("migration refused: the source's framebuffer BAR has 1024 MiB, this vGPU's 512");
	source.heads = 4;
	name_is(source.type, "openvgpu-512mb");
	assert_incompatible("migration refused: the source has 4 heads, this vGPU 2: create openvgpu-512mb");
	source.max_x = 7680;
	assert_incompatible("migration refused: the source's largest mode is 7680x1600, this vGPU's 2560x1600");
	source.max_y = 4320;
	assert_incompatible("migration refused: the source's largest mode is 2560x4320, this vGPU's 2560x1600");
	source.interface = 0x00010003;
	assert_incompatible("migration refused: the source's control page has version 1.3, this host's 1.2: update openvgpu on this host");
	source.interface = 0x00000002;
	assert_incompatible("migration refused: the source's control page has version 0.2, this host's 1.2: update openvgpu on this host");
	name_is(source.family, "real");
	assert_incompatible("migration refused: the source's GPU is of family real, this one of imaginary");
	name_is(source.board, "OTHER");
	assert_incompatible("migration refused: the source's GPU is a OTHER, this one a IMAGINE");
	source.hardware = 0x00010002;
	assert_incompatible("migration refused: the source's hardware has version 1.2, this GPU 1.1");
	source.hardware = 0x00020000;
	assert_incompatible("migration refused: the source's hardware has version 2.0, this GPU 1.1");
	source.hardware = 0x00000001;
	assert_incompatible("migration refused: the source's hardware has version 0.1, this GPU 1.1");
	source.capabilities |= 0x6000;
	assert_incompatible("migration refused: this GPU lacks capabilities 0x6000 that the source's has");
	source.user_bytes = 0x20000;
	assert_incompatible("migration refused: the source's user page has 131072 bytes, this vGPU's 65536");
	source.aperture_pages = 0x8000;
	assert_incompatible("migration refused: the source's aperture has 32768 pages, this vGPU's 65536");
	source.compute_slices = 2;
	source.memory_slices = 4;
	name_is(source.type, "openvgpu-2-512mq");
	assert_incompatible("migration refused: the source has 2 compute and 4 memory slices, this vGPU 0 and 0 (0: the pool): create openvgpu-2-512mq");
	source.memory_slices = 4;
	assert_incompatible("migration refused: the source has 0 compute and 4 memory slices, this vGPU 0 and 0 (0: the pool)");
	source.vectors = 3;
	assert_incompatible("migration refused: the source has 3 interrupt vectors, this vGPU 2");
	for (unsigned int i = 0; i < STREAM_CONFIG; i++) {
		char words[80];

		snprintf(words, sizeof(words),
			 "migration refused: the configuration spaces differ at 0x%02x", i);
		source.power_on[i] ^= 1;
		assert_incompatible(words);
		source.writable[i] ^= 0x80;
		assert_incompatible(words);
		source.clearable[i] ^= 0x10;
		assert_incompatible(words);
	}
}
END_TEST

/* One by one, for who asks beforehand: each of @words, and no more. */
static void assert_reasons(const char *const words[], unsigned int count)
{
	char reason[STREAM_REASON];

	for (unsigned int i = 0; i < count; i++) {
		unit_assert(stream_refuses(&source, &target, i, reason, sizeof(reason)),
			    "there are only %u reasons", i);
		unit_assert(!strcmp(reason, words[i]), "reason %u: \"%s\"", i, reason);
	}
	unit_assert(!stream_refuses(&source, &target, count, reason, sizeof(reason)),
		    "one more: \"%s\"", reason);
	unit_assert(!stream_refuses(&source, &target, ~0u, reason, sizeof(reason)),
		    "the last of all: \"%s\"", reason);
	both_native();
}

START_TEST(all_reasons)
{
	static const char *const none[] = { NULL };
	static const char *const many[] = {
		"migration refused: the source has 1024 MiB, this vGPU 512",
		"migration refused: the source has 4 heads, this vGPU 2",
		"migration refused: the source's hardware has version 1.2, this GPU 1.1",
		"migration refused: this GPU lacks capabilities 0x2000 that the source's has",
		"migration refused: the source has 3 interrupt vectors, this vGPU 2",
	};
	static const char *const family[] = {
		"migration refused: the source's largest mode is 7680x1600, this vGPU's 2560x1600",
		"migration refused: the source's GPU is of family real, this one of imaginary",
	};
	static const char *const personality[] = {
		"migration refused: the source has personality plain, this vGPU direct: write plain to its openvgpu/personality",
	};

	both_native();
	assert_reasons(none, 0);

	/* The configuration space differs because of what was said already. */
	source.framebuffer = 1ULL << 30;
	source.heads = 4;
	source.hardware = 0x00010002;
	source.capabilities |= 0x2000;
	source.vectors = 3;
	source.power_on[0x2e] ^= 1;
	assert_reasons(many, 5);

	/* Boards and versions of other families mean nothing. */
	name_is(source.family, "real");
	name_is(source.board, "OTHER");
	source.hardware = 0x00050000;
	source.max_x = 7680;
	source.power_on[0] ^= 1;
	assert_reasons(family, 2);

	name_is(source.personality, "plain");
	source.bar_bytes = 16 << 20;
	source.vectors = 0;
	assert_reasons(personality, 1);
}
END_TEST

START_TEST(compatibilities)
{
	both_native();
	/* A newer target, with more. */
	target.hardware = 0x00010007;
	target.capabilities |= 0xf000000000000000;
	target.interface = 0x00010009;
	assert_compatible();
	/* Who it is does not matter, nor what its type is called. */
	memset(source.uuid, 7, sizeof(source.uuid));
	name_is(source.type, "openvgpu-1q");
	assert_compatible();

	/* Without knowledge of the GPU, any GPU will do. */
	source = other_hello();
	target = source;
	name_is(source.family, "real");
	name_is(source.board, "OTHER");
	source.hardware = 0x00050000;
	source.capabilities = ~0ULL;
	source.user_bytes = 5;
	source.aperture_pages = 7;
	source.compute_slices = 3;
	source.memory_slices = 4;
	assert_compatible();
}
END_TEST

/* A GPU that is there to compute lacks what serves heads. */
START_TEST(capabilities_of_heads)
{
	const __u64 all = 0x1f0f, heads = 0x4, none = all & ~heads;

	both_native();
	source.capabilities = stream_capabilities(all, heads, source.heads);
	target.capabilities = stream_capabilities(none, heads, target.heads);
	assert_incompatible("migration refused: this GPU lacks capabilities 0x4 that the source's has");

	source.heads = 0;
	target.heads = 0;
	source.capabilities = stream_capabilities(all, heads, 0);
	target.capabilities = stream_capabilities(none, heads, 0);
	unit_equal(source.capabilities, target.capabilities);
	assert_compatible();

	/* A former module said what the GPU has. */
	source.heads = 0;
	target.heads = 0;
	source.capabilities = all;
	target.capabilities = stream_capabilities(none, heads, 0);
	assert_compatible();

	/* What else is missing counts. */
	source.heads = 0;
	target.heads = 0;
	source.capabilities = stream_capabilities(all, heads, 0);
	target.capabilities = stream_capabilities(none & ~1ULL, heads, 0);
	assert_incompatible("migration refused: this GPU lacks capabilities 0x1 that the source's has");
}
END_TEST

/* Names come into the host's log. */
START_TEST(names)
{
	struct stream_hello hello = native_hello();
	char *const name[] = { source.personality, source.family, source.board, source.type };
	const size_t size[] = { sizeof(source.personality), sizeof(source.family),
				sizeof(source.board), sizeof(source.type) };
	static const char *const bad[] = {
		"a b", "a\nb", "a%sb", "\x1b[2J", "\xc3\xa4", "a/b", "a\"", "a\\",
	};

	for (unsigned int n = 0; n < 4; n++) {
		struct made made;

		for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			source = hello;
			memset(name[n], 0, size[n]);
			memcpy(name[n], bad[i], strlen(bad[i]));
			made = (struct made){ 0 };
			made_hello(&made, &source);
			assert_refused(&made, &hello, -EBADMSG, "no vGPU wrote this");
			free(made.bytes);
		}
		/* No end, or something behind it. */
		for (unsigned int i = 0; i < 2; i++) {
			source = hello;
			memset(name[n], 'a', size[n]);
			if (i)
				name[n][1] = '\0';
			made = (struct made){ 0 };
			made_hello(&made, &source);
			assert_refused(&made, &hello, -EBADMSG, "no vGPU wrote this");
			free(made.bytes);
		}
	}
	/* The longest names leave the sentence whole. */
	both_native();
	memset(source.personality, 'p', sizeof(source.personality) - 1);
	memset(target.personality, 'q', sizeof(target.personality) - 1);
	assert_incompatible("migration refused: the source has personality ppppppppppppppp, this vGPU qqqqqqqqqqqqqqq: write ppppppppppppppp to its openvgpu/personality");
	memset(source.type, 't', sizeof(source.type) - 1);
	source.compute_slices = ~0u;
	source.memory_slices = ~0u;
	target.compute_slices = 1000000000;
	target.memory_slices = 1000000000;
	assert_incompatible("migration refused: the source has 4294967295 compute and 4294967295 memory slices, this vGPU 1000000000 and 1000000000 (0: the pool): create ttttttttttttttttttttttttttttttt");
}
END_TEST

/* ---------------------------------------------------------------- golden streams */

/*
 * Streams that released versions wrote, of the vGPUs of stream_maker.c: they are read
 * for ever. Beside each is the list of its records. STREAM_GOLDEN=NAME writes those
 * of this version under new names.
 */
static void golden(const char *name, const struct stream_hello *hello)
{
	char path[256], line[128], expected[128];
	struct made made = { .bytes = malloc(1 << 20) };
	struct taken taken;
	FILE *file, *list;

	snprintf(path, sizeof(path), STREAMS "/%s", name);
	file = fopen(path, "r");
	unit_assert(file, "%s: cannot be read", path);
	made.size = fread(made.bytes, 1, 1 << 20, file);
	fclose(file);
	unit_assert(!taken_all(&taken, &made, hello), "%s: %s", name, taken.parser.reason);
	snprintf(path, sizeof(path), STREAMS "/%s.txt", name);
	list = fopen(path, "r");
	unit_assert(list, "%s: cannot be read", path);
	for (unsigned int i = 0; i < taken.count; i++) {
		snprintf(line, sizeof(line), "%.4s %zu 0x%08x\n", (char *)&taken.record[i].tag,
			 taken.record[i].bytes, taken.record[i].sum);
		unit_assert(fgets(expected, sizeof(expected), list),
			    "%s has more than %u records", name, i);
		unit_assert(!strcmp(line, expected), "%s, record %u: %snot %s", name, i, line,
			    expected);
	}
	unit_assert(!fgets(expected, sizeof(expected), list), "%s lacks %s", name, expected);
	fclose(list);
	free(made.bytes);
}

static void write_golden(const char *version, const char *which, const struct stream_hello *hello)
{
	struct made made = made_whole(hello, !hello->any_family);
	struct taken taken;
	char path[256];
	FILE *file;

	unit_equal(taken_all(&taken, &made, hello), 0);
	snprintf(path, sizeof(path), STREAMS "/%s-%s", version, which);
	file = fopen(path, "w");
	unit_assert(file && fwrite(made.bytes, made.size, 1, file) == 1 && !fclose(file), "%s",
		    path);
	snprintf(path, sizeof(path), STREAMS "/%s-%s.txt", version, which);
	file = fopen(path, "w");
	unit_assert(file, "%s", path);
	for (unsigned int i = 0; i < taken.count; i++)
		fprintf(file, "%.4s %zu 0x%08x\n", (char *)&taken.record[i].tag,
			taken.record[i].bytes, taken.record[i].sum);
	fclose(file);
	free(made.bytes);
}

START_TEST(golden_streams)
{
	struct stream_hello direct = native_hello(), plain = other_hello();

	if (getenv("STREAM_GOLDEN")) {
		write_golden(getenv("STREAM_GOLDEN"), "direct", &direct);
		write_golden(getenv("STREAM_GOLDEN"), "plain", &plain);
	}
	golden("1.0-direct", &direct);
	golden("1.0-plain", &plain);
}
END_TEST

/* This version still writes what version 1.0 of the form is. */
START_TEST(written_as_before)
{
	struct stream_hello direct = native_hello();
	struct made made = made_whole(&direct, true);
	uint8_t *bytes = malloc(made.size + 1);
	FILE *file = fopen(STREAMS "/1.0-direct", "r");

	unit_assert(file && bytes, "no golden stream");
	unit_equal(fread(bytes, 1, made.size + 1, file), made.size);
	unit_assert(!memcmp(bytes, made.bytes, made.size), "another stream is written");
	fclose(file);
	free(bytes);
	free(made.bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream_compatible");
	TCase *tests = tcase_create("stream_compatible");

	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, incompatibilities);
	tcase_add_test(tests, all_reasons);
	tcase_add_test(tests, compatibilities);
	tcase_add_test(tests, capabilities_of_heads);
	tcase_add_test(tests, names);
	tcase_add_test(tests, golden_streams);
	tcase_add_test(tests, written_as_before);
	return unit_run(suite, "stream_compatible");
}
