// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_hostile.c - nothing a partition executes or loads gets out of it
 *
 * Programs are the shipped kernels with some instructions, operands and
 * arguments changed, not noise: noise faults at once and proves little. How
 * long they really run is asserted. All around the partition's memory are
 * canaries; the sanitizers watch the rest.
 */
#include "jobs.h"

#define PROGRAMS	12000
#define BUDGET		20000
#define IMAGES		20000

static struct partition *partition;
static struct grid *grid;
static struct unit_random source;
static uint64_t timer;
static struct grid_environment environment = { .time = partition_time, .time_context = &timer };

static void setup(void)
{
	partition = partition_create();
	grid = grid_create();
	ck_assert_ptr_nonnull(grid);
	environment.view = &partition->view;
	source.state = unit_seed("test_hostile");
}

static void teardown(void)
{
	grid_destroy(grid);
	partition_destroy(partition);
}

static uint64_t below(uint64_t limit)
{
	return unit_random(&source) % limit;
}

/* An address in, around and far beyond what the partition has. */
static uint64_t address(void)
{
	static const uint64_t edges[] = {
		0, AT_CODE, AT_DATA, VRAM - 8, VRAM - 4, VRAM, VRAM + 64, REFGPU_SYSMEM_APERTURE,
		REFGPU_SYSMEM_APERTURE + 4090, REFGPU_SYSMEM_APERTURE + 2 * 4096 - 4,
		REFGPU_SYSMEM_APERTURE + READ_ONLY_PAGE * 4096,
		REFGPU_SYSMEM_APERTURE + TABLE_PAGES * 4096 - 4,
		REFGPU_SYSMEM_APERTURE + TABLE_PAGES * 4096,
		REFGPU_SYSMEM_APERTURE - 8, 1ull << 63, ~0ull - 64, ~0ull - 7,
	};
	uint64_t r = unit_random(&source), base = edges[(r >> 8) % (sizeof(edges) / 8)];

	switch (r & 3) {
	case 0:
		return base;
	case 1:
		return base + (r >> 32) % 256 - 128;
	case 2:
		return (r >> 16) % (2 * VRAM);
	default:
		return unit_random(&source);
	}
}

/* Change one thing of an instruction, keeping it an instruction most times. */
static uint32_t mutate(uint32_t instruction)
{
	uint32_t r = (uint32_t)unit_random(&source);

	switch (r >> 28) {
	case 0:
	case 1:
	case 2: /* the immediate of an I format, or its like */
		return instruction ^ 1u << (20 + (r & 15) % 12);
	case 3:
	case 4: /* rs1 */
		return (instruction & ~(31u << 15)) | (r & 31) << 15;
	case 5:
	case 6: /* rs2 */
		return (instruction & ~(31u << 20)) | (r & 31) << 20;
	case 7:
	case 8: /* rd */
		return (instruction & ~(31u << 7)) | (r & 31) << 7;
	case 9:
	case 10: /* funct3: other widths, other branches */
		return (instruction & ~(7u << 12)) | (r & 7) << 12;
	case 11: /* a load becomes a store */
		return instruction ^ 0x20;
	case 12: /* another opcode */
		return (instruction & ~0x7fu) | (r & 0x7c) | 3;
	case 13: /* an atomic on the same registers */
		return (instruction & 0x01ff8f80u) | 0x2000u | 0x2f | (r & 0xf8000000u);
	default:
		return instruction ^ 1u << (r & 31);
	}
}

static void mutate_argument(void)
{
	uint8_t *argument = job_at(partition, AT_ARGUMENT);
	uint64_t value = address();
	uint32_t half = (uint32_t)unit_random(&source) >> (unit_random(&source) & 31);

	if (below(3))
		memcpy(argument + 8 * below(5), &value, 8);
	else
		memcpy(argument + 4 * below(10), &half, 4);
}

START_TEST(programs_stay_inside)
{
	uint64_t instructions = 0, runs = 0, faulted = 0, finished = 0, unfinished = 0, total;
	uint64_t before_fault = 0, slices;
	struct refgpu_dispatch packet;
	struct grid_result result;
	enum grid_status status;
	unsigned int round, changes;

	for (round = 0; round < PROGRAMS; round++) {
		uint32_t *code = job_at(partition, AT_CODE);
		size_t size;

		/* Clearing all takes longer than running: often it's only code and data. */
		if (round % 64 == 0)
			partition_clear(partition);
		memset(partition->vram, 0, AT_DATA + 0x4000);
		jobs[round % JOBS].setup(partition, &packet);
		size = partition_load(partition, jobs[round % JOBS].name, AT_CODE);
		for (changes = 1 + below(3); changes; changes--) {
			switch (below(4)) {
			case 0:
				mutate_argument();
				break;
			case 1:
				if (!below(3))
					packet.stack = address();
				else if (!below(2))
					packet.stack_bytes = 16 * (uint32_t)below(1 << 20);
				else
					packet.argument = below(8) ? AT_ARGUMENT + 8 * below(4) :
								     address();
				break;
			default: {
				uint32_t *word = &code[below(size / 4)];

				*word = mutate(*word);
				break;
			}
			}
		}
		ck_assert_uint_eq(grid_start(grid, &packet, 1 + (uint32_t)below(8)),
				  REFGPU_ERROR_NONE);
		total = 0;
		slices = 0;
		do {
			uint64_t budget = 1 + below(BUDGET / 4);

			status = grid_run(grid, &environment, budget, &result);
			unit_assert(result.instructions <= budget, "%llu instructions of %llu",
				    (unsigned long long)result.instructions,
				    (unsigned long long)budget);
			total += result.instructions;
		} while (status == GRID_UNFINISHED && total < BUDGET && ++slices < 64);
		grid_cancel(grid);
		runs++;
		instructions += total;
		if (status == GRID_FAULTED) {
			faulted++;
			before_fault += total;
			unit_assert(result.fault.error >= REFGPU_ERROR_INSTRUCTION &&
				    result.fault.error <= REFGPU_ERROR_BARRIER,
				    "error %u", result.fault.error);
		} else if (status == GRID_FINISHED) {
			finished++;
		} else {
			unfinished++;
		}
		if (round % 64 == 63)
			ck_assert_msg(partition_guards_intact(partition),
				      "a program up to number %u wrote outside", round);
	}
	ck_assert(partition_guards_intact(partition));
	printf("%llu programs: %llu faulted after %llu instructions on average, %llu ended, %llu went on; %llu instructions on average\n",
	       (unsigned long long)runs, (unsigned long long)faulted,
	       (unsigned long long)(before_fault / (faulted ? faulted : 1)),
	       (unsigned long long)finished, (unsigned long long)unfinished,
	       (unsigned long long)(instructions / runs));
	ck_assert_uint_gt(faulted, runs / 10);
	ck_assert_uint_gt(finished, runs / 20);
	ck_assert_uint_gt(before_fault / faulted, 50);
}
END_TEST

/*
 * Images that were changed at random are refused, or what they continue
 * stays inside too. Cut ones are refused.
 */
START_TEST(images_are_not_trusted)
{
	uint64_t refused = 0, loaded = 0, cut_short = 0, instructions = 0;
	struct refgpu_dispatch packet;
	struct grid_result result;
	size_t size = 0, bytes, i;
	uint8_t *image = NULL, *changed;
	unsigned int round;

	for (round = 0; round < IMAGES; round++) {
		if (round % 100 == 0)
			partition_clear(partition);
		if (round % 10 == 0) {
			free(image);
			jobs[round / 10 % JOBS].setup(partition, &packet);
			/* An image that is not of an unfinished grid has no bytes. */
			do {
				grid_start(grid, &packet, 1 + (uint32_t)below(8));
				grid_run(grid, &environment, 1 + below(4000), &result);
				size = grid_image_size(grid);
			} while (!size);
			image = malloc(size);
			grid_save(grid, image);
		}
		bytes = size;
		if (round % 5 == 4)
			bytes = below(size);
		changed = malloc(bytes ? bytes : 1);
		memcpy(changed, image, bytes);
		for (i = 1 + below(4); i && bytes == size; i--) {
			size_t at = below(2) ? below(size < 256 ? size : 256) : below(size);
			uint64_t word = address();

			switch (below(4)) {
			case 0:
				changed[at] ^= 1u << below(8);
				break;
			case 1:
				changed[at] = (uint8_t)unit_random(&source);
				break;
			case 2:
				memset(changed + at, 0xff, size - at < 4 ? size - at : 4);
				break;
			default:
				if (at + 8 <= size)
					memcpy(changed + (at & ~(size_t)7), &word, 8);
				break;
			}
		}
		if (grid_load(grid, changed, bytes) == REFGPU_ERROR_NONE) {
			unit_assert(bytes == size, "an image cut to %zu of %zu was taken", bytes,
				    size);
			loaded++;
			/* What was taken can be saved, and run. */
			unit_assert(grid_image_size(grid) <= size, "grew from %zu", size);
			grid_save(grid, changed);
			for (i = 0; i < 4 && grid->active; i++) {
				grid_run(grid, &environment, 500, &result);
				unit_assert(result.instructions <= 500, "beyond its budget");
				instructions += result.instructions;
			}
		} else {
			unit_assert(!grid->active && !grid_image_size(grid),
				    "refused, and active all the same");
			refused++;
			cut_short += bytes != size;
		}
		free(changed);
		if (round % 100 == 99)
			ck_assert_msg(partition_guards_intact(partition),
				      "an image up to number %u wrote outside", round);
	}
	free(image);
	printf("%llu images refused (%llu cut short), %llu taken, then %llu instructions on average\n",
	       (unsigned long long)refused, (unsigned long long)cut_short,
	       (unsigned long long)loaded, (unsigned long long)(instructions / loaded));
	ck_assert_uint_eq(cut_short, IMAGES / 5);
	ck_assert_uint_gt(refused, IMAGES / 5 + IMAGES / 20);
	ck_assert_uint_gt(loaded, IMAGES / 20);
	ck_assert_uint_gt(instructions / loaded, 50);
}
END_TEST

/* Each thing an image must get right, wrong by itself. */
START_TEST(images_are_checked)
{
	struct refgpu_dispatch packet;
	struct grid_result result;
	uint32_t image[4096], changed[4096];
	size_t size;
	unsigned int i;
	/* Word of the header, and what is wrong there. */
	static const struct {
		unsigned int word;
		uint32_t value;
		const char *what;
	} cases[] = {
		{ 0, 0, "magic" }, { 1, 2, "version" }, { 2, 8, "bytes" }, { 3, 0, "no group" },
		{ 3, 1, "too few groups" }, { 3, 9, "too many groups" },
		{ 4, 4, "another opcode" }, { 6, AT_CODE + 1, "code not a multiple of 4" },
		{ 12, 17, "stack" }, { 13, 0, "empty grid" }, { 16, 0, "empty group" },
		{ 16, 0xffffffff, "too many items" },
		{ 20, 1000, "next group outside" }, { 20, 0, "a group not started yet" },
		{ 23, 2, "all started" }, { 23, 1, "all started, but there is a next" },
		{ 24, 0, "slots" }, { 24, 9, "slots" }, { 25, 8, "slot" }, { 25, 7, "empty slot" },
		{ 26, 0, "turn" }, { 26, GRID_TURN + 1, "turn" }, { 27, 1, "reserved" },
		{ 32, 8, "group in slot 8" }, { 33, 100, "group outside the grid" },
		{ 36, 16, "item" }, { 37, 1, "reserved" },
		{ 38, 0x04040404, "item state" }, { 38, 0x03030302, "waiting for who ended" },
	};

	setup_reduce(partition, &packet);
	packet.grid[0] = 9;
	grid_start(grid, &packet, 2);
	grid_run(grid, &environment, 5, &result);
	size = grid_image_size(grid);
	ck_assert_uint_le(size, sizeof(image));
	grid_save(grid, image);
	ck_assert_uint_eq(grid_load(grid, image, size), REFGPU_ERROR_NONE);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(changed, image, size);
		ck_assert_msg(changed[cases[i].word] != cases[i].value, "%s: no change",
			      cases[i].what);
		changed[cases[i].word] = cases[i].value;
		ck_assert_msg(grid_load(grid, changed, size) == REFGPU_ERROR_CONTEXT,
			      "taken: %s (word %u = %u)", cases[i].what, cases[i].word,
			      cases[i].value);
	}
	for (i = 0; i < size; i += 4)
		ck_assert_uint_eq(grid_load(grid, image, i), REFGPU_ERROR_CONTEXT);
	/* A program counter between instructions would be fetched across a window. */
	memcpy(changed, image, size);
	ck_assert_uint_eq(changed[42], AT_CODE + 4 * 4); /* starting took 1 of 5 */
	changed[42] += 2;
	ck_assert_uint_eq(grid_load(grid, changed, size), REFGPU_ERROR_CONTEXT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tests = tcase_create("hostile");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, programs_stay_inside);
	tcase_add_test(tests, images_are_not_trusted);
	tcase_add_test(tests, images_are_checked);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_hostile");
}
