// SPDX-License-Identifier: MIT
/*
 * example-list.c - an example of libopenvgpu: what GPUs there are, what can be
 * created on them, and what their vGPUs do
 *
 *	cc example-list.c $(pkg-config --cflags --libs libopenvgpu)
 *
 * With an argument: looks there instead of in /sys.
 */
#include <openvgpu.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what, int err)
{
	fprintf(stderr, "cannot %s: %s\n", what, ovgpu_strerror(err));
	return 1;
}

static void print_vgpu(struct ovgpu *ovgpu, const struct ovgpu_vgpu *vgpu)
{
	struct ovgpu_sched_vgpu *sched;
	struct ovgpu_value run;

	printf("  vGPU %s %s", vgpu->uuid, vgpu->type);
	if (vgpu->owner_pid)
		printf(", used by process %d", (int)vgpu->owner_pid);
	/* It may have been removed meanwhile: then that is all there is to say. */
	if (!ovgpu_sched_vgpu_get(ovgpu, vgpu->uuid, OVGPU_COUNTER(OVGPU_RUN_NS),
				  false, &sched)) {
		run = ovgpu_sched_vgpu_counter(sched, OVGPU_RUN_NS);
		if (run.known)
			printf(", ran for %.3f s", run.number / 1e9);
		ovgpu_free(sched);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct ovgpu_type **types;
	struct ovgpu_vgpu **vgpus;
	struct ovgpu_gpu **gpus;
	struct ovgpu *ovgpu;
	size_t count, i, j;
	int err;

	err = ovgpu_open(&ovgpu, argc > 1 ? argv[1] : NULL, NULL, NULL);
	if (err)
		return fail("look at this machine", err);
	err = ovgpu_gpu_list(ovgpu, &gpus, &count);
	if (err)
		return fail("list the GPUs", err);
	err = ovgpu_vgpu_list(ovgpu, &vgpus, &count);
	if (err)
		return fail("list the vGPUs", err);

	/* Every list ends with NULL. */
	for (i = 0; gpus[i]; i++) {
		printf("GPU %s\n", gpus[i]->bdf);
		err = ovgpu_type_list(ovgpu, gpus[i]->bdf, &types, &count);
		for (j = 0; !err && types[j]; j++)
			printf("  type %s: %u more can be created\n",
			       types[j]->id, types[j]->available);
		ovgpu_free(types);
		for (j = 0; vgpus[j]; j++)
			if (!strcmp(vgpus[j]->gpu, gpus[i]->bdf))
				print_vgpu(ovgpu, vgpus[j]);
	}

	ovgpu_free(gpus);
	ovgpu_free(vgpus);
	ovgpu_close(ovgpu);
	return 0;
}
