// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_native_registers.c - the control page of the native personality, the
 * very source the module has, as drivers use it and as nobody should
 */
#include <string.h>

#include "unit.h"
#include "personality/native_registers.h"

#define MIB		(1u << 20)
#define PAGES		32768u

static struct native_registers page;

static void setup(void)
{
	memset(&page, 0, sizeof(page));
	page.features = OPENVGPU_NATIVE_FEATURE_SYSMEM;
	page.framebuffer = 256 * MIB;
	page.sysmem_pages = PAGES;
	page.map_blocked = true;
	native_registers_reset(&page);
}

static uint64_t get_sized(unsigned int offset, unsigned int size)
{
	bool bad = false;
	uint64_t value = native_registers_read(&page, offset, size, &bad);

	ck_assert_msg(!bad, "a read of %u bytes at 0x%x is bad", size, offset);
	return value;
}

static uint64_t get(unsigned int offset)
{
	return get_sized(offset, 8);
}

static unsigned int put(unsigned int offset, uint64_t value)
{
	return native_registers_write(&page, offset, 8, value);
}

static unsigned int put_half(unsigned int offset, uint32_t value)
{
	return native_registers_write(&page, offset, 4, value);
}

START_TEST(what_drivers_check)
{
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_ID), OPENVGPU_NATIVE_ID_VALUE);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_VERSION), 0x10001);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_FEATURES),
			  OPENVGPU_NATIVE_FEATURE_SYSMEM);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_FRAMEBUFFER), 256 * MIB);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_APERTURE_PAGES), PAGES);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_PINNED_MAX), PAGES);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_PAGES_MAX), 4096);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_STATUS), OPENVGPU_NATIVE_OK);
	page.mapped = 7;
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAPPED), 7);
}
END_TEST

START_TEST(events)
{
	ck_assert_uint_eq(native_registers_event(&page, OPENVGPU_NATIVE_EVENT_FAULT), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_EVENT_STATUS), OPENVGPU_NATIVE_EVENT_FAULT);
	/* What came before it was enabled raises when it is, and once. */
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_EVENT_ENABLE, 3), NATIVE_RAISE);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_EVENT_ENABLE, 3), 0);
	ck_assert_uint_eq(native_registers_event(&page, OPENVGPU_NATIVE_EVENT_MAP), NATIVE_RAISE);
	ck_assert_uint_eq(native_registers_event(&page, OPENVGPU_NATIVE_EVENT_DEAD), 0);
	/* Writing 1 clears, and only that. */
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_EVENT_STATUS, OPENVGPU_NATIVE_EVENT_FAULT), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_EVENT_STATUS),
			  OPENVGPU_NATIVE_EVENT_MAP | OPENVGPU_NATIVE_EVENT_DEAD);
}
END_TEST

START_TEST(map_command)
{
	unsigned int generation;
	struct native_map job;

	put(OPENVGPU_NATIVE_MAP_LIST, 0x1000);
	put(OPENVGPU_NATIVE_MAP_FIRST, 5);
	put(OPENVGPU_NATIVE_MAP_PAGES, 9);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_MAP_READ), NATIVE_MAP);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_STATUS), OPENVGPU_NATIVE_BUSY);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_COMMAND), 0);
	/* The job is what it was, whatever the guest writes now. */
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_FIRST, 77), 0);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_UNMAP), NATIVE_BAD);
	ck_assert_uint_eq(page.job.list, 0x1000);
	ck_assert_uint_eq(page.job.first, 5);
	ck_assert_uint_eq(page.job.pages, 9);
	ck_assert_uint_eq(page.job.command, OPENVGPU_NATIVE_MAP_READ);
	ck_assert(native_registers_take(&page, &job, &generation));
	ck_assert_uint_eq(job.first, 5);
	ck_assert_uint_eq(job.command, OPENVGPU_NATIVE_MAP_READ);
	ck_assert(!native_registers_take(&page, &job, &generation));
	ck_assert(native_registers_complete(&page, generation, OPENVGPU_NATIVE_EXISTS));
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_STATUS), OPENVGPU_NATIVE_EXISTS);
	native_registers_stop(&page);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_UNMAP), NATIVE_BAD);
}
END_TEST

/* A command that still waits for memory is dropped, and so is its status. */
START_TEST(reset_during_command)
{
	unsigned int generation, later;
	struct native_map job;

	put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_MAP_READ);
	ck_assert(native_registers_take(&page, &job, &generation));
	native_registers_stop(&page);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_UNMAP), NATIVE_BAD);
	native_registers_reset(&page);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_STATUS), OPENVGPU_NATIVE_OK);
	/* The next guest's command is not the old one's business. */
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_UNMAP), NATIVE_MAP);
	ck_assert(!native_registers_complete(&page, generation, OPENVGPU_NATIVE_LIMIT));
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_STATUS), OPENVGPU_NATIVE_BUSY);
	ck_assert(native_registers_take(&page, &job, &later));
	ck_assert_uint_eq(job.command, OPENVGPU_NATIVE_UNMAP);
	ck_assert(native_registers_complete(&page, later, OPENVGPU_NATIVE_NOT_MAPPED));
	/* One that was not begun is not begun any more. */
	put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_MAP_READ);
	native_registers_stop(&page);
	ck_assert(!native_registers_take(&page, &job, &later));
}
END_TEST

START_TEST(reset)
{
	put(OPENVGPU_NATIVE_EVENT_ENABLE, 1);
	put(OPENVGPU_NATIVE_MAP_LIST, 8);
	put(OPENVGPU_NATIVE_FRAMEBUFFER_USED, 4096);
	native_registers_event(&page, OPENVGPU_NATIVE_EVENT_FAULT);
	page.fault = 3;
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_RESET, 2), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_RESET), 0);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_RESET, 1), NATIVE_RESET);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_RESET), 1);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_STATUS), OPENVGPU_NATIVE_BUSY);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_COMMAND, 1), NATIVE_BAD);

	native_registers_reset(&page);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_RESET), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_EVENT_STATUS), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_EVENT_ENABLE), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_FAULT), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_LIST), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_FRAMEBUFFER_USED), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_FRAMEBUFFER), 256 * MIB);
}
END_TEST

/* A guest that asks again during its reset gets another one. */
START_TEST(reset_during_reset)
{
	page.reset_running = true;
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_RESET, 1), NATIVE_RESET);
	native_registers_reset(&page);
	page.reset_running = false;
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_RESET), 1);
}
END_TEST

START_TEST(halves)
{
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_MAP_LIST, 0x11111111), 0);
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_MAP_LIST + 4, 0x22222222), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_LIST), 0x2222222211111111);
	ck_assert_uint_eq(get_sized(OPENVGPU_NATIVE_MAP_LIST, 4), 0x11111111);
	ck_assert_uint_eq(get_sized(OPENVGPU_NATIVE_MAP_LIST + 4, 4), 0x22222222);
	/* Only the low half acts. */
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_RESET + 4, 1), 0);
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_MAP_COMMAND + 4, 1), 0);
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_MAP_COMMAND, 1), NATIVE_MAP);
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_RESET, 1), NATIVE_RESET);
}
END_TEST

static bool has_register(unsigned int offset)
{
	return offset < OPENVGPU_NATIVE_FRAMEBUFFER_USED + 8 ||
	       (offset >= OPENVGPU_NATIVE_MAP_LIST && offset < OPENVGPU_NATIVE_MAPPED + 8);
}

static void try_access(unsigned int offset, unsigned int size)
{
	bool msix = offset >= OPENVGPU_NATIVE_MSIX_TABLE, bad = false;
	bool want_bad = !msix && (size < 4 || !has_register(offset));
	struct native_registers before = page;
	uint64_t value = native_registers_read(&page, offset, size, &bad);
	unsigned int flags = native_registers_write(&page, offset, size, ~0ULL);

	ck_assert_msg(bad == want_bad, "a read of %u bytes at 0x%x: bad is %d", size, offset, bad);
	if (msix || bad) {
		ck_assert_msg(!value, "0x%x reads 0x%llx", offset, (unsigned long long)value);
		ck_assert_msg(flags == (bad ? NATIVE_BAD : 0),
			      "a write of %u bytes at 0x%x: flags are 0x%x", size, offset, flags);
	}
	if (msix || flags & NATIVE_BAD)
		ck_assert_msg(!memcmp(&before, &page, sizeof(page)),
			      "a write of %u bytes at 0x%x has an effect", size, offset);
}

/* Every offset in every size: a bad one reads 0 and changes nothing. */
START_TEST(every_access)
{
	unsigned int offset, size;

	for (size = 1; size <= 8; size *= 2)
		for (offset = 0; offset < OPENVGPU_NATIVE_CONTROL_SIZE; offset += size) {
			setup();
			try_access(offset, size);
		}
}
END_TEST

/* What the guest must not change, whole or by halves. */
START_TEST(read_only)
{
	static const unsigned int offsets[] = {
		OPENVGPU_NATIVE_ID, OPENVGPU_NATIVE_VERSION, OPENVGPU_NATIVE_FEATURES,
		OPENVGPU_NATIVE_FRAMEBUFFER, OPENVGPU_NATIVE_APERTURE_PAGES,
		OPENVGPU_NATIVE_MAP_PAGES_MAX, OPENVGPU_NATIVE_PINNED_MAX,
		OPENVGPU_NATIVE_FAULT, OPENVGPU_NATIVE_MAP_STATUS, OPENVGPU_NATIVE_MAPPED,
	};
	unsigned int i;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint64_t value = get(offsets[i]);

		ck_assert_uint_eq(put(offsets[i], ~value), NATIVE_BAD);
		ck_assert_uint_eq(put_half(offsets[i] + 4, 5), NATIVE_BAD);
		ck_assert_msg(get(offsets[i]) == value, "0x%x can be written", offsets[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("native_registers");
	TCase *tests = tcase_create("native_registers");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, what_drivers_check);
	tcase_add_test(tests, events);
	tcase_add_test(tests, map_command);
	tcase_add_test(tests, reset);
	tcase_add_test(tests, reset_during_command);
	tcase_add_test(tests, reset_during_reset);
	tcase_add_test(tests, halves);
	tcase_add_test(tests, every_access);
	tcase_add_test(tests, read_only);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "native_registers");
}
