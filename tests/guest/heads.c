// SPDX-License-Identifier: GPL-2.0-only
/*
 * heads.c - draws pictures on the first head of a native vGPU
 *
 *	heads SEED PORT
 *
 * Each picture is drawn where none is shown and flipped to. One line says that
 * it is shown and its CRC, as kms does; each line read from PORT asks for the
 * next picture, and "quit" ends the program. The head is off then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "head.h"
#include "picture.h"

#define WIDTH		800u
#define HEIGHT		600u
#define PITCH		(64u * 51)	/* not the width's: 3200 bytes and some */
#define BUFFERS		2
#define PATIENCE_MS	30000

static int fail(const char *what, int error)
{
	printf("heads: %s: %s (%s)\n", what, strerror(-error), rt_message());
	return 1;
}

int main(int argc, char **argv)
{
	struct rt_mode mode = {
		.width = WIDTH, .height = HEIGHT, .pitch = PITCH,
		.format = RT_XR24,
	};
	uint64_t base[BUFFERS];
	struct rt_device *device;
	unsigned int frame;
	char address[64];
	uint32_t crc;
	FILE *port;
	int error;

	if (argc != 3) {
		fputs("usage: heads SEED PORT\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	error = find_vgpu(address);
	if (error)
		return fail("no vGPU", error);
	device = rt_open_pci(address);
	if (!device)
		return fail(address, -errno);
	port = picture_port(argv[2]);
	if (!port)
		return fail(argv[2], -errno);
	for (frame = 0; frame < BUFFERS; frame++)
		base[frame] = rt_framebuffer_alloc(device, PITCH * HEIGHT, 64);

	frame = 0;
	do {
		mode.base = base[frame % BUFFERS];
		crc = picture_draw(rt_framebuffer(device, mode.base), PITCH,
				   WIDTH, HEIGHT, (unsigned int)atoi(argv[1]),
				   frame);
		error = frame ? rt_head_flip(device, 0, mode.base) :
				rt_head_on(device, 0, &mode);
		if (!error && frame)
			error = rt_head_wait_flip(device, 0, PATIENCE_MS);
		if (error)
			return fail("picture", error);
		printf("heads: frame %u is shown: %ux%u %08x\n", frame++, WIDTH,
		       HEIGHT, crc);
	} while (picture_wanted(port));
	rt_head_off(device, 0);
	rt_close(device);
	return 0;
}
