// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_edid.c - monitors that do not exist, the very source the module has
 *
 * What is checked is what a guest's driver reads: every mode is taken apart
 * again by a parser of this file's own, and edid-decode judges too where it
 * is installed.
 */
#include <string.h>
#include <unistd.h>

#include "display/edid.h"
#include "unit.h"

#define UUID		"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define MODES_MAX	64

/* One mode that was found. */
struct found {
	unsigned int x, y;
	unsigned int h_total, v_total;	/* 0: the guest computes the timing */
	unsigned int clock;		/* 10 kHz */
	int preferred;
};

static struct found modes[MODES_MAX];
static unsigned int mode_count;
static uint8_t edid[VGPU_EDID_SIZE];

/* The largest modes types have, and the largest that has to be among the modes. */
static const struct {
	unsigned int x, y;
	unsigned int bytes;
	unsigned int preferred_x, preferred_y;
} largest[] = {
	{ 640, 480, 128, 640, 480 },
	{ 1024, 768, 128, 1024, 768 },
	{ 1280, 1024, 128, 1280, 1024 },
	{ 1600, 1200, 128, 1600, 1200 },
	{ 1920, 1080, 128, 1920, 1080 },
	{ 1920, 1200, 128, 1920, 1080 },
	{ 2560, 1440, 256, 1920, 1080 },
	{ 2560, 1600, 256, 1920, 1080 },
	{ 3840, 2160, 256, 1920, 1080 },
	{ 5120, 2880, 256, 1920, 1080 },
	{ 7680, 4320, 256, 1920, 1080 },
};

#define LARGEST	(sizeof(largest) / sizeof(largest[0]))

static struct vgpu_edid_info info_of(unsigned int max_x, unsigned int max_y)
{
	struct vgpu_edid_info info = {
		.name = "OpenVGPU", .uuid = UUID, .max_x = max_x, .max_y = max_y,
	};

	return info;
}

static uint8_t sum(const uint8_t *bytes, unsigned int n)
{
	uint8_t total = 0;

	while (n--)
		total += *bytes++;
	return total;
}

static struct found *add(unsigned int x, unsigned int y)
{
	struct found *mode = &modes[mode_count++];

	ck_assert_uint_lt(mode_count, MODES_MAX);
	memset(mode, 0, sizeof(*mode));
	mode->x = x;
	mode->y = y;
	return mode;
}

static unsigned int u16(const uint8_t *at)
{
	return at[0] | (unsigned int)at[1] << 8;
}

static void parse_established(void)
{
	static const struct {
		unsigned int byte, bit, x, y;
	} bits[] = { { 35, 5, 640, 480 }, { 35, 0, 800, 600 }, { 36, 3, 1024, 768 } };
	unsigned int i, known[3] = { 0 };

	for (i = 0; i < 3; i++) {
		known[bits[i].byte - 35] |= 1u << bits[i].bit;
		if (edid[bits[i].byte] >> bits[i].bit & 1)
			add(bits[i].x, bits[i].y);
	}
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(edid[35 + i] & ~known[i], 0);
}

static void parse_standard(void)
{
	static const unsigned int ratio[4][2] = { { 16, 10 }, { 4, 3 }, { 5, 4 }, { 16, 9 } };
	unsigned int i;

	for (i = 38; i < 54; i += 2) {
		const unsigned int *r = ratio[edid[i + 1] >> 6];
		unsigned int x = (edid[i] + 31u) * 8;

		if (edid[i] == 1 && edid[i + 1] == 1)
			continue;
		ck_assert_uint_eq(edid[i + 1] & 0x3f, 0); /* 60 Hz */
		add(x, x * r[1] / r[0]);
	}
}

static void parse_detailed(const uint8_t *at)
{
	struct found *mode = add(at[2] | (at[4] & 0xf0u) << 4, at[5] | (at[7] & 0xf0u) << 4);

	mode->clock = u16(at);
	mode->h_total = mode->x + (at[3] | (at[4] & 0xfu) << 8);
	mode->v_total = mode->y + (at[6] | (at[7] & 0xfu) << 8);
	mode->preferred = 1;
	/* Sync pulses lie in the blanking. */
	ck_assert_uint_lt(at[8] + at[9], mode->h_total - mode->x);
	ck_assert_uint_lt((at[10] >> 4) + (at[10] & 0xfu), mode->v_total - mode->y);
	ck_assert_uint_eq(at[11] | at[15] | at[16], 0);
}

/* The text of descriptor @tag, up to the newline. */
static const char *text(uint8_t tag)
{
	static char out[14];
	unsigned int i, j;

	for (i = 54; i < 126; i += 18) {
		if (edid[i] || edid[i + 1] || edid[i + 3] != tag)
			continue;
		for (j = 0; j < 13 && edid[i + 5 + j] != '\n'; j++)
			out[j] = (char)edid[i + 5 + j];
		out[j] = '\0';
		/* Then only blanks. */
		for (j++; j < 13; j++)
			ck_assert_uint_eq(edid[i + 5 + j], ' ');
		return out;
	}
	ck_abort_msg("no descriptor %#x", tag);
}

static void parse_timing(const uint8_t *at)
{
	struct found *mode = add(u16(at + 4) + 1, u16(at + 12) + 1);

	mode->clock = (u16(at) | (unsigned int)at[2] << 16) + 1;
	mode->h_total = mode->x + u16(at + 6) + 1;
	mode->v_total = mode->y + u16(at + 14) + 1;
	mode->preferred = at[3] >> 7;
	ck_assert_uint_eq(at[3] & 0x70, 0);
}

static void parse_extension(void)
{
	const uint8_t *section = edid + 129, *at = section + 4, *end = at + section[1];
	unsigned int i, blocks = 0;

	ck_assert_uint_eq(edid[128], 0x70);
	ck_assert_uint_eq(section[0], 0x13);
	ck_assert_uint_le(section[1], 121);
	ck_assert_uint_eq(sum(section, 5u + section[1]), 0);
	while (at < end) {
		ck_assert(at + 3 + at[2] <= end);
		if (at[0] == 0x03) {
			ck_assert_uint_eq(at[2] % 20, 0);
			for (i = 0; i < at[2]; i += 20)
				parse_timing(at + 3 + i);
			blocks++;
		}
		at += 3 + at[2];
	}
	ck_assert_uint_eq(blocks, 1);
}

static unsigned int build(const struct vgpu_edid_info *info)
{
	unsigned int bytes, i;

	memset(edid, 0xee, sizeof(edid));
	bytes = vgpu_edid_build(info, edid);
	ck_assert_msg(bytes == 128 || bytes == 256, "%u bytes", bytes);
	for (i = 0; i < bytes; i += 128)
		ck_assert_msg(!sum(edid + i, 128), "block %u: wrong checksum", i / 128);
	ck_assert(!memcmp(edid, "\0\xff\xff\xff\xff\xff\xff\0", 8));
	ck_assert_uint_eq(edid[126] + 1u, bytes / 128);
	ck_assert(vgpu_edid_valid(edid, bytes));
	mode_count = 0;
	parse_detailed(edid + 54);
	parse_established();
	parse_standard();
	if (bytes == 256)
		parse_extension();
	for (i = bytes; i < sizeof(edid); i++)
		ck_assert_uint_eq(edid[i], 0);
	return bytes;
}

/* What holds for every monitor. */
static void check_modes(const struct vgpu_edid_info *info)
{
	unsigned int i, h_max = 0, clock_max = edid[72 + 9] * 1000u;

	h_max = edid[72 + 8] + (edid[72 + 4] & 8 ? 255u : 0);
	ck_assert_uint_eq(edid[72 + 3], 0xfd);
	for (i = 0; i < mode_count; i++) {
		struct found *mode = &modes[i];
		double hz;

		ck_assert_msg(mode->x <= info->max_x && mode->y <= info->max_y,
			      "mode %ux%u is larger than %ux%u", mode->x, mode->y, info->max_x,
			      info->max_y);
		/* One mode alone is preferred, wherever it stands. */
		if (mode->preferred) {
			ck_assert_uint_eq(mode->x, modes[0].x);
			ck_assert_uint_eq(mode->y, modes[0].y);
			ck_assert_uint_eq(mode->clock, modes[0].clock);
		}
		if (!mode->clock)
			continue;
		hz = mode->clock * 10000.0 / (mode->h_total * mode->v_total);
		/* The clock is a multiple of 250 kHz, rounded down. */
		ck_assert_msg(hz > 59.99 - 60.0 * 25 / mode->clock && hz < 60.01,
			      "%ux%u at %f Hz", mode->x, mode->y, hz);
		/* CVT: at least 460 us between two frames. */
		ck_assert_msg((mode->v_total - mode->y) * 1000000.0 / mode->v_total / 60 > 459,
			      "%ux%u: no time for its blanking", mode->x, mode->y);
		ck_assert_uint_le(mode->clock, clock_max);
		ck_assert_uint_le(mode->clock * 10 / mode->h_total, h_max);
	}
}

static int has_mode(unsigned int x, unsigned int y)
{
	unsigned int i;

	for (i = 0; i < mode_count; i++)
		if (modes[i].x == x && modes[i].y == y)
			return 1;
	return 0;
}

START_TEST(modes_of_every_type)
{
	unsigned int i;

	for (i = 0; i < LARGEST; i++) {
		struct vgpu_edid_info info = info_of(largest[i].x, largest[i].y);

		ck_assert_uint_eq(build(&info), largest[i].bytes);
		check_modes(&info);
		ck_assert_msg(has_mode(largest[i].x, largest[i].y), "%ux%u is not there",
			      largest[i].x, largest[i].y);
		ck_assert(has_mode(640, 480));
		ck_assert_uint_eq(modes[0].x, largest[i].preferred_x);
		ck_assert_uint_eq(modes[0].y, largest[i].preferred_y);
	}
}
END_TEST

/* Timings everybody's tables have. */
START_TEST(well_known_timings)
{
	static const unsigned int known[][5] = {
		{ 1920, 1080, 2080, 1111, 13850 }, { 1280, 1024, 1440, 1054, 9100 },
		{ 1024, 768, 1184, 790, 5600 }, { 1920, 1200, 2080, 1235, 15400 },
		{ 2560, 1600, 2720, 1646, 26850 }, { 3840, 2160, 4000, 2222, 53325 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct vgpu_edid_info info = info_of(7680, 4320);

		info.preferred_x = known[i][0];
		info.preferred_y = known[i][1];
		build(&info);
		ck_assert_uint_eq(modes[0].x, known[i][0]);
		ck_assert_uint_eq(modes[0].y, known[i][1]);
		ck_assert_uint_eq(modes[0].h_total, known[i][2]);
		ck_assert_uint_eq(modes[0].v_total, known[i][3]);
		ck_assert_uint_eq(modes[0].clock, known[i][4]);
	}
}
END_TEST

START_TEST(preferred_mode)
{
	struct vgpu_edid_info info = info_of(1920, 1200);

	info.preferred_x = 1366;
	info.preferred_y = 768;
	build(&info);
	ck_assert_uint_eq(modes[0].x, 1360);
	ck_assert_uint_eq(modes[0].y, 768);
	/* Too large for the type, for the format, or only half given. */
	info.preferred_x = 1928;
	build(&info);
	ck_assert_uint_eq(modes[0].x, 1920);
	ck_assert_uint_eq(modes[0].y, 1080);
	info = info_of(7680, 4320);
	info.preferred_x = 5120;
	info.preferred_y = 2880;
	build(&info);
	ck_assert_uint_eq(modes[0].x, 1920);
	info.preferred_x = 4088;
	info.preferred_y = 4088;
	build(&info);
	ck_assert_uint_eq(modes[0].x, 1920);
	info.preferred_x = 800;
	info.preferred_y = 0;
	build(&info);
	ck_assert_uint_eq(modes[0].x, 1920);
}
END_TEST

/* Any numbers: consistent modes, none too large, or a refusal. */
START_TEST(random_monitors)
{
	struct unit_random random = { unit_seed("edid") };
	unsigned int i, built = 0;

	for (i = 0; i < 20000; i++) {
		uint64_t r = unit_random(&random);
		struct vgpu_edid_info info = info_of(r % 9000, (r >> 16) % 5000);

		info.preferred_x = (r >> 32) % 5000;
		info.preferred_y = (r >> 48) % 4200;
		if (r >> 63) {
			info.preferred_x = (uint32_t)unit_random(&random);
			info.max_x = UINT32_MAX;
			info.max_y = UINT32_MAX;
		}
		if (info.max_x < 640 || info.max_y < 480) {
			ck_assert_uint_eq(vgpu_edid_build(&info, edid), 0);
			continue;
		}
		build(&info);
		/* Nobody asks for a mode of one pixel, but it must do no harm. */
		if (modes[0].x >= 320 && modes[0].y >= 200)
			check_modes(&info);
		built++;
	}
	ck_assert_uint_gt(built, 10000);
}
END_TEST

START_TEST(name_and_serial_number)
{
	struct vgpu_edid_info info = info_of(1920, 1200);
	char serials[40][14];
	char uuid[] = "00000000-0000-0000-0000-000000000100";
	unsigned int i, j, n = 0;

	build(&info);
	ck_assert_str_eq(text(0xfc), "OpenVGPU");
	ck_assert_uint_eq(edid[8] << 8 | edid[9], ('O' - 64) << 10 | ('V' - 64) << 5 | ('G' - 64));
	info.name = "a name too long";
	build(&info);
	ck_assert_str_eq(text(0xfc), "a name too lo");
	info.name = "tab\there";
	build(&info);
	ck_assert_str_eq(text(0xfc), "tab?here");
	info.name = "";
	build(&info);
	ck_assert_str_eq(text(0xfc), "");

	/* Heads and vGPUs differ, also those of Proxmox; the same is the same. */
	for (i = 0; i < 10; i++) {
		uuid[35] = (char)('0' + i);
		for (info.head = 0; info.head < 4; info.head++) {
			char number[14];

			info.uuid = uuid;
			build(&info);
			strcpy(serials[n], text(0xff));
			snprintf(number, sizeof(number), "%08X",
				 u16(edid + 12) | u16(edid + 14) << 16);
			ck_assert_str_eq(serials[n], number);
			for (j = 0; j < n; j++)
				ck_assert_str_ne(serials[j], serials[n]);
			n++;
		}
	}
	info.head = 3;
	build(&info);
	ck_assert_str_eq(text(0xff), serials[n - 1]);
}
END_TEST

START_TEST(what_is_not_valid)
{
	struct vgpu_edid_info info = info_of(5120, 2880);
	unsigned int bytes = build(&info), i;

	ck_assert(vgpu_edid_valid(edid, bytes));
	ck_assert(!vgpu_edid_valid(edid, 128));		/* one block is missing */
	ck_assert(!vgpu_edid_valid(edid, 0));
	ck_assert(!vgpu_edid_valid(edid, 127));
	ck_assert(!vgpu_edid_valid(edid, 255));
	for (i = 0; i < bytes; i++) {
		edid[i] ^= 0x10;
		ck_assert_msg(!vgpu_edid_valid(edid, bytes), "byte %u changed", i);
		edid[i] ^= 0x10;
	}
	/* A header that is wrong though the sum is right. */
	edid[1]--;
	edid[127]++;
	ck_assert(!vgpu_edid_valid(edid, bytes));
}
END_TEST

/* Somebody else's opinion. */
START_TEST(edid_decode_agrees)
{
	char path[] = "/tmp/openvgpu-edid-XXXXXX", command[256];
	unsigned int i, bytes;
	FILE *file;
	int fd;

	if (system("command -v edid-decode >/dev/null")) {
		printf("edid: edid-decode is not installed: not asked\n");
		return;
	}
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	for (i = 0; i < LARGEST; i++) {
		struct vgpu_edid_info info = info_of(largest[i].x, largest[i].y);

		bytes = build(&info);
		file = fopen(path, "wb");
		ck_assert_ptr_nonnull(file);
		ck_assert_uint_eq(fwrite(edid, 1, bytes, file), bytes);
		fclose(file);
		snprintf(command, sizeof(command), "edid-decode -c %s >%s.txt 2>&1; "
			 "grep -q 'EDID conformity: PASS' %s.txt || { cat %s.txt; false; }",
			 path, path, path, path);
		ck_assert_msg(!system(command), "edid-decode finds fault with %ux%u",
			      largest[i].x, largest[i].y);
	}
	snprintf(command, sizeof(command), "%s.txt", path);
	unlink(command);
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("edid");
	TCase *tests = tcase_create("edid");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, modes_of_every_type);
	tcase_add_test(tests, well_known_timings);
	tcase_add_test(tests, preferred_mode);
	tcase_add_test(tests, random_monitors);
	tcase_add_test(tests, name_and_serial_number);
	tcase_add_test(tests, what_is_not_valid);
	tcase_add_test(tests, edid_decode_agrees);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "edid");
}
