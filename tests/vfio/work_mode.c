// SPDX-License-Identifier: GPL-2.0-only
/*
 * work_mode.c - what a GPU is for: which types there are in each mode, and that no
 * vGPU ever contradicts it
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>

#include "admin.h"
#include "spatial.h"
#include "vm.h"

#define TYPES	128

static const char *const modes[] = { "mixed", "graphics", "compute" };

static const char *mode_path(void)
{
	return admin_gpu_path("work_mode");
}

static bool computes(const char *type)
{
	return type[strlen(type) - 1] == 'c';
}

/* Written so that it does not come from the module's own rule. */
static bool mode_has(unsigned int mode, const char *type)
{
	return mode == 0 || (mode == 1 && !computes(type)) || (mode == 2 && computes(type));
}

static void expect_mode(unsigned int mode)
{
	static const char *const shown[] = {
		"[mixed] graphics compute", "mixed [graphics] compute",
		"mixed graphics [compute]",
	};

	admin_expect(mode_path(), shown[mode]);
}

static void set_mode(unsigned int mode)
{
	admin_set(mode_path(), modes[mode]);
	expect_mode(mode);
}

static void cannot_be_created(unsigned int mode, const char *type)
{
	char uuid[UUID_LENGTH + 1], reason[TEXT_SIZE], why[TEXT_SIZE];
	char series[16];
	int error;

	CHECK(spatial_unavailable(type, reason) && strstr(reason, "work mode"),
	      "%s, mode %s: why_unavailable does not say so", type, modes[mode]);
	error = host_create_any(type, uuid);
	CHECK(error == -EPERM, "%s in mode %s: %s", type, modes[mode],
	      error ? strerror(-error) : "created");
	OK(host_last_error(why, sizeof(why)));
	snprintf(series, sizeof(series), "series %c", toupper(type[strlen(type) - 1]));
	CHECK(strstr(why, modes[mode]) && strstr(why, series),
	      "last_error is '%s', without %s and %s", why, modes[mode], series);
	CHECK(!host_exists(uuid), "%s was refused and is there", type);
}

/* Each type is available exactly where the mode has it, and says why where not. */
TEST(types, ONCE | SLOW)
{
	char types[TYPES][32], uuid[UUID_LENGTH + 1], reason[TEXT_SIZE];
	unsigned int mode, has[2] = { 0, 0 };
	int count = host_types(types, TYPES), i, before[TYPES];

	admin_rebind();
	expect_mode(0);
	for (i = 0; i < count; i++)
		before[i] = host_available(types[i]);
	for (mode = 3; mode--;) {
		set_mode(mode);
		for (i = 0; i < count; i++) {
			has[mode_has(mode, types[i])]++;
			CHECK(host_available(types[i]) ==
			      (mode_has(mode, types[i]) ? before[i] : 0),
			      "mode %s: %d of %s are available, %d were", modes[mode],
			      host_available(types[i]), types[i], before[i]);
			if (!mode_has(mode, types[i]))
				cannot_be_created(mode, types[i]);
			else if (before[i])
				CHECK(!spatial_unavailable(types[i], reason),
				      "mode %s, %s: %s", modes[mode], types[i], reason);
		}
	}
	CHECK(has[0] > 10 && has[1] > 10, "%u types of modes without them, %u with", has[0],
	      has[1]);
	for (mode = 3; mode--;) {
		set_mode(mode);
		OK(host_create_any(mode == 2 ? "64mc" : "64mq", uuid));
		OK(host_remove(uuid));
	}
	set_mode(0);
}

/* vGPUs that contradict a mode, open or not, are named, and keep the mode away. */
TEST(contradicted, 0)
{
	char uuid[5][UUID_LENGTH + 1];
	const char *const first[] = { "work_mode", "compute", uuid[0] };
	const char *const many[] = { "work_mode", "and 1 more" };
	const char *const second[] = { "work_mode", "graphics", "series C", uuid[1] };
	struct vgpu vgpu;
	unsigned int i;

	OK(host_create_any("64mq", uuid[0]));
	OK(host_create_any("64mc", uuid[1]));
	admin_refused(mode_path(), "compute", EBUSY, first, 3);
	admin_refused(mode_path(), "graphics", EBUSY, second, 4);
	for (i = 2; i < 5; i++)
		OK(host_create_any(i & 1 ? "64ma" : "64mb", uuid[i]));
	admin_refused(mode_path(), "compute\n", EBUSY, many, 2);
	for (i = 2; i < 5; i++)
		OK(host_remove(uuid[i]));
	/* The same mode is no change. */
	set_mode(0);
	strcpy(vgpu.uuid, uuid[0]);
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
	admin_refused(mode_path(), "compute", EBUSY, first, 3);
	OK(host_remove(uuid[1]));
	/* While it works. */
	set_mode(1);
	vgpu_works(&vgpu, 2);
	vgpu_unharmed(&vgpu, "the open one's");
	set_mode(0);
	vgpu_remove(&vgpu);
	set_mode(2);
	vgpu_make(&vgpu, "64mc");
	vgpu_works(&vgpu, 3);
	admin_expect(admin_gpu_path("console"), "none");
	set_mode(0);
}

TEST(bad_values, ONCE)
{
	static const char *const bad[] = {
		"", "\n", "Mixed", "[mixed]", "mixed compute", "compute ", "1", "comput", "\x01",
	};
	const char *const words[] = { "work_mode", "mixed", "graphics", "compute" };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bad[i][0])	/* sysfs does not call the driver for nothing */
			admin_refused(mode_path(), bad[i], EINVAL, words, 4);
}

/* It is the driver's, not the hardware's: mixed after it was bound anew. */
TEST(bound_anew, ONCE)
{
	set_mode(2);
	admin_rebind();
	expect_mode(0);
}

/* Whoever is first wins: there is never a vGPU that contradicts the mode. */
TEST(race, ONCE | SLOW)
{
	unsigned int i, made = 0, refused = 0;
	char uuid[UUID_LENGTH + 1];
	char text[TEXT_SIZE];
	pid_t child = fork();
	int error;

	CHECK(child >= 0, "fork: %s", strerror(errno));
	if (!child)
		for (i = 0;; i++)
			host_write(mode_path(), modes[i & 1 ? 2 : 0]);
	for (i = 0; i < 2000 && (!made || !refused || i < 200); i++) {
		error = host_create_any("64mq", uuid);
		CHECK(!error || error == -EPERM, "create: %s", strerror(-error));
		refused += !!error;
		if (error)
			continue;
		made++;
		admin_text(mode_path(), text);
		CHECK(!strstr(text, "[compute]"), "a 64mq in mode '%s'", text);
		OK(host_remove(uuid));
	}
	vm_kill(child);
	set_mode(0);
	CHECK(made && refused, "%u made and %u refused: no race", made, refused);
}
