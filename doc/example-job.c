// SPDX-License-Identifier: MIT
/*
 * example-job.c - an example of librefgpu_drm: a job that fills a buffer, and one of
 * another context that copies it
 *
 *	cc example-job.c $(pkg-config --cflags --libs librefgpu_drm)
 *
 * With an argument: on that device, as /dev/dri/renderD128.
 */
#include <librefgpu_drm.h>
#include <stdio.h>

#define BYTES	0x10000
#define SECOND	INT64_C(1000000000)

static int fail(void)
{
	fprintf(stderr, "%s\n", refgpu_drm_message());
	return 1;
}

int main(int argc, char **argv)
{
	struct refgpu_drm_context *filler, *copier;
	struct refgpu_drm_buffer *video, *system;
	struct refgpu_drm *drm;
	uint64_t filled, copied;
	uint32_t *words;
	void *memory;

	if (refgpu_drm_open(&drm, argc > 1 ? argv[1] : NULL) ||
	    refgpu_drm_context_create(drm, 0, &filler) ||
	    refgpu_drm_context_create(drm, 0, &copier) ||
	    refgpu_drm_buffer_create(drm, BYTES, DRM_REFGPU_BO_VRAM, &video) ||
	    refgpu_drm_buffer_create(drm, BYTES, DRM_REFGPU_BO_SYSTEM, &system) ||
	    refgpu_drm_buffer_map(system, &memory))
		return fail();

	struct refgpu_fill fill = {
		.header.opcode = REFGPU_OP_FILL,
		.target = video->address,
		.bytes = BYTES,
		.lines = 1,
		.pattern = 0x12345678,
	};
	struct refgpu_copy copy = {
		.header.opcode = REFGPU_OP_COPY,
		.target = system->address,
		.source = video->address,
		.bytes = BYTES,
		.lines = 1,
	};
	struct refgpu_drm_job job = { .packets = &fill, .packet_count = 1 };

	if (refgpu_drm_submit(filler, &job, &filled))
		return fail();

	/* Contexts have no order among each other, unless a job waits for a point. */
	struct refgpu_drm_point wait = { filler->timeline, filled };

	job.packets = &copy;
	job.waits = &wait;
	job.wait_count = 1;
	if (refgpu_drm_submit(copier, &job, &copied) ||
	    refgpu_drm_wait(copier, copied, 10 * SECOND))
		return fail();

	words = memory;
	printf("The first word is 0x%x, the last 0x%x.\n", words[0], words[BYTES / 4 - 1]);
	refgpu_drm_buffer_destroy(video);
	refgpu_drm_buffer_destroy(system);
	refgpu_drm_context_destroy(filler);
	refgpu_drm_context_destroy(copier);
	refgpu_drm_close(drm);
	return 0;
}
