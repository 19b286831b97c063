// SPDX-License-Identifier: GPL-2.0-only
/*
 * administrator.c - an administrator who changes settings, makes and removes GPU
 * instances, and removes a vGPU, while VMMs do anything
 *
 * Nothing is left of it: vmm_undo_administrator() makes everything as it was. Not
 * among what is changed is what ends a vGPU or the GPU for its neighbours: limits
 * of hangs, the time a preemption has.
 */
#include <stdio.h>
#include <unistd.h>

#include "spatial.h"
#include "vmm.h"

#define VALUES	6

/**
 * struct setting - a file, and what is written to it
 * @file: of the GPU's or the vGPU's folder
 * @value: the first is the default, some are refused
 */
struct setting {
	const char *file;
	const char *value[VALUES];
};

static const struct setting gpu_settings[] = {
	{ "scheduler", { "best_effort", "equal_share", "fixed_share", "equal_share", "none", "" } },
	{ "timeslice_us", { "0", "1000", "2000", "30000", "1", "-1" } },
	{ "sched_hz", { "0", "30", "480", "960", "5", "x" } },
	{ "averaging_factor", { "33", "1", "60", "10", "61", "0" } },
	{ "pool_slices_min", { "0", "1", "8", "4", "9", "-1" } },
	{ "work_mode", { "mixed", "graphics", "compute", "mixed", "both", "" } },
};

#define ONLY_GPUS	2	/* the last of them */

/* Of GPU instances, which have settings as the GPU has, but for those. */
static const struct setting instance_settings[] = {
	{ "reserved", { "0", "1", "0", "1", "2", "" } },
	{ "remove", { "1", "0", "1", "1", "x", "" } },
};

static const char *const instances[] = {
	"1g.128m", "2g.256m", "1g.256m fuzz", "4g.512m fuzz", "1g.128m fuzz fuzz", "9g.1g",
	"1g.100m", "", "g.m", "1g.128m a/b", "1g.128m abcdefghijklmnopqrstuvwxyz0123456789",
};

static const struct setting vgpu_settings[] = {
	{ "openvgpu/weight", { "100", "1", "10000", "300", "0", "4294967296" } },
	{ "openvgpu/cap_percent", { "100", "1", "50", "0", "101", "" } },
	{ "openvgpu/timeslice_us", { "0", "1000", "5000", "30000", "1", "x" } },
	{ "openvgpu/frozen", { "0", "1", "0", "1", "0", "2" } },
	{ "openvgpu/frame_rate_limit", { "0", "1", "10", "60", "-1", "61" } },
	{ "openvgpu/cap_ceiling_percent", { "100", "1", "50", "0", "101", "x" } },
	{ "openvgpu/frame_rate_ceiling", { "0", "1", "10", "60", "-1", "61" } },
	{ "openvgpu/tenant", { "none", "blue", "a.b-c_d", "a b", "", "/" } },
	{ "openvgpu/notice", { "none", "grace", "limited", "grace", "x", "" } },
	{ "openvgpu/admission", { "allow", "refuse", "allow", "allow", "x", "" } },
	{ "openvgpu/refuse_opens", { "0", "1", "0", "0", "0", "2" } },
	{ "openvgpu/display", { "region", "dmabuf", "dmabuf", "off", "region", "none" } },
};

#define COUNT(array)	((unsigned int)(sizeof(array) / sizeof((array)[0])))

/* They come and go: most of it is about instances that are not there. */
static void change_instance(struct actor *actor)
{
	unsigned int id = 1 + (unsigned int)vmm_below(actor, INSTANCES - 1);
	const struct setting *setting;

	switch (vmm_below(actor, 3)) {
	case 0:
		host_write(admin_pci_path("instances/create"),
			   instances[vmm_below(actor, COUNT(instances))]);
		return;
	case 1:
		setting = &gpu_settings[vmm_below(actor, COUNT(gpu_settings) - ONLY_GPUS)];
		break;
	default:
		setting = &instance_settings[vmm_below(actor, COUNT(instance_settings))];
	}
	host_write(instance_path(id, setting->file), setting->value[vmm_below(actor, VALUES)]);
}

static void change(struct actor *actor, const char uuid[][UUID_LENGTH + 1], unsigned int vgpus)
{
	const char *own = uuid[vmm_below(actor, vgpus)];
	const struct setting *setting;

	if (!vmm_below(actor, 3)) {
		setting = &gpu_settings[vmm_below(actor, COUNT(gpu_settings))];
		host_write(admin_gpu_path(setting->file), setting->value[vmm_below(actor, VALUES)]);
		return;
	}
	setting = &vgpu_settings[vmm_below(actor, COUNT(vgpu_settings))];
	host_write(admin_vgpu_path(own, setting->file), setting->value[vmm_below(actor, VALUES)]);
}

/**
 * vmm_administer - change settings, remove the last vGPU, create it again; for ever
 * @actor: its random numbers
 * @uuid: vGPUs there are
 * @vgpus: how many
 * @type: of the last
 */
void vmm_administer(struct actor *actor, const char uuid[][UUID_LENGTH + 1], unsigned int vgpus,
		    const char *type)
{
	const char *last = uuid[vgpus - 1];

	for (;;) {
		switch (vmm_below(actor, 16)) {
		case 0:
			/* Waits until nobody has it open any more. */
			host_remove(last);
			break;
		case 1:
			host_create(type, last);
			break;
		case 2:
		case 3:
		case 4:
			change_instance(actor);
			break;
		default:
			change(actor, uuid, vgpus);
		}
		usleep((unsigned int)vmm_below(actor, 20000));
	}
}

/**
 * vmm_undo_administrator - all settings are the default, and the last vGPU is there
 * @uuid: vGPUs, none of them open
 * @vgpus: how many
 * @type: of the last
 */
void vmm_undo_administrator(const char uuid[][UUID_LENGTH + 1], unsigned int vgpus,
			    const char *type)
{
	uint64_t since = rt_now_ns();
	unsigned int i, j;
	int error;

	for (j = 0; j < COUNT(gpu_settings); j++)
		admin_set(admin_gpu_path(gpu_settings[j].file), gpu_settings[j].value[0]);
	for (i = 1; i < INSTANCES; i++) {
		/* Those that are empty go, and the others when they are. */
		host_write(instance_path(i, "reserved"), "0");
		for (j = 0; j + ONLY_GPUS < COUNT(gpu_settings); j++)
			host_write(instance_path(i, gpu_settings[j].file),
				   gpu_settings[j].value[0]);
	}
	while (!host_exists(uuid[vgpus - 1])) {
		/* mdev knows a name until the last reference to it is gone. */
		error = host_create(type, uuid[vgpus - 1]);
		CHECK(!error || (error == -EEXIST && rt_now_ns() - since < 10 * second()),
		      "creating a vGPU again: %s", rt_message());
	}
	for (i = 0; i < vgpus; i++)
		for (j = 0; j < COUNT(vgpu_settings); j++) {
			/* Children of a VMM that was killed have its files a moment longer. */
			while ((error = host_write(admin_vgpu_path(uuid[i], vgpu_settings[j].file),
						   vgpu_settings[j].value[0])) == -EBUSY &&
			       rt_now_ns() - since < 10 * second())
				usleep(1000);
			/* Not every type has heads. */
			CHECK(!error || error == -EOPNOTSUPP, "%s", rt_message());
		}
}
