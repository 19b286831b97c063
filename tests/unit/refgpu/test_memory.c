// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_memory.c - translation: nothing outside a partition is ever reached
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "cpu/memory.h"
#include "refgpu_hw.h"
#include "unit.h"

#define LIMIT		0x30000ULL
#define PAGES		16u
#define HOST_PAGES	64u
#define HOST_BASE	0x80000000ULL
#define TABLE_PAGE	1u

struct machine {
	u8 *host;
	u8 *vram;
	u64 *table;
	struct memory_host ops;
	struct memory_view view;
	_Atomic int inside;
	_Atomic bool gone[HOST_PAGES];
};

static struct machine m;

static void *host_translate(void *context, u64 bus, u64 length, bool write)
{
	(void)context;
	(void)write;
	if (bus < HOST_BASE || length > HOST_PAGES * 4096ULL ||
	    bus - HOST_BASE > HOST_PAGES * 4096ULL - length)
		return NULL;
	return m.host + (bus - HOST_BASE);
}

static void host_enter(void *context)
{
	(void)context;
	m.inside++;
}

static void host_leave(void *context)
{
	(void)context;
	m.inside--;
}

static void map(u64 limit, u64 pages, u64 table)
{
	struct memory_map map = {
		.vram = m.vram,
		.limit = limit,
		.table = table,
		.pages = pages,
		.poison = MEMORY_NO_POISON,
	};

	memory_configure(&m.view, &map);
}

static void setup(void)
{
	unsigned int i;

	m.host = aligned_alloc(4096, HOST_PAGES * 4096);
	m.vram = aligned_alloc(65536, LIMIT);
	ck_assert(m.host && m.vram);
	memset(m.host, 0, HOST_PAGES * 4096);
	memset(m.vram, 0, LIMIT);
	m.table = (u64 *)(m.host + TABLE_PAGE * 4096);
	for (i = 0; i < PAGES; i++)
		m.table[i] = (HOST_BASE + (i + 10) * 4096) | REFGPU_SYSMEM_VALID |
			     (i % 2 ? 0 : REFGPU_SYSMEM_WRITE);
	m.table[5] = 0;
	m.table[6] = 0xfff000ULL | REFGPU_SYSMEM_VALID | REFGPU_SYSMEM_WRITE;
	m.ops = (struct memory_host){
		.enter = host_enter, .leave = host_leave, .translate = host_translate,
	};
	memory_init(&m.view, &m.ops);
	map(LIMIT, PAGES, HOST_BASE + TABLE_PAGE * 4096);
}

static void teardown(void)
{
	ck_assert_int_eq(m.inside, 0);
	memory_destroy(&m.view);
	free(m.host);
	free(m.vram);
}

/* What the answer should be, computed in numbers too large to wrap. */
static u8 *expected(u64 address, u64 length, bool write, enum memory_refusal *why)
{
	unsigned __int128 end = (unsigned __int128)address + length;
	u64 page, entry;

	*why = MEMORY_REFUSED_ADDRESS;
	if (!length)
		return NULL;
	if (end <= LIMIT)
		return m.vram + address;
	if (address < REFGPU_SYSMEM_APERTURE ||
	    end > REFGPU_SYSMEM_APERTURE + (unsigned __int128)PAGES * 4096)
		return NULL;
	page = (address - REFGPU_SYSMEM_APERTURE) / 4096;
	if ((u64)(end - 1 - REFGPU_SYSMEM_APERTURE) / 4096 != page)
		return NULL;
	entry = m.table[page];
	if (!(entry & REFGPU_SYSMEM_VALID) || (write && !(entry & REFGPU_SYSMEM_WRITE)))
		return NULL;
	entry &= REFGPU_SYSMEM_ADDRESS;
	if (entry < HOST_BASE) {
		*why = MEMORY_REFUSED_DMA;
		return NULL;
	}
	return m.host + (entry - HOST_BASE) + address % 4096;
}

/* Numbers near every border, and anything. */
static u64 pick(struct unit_random *random)
{
	static const u64 near[] = {
		0, 1, 8, 64, 4096, LIMIT, LIMIT - 4096, REFGPU_SYSMEM_APERTURE,
		REFGPU_SYSMEM_APERTURE + 5 * 4096, REFGPU_SYSMEM_APERTURE + 6 * 4096,
		REFGPU_SYSMEM_APERTURE + PAGES * 4096, UINT64_MAX, UINT64_MAX - LIMIT,
		1ULL << 63, 1ULL << 32, REFGPU_SYSMEM_APERTURE + (1ULL << 32),
	};
	u64 r = unit_random(random);

	switch (r % 4) {
	case 0:
		return unit_random(random) >> (r >> 8) % 64;
	case 1:
		return REFGPU_SYSMEM_APERTURE + unit_random(random) % (PAGES * 4096 + 64);
	default:
		return near[(r >> 16) % (sizeof(near) / sizeof(near[0]))] +
		       (r >> 8) % 33 - 16;
	}
}

START_TEST(translation_is_exact)
{
	struct unit_random random = { unit_seed("memory") };
	u64 i, given = 0;

	memory_enter(&m.view);
	for (i = 0; i < 1000000; i++) {
		u64 address = pick(&random), length = pick(&random);
		bool write = unit_random(&random) & 1;
		enum memory_refusal why;
		u8 *want, *got;

		if (i % 2)
			length = 1ULL << length % 13;
		want = expected(address, length, write, &why);
		got = memory_translate(&m.view, address, length, write);
		ck_assert_msg(got == want, "%s [%#llx, +%#llx): %p, not %p",
			      write ? "write" : "read", (unsigned long long)address,
			      (unsigned long long)length, (void *)got, (void *)want);
		if (!want)
			ck_assert_msg(m.view.refusal == why, "refused for reason %d, not %d",
				      m.view.refusal, why);
		given += got ? 1 : 0;
		if (i % 64 == 0) {
			memory_leave(&m.view);
			memory_enter(&m.view);
		}
	}
	memory_leave(&m.view);
	ck_assert_msg(given > 100000, "only %llu of 1000000 were inside",
		      (unsigned long long)given);
}
END_TEST

START_TEST(tables_anywhere)
{
	static const u64 tables[] = { 0, 0xfffffffffffff000ULL, HOST_BASE + HOST_PAGES * 4096 - 8 };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		map(LIMIT, REFGPU_SYSMEM_PAGES_MAX, tables[i]);
		memory_enter(&m.view);
		ck_assert_ptr_null(memory_translate(&m.view, REFGPU_SYSMEM_APERTURE +
			(REFGPU_SYSMEM_PAGES_MAX - 1ULL) * 4096, 1, false));
		ck_assert_ptr_null(memory_translate(&m.view, REFGPU_SYSMEM_APERTURE +
						    4096 * 513, 1, false));
		ck_assert_int_eq(m.view.refusal, MEMORY_REFUSED_DMA);
		memory_leave(&m.view);
	}
}
END_TEST

START_TEST(a_new_map_holds_from_the_next_section)
{
	memory_enter(&m.view);
	map(0, 0, 0);
	ck_assert_ptr_nonnull(memory_translate(&m.view, 0, 1, true));
	memory_leave(&m.view);
	memory_enter(&m.view);
	ck_assert_ptr_null(memory_translate(&m.view, 0, 1, true));
	ck_assert_ptr_null(memory_translate(&m.view, REFGPU_SYSMEM_APERTURE, 1, false));
	memory_leave(&m.view);
}
END_TEST

START_TEST(dirty_and_poison)
{
	_Atomic u64 bits[2] = { 0 };
	struct memory_map watched = {
		.vram = m.vram, .limit = LIMIT, .dirty = bits, .dirty_shift = 12,
		.poison = 0x2047,
	};

	memory_configure(&m.view, &watched);
	memory_enter(&m.view);
	ck_assert_ptr_nonnull(memory_translate(&m.view, 0x1000, 4096, false));
	ck_assert_uint_eq(bits[0], 0);
	ck_assert_ptr_nonnull(memory_translate(&m.view, 0x0fff, 2, true));
	ck_assert_uint_eq(bits[0], 3);
	ck_assert_ptr_null(memory_translate(&m.view, 0x2040, 1, false));
	ck_assert_int_eq(m.view.refusal, MEMORY_REFUSED_POISON);
	ck_assert_ptr_null(memory_translate(&m.view, 0x2000, 0x41, false));
	ck_assert_ptr_nonnull(memory_translate(&m.view, 0x2000, 0x40, false));
	ck_assert_ptr_nonnull(memory_translate(&m.view, 0x2080, 8, false));
	ck_assert_ptr_nonnull(memory_translate(&m.view, LIMIT - 1, 1, true));
	ck_assert_uint_eq(bits[0], 3 | 1ULL << (LIMIT / 4096 - 1));
	memory_leave(&m.view);
}
END_TEST

/*
 * One thread translates and uses pages as an engine does; the other takes
 * entries away, invalidates, waits, and gives the page to somebody else. Use
 * of a page after the wait is the failure this mechanism exists to prevent.
 */
static _Atomic bool stop_user;
static _Atomic u64 uses;
static _Atomic u64 wrong_uses;

static void *user_thread(void *argument)
{
	struct unit_random random = { 1 };

	(void)argument;
	while (!stop_user) {
		int i;

		memory_enter(&m.view);
		for (i = 0; i < 50; i++) {
			u64 page = unit_random(&random) % 4 * 2;	/* the writable ones */
			u8 *at;

			if (page == 6)
				page = 8;
			at = memory_translate(&m.view, REFGPU_SYSMEM_APERTURE + page * 4096,
					      8, true);
			if (!at)
				continue;
			uses++;
			/* The page that answers must not have been taken away. */
			if (m.gone[(at - m.host) / 4096])
				wrong_uses++;
		}
		memory_leave(&m.view);
	}
	return NULL;
}

START_TEST(invalidation_waits_for_users)
{
	static const u64 writable[] = { 0, 2, 4, 8 };
	struct unit_random random = { unit_seed("memory") };
	pthread_t thread;
	u64 round;

	stop_user = false;
	uses = 0;
	wrong_uses = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, user_thread, NULL), 0);
	for (round = 0; round < 6000; round++) {
		u64 page = writable[unit_random(&random) % 4];
		u64 entry = m.table[page];
		unsigned int behind = (unsigned int)(((entry & REFGPU_SYSMEM_ADDRESS) -
						      HOST_BASE) / 4096);

		__atomic_store_n(&m.table[page], 0, __ATOMIC_RELEASE);
		memory_forget(&m.view, page, 1);
		memory_synchronise(&m.view);
		m.gone[behind] = true;
		if (round % 16 == 0)
			usleep(1);
		m.gone[behind] = false;
		__atomic_store_n(&m.table[page], entry, __ATOMIC_RELEASE);
	}
	stop_user = true;
	pthread_join(thread, NULL);
	ck_assert_msg(uses > 1000, "only %llu uses: the test proves nothing",
		      (unsigned long long)uses);
	ck_assert_msg(!wrong_uses, "%llu of %llu uses came after the invalidation",
		      (unsigned long long)wrong_uses, (unsigned long long)uses);
}
END_TEST

START_TEST(ranges_do_not_wrap)
{
	memory_enter(&m.view);
	ck_assert_ptr_nonnull(memory_translate(&m.view, REFGPU_SYSMEM_APERTURE, 1, false));
	ck_assert_ptr_nonnull(memory_translate(&m.view, REFGPU_SYSMEM_APERTURE + 8192, 1, false));
	memory_leave(&m.view);
	m.table[0] = 0;
	m.table[2] = 0;
	memory_forget(&m.view, 1, UINT64_MAX);
	memory_enter(&m.view);
	ck_assert_msg(memory_translate(&m.view, REFGPU_SYSMEM_APERTURE, 1, false),
		      "page 0 was forgotten, though the range begins at 1");
	ck_assert_ptr_null(memory_translate(&m.view, REFGPU_SYSMEM_APERTURE + 8192, 1, false));
	memory_leave(&m.view);
}
END_TEST

/* What was known under one table is not known under the next, in the same section too. */
START_TEST(each_table_by_itself)
{
	struct memory_rights rights = { .table = 2 * REFGPU_RIGHTS_GRANULE, .vram_granules = 1 };
	u64 *table = (u64 *)(m.vram + rights.table);

	table[0] = REFGPU_RIGHTS_READ | REFGPU_RIGHTS_WRITE;
	table[1] = REFGPU_RIGHTS_READ;
	memory_enter(&m.view);
	ck_assert_ptr_nonnull(memory_translate(&m.view, 0x10000, 8, true));
	memory_restrict(&m.view, &rights);
	ck_assert_ptr_eq(memory_translate(&m.view, 8, 8, true), m.vram + 8);
	ck_assert_ptr_null(memory_translate(&m.view, 0x10000, 8, false));
	ck_assert_int_eq(m.view.refusal, MEMORY_REFUSED_ADDRESS);
	/* One that is given is in force at once. */
	rights.table += 8;
	memory_restrict(&m.view, &rights);
	ck_assert_ptr_null(memory_translate(&m.view, 8, 8, true));
	ck_assert_ptr_eq(memory_translate(&m.view, 8, 8, false), m.vram + 8);
	table[1] |= REFGPU_RIGHTS_WRITE;
	ck_assert_ptr_eq(memory_translate(&m.view, 8, 8, true), m.vram + 8);
	memory_leave(&m.view);
	/* One that is taken away is, at the latest, in the next section. */
	table[1] = 0;
	memory_enter(&m.view);
	ck_assert_ptr_null(memory_translate(&m.view, 8, 8, false));
	memory_restrict(&m.view, NULL);
	ck_assert_ptr_nonnull(memory_translate(&m.view, 0x10000, 8, true));
	memory_leave(&m.view);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");
	TCase *tests = tcase_create("memory");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, translation_is_exact);
	tcase_add_test(tests, tables_anywhere);
	tcase_add_test(tests, a_new_map_holds_from_the_next_section);
	tcase_add_test(tests, dirty_and_poison);
	tcase_add_test(tests, invalidation_waits_for_users);
	tcase_add_test(tests, ranges_do_not_wrap);
	tcase_add_test(tests, each_table_by_itself);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "memory");
}
