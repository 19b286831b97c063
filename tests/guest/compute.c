// SPDX-License-Identifier: GPL-2.0-only
/*
 * compute.c - runs kernels on a vGPU and checks the results
 *
 * Inside a real guest it finds the vGPU on the PCI bus, or uses its kernel driver; in
 * the host machine it opens one through VFIO.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "png.h"
#include "runtime.h"
#include "workload.h"

#define WIDTH		320
#define HEIGHT		240
#define ITERATIONS	64

static const char usage[] =
"usage: compute [OPTION]...\n"
"Runs kernels on a vGPU, checks each result against this processor.\n"
"  --pci ADDRESS    the PCI function, as 0000:01:00.0 (default: the first vGPU)\n"
"  --drm            through the kernel driver, which may have a whole GPU, too\n"
"  --node FILE      with --drm: its node (default: the first)\n"
"  --vfio UUID      open a vGPU of this machine through VFIO instead\n"
"  --transport T    with --vfio: group (default) or iommufd\n"
"  --rounds N       do everything N times (default 1), or until it fails\n"
"  --seed N         of the input (default 1)\n"
"  --picture FILE   write the Mandelbrot picture there, as PNG\n"
"  --label TEXT     begin every line with it\n"
"  --help\n";

static const char *label = "";
static unsigned int passed, failed;

static int say(const char *name, int error, uint64_t begin)
{
	double seconds = (double)(rt_now_ns() - begin) / 1e9;

	if (error) {
		failed++;
		printf("%snot ok %s: %s (%s)\n", label, name,
		       strerror(-error), rt_message());
	} else {
		passed++;
		printf("%sok %s (%.2f s)\n", label, name, seconds);
	}
	fflush(stdout);
	return error;
}

/* Several packets in flight on each ring at once. */
static int all_rings(struct rt_device *device)
{
	struct rt_ring ring[REFGPU_RINGS];
	uint64_t mark = device->framebuffer_next, at[REFGPU_RINGS];
	const uint32_t bytes = 256 * 1024;
	unsigned int i, round, made = 1;
	uint32_t *words, j;
	int error = 0;

	for (i = 1; i < REFGPU_RINGS && !error; i++) {
		error = rt_ring_create(device, i, 16, &ring[i]);
		if (error)
			break;
		made++;
		at[i] = rt_framebuffer_alloc(device, bytes, 64);
		for (round = 0; round < 8 && !error; round++)
			error = rt_fill(&ring[i], at[i], bytes, i << 8 | round);
		if (!error)
			error = rt_ring_fence(&ring[i], 0);
	}
	for (i = 1; i < REFGPU_RINGS && !error; i++) {
		error = rt_ring_wait(&ring[i], ring[i].fence, 30000);
		words = rt_framebuffer(device, at[i]);
		for (j = 0; j < bytes / 4 && !error; j++)
			if (words[j] != (i << 8 | 7))
				error = rt_fail(EILSEQ, "ring %u: word %u is 0x%x, not 0x%x",
						i, j, words[j], i << 8 | 7);
	}
	for (i = 1; i < made; i++)
		rt_ring_destroy(&ring[i]);
	device->framebuffer_next = mark;
	return error;
}

static void round_of_work(struct rt_device *device, uint32_t seed,
			  const char *picture_path)
{
	uint64_t begin = rt_now_ns();
	uint32_t *picture;
	struct rt_ring ring;
	int error;

	error = rt_ring_create(device, 0, 64, &ring);
	if (say("ring", error, begin))
		return;
	begin = rt_now_ns();
	say("vector-add", work_vector_add(&ring, 20000, seed), begin);
	begin = rt_now_ns();
	say("sgemm", work_sgemm(&ring, 64, seed), begin);
	begin = rt_now_ns();
	say("sha256", work_sha256(&ring, 32, 1000, seed), begin);
	begin = rt_now_ns();
	say("reduce", work_reduce(&ring, 50000, seed), begin);
	begin = rt_now_ns();
	say("system-memory", work_system_memory(&ring, 64, seed), begin);
	begin = rt_now_ns();
	say("rings", all_rings(device), begin);

	begin = rt_now_ns();
	picture = calloc(WIDTH * HEIGHT, sizeof(*picture));
	error = picture ? work_mandelbrot(&ring, WIDTH, HEIGHT, ITERATIONS,
					  picture) : -ENOMEM;
	if (!say("mandelbrot", error, begin) && picture_path) {
		begin = rt_now_ns();
		error = png_write(picture_path, picture, WIDTH, HEIGHT);
		if (error)
			rt_fail(-error, "%s", picture_path);
		say("picture", error, begin);
	}
	free(picture);
	rt_ring_destroy(&ring);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pci", required_argument, NULL, 'p' },
		{ "drm", no_argument, NULL, 'd' },
		{ "node", required_argument, NULL, 'n' },
		{ "vfio", required_argument, NULL, 'v' },
		{ "transport", required_argument, NULL, 't' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "picture", required_argument, NULL, 'o' },
		{ "label", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	enum rt_transport transport = RT_VFIO_GROUP;
	const char *uuid = NULL, *picture = NULL, *node = NULL;
	bool drm = false;
	unsigned long rounds = 1, seed = 1, i;
	struct rt_device *device;
	char address[64] = "";
	uint64_t begin;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			snprintf(address, sizeof(address), "%s", optarg);
			break;
		case 'd':
			drm = true;
			break;
		case 'n':
			node = optarg;
			break;
		case 'v':
			uuid = optarg;
			break;
		case 't':
			if (strcmp(optarg, "group") && strcmp(optarg, "iommufd")) {
				fprintf(stderr, "compute: transport is group or iommufd, not '%s'\n",
					optarg);
				return 2;
			}
			transport = optarg[0] == 'g' ? RT_VFIO_GROUP :
						       RT_VFIO_IOMMUFD;
			break;
		case 'r':
			rounds = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			picture = optarg;
			break;
		case 'l':
			label = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc || !rounds) {
		fputs(usage, stderr);
		return 2;
	}

	begin = rt_now_ns();
	if (!drm && !uuid && !address[0] && find_vgpu(address)) {
		say("open", -ENODEV, begin);
		goto end;
	}
	device = drm ? rt_open_drm(node) :
		 uuid ? rt_open_vfio(uuid, transport, NULL) : rt_open_pci(address);
	if (say("open", device ? 0 : -errno, begin))
		goto end;
	printf("%s# %s: framebuffer %llu MiB, aperture %llu pages\n", label,
	       device->name,
	       (unsigned long long)(device->framebuffer_bytes >> 20),
	       (unsigned long long)device->aperture_pages);
	for (i = 0; i < rounds && !failed; i++)
		round_of_work(device, (uint32_t)(seed + i), i ? NULL : picture);
	rt_close(device);
end:
	printf("%s%u passed, %u failed\n", label, passed, failed);
	return failed ? 1 : 0;
}
