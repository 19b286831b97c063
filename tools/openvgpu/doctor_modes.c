// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_modes.c - check of what GPUs are for: have they the vGPUs that are defined
 *
 * The modes change at any time, and definitions stay. Those that a mode has not are
 * not started when the GPU comes back.
 */
#include <string.h>

#include "definition.h"
#include "doctor.h"
#include "mode.h"

/* How many of the vGPUs that are defined for a GPU a mode has not. */
static unsigned int count_lost(const struct doctor *doctor, const char *bdf,
			       const char *mode)
{
	struct cli cli = { .ovgpu = doctor->ovgpu, .root = doctor->root };
	struct definition *list;
	unsigned int lost = 0;
	size_t count, i;

	if (definition_list(&cli, bdf, &list, &count))
		return 0;
	for (i = 0; i < count; i++)
		lost += definition_is_expected(&list[i]) &&
			!ovgpu_work_mode_has(mode, list[i].type);
	definition_list_free(list, count);
	return lost;
}

/* Whether a mode of a GPU is right for what is defined; else it is said. */
static bool check_mode(const struct doctor *doctor, const char *bdf, const char *name,
		       const char *option, const char *mode, struct finding *finding)
{
	unsigned int lost = count_lost(doctor, bdf, mode);

	if (!lost)
		return true;
	found(finding, FINDING_WARN,
	      "%u vGPU%s defined for GPU %s can't be started: %s %s has no such types", lost,
	      lost == 1 ? "" : "s", bdf, name, shown(mode).text);
	advise(finding,
	       "'openvgpu mode set mixed%s --gpu %s', or define vGPUs of other types",
	       option, bdf);
	return false;
}

static bool check_gpu_modes(const struct doctor *doctor, const char *bdf,
			    struct finding *finding)
{
	char mode[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE];
	struct ovgpu_firmware_mode firmware;

	/* In graphics it has all types still. */
	if (!ovgpu_firmware_mode_get(doctor->ovgpu, bdf, &firmware) &&
	    !strcmp(firmware.now, "compute") &&
	    !check_mode(doctor, bdf, "firmware mode", " --firmware", firmware.now, finding))
		return false;
	return ovgpu_setting_read(doctor->ovgpu, OVGPU_GPU, bdf,
				  ovgpu_setting(OVGPU_GPU, OVGPU_WORK_MODE), mode,
				  sizeof(mode), choices, sizeof(choices)) ||
	       check_mode(doctor, bdf, "work mode", "", mode, finding);
}

/**
 * check_modes - have GPUs, as they are used now, the vGPUs that are defined
 * @doctor: shared
 * @finding: result
 */
void check_modes(const struct doctor *doctor, struct finding *finding)
{
	struct ovgpu_gpu **gpus;
	size_t count, i;

	if (ovgpu_gpu_list(doctor->ovgpu, &gpus, &count)) {
		found(finding, FINDING_WARN, "cannot look at the GPUs");
		return;
	}
	for (i = 0; i < count; i++)
		if (!check_gpu_modes(doctor, gpus[i]->bdf, finding))
			break;
	ovgpu_free(gpus);
	if (!finding->text[0])
		found(finding, FINDING_OK, "the modes of GPUs have all vGPUs that are defined");
}
