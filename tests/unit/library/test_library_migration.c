// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_library_migration.c - libopenvgpu: what a vGPU is for a migration, and what is
 * no such thing
 *
 * The rule is test_stream_compatible's.
 */
#include "fake_sysfs.h"
#include "hello.h"
#include "internal.h"
#include "no_memory.h"
#include "unit.h"

#define DIGITS	(2 * (STREAM_HEADER + STREAM_HELLO_SIZE))

static struct fake fake;
static struct stream_hello hello;
static char record[OVGPU_ATTRIBUTE_SIZE + 8];
static char reason[OVGPU_TEXT_SIZE];

static void write_record(void)
{
	struct stream_writer writer = { 0 };
	__u8 bytes[DIGITS / 2];
	int n = stream_put_hello(&writer, bytes, sizeof(bytes), &hello), i;

	ck_assert_int_eq(n, DIGITS / 2);
	for (i = 0; i < n; i++)
		sprintf(record + 2 * i, i & 1 ? "%02X" : "%02x", bytes[i]);
}

static void setup(void)
{
	static const __u8 uuid[16] = {
		0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
		0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
	};

	fake_make(&fake);
	hello = (struct stream_hello) {
		.personality = "native", .family = "refgpu", .board = "REFGPU",
		.type = "openvgpu-1q", .any_family = false, .hardware = 0x10002,
		.interface = 0x20001, .capabilities = ~0ULL,
		.framebuffer = 1ULL << 30, .bar_bytes = 1ULL << 31,
		.user_bytes = 65536, .aperture_pages = 32768, .heads = 4,
		.max_x = 5120, .max_y = 2880, .vectors = 3,
		.compute_slices = 2, .memory_slices = 5,
	};
	memcpy(hello.uuid, uuid, sizeof(uuid));
	write_record();
}

static void teardown(void)
{
	fake_remove(&fake);
}

static struct ovgpu_migration *parsed(void)
{
	struct ovgpu_migration *migration;

	ck_assert_int_eq(ovgpu_migration_parse(record, &migration, reason,
					       sizeof(reason)), 0);
	ck_assert_str_eq(reason, "");
	return migration;
}

START_TEST(test_fields)
{
	struct ovgpu_migration *m = parsed();

	ck_assert_str_eq(m->uuid, "00112233-4455-6677-8899-aabbccddeeff");
	ck_assert_str_eq(m->type, "openvgpu-1q");
	ck_assert_str_eq(m->personality, "native");
	ck_assert_str_eq(m->family, "refgpu");
	ck_assert_str_eq(m->board, "REFGPU");
	ck_assert(!m->any_gpu);
	unit_equal(m->hardware, 0x10002);
	unit_equal(m->interface, 0x20001);
	unit_equal(m->capabilities, ~0ULL);
	unit_equal(m->framebuffer, 1ULL << 30);
	unit_equal(m->bar_size, 1ULL << 31);
	unit_equal(m->user_page_size, 65536);
	unit_equal(m->aperture_pages, 32768);
	unit_equal(m->heads, 4);
	unit_equal(m->max_x, 5120);
	unit_equal(m->max_y, 2880);
	unit_equal(m->vectors, 3);
	unit_equal(m->compute_slices, 2);
	unit_equal(m->memory_slices, 5);
	ck_assert_str_eq(m->record, record);
	ovgpu_free(m);
}
END_TEST

START_TEST(test_get)
{
	struct ovgpu_migration *migration = (void *)1;
	struct ovgpu *ovgpu = fake.ovgpu;

	ck_assert_int_eq(ovgpu_migration_get(ovgpu, FAKE_USED, &migration, reason,
					     sizeof(reason)), -EOPNOTSUPP);
	ck_assert_ptr_null(migration);
	ck_assert_int_eq(ovgpu_migration_get(ovgpu, FAKE_USED "x", &migration, reason,
					     sizeof(reason)), -EINVAL);
	ck_assert_int_eq(ovgpu_migration_get(ovgpu, "99999999-9999-4999-8999-999999999999",
					     &migration, reason, sizeof(reason)), -ENOENT);
	ck_assert_str_eq(reason, "");
	fake_write(&fake, record, "sys/bus/mdev/devices/%s/openvgpu/migration_hello",
		   FAKE_USED);
	ck_assert_int_eq(ovgpu_migration_get(ovgpu, FAKE_USED, &migration, reason,
					     sizeof(reason)), 0);
	ck_assert_str_eq(migration->record, record);
	ovgpu_free(migration);
}
END_TEST

static void assert_bad(const char *text, int error, const char *words)
{
	struct ovgpu_migration *migration = (void *)1;
	int err = ovgpu_migration_parse(text, &migration, reason, sizeof(reason));

	unit_assert(err == error && strstr(reason, words), "\"%.20s...\": %d, %s", text, err,
		    reason);
	ck_assert_ptr_null(migration);
}

/* Cut at every digit, a digit that is wrong at every place, more than may be. */
START_TEST(test_bad)
{
	unsigned int i;
	char kept;

	for (i = 0; i < DIGITS; i++) {
		kept = record[i];
		record[i] = '\0';
		assert_bad(record, -EBADMSG, i & 1 || !i ? "no record of" : "not whole");
		record[i] = 'g';
		assert_bad(record, -EBADMSG, "no record of");
		record[i] = kept == '0' ? '1' : '0';
		unit_assert(ovgpu_migration_parse(record, &(struct ovgpu_migration *) { NULL },
						  reason, sizeof(reason)) && reason[0],
			    "digit %u may be another one", i);
		record[i] = kept;
	}
	ovgpu_free(parsed());
	memset(record, '0', OVGPU_ATTRIBUTE_SIZE + 1);
	record[OVGPU_ATTRIBUTE_SIZE + 1] = '\0';
	assert_bad(record, -EBADMSG, "no record of");
	record[OVGPU_ATTRIBUTE_SIZE - 1] = '\0';
	assert_bad(record, -EBADMSG, "no vGPU wrote this");
}
END_TEST

START_TEST(test_refuses)
{
	struct ovgpu_migration *source = parsed(), *target;

	ck_assert(!ovgpu_migration_refuses(source, source, 0, reason, sizeof(reason)));
	ck_assert_str_eq(reason, "");
	hello.framebuffer = 1ULL << 29;
	hello.heads = 2;
	write_record();
	target = parsed();
	ck_assert(ovgpu_migration_refuses(source, target, 0, reason, sizeof(reason)));
	ck_assert_str_eq(reason, "migration refused: the source has 1024 MiB, this vGPU 512");
	ck_assert(ovgpu_migration_refuses(source, target, 1, reason, sizeof(reason)));
	ck_assert_str_eq(reason, "migration refused: the source has 4 heads, this vGPU 2");
	ck_assert(!ovgpu_migration_refuses(source, target, 2, reason, sizeof(reason)));
	ck_assert_str_eq(reason, "");
	/* Cut where there is no room. */
	ck_assert(ovgpu_migration_refuses(source, target, 0, reason, 10));
	ck_assert_str_eq(reason, "migration");
	ovgpu_free(source);
	ovgpu_free(target);
}
END_TEST

static int allocate(int call, void **result)
{
	(void)call;
	return ovgpu_migration_parse(record, (struct ovgpu_migration **)result, reason,
				     sizeof(reason));
}

START_TEST(test_no_memory)
{
	ovgpu_free(no_memory_until_done(allocate, 0, 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("library_migration");
	TCase *tests = tcase_create("library_migration");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_fields);
	tcase_add_test(tests, test_get);
	tcase_add_test(tests, test_bad);
	tcase_add_test(tests, test_refuses);
	tcase_add_test(tests, test_no_memory);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "library_migration");
}
