// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_negotiation.c - the guest's driver and hosts of all ages, the very source it has
 *
 * What the host says is tests/unit/host/test_native_registers.c's affair.
 */
#include "negotiation.h"
#include "unit.h"

#define VERSION(major, minor)	((uint64_t)(major) << 16 | (minor))

static const struct {
	uint64_t host;			/* VERSION */
	unsigned int oldest, newest;	/* of the driver: major << 8 | minor */
	uint64_t answer;		/* VERDICT */
	enum openvgpu_native_verdict verdict;
} cases[] = {
	/* The host's word counts, whatever its version. */
	{ VERSION(1, 2), 0x100, 0x102, OPENVGPU_NATIVE_MATCH, OPENVGPU_NATIVE_MATCH },
	{ VERSION(1, 9), 0x100, 0x102, OPENVGPU_NATIVE_MATCH, OPENVGPU_NATIVE_MATCH },
	{ VERSION(2, 0), 0x100, 0x102, OPENVGPU_NATIVE_MATCH, OPENVGPU_NATIVE_MATCH },
	{ VERSION(2, 0), 0x100, 0x102, OPENVGPU_NATIVE_GUEST_TOO_OLD,
	  OPENVGPU_NATIVE_GUEST_TOO_OLD },
	{ VERSION(1, 2), 0x200, 0x201, OPENVGPU_NATIVE_HOST_TOO_OLD,
	  OPENVGPU_NATIVE_HOST_TOO_OLD },
	/* Hosts without VERDICT, whatever is read there. */
	{ VERSION(1, 0), 0x100, 0x102, 0, OPENVGPU_NATIVE_MATCH },
	{ VERSION(1, 1), 0x100, 0x102, OPENVGPU_NATIVE_GUEST_TOO_OLD, OPENVGPU_NATIVE_MATCH },
	{ VERSION(1, 1), 0x102, 0x102, 0, OPENVGPU_NATIVE_HOST_TOO_OLD },
	{ VERSION(0, 9), 0x100, 0x102, 0, OPENVGPU_NATIVE_HOST_TOO_OLD },
	/* No word, or one that is not known yet. */
	{ VERSION(1, 2), 0x100, 0x102, 0, OPENVGPU_NATIVE_MATCH },
	{ VERSION(2, 0), 0x100, 0x102, 0, OPENVGPU_NATIVE_GUEST_TOO_OLD },
	{ VERSION(2, 0), 0x100, 0x102, 77, OPENVGPU_NATIVE_GUEST_TOO_OLD },
	{ VERSION(1, 3), 0x200, 0x201, 77, OPENVGPU_NATIVE_HOST_TOO_OLD },
};

START_TEST(verdict)
{
	uint64_t driver = OPENVGPU_NATIVE_DRIVER(1, 0, 0, cases[_i].oldest, cases[_i].newest);

	unit_equal(refgpu_verdict(cases[_i].host, driver, cases[_i].answer), cases[_i].verdict);
}
END_TEST

START_TEST(who_answers)
{
	ck_assert(!refgpu_has_verdict(VERSION(1, 1)));
	ck_assert(refgpu_has_verdict(VERSION(1, 2)));
	ck_assert(refgpu_has_verdict(VERSION(2, 0)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("negotiation");
	TCase *tcase = tcase_create("negotiation");

	tcase_add_loop_test(tcase, verdict, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, who_answers);
	suite_add_tcase(suite, tcase);
	return unit_run(suite, "negotiation");
}
