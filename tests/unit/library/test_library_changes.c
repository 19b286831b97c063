// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_library_changes.c - libopenvgpu: what it changes: vGPUs that come and go,
 * settings, and the reasons of refusals
 */
#include "fake_sysfs.h"
#include "internal.h"
#include "unit.h"

static struct fake fake;

static void setup(void)
{
	fake_make(&fake);
}

static void teardown(void)
{
	fake_remove(&fake);
}

/* --------------------------------------------------------- create, remove */

START_TEST(test_create)
{
	char reason[OVGPU_TEXT_SIZE] = "x";
	const char *create = "sys/devices/" FAKE_GPU
			     "/mdev_supported_types/openvgpu-1q/create";

	ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, "openvgpu-1q", FAKE_NEW,
				      reason, sizeof(reason)), 0);
	ck_assert_str_eq(fake_read(&fake, create), FAKE_NEW);
	ck_assert_str_eq(reason, "");
	ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, "openvgpu-9q", FAKE_NEW,
				      reason, sizeof(reason)), -ENOENT);
	ck_assert_str_eq(reason, "");
	ck_assert_int_eq(ovgpu_remove(fake.ovgpu, FAKE_IDLE), 0);
	ck_assert_str_eq(fake_read(&fake, "sys/bus/mdev/devices/" FAKE_IDLE "/remove"),
			 "1");
	ck_assert_int_eq(ovgpu_remove(fake.ovgpu, FAKE_NEW), -ENOENT);
}
END_TEST

static void say(const char *error)
{
	fake_write(&fake, error, "sys/devices/%s/openvgpu/last_error", FAKE_GPU);
}

/* Nobody comes in between the look and the removal. */
START_TEST(test_remove_idle)
{
	const char *remove = "sys/bus/mdev/devices/" FAKE_IDLE "/remove";
	const char *refuse = "sys/bus/mdev/devices/" FAKE_IDLE "/openvgpu/refuse_opens";
	const char *owner = "sys/bus/mdev/devices/" FAKE_IDLE "/openvgpu/owner_pid";

	/* An older module. */
	ck_assert_int_eq(ovgpu_remove_idle(fake.ovgpu, FAKE_USED), -EBUSY);
	ck_assert_str_eq(fake_read(&fake, "sys/bus/mdev/devices/" FAKE_USED "/remove"), "");
	ck_assert_int_eq(ovgpu_remove_idle(fake.ovgpu, FAKE_IDLE), 0);
	ck_assert_str_eq(fake_read(&fake, remove), "1");

	fake_write(&fake, "", "%s", remove);
	fake_write(&fake, "0\n", "%s", refuse);
	ck_assert_int_eq(ovgpu_remove_idle(fake.ovgpu, FAKE_IDLE), 0);
	ck_assert_str_eq(fake_read(&fake, remove), "1");
	ck_assert_str_eq(fake_read(&fake, refuse), "1\n");

	/* Opened in the moment before opens are refused: it can be again. */
	fake_write(&fake, "", "%s", remove);
	fake_link(&fake, refuse, owner);
	fake_write(&fake, "0\n", "%s", owner);
	ck_assert_int_eq(ovgpu_remove_idle(fake.ovgpu, FAKE_IDLE), -EBUSY);
	ck_assert_str_eq(fake_read(&fake, remove), "");
	ck_assert_str_eq(fake_read(&fake, refuse), "0\n");
	ck_assert_int_eq(ovgpu_remove_idle(fake.ovgpu, FAKE_NEW), -ENOENT);
	ck_assert_int_eq(ovgpu_remove_idle(fake.ovgpu, "../x"), -EINVAL);
}
END_TEST

/* What the kernel refuses comes with the driver's reason, if it is about that. */
START_TEST(test_refused)
{
	static const char *const others[] = {
		"", "weight not changed: because",
		"vGPU " FAKE_USED ": weight not changed: because",
		"vGPU " FAKE_IDLE ": weights not changed: because",
		"vGPU " FAKE_IDLE ": display not changed: because",
		"vGPU " FAKE_IDLE " not opened: because",
	};
	char path[256], reason[OVGPU_TEXT_SIZE], few[8];
	size_t i;

	snprintf(path, sizeof(path),
		 "%s/sys/devices/%s/mdev_supported_types/openvgpu-1q/create",
		 fake.top, FAKE_GPU);
	unlink(path);
	ck_assert_int_eq(symlink("/dev/full", path), 0);
	ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, "openvgpu-1q", FAKE_NEW,
				      reason, sizeof(reason)), -ENOSPC);
	ck_assert_str_eq(reason, "");
	say("vGPU " FAKE_NEW " not created: no room");
	ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, "openvgpu-1q", FAKE_NEW,
				      reason, sizeof(reason)), -ENOSPC);
	ck_assert_str_eq(reason, "vGPU " FAKE_NEW " not created: no room");
	ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, "openvgpu-1q", FAKE_NEW,
				      few, sizeof(few)), -ENOSPC);
	ck_assert_str_eq(few, "vGPU ab");
	/* Somebody else's, which came in between. */
	say("vGPU " FAKE_IDLE " not created: no room");
	ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, "openvgpu-1q", FAKE_NEW,
				      reason, sizeof(reason)), -ENOSPC);
	ck_assert_str_eq(reason, "");
	snprintf(path, sizeof(path), "%s/sys/devices/%s/%s/openvgpu/weight",
		 fake.top, FAKE_GPU, FAKE_IDLE);
	unlink(path);
	ck_assert_int_eq(symlink("/dev/full", path), 0);
	ck_assert_int_eq(ovgpu_setting_write(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					     ovgpu_setting(OVGPU_VGPU, OVGPU_WEIGHT),
					     "7", reason, sizeof(reason)), -ENOSPC);
	ck_assert_str_eq(reason, "");
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		say(others[i]);
		ovgpu_setting_write(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
				    ovgpu_setting(OVGPU_VGPU, OVGPU_WEIGHT), "7",
				    reason, sizeof(reason));
		ck_assert_msg(!reason[0], "the reason is '%s'", reason);
	}
	say("vGPU " FAKE_IDLE ": weight not changed: because");
	ovgpu_setting_write(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
			    ovgpu_setting(OVGPU_VGPU, OVGPU_WEIGHT), "7", reason,
			    sizeof(reason));
	ck_assert_str_eq(reason, "vGPU " FAKE_IDLE ": weight not changed: because");
}
END_TEST

/* --------------------------------------------------------------- settings */

static void check_setting(enum ovgpu_object object, const char *of,
			  const struct ovgpu_setting *setting, const char *value)
{
	char path[256], reason[OVGPU_TEXT_SIZE];

	snprintf(path, sizeof(path), "sys/bus/%s/devices/%s/openvgpu/%s",
		 object == OVGPU_GPU ? "pci" : "mdev", of, setting->name);
	fake_write(&fake, "", "%s", path);
	ck_assert_int_eq(ovgpu_setting_check(setting, value), 0);
	ck_assert_int_eq(ovgpu_setting_write(fake.ovgpu, object, of, setting, value,
					     reason, sizeof(reason)), 0);
	ck_assert_msg(!strcasecmp(fake_read(&fake, path), value),
		      "%s=%s wrote '%s'", setting->name, value,
		      fake_read(&fake, path));
}

START_TEST(test_settings)
{
	char value[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE], number[32];
	const struct ovgpu_setting *setting;
	unsigned int object, i;

	for (object = OVGPU_GPU; object <= OVGPU_VGPU; object++) {
		const char *of = object == OVGPU_GPU ? FAKE_GPU : FAKE_IDLE;

		for (i = 0; (setting = ovgpu_setting(object, i)); i++) {
			ck_assert_ptr_eq(ovgpu_setting_find(object, setting->name),
					 setting);
			ck_assert(ovgpu_setting_exists(fake.ovgpu, object, of,
						       setting));
			ck_assert_int_eq(ovgpu_setting_read(fake.ovgpu, object, of,
							    setting, value,
							    sizeof(value), choices,
							    sizeof(choices)), 0);
			/* What it reads it takes. */
			ck_assert_int_eq(ovgpu_setting_check(setting, value), 0);
			ck_assert_int_eq(!!choices[0],
					 setting->kind == OVGPU_CHOICE);
			check_setting(object, of, setting, value);
			if (setting->kind != OVGPU_NUMBER)
				continue;
			snprintf(number, sizeof(number), "%llu",
				 (unsigned long long)setting->maximum);
			check_setting(object, of, setting, number);
			snprintf(number, sizeof(number), "%llu",
				 (unsigned long long)setting->maximum + 1);
			ck_assert_int_eq(ovgpu_setting_check(setting, number),
					 -ERANGE);
			ck_assert_int_eq(ovgpu_setting_check(setting, "x"), -EINVAL);
			ck_assert_int_eq(ovgpu_setting_check(setting, ""), -EINVAL);
			ck_assert_int_eq(ovgpu_setting_check(setting, "0") == 0,
					 setting->zero || !setting->minimum);
		}
		ck_assert_ptr_null(ovgpu_setting_find(object, "nothing"));
		ck_assert_ptr_null(ovgpu_setting(object, 1000));
	}
}
END_TEST

START_TEST(test_tenant_names)
{
	const struct ovgpu_setting *tenant = ovgpu_setting(OVGPU_VGPU, OVGPU_TENANT);
	static const char *const bad[] = { "", "a b", "a/b", "a\n", "\xc3\xa4", "[none]" };
	char longest[OVGPU_NAME_SIZE + 1];
	unsigned int i;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[OVGPU_NAME_SIZE] = '\0';
	ck_assert_int_eq(tenant->kind, OVGPU_NAME_OR_NONE);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(ovgpu_setting_check(tenant, bad[i]) == -EINVAL,
			      "'%s' is taken", bad[i]);
	ck_assert_int_eq(ovgpu_setting_check(tenant, longest), -EINVAL);
	longest[OVGPU_NAME_SIZE - 1] = '\0';
	ck_assert_int_eq(ovgpu_setting_check(tenant, longest), 0);
	ck_assert_int_eq(ovgpu_setting_check(tenant, "none"), 0);
	ck_assert_int_eq(ovgpu_setting_check(tenant, "a.B-7_"), 0);
}
END_TEST

START_TEST(test_work_modes)
{
	static const struct {
		const char *mode, *type;
		bool has;
	} cases[] = {
		{ "mixed", "openvgpu-1q", true }, { "mixed", "openvgpu-1c", true },
		{ "graphics", "openvgpu-1q", true }, { "graphics", "openvgpu-64mb", true },
		{ "graphics", "openvgpu-2-64mc", false }, { "compute", "openvgpu-1c", true },
		{ "compute", "openvgpu-64ma", false }, { "compute", "openvgpu-1-64mq", false },
		/* Of a newer module. */
		{ "quiet", "openvgpu-1q", true },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(ovgpu_work_mode_has(cases[i].mode, cases[i].type) ==
			      cases[i].has, "%s, %s", cases[i].mode, cases[i].type);
}
END_TEST

START_TEST(test_choices)
{
	const struct ovgpu_setting *display = ovgpu_setting(OVGPU_VGPU, OVGPU_DISPLAY);
	const struct ovgpu_setting *console = ovgpu_setting(OVGPU_GPU, OVGPU_CONSOLE);
	char value[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE], few[8];

	ck_assert_int_eq(ovgpu_setting_read(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					    display, value, sizeof(value), choices,
					    sizeof(choices)), 0);
	ck_assert_str_eq(value, "region");
	ck_assert_str_eq(choices, "region dmabuf off");
	/* Words that do not fit are left out whole. */
	ck_assert_int_eq(ovgpu_setting_read(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					    display, value, sizeof(value), few,
					    sizeof(few)), 0);
	ck_assert_str_eq(few, "region");
	ck_assert(display->closed_only);
	ck_assert_int_eq(ovgpu_setting_check(display, "[region]"), -EINVAL);
	ck_assert_int_eq(ovgpu_setting_check(console, "none"), 0);
	ck_assert_int_eq(ovgpu_setting_check(console, "nobody"), -EINVAL);
	ck_assert_int_eq(ovgpu_setting_check(console, ""), -EINVAL);
	/* The driver's form of a UUID is lower case. */
	check_setting(OVGPU_GPU, FAKE_GPU, console,
		      "ABCDEF01-2345-6789-ABCD-EF0123456789");
	ck_assert_str_eq(fake_read(&fake, "sys/devices/" FAKE_GPU "/openvgpu/console"),
			 FAKE_NEW);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("library_changes");
	TCase *tests = tcase_create("library_changes");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_create);
	tcase_add_test(tests, test_remove_idle);
	tcase_add_test(tests, test_refused);
	tcase_add_test(tests, test_settings);
	tcase_add_test(tests, test_choices);
	tcase_add_test(tests, test_tenant_names);
	tcase_add_test(tests, test_work_modes);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "library_changes");
}
