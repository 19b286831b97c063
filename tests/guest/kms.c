// SPDX-License-Identifier: GPL-2.0-only
/*
 * kms.c - sets a mode, draws pictures and flips between them
 *
 *	kms [--card PATH] [--mode WIDTHxHEIGHT] [--heads N] [--seed N]
 *	    [--control PORT] [--frames N] [--crc FOLDER] [--edge]
 *
 * For any KMS driver; the kernel's interface alone, no library. Each picture is
 * drawn into the buffer that is not shown and flipped to. One line says that it
 * is shown and the CRC of what was drawn, see picture.h. With --control, each
 * line read from PORT asks for the next picture and "quit" ends the program;
 * otherwise it shows --frames pictures and ends. --crc names the device's folder in
 * debugfs: a picture is shown only when the hardware has seen it there. With --heads,
 * that many show pictures of their own at the same time; lines are about the first.
 * With --edge the first one then shows a picture that begins left of it and above, and
 * one that is not on it at all must be refused.
 */
#include "crc32.h"
#include "picture.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm/drm.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_mode.h>

#define BUFFERS		2
#define MAX_OBJECTS	32
#define MAX_HEADS	4
#define MAX_MODES	128
#define FLIP_TIMEOUT_MS	30000
#define CRC_FRAMES	300	/* in which a picture must be seen */
#define EDGE		64	/* pixels beyond it */

struct buffer {
	uint32_t framebuffer;
	uint32_t pitch;
	uint8_t *pixels;
};

struct screen {
	int fd;
	uint32_t connector;
	uint32_t crtc;
	unsigned int crtc_index;
	struct drm_mode_modeinfo mode;
	struct buffer buffers[BUFFERS];
	int crcs;
};

static void die(const char *what)
{
	printf("kms: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void call(int fd, unsigned long request, void *argument, const char *what)
{
	int result;

	do {
		result = ioctl(fd, request, argument);
	} while (result && (errno == EINTR || errno == EAGAIN));
	if (result)
		die(what);
}

/* Width 0: the one the monitor likes best. */
static bool is_wanted(const struct drm_mode_modeinfo *mode, unsigned int width,
		      unsigned int height)
{
	if (!width)
		return mode->type & DRM_MODE_TYPE_PREFERRED;
	return mode->hdisplay == width && mode->vdisplay == height;
}

/* The one that drives the connector now, or else the first that can. */
static int find_crtc(struct screen *screen, const struct drm_mode_get_connector *connector,
		     const uint32_t *encoders, const uint32_t *crtcs, unsigned int count)
{
	struct drm_mode_get_encoder encoder = { .encoder_id = connector->encoder_id };
	unsigned int i;

	if (!encoder.encoder_id && connector->count_encoders)
		encoder.encoder_id = encoders[0];
	call(screen->fd, DRM_IOCTL_MODE_GETENCODER, &encoder, "encoder");
	for (i = 0; i < count; i++)
		if (encoder.crtc_id ? crtcs[i] == encoder.crtc_id : encoder.possible_crtcs >> i & 1)
			break;
	if (i == count)
		return -ENODEV;
	screen->crtc = crtcs[i];
	screen->crtc_index = i;
	return 0;
}

/* The first connectors with a monitor, their modes and CRTCs that can drive them. */
static int find_connectors(int fd, struct screen *screens, unsigned int heads,
			   unsigned int width, unsigned int height)
{
	uint32_t connectors[MAX_OBJECTS], crtcs[MAX_OBJECTS], encoders[MAX_OBJECTS];
	static struct drm_mode_modeinfo modes[MAX_MODES];
	struct drm_mode_card_res resources = {
		.connector_id_ptr = (uintptr_t)connectors,
		.crtc_id_ptr = (uintptr_t)crtcs,
		.count_connectors = MAX_OBJECTS,
		.count_crtcs = MAX_OBJECTS,
	};
	struct screen *screen = screens;
	unsigned int i, mode;
	int error;

	call(fd, DRM_IOCTL_MODE_GETRESOURCES, &resources, "resources");
	if (resources.count_connectors > MAX_OBJECTS || resources.count_crtcs > MAX_OBJECTS)
		return -E2BIG;
	for (i = 0; i < resources.count_connectors && screen < screens + heads; i++) {
		struct drm_mode_get_connector get = { .connector_id = connectors[i] };

		/* Asking without room makes the driver look at the monitor. */
		call(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get, "connector");
		if (get.connection != 1 || !get.count_modes || get.count_modes > MAX_MODES ||
		    get.count_encoders > MAX_OBJECTS)
			continue;
		get.modes_ptr = (uintptr_t)modes;
		get.encoders_ptr = (uintptr_t)encoders;
		get.count_props = 0;
		call(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get, "modes");
		for (mode = 0; mode < get.count_modes; mode++)
			if (is_wanted(&modes[mode], width, height))
				break;
		if (mode == get.count_modes) {
			if (width)
				return -ENOENT;
			mode = 0;
		}
		printf("kms: connector %u: %u modes, the first %s, chosen %s\n", connectors[i],
		       get.count_modes, modes[0].name, modes[mode].name);
		screen->fd = fd;
		screen->connector = connectors[i];
		screen->mode = modes[mode];
		error = find_crtc(screen, &get, encoders, crtcs, resources.count_crtcs);
		if (error)
			return error;
		screen++;
	}
	return screen == screens + heads ? 0 : -ENODEV;
}

static void create_buffer(struct screen *screen, struct buffer *buffer, unsigned int more)
{
	struct drm_mode_create_dumb dumb = {
		.width = screen->mode.hdisplay + more,
		.height = screen->mode.vdisplay + more,
		.bpp = 32,
	};
	struct drm_mode_map_dumb map = { 0 };
	struct drm_mode_fb_cmd2 framebuffer = { 0 };

	call(screen->fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb, "buffer");
	framebuffer.width = dumb.width;
	framebuffer.height = dumb.height;
	framebuffer.pixel_format = DRM_FORMAT_XRGB8888;
	framebuffer.handles[0] = dumb.handle;
	framebuffer.pitches[0] = dumb.pitch;
	call(screen->fd, DRM_IOCTL_MODE_ADDFB2, &framebuffer, "framebuffer");
	map.handle = dumb.handle;
	call(screen->fd, DRM_IOCTL_MODE_MAP_DUMB, &map, "map");
	buffer->framebuffer = framebuffer.fb_id;
	buffer->pitch = dumb.pitch;
	buffer->pixels = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, screen->fd,
			      (off_t)map.offset);
	if (buffer->pixels == MAP_FAILED)
		die("mmap");
}

static uint32_t draw(const struct screen *screen, const struct buffer *buffer, unsigned int seed,
		     unsigned int frame)
{
	return picture_draw(buffer->pixels, buffer->pitch, screen->mode.hdisplay,
			    screen->mode.vdisplay, seed, frame);
}

static void set_mode(struct screen *screen, const struct buffer *buffer)
{
	struct drm_mode_crtc crtc = {
		.set_connectors_ptr = (uintptr_t)&screen->connector,
		.count_connectors = 1,
		.crtc_id = screen->crtc,
		.fb_id = buffer->framebuffer,
		.mode_valid = 1,
		.mode = screen->mode,
	};

	call(screen->fd, DRM_IOCTL_MODE_SETCRTC, &crtc, "mode set");
}

static void flip(struct screen *screen, const struct buffer *buffer)
{
	struct drm_mode_crtc_page_flip request = {
		.crtc_id = screen->crtc,
		.fb_id = buffer->framebuffer,
		.flags = DRM_MODE_PAGE_FLIP_EVENT,
	};
	struct pollfd event = { .fd = screen->fd, .events = POLLIN };
	char events[256];

	call(screen->fd, DRM_IOCTL_MODE_PAGE_FLIP, &request, "page flip");
	if (poll(&event, 1, FLIP_TIMEOUT_MS) != 1) {
		errno = ETIMEDOUT;
		die("page flip");
	}
	if (read(screen->fd, events, sizeof(events)) <= 0)
		die("event");
}

/* The CRTC must be on. */
static void open_crcs(struct screen *screen, const char *folder)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/crtc-%u/crc/control", folder, screen->crtc_index);
	file = fopen(path, "we");
	if (!file || fputs("auto", file) < 0 || fclose(file))
		die(path);
	snprintf(path, sizeof(path), "%s/crtc-%u/crc/data", folder, screen->crtc_index);
	screen->crcs = open(path, O_RDONLY | O_CLOEXEC);
	if (screen->crcs < 0)
		die(path);
}

/* Waits until the hardware shows what is in a buffer: its CRC is that of all bytes. */
static void wait_for_crc(const struct screen *screen, const struct buffer *buffer)
{
	unsigned int y, i, seen = 0, number;
	uint32_t crc = 0;
	char line[64];

	for (y = 0; y < screen->mode.vdisplay; y++)
		crc = crc32(crc, buffer->pixels + (size_t)y * buffer->pitch,
			    (size_t)screen->mode.hdisplay * 4);
	/* Each read gives a line, with a zero behind it. */
	for (i = 0; i < CRC_FRAMES && (!i || seen != crc); i++)
		if (read(screen->crcs, line, sizeof(line)) <= 0 ||
		    sscanf(line, "%x %x", &number, &seen) != 2)
			die("CRC");
	if (seen != crc) {
		printf("kms: after %d frames head %u shows %08x, not %08x\n", CRC_FRAMES,
		       screen->crtc_index, seen, crc);
		exit(1);
	}
	printf("kms: head %u shows %08x, which was drawn\n", screen->crtc_index, crc);
}

/* The plane that shows a picture. */
static uint32_t find_plane(int fd, uint32_t framebuffer)
{
	struct drm_set_client_cap universal = { DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1 };
	uint32_t planes[MAX_OBJECTS];
	struct drm_mode_get_plane_res all = {
		.plane_id_ptr = (uintptr_t)planes,
		.count_planes = MAX_OBJECTS,
	};
	unsigned int i;

	call(fd, DRM_IOCTL_SET_CLIENT_CAP, &universal, "universal planes");
	call(fd, DRM_IOCTL_MODE_GETPLANERESOURCES, &all, "planes");
	for (i = 0; i < all.count_planes && i < MAX_OBJECTS; i++) {
		struct drm_mode_get_plane plane = { .plane_id = planes[i] };

		call(fd, DRM_IOCTL_MODE_GETPLANE, &plane, "plane");
		if (plane.fb_id == framebuffer)
			return plane.plane_id;
	}
	errno = ENOENT;
	die("no plane shows the picture");
	return 0;
}

static void show_over_edge(struct screen *screen)
{
	struct drm_mode_set_plane set = {
		.crtc_id = screen->crtc,
		.crtc_x = -EDGE,
		.crtc_y = -EDGE,
		.crtc_w = screen->mode.hdisplay + EDGE,
		.crtc_h = screen->mode.vdisplay + EDGE,
		.src_w = (screen->mode.hdisplay + EDGE) << 16,
		.src_h = (screen->mode.vdisplay + EDGE) << 16,
	};
	struct buffer large;

	create_buffer(screen, &large, EDGE);
	picture_draw(large.pixels, large.pitch, set.crtc_w, set.crtc_h, 0, 0);
	set_mode(screen, &large);
	wait_for_crc(screen, &large);
	set.fb_id = large.framebuffer;
	set.plane_id = find_plane(screen->fd, large.framebuffer);
	call(screen->fd, DRM_IOCTL_MODE_SETPLANE, &set, "set plane");
	large.pixels += EDGE * (large.pitch + 4);
	wait_for_crc(screen, &large);

	/* Nothing of it on the head: memory beside it would be shown, of whoever has it. */
	set.crtc_x = screen->mode.hdisplay;
	if (!ioctl(screen->fd, DRM_IOCTL_MODE_SETPLANE, &set) || errno != EINVAL) {
		printf("kms: a picture beside the head was not refused\n");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "card", required_argument, NULL, 'c' },
		{ "mode", required_argument, NULL, 'm' },
		{ "heads", required_argument, NULL, 'h' },
		{ "seed", required_argument, NULL, 's' },
		{ "control", required_argument, NULL, 'p' },
		{ "frames", required_argument, NULL, 'f' },
		{ "crc", required_argument, NULL, 'x' },
		{ "edge", no_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int width = 0, height = 0, seed = 0, frames = 2, heads = 1, frame, i;
	const char *card = "/dev/dri/card0", *control_path = NULL, *crc_folder = NULL;
	struct drm_version version = { 0 };
	struct screen screens[MAX_HEADS] = { 0 }, *screen;
	FILE *control = NULL;
	bool edge = false;
	char name[32];
	int option, error, fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			card = optarg;
			break;
		case 'm':
			if (sscanf(optarg, "%ux%u", &width, &height) != 2) {
				printf("kms: '%s' is no mode\n", optarg);
				return 2;
			}
			break;
		case 'h':
			heads = (unsigned int)strtoul(optarg, NULL, 0);
			if (!heads || heads > MAX_HEADS) {
				printf("kms: 1 to %d heads\n", MAX_HEADS);
				return 2;
			}
			break;
		case 's':
			seed = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'p':
			control_path = optarg;
			break;
		case 'f':
			frames = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'x':
			crc_folder = optarg;
			break;
		case 'e':
			edge = true;
			break;
		default:
			return 2;
		}
	}
	fd = open(card, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(card);
	version.name = name;
	version.name_len = sizeof(name) - 1;
	call(fd, DRM_IOCTL_VERSION, &version, "version");
	name[version.name_len < sizeof(name) ? version.name_len : sizeof(name) - 1] = '\0';
	printf("kms: %s is driven by %s\n", card, name);
	error = find_connectors(fd, screens, heads, width, height);
	if (error) {
		errno = -error;
		die(error == -ENOENT ? "no such mode" : "too few connectors with a monitor");
	}
	for (screen = screens; screen < screens + heads; screen++)
		for (i = 0; i < BUFFERS; i++)
			create_buffer(screen, &screen->buffers[i], 0);
	if (control_path) {
		control = picture_port(control_path);
		if (!control)
			die(control_path);
	}

	for (frame = 0; control || frame < frames; frame++) {
		uint32_t crc[MAX_HEADS];

		for (i = 0; i < heads; i++) {
			const struct buffer *buffer = &screens[i].buffers[frame % BUFFERS];

			crc[i] = draw(&screens[i], buffer, seed + i, frame);
			if (frame)
				flip(&screens[i], buffer);
			else
				set_mode(&screens[i], buffer);
		}
		/* When all of them show something. */
		for (i = 0; i < heads && crc_folder; i++) {
			if (!frame)
				open_crcs(&screens[i], crc_folder);
			wait_for_crc(&screens[i], &screens[i].buffers[frame % BUFFERS]);
		}
		printf("kms: frame %u is shown: %ux%u %08x\n", frame, screens[0].mode.hdisplay,
		       screens[0].mode.vdisplay, crc[0]);
		if (control && !picture_wanted(control))
			break;
	}
	if (edge && crc_folder)
		show_over_edge(&screens[0]);
	return 0;
}
