// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_instances.c - check of what GPU instances leave to other vGPUs
 *
 * vGPUs of plain types take turns on the pool. When GPU instances have all compute
 * slices, those that are defined can't be started.
 */
#include <string.h>

#include "definition.h"
#include "doctor.h"

/* The compute slices in a type's id, as "openvgpu-2-256mc"; none: it is plain. */
static bool is_plain(const char *type)
{
	size_t n = strlen(OVGPU_TYPE_PREFIX);

	return !strncmp(type, OVGPU_TYPE_PREFIX, n) && !strchr(type + n, '-');
}

/* How many vGPUs of plain types are defined for a GPU and are not there. */
static unsigned int count_waiting(const struct doctor *doctor, const char *bdf)
{
	struct cli cli = { .ovgpu = doctor->ovgpu, .root = doctor->root };
	struct definition *list;
	struct ovgpu_vgpu *vgpu;
	unsigned int waiting = 0;
	size_t count, i;

	if (definition_list(&cli, bdf, &list, &count))
		return 0;
	for (i = 0; i < count; i++) {
		if (!definition_is_expected(&list[i]) || !is_plain(list[i].type))
			continue;
		if (ovgpu_vgpu_get(doctor->ovgpu, list[i].uuid, &vgpu))
			waiting++;
		else
			ovgpu_free(vgpu);
	}
	definition_list_free(list, count);
	return waiting;
}

/* Adds a divisible GPU to what was seen; false: something is wrong with it. */
static bool check_gpu_instances(const struct doctor *doctor,
				const struct ovgpu_gpu *gpu,
				unsigned int *instances, struct finding *finding)
{
	struct ovgpu_instance **list;
	unsigned int waiting;
	size_t count;

	if (!ovgpu_instance_list(doctor->ovgpu, gpu->bdf, &list, &count)) {
		*instances += count;
		ovgpu_free(list);
	}
	if (!gpu->pool_slices.known || gpu->pool_slices.number)
		return true;
	waiting = count_waiting(doctor, gpu->bdf);
	if (!waiting)
		return true;
	found(finding, FINDING_WARN,
	      "GPU instances have all compute slices of GPU %s, and %u vGPU%s defined for it can't be started without one",
	      gpu->bdf, waiting, waiting == 1 ? "" : "s");
	advise(finding,
	       "remove one ('openvgpu instance list'), start them again, and keep a slice with 'pool_slices_min: 1' in /etc/openvgpu/config.yaml");
	return false;
}

/**
 * check_instances - do GPU instances leave something to the vGPUs beside them
 * @doctor: shared
 * @finding: result
 */
void check_instances(const struct doctor *doctor, struct finding *finding)
{
	unsigned int divisible = 0, instances = 0;
	struct ovgpu_gpu **gpus;
	size_t count, i;

	if (ovgpu_gpu_list(doctor->ovgpu, &gpus, &count)) {
		found(finding, FINDING_WARN, "cannot look at the GPUs");
		return;
	}
	for (i = 0; i < count; i++) {
		if (!gpus[i]->max_instances.known ||
		    !gpus[i]->max_instances.number)
			continue;
		divisible++;
		if (!check_gpu_instances(doctor, gpus[i], &instances, finding))
			break;
	}
	ovgpu_free(gpus);
	if (finding->text[0])
		return;
	if (divisible)
		found(finding, FINDING_OK,
		      "%u GPU%s divisible, with %u GPU instance%s", divisible,
		      divisible == 1 ? " is" : "s are", instances,
		      instances == 1 ? "" : "s");
	else
		found(finding, FINDING_OK, "no GPU is divisible into GPU instances");
}
