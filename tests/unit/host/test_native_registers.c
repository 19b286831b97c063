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
	page.heads = 4;
	page.head_max = 2160ULL << 32 | 3840;
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
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_VERSION), 0x10002);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_FEATURES),
			  OPENVGPU_NATIVE_FEATURE_SYSMEM);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_FRAMEBUFFER), 256 * MIB);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_APERTURE_PAGES), PAGES);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_PINNED_MAX), PAGES);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_PAGES_MAX), 4096);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAP_STATUS), OPENVGPU_NATIVE_OK);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_HEADS), 4);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_HEAD_MAX), 2160ULL << 32 | 3840);
	page.mapped = 7;
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_MAPPED), 7);
	page.state = OPENVGPU_NATIVE_AWAY;
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_STATE), OPENVGPU_NATIVE_AWAY);
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
	put(OPENVGPU_NATIVE_GUEST_DRIVER, 0x100010001);
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
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_GUEST_DRIVER), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_VERDICT), OPENVGPU_NATIVE_NO_VERDICT);
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

/* What a driver says of itself, and what becomes of it. */
static const struct {
	unsigned int major, minor, patch;
	unsigned int oldest, newest;	/* major << 8 | minor */
	enum openvgpu_native_verdict verdict;
	const char *text, *why;
} drivers[] = {
	{ 0, 2, 0, 0x100, 0x102, OPENVGPU_NATIVE_MATCH, "0.2.0 1.0-1.2 ok", "" },
	{ 255, 255, 65535, 0x102, 0xffff, OPENVGPU_NATIVE_MATCH,
	  "255.255.65535 1.2-255.255 ok", "" },
	{ 1, 0, 1, 0x001, 0x100, OPENVGPU_NATIVE_MATCH, "1.0.1 0.1-1.0 ok", "" },
	{ 0, 1, 9, 0x001, 0x0ff, OPENVGPU_NATIVE_GUEST_TOO_OLD, "0.1.9 0.1-0.255 guest_too_old",
	  "driver 0.1.9 of its guest is too old: it is for interface 0.255, "
	  "this host has 1.0 and newer; update the driver in the guest" },
	{ 2, 0, 0, 0x103, 0x200, OPENVGPU_NATIVE_HOST_TOO_OLD, "2.0.0 1.3-2.0 host_too_old",
	  "this host is too old for driver 2.0.0 of its guest, which needs "
	  "interface 1.3: this host has 1.2; update openvgpu on the host" },
	/* Nothing is said without an interface, whatever the version. */
	{ 3, 0, 0, 0, 0, OPENVGPU_NATIVE_NO_VERDICT, "none", "" },
	{ 0, 0, 0, 0, 0, OPENVGPU_NATIVE_NO_VERDICT, "none", "" },
};

START_TEST(guest_driver)
{
	uint64_t driver = OPENVGPU_NATIVE_DRIVER(drivers[_i].major, drivers[_i].minor,
						 drivers[_i].patch, drivers[_i].oldest,
						 drivers[_i].newest);
	char text[256] = "";

	ck_assert_uint_eq(put(OPENVGPU_NATIVE_GUEST_DRIVER, driver), NATIVE_DRIVER);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_GUEST_DRIVER), driver);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_VERDICT), drivers[_i].verdict);
	native_driver_text(driver, text, sizeof(text));
	ck_assert_str_eq(text, drivers[_i].text);
	text[0] = '\0';
	ck_assert_int_eq(native_mismatch_text(driver, text, sizeof(text)),
			 drivers[_i].why[0] != '\0');
	ck_assert_str_eq(text, drivers[_i].why);
	/* As a 32-bit guest writes it: nothing is said before the low half. */
	put(OPENVGPU_NATIVE_GUEST_DRIVER, 0);
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_GUEST_DRIVER + 4, driver >> 32), 0);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_VERDICT), OPENVGPU_NATIVE_NO_VERDICT);
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_GUEST_DRIVER, (uint32_t)driver), NATIVE_DRIVER);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_GUEST_DRIVER), driver);
}
END_TEST

/* A range that ends before it begins is dropped; what stood there stays. */
START_TEST(guest_driver_nonsense)
{
	uint64_t good = OPENVGPU_NATIVE_DRIVER(1, 2, 3, 0x100, 0x101);

	put(OPENVGPU_NATIVE_GUEST_DRIVER, good);
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_GUEST_DRIVER, good + (1 << 17)), NATIVE_BAD);
	ck_assert_uint_eq(put_half(OPENVGPU_NATIVE_GUEST_DRIVER, 0x10000), NATIVE_BAD);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_GUEST_DRIVER), good);
	ck_assert_uint_eq(get(OPENVGPU_NATIVE_VERDICT), OPENVGPU_NATIVE_MATCH);
}
END_TEST

static bool has_register(unsigned int offset)
{
	return offset < OPENVGPU_NATIVE_STATE + 8;
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
		OPENVGPU_NATIVE_HEADS, OPENVGPU_NATIVE_HEAD_MAX, OPENVGPU_NATIVE_VERDICT,
		OPENVGPU_NATIVE_STATE,
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

/* All that a guest reads, and the command that waits, are there after a move. */
START_TEST(moved)
{
	struct native_registers there = page;
	uint8_t bytes[256], again[256];
	struct vgpu_pack pack = { .at = bytes, .left = sizeof(bytes) };
	struct vgpu_unpack unpack = { .at = bytes };
	struct native_map job;
	unsigned int offset, generation;
	size_t size;

	native_registers_event(&page, OPENVGPU_NATIVE_EVENT_FAULT);
	page.fault = 3;
	put(OPENVGPU_NATIVE_EVENT_ENABLE, OPENVGPU_NATIVE_EVENT_MAP);
	put(OPENVGPU_NATIVE_FRAMEBUFFER_USED, 12345);
	put(OPENVGPU_NATIVE_GUEST_DRIVER, 0x0100000001000102ULL);
	put(OPENVGPU_NATIVE_MAP_LIST, 0x1000);
	put(OPENVGPU_NATIVE_MAP_FIRST, 7);
	put(OPENVGPU_NATIVE_MAP_PAGES, 9);
	page.map_held = true;
	ck_assert_uint_eq(put(OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_MAP_READ), NATIVE_MAP);
	ck_assert_msg(!native_registers_take(&page, &job, &generation), "a command begins while held");
	put(OPENVGPU_NATIVE_MAP_LIST, 0x2000);
	native_registers_save(&page, &pack);
	ck_assert(!pack.full);
	size = pack.at - bytes;

	native_registers_reset(&there);
	there.map_held = true;
	unpack.left = size;
	ck_assert(native_registers_load(&there, &unpack));
	ck_assert(vgpu_unpacked(&unpack));
	for (offset = 0; offset <= OPENVGPU_NATIVE_VERDICT; offset += 8) {
		bool bad = false;

		ck_assert_msg(native_registers_read(&there, offset, 8, &bad) == get(offset),
			      "0x%x differs", offset);
	}
	there.map_held = false;
	ck_assert(native_registers_take(&there, &job, &generation));
	ck_assert_uint_eq(job.list, 0x1000);
	ck_assert_uint_eq(job.pages, 9);

	/* A command that waits, and a status that says so, belong together. */
	pack = (struct vgpu_pack){ .at = again, .left = sizeof(again) };
	page.map_queued = false;
	native_registers_save(&page, &pack);
	unpack = (struct vgpu_unpack){ .at = again, .left = size };
	ck_assert_msg(!native_registers_load(&there, &unpack), "busy for ever");
	for (size = 0; size < (size_t)(pack.at - again); size++) {
		unpack = (struct vgpu_unpack){ .at = bytes, .left = size };
		native_registers_load(&there, &unpack);
		ck_assert_msg(!vgpu_unpacked(&unpack), "%zu bytes are enough", size);
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
	tcase_add_loop_test(tests, guest_driver, 0, sizeof(drivers) / sizeof(drivers[0]));
	tcase_add_test(tests, guest_driver_nonsense);
	tcase_add_test(tests, every_access);
	tcase_add_test(tests, read_only);
	tcase_add_test(tests, moved);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "native_registers");
}
