// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm_jobs.c - jobs that the tests share: one that is refused, a kernel of the GPU,
 * one that does not end
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drm.h"

#define DATA_BYTES	0x20000u
#define I_NOP		0x00000013u
#define I_BACK		0xffdff06fu	/* jal x0, -4 */
#define I_RETURN	0x00008067u	/* jalr x0, 0(ra) */

/**
 * write_file - write a text into a file
 * @path: which is there
 * @text: the text
 */
void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/**
 * refused - a job that the GPU must refuse, in a new context
 * @fd: file of the device
 * @packet: its packet
 * @status: receives what became of the context
 *
 * Return: false, with a reason, if it was executed.
 */
bool refused(int fd, const void *packet, struct drm_refgpu_context_status *status)
{
	uint32_t context, syncobj = syncobj_create(fd);
	int error;

	error = context_create(fd, &context);
	if (!error)
		error = submit(fd, context, packet, 1, syncobj);
	if (error)
		return no("submit: %s", strerror(-error));
	syncobj_wait(fd, syncobj);
	*status = context_status(fd, context);
	if (status->state != DRM_REFGPU_CONTEXT_GUILTY)
		return no("it was executed: state %u", status->state);
	error = submit(fd, context, packet, 1, 0);
	if (error != -ECANCELED)
		return no("the guilty context takes another job: %d", error);
	return true;
}

/**
 * programme_make - buffers for a kernel of the GPU, and the packet that runs it
 * @fd: file of the device
 * @code: its code
 * @bytes: of @code
 * @programme: receives them; its data is kept if there is some
 */
int programme_make(int fd, const void *code, size_t bytes, struct programme *programme)
{
	int error;

	error = buffer_create(fd, DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_GPU_READONLY, bytes,
			      &programme->code);
	if (!error && !programme->data.words)
		error = buffer_create(fd, DRM_REFGPU_BO_VRAM, DATA_BYTES, &programme->data);
	if (error)
		return error;
	memcpy(programme->code.words, code, bytes);
	programme->packet = (struct refgpu_dispatch) {
		.header.opcode = REFGPU_OP_DISPATCH,
		.code = programme->code.address,
		.argument = programme->data.address,
		.grid = { 1, 1, 1 },
		.group = { 64, 1, 1 },
	};
	return 0;
}

/* Code that does not end: its loop begins SPIN_LOOP_BEGIN bytes from its start. */
static const uint32_t endless[] = { I_NOP, I_NOP, I_NOP, I_BACK };

/**
 * spin - a job that does not end by itself: packet 0 ends, packet 1 does not
 * @fd: file of the device
 * @programme: receives its buffers, which stay
 * @context: receives the new context that it is of
 * @syncobj: signalled at its end
 */
int spin(int fd, struct programme *programme, uint32_t *context, uint32_t syncobj)
{
	uint8_t packets[2][REFGPU_PACKET_SIZE];
	struct refgpu_fill fill;
	int error;

	error = programme_make(fd, endless, sizeof(endless), programme);
	fill = fill_packet(programme->data.address, 4, 1);
	memcpy(packets[0], &fill, sizeof(fill));
	memcpy(packets[1], &programme->packet, sizeof(programme->packet));
	if (!error)
		error = context_create(fd, context);
	return error ? error : submit(fd, *context, packets, 2, syncobj);
}

/**
 * spin_stop - let a job of spin() end
 * @programme: the job's. Its loop's jump becomes a return: the device keeps nothing of
 *	the instructions that it has read
 */
void spin_stop(struct programme *programme)
{
	programme->code.words[sizeof(endless) / sizeof(*endless) - 1] = I_RETURN;
}
