// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - what the physical output of a GPU shows: the chosen vGPU's picture
 * and nobody else's
 *
 * Judged by screenshots, which somebody outside takes: see OPENVGPU_SCREENSHOTS
 * in run-families. Guests are those of the bochs personality.
 */
#include <ctype.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "admin.h"
#include "plain.h"

#define REGISTERS	2u	/* BAR */
#define DISPI(index)	(0x500u + 2 * (index))
enum dispi { ID, XRES, YRES, BPP, ENABLE, BANK, VIRT_WIDTH, VIRT_HEIGHT, X, Y };

/* A device with VGA registers can't show narrow pictures far from the start of
 * its memory: see far_away.
 */
#define WIDTH		1024u
#define HEIGHT		768u
#define NARROW		640u
#define FRAME		(4 * WIDTH * HEIGHT)
#define FAR_AWAY	16u	/* vGPUs at most */
#define SHOTS		60	/* until a picture must have come */

/**
 * struct picture - a screenshot
 * @width, @height: pixels
 * @rgb: three bytes each
 */
struct picture {
	unsigned int width, height;
	uint8_t *rgb;
};

static char folder[PATH_SIZE / 2];

/* Asks outside for a screenshot; of the output named in the environment. */
static void take_shot(struct picture *picture)
{
	char name[PATH_SIZE], want[PATH_SIZE], done[PATH_SIZE];
	static unsigned int count;
	unsigned int depth;
	size_t bytes;
	FILE *file;
	int i;

	count++;
	snprintf(want, sizeof(want), "%s/%d-%u.want", folder, getpid(), count);
	snprintf(done, sizeof(done), "%s/%d-%u.done", folder, getpid(), count);
	snprintf(name, sizeof(name), "%s/%d-%u.ppm", folder, getpid(), count);
	file = fopen(want, "w");
	CHECK(file && fprintf(file, "%s\n", getenv("OPENVGPU_OUTPUT")) > 0 &&
	      !fclose(file), "%s: %s", want, strerror(errno));
	for (i = 0; access(done, F_OK); i++) {
		CHECK(i < 600, "nobody outside takes screenshots");
		usleep(50000);
	}
	file = fopen(name, "rb");
	CHECK(file, "%s: %s", name, strerror(errno));
	CHECK(fscanf(file, "P6 %u %u %u", &picture->width, &picture->height,
		     &depth) == 3 && fgetc(file) != EOF && depth == 255 &&
	      picture->width <= 10000 && picture->height <= 10000,
	      "%s is no screenshot", name);
	bytes = (size_t)picture->width * picture->height * 3;
	picture->rgb = malloc(bytes);
	CHECK(picture->rgb && fread(picture->rgb, 1, bytes, file) == bytes,
	      "%s is too short", name);
	fclose(file);
	unlink(name);
	unlink(done);
}

static bool is_black(const struct picture *picture)
{
	size_t i, bytes = (size_t)picture->width * picture->height * 3;

	for (i = 0; i < bytes; i++)
		if (picture->rgb[i])
			return false;
	return true;
}

/* The pixel a guest drew there; every frame of every guest is another. */
static uint32_t pixel(uint32_t seed, unsigned int x, unsigned int y)
{
	return (seed * 2654435761u ^ (x * 0x10203u + y * 0x50707u)) & 0xffffff;
}

static void draw_lines(struct vgpu *vgpu, unsigned int frame, uint32_t seed,
		       unsigned int width)
{
	volatile uint32_t *at =
		rt_framebuffer(vgpu->device, (uint64_t)frame * FRAME);
	unsigned int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < width; x++)
			*at++ = pixel(seed, x, y);
}

static void draw(struct vgpu *vgpu, unsigned int frame, uint32_t seed)
{
	draw_lines(vgpu, frame, seed, WIDTH);
}

static bool is_drawn(const struct picture *picture, uint32_t seed)
{
	const uint8_t *rgb = picture->rgb;
	unsigned int x, y;

	if ((picture->width != WIDTH && picture->width != NARROW) ||
	    picture->height != HEIGHT)
		return false;
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < picture->width; x++, rgb += 3)
			if (((uint32_t)rgb[0] << 16 | rgb[1] << 8 | rgb[2]) !=
			    pixel(seed, x, y))
				return false;
	return true;
}

/* The output follows soon, not at once. @seed 0: black. */
static void expect(uint32_t seed, const char *when)
{
	struct picture picture;
	bool good = false;
	int i;

	for (i = 0; i < SHOTS && !good; i++) {
		take_shot(&picture);
		good = seed ? is_drawn(&picture, seed) : is_black(&picture);
		if (!good && i == SHOTS - 1)
			break;
		free(picture.rgb);
		if (!good)
			usleep(20000);
	}
	CHECK(good, "%s: %ux%u pixels, the first 0x%02x%02x%02x; not %s", when,
	      picture.width, picture.height, picture.rgb[0], picture.rgb[1],
	      picture.rgb[2], seed ? "what was drawn" : "black");
}

/* At once: whatever it shows, nothing of that picture. */
static void expect_not(uint32_t seed, const char *when)
{
	struct picture picture;

	take_shot(&picture);
	CHECK(!is_drawn(&picture, seed), "%s: still the old picture", when);
	free(picture.rgb);
}

static void dispi(struct vgpu *vgpu, enum dispi index, uint16_t value)
{
	plain_write(vgpu, REGISTERS, DISPI((unsigned int)index), 2, value);
}

static void show_lines(struct vgpu *vgpu, unsigned int width)
{
	/* Unblank, as drivers do. */
	plain_read(vgpu, REGISTERS, 0x41a, 1);
	plain_write(vgpu, REGISTERS, 0x400, 1, 0x20);
	dispi(vgpu, ENABLE, 0);
	dispi(vgpu, XRES, (uint16_t)width);
	dispi(vgpu, YRES, HEIGHT);
	dispi(vgpu, BPP, 32);
	dispi(vgpu, VIRT_WIDTH, (uint16_t)width);
	dispi(vgpu, X, 0);
	dispi(vgpu, Y, 0);
	dispi(vgpu, ENABLE, 0x41);
}

static void show(struct vgpu *vgpu)
{
	show_lines(vgpu, WIDTH);
}

static const char *console(void)
{
	return admin_gpu_path("console");
}

static void start(void)
{
	const char *where = getenv("OPENVGPU_SCREENSHOTS");

	CHECK(where && getenv("OPENVGPU_OUTPUT"),
	      "the environment does not say where screenshots are taken");
	snprintf(folder, sizeof(folder), "%s", where);
	admin_expect(console(), "none");
	expect(0, "with no vGPU");
}

TEST(chosen, ONCE | SLOW)
{
	struct vgpu vgpu[2];
	char upper[UUID_LENGTH + 1];
	unsigned int i;

	start();
	for (i = 0; i < 2; i++) {
		plain_make(&vgpu[i], plain_type());
		draw(&vgpu[i], 0, 1 + i);
		show(&vgpu[i]);
	}
	expect(0, "with two vGPUs and no choice");
	for (i = 0; i < 3; i++) {
		admin_set(console(), vgpu[i % 2].uuid);
		admin_expect(console(), vgpu[i % 2].uuid);
		expect(1 + i % 2, i % 2 ? "second vGPU chosen" :
					  "first vGPU chosen");
	}
	/* What is drawn is seen, and what another draws is not. */
	draw(&vgpu[1], 0, 8);
	draw(&vgpu[0], 0, 7);
	expect(7, "first vGPU drew");
	for (i = 0; i < UUID_LENGTH; i++)
		upper[i] = (char)toupper(vgpu[1].uuid[i]);
	upper[i] = 0;
	admin_set(console(), upper);
	expect(8, "second vGPU chosen in capitals");
	admin_set(console(), "none");
	expect(0, "none chosen");
	admin_expect(console(), "none");
}

TEST(follows, ONCE | SLOW)
{
	struct vgpu vgpu;

	start();
	plain_make(&vgpu, plain_type());
	draw(&vgpu, 0, 11);
	draw(&vgpu, 1, 12);
	draw(&vgpu, 2, 13);
	admin_set(console(), vgpu.uuid);
	expect(0, "chosen without a mode");
	show(&vgpu);
	expect(11, "mode set");
	dispi(&vgpu, Y, HEIGHT);
	expect(12, "flip down");
	dispi(&vgpu, Y, 2 * HEIGHT);
	expect(13, "flip down again");
	dispi(&vgpu, Y, 0);
	expect(11, "flip up");
	dispi(&vgpu, ENABLE, 0);
	expect(0, "switched off");
	show(&vgpu);
	expect(11, "switched on again");
	/* A mode the slice is too small for: nothing, not a neighbour's. */
	dispi(&vgpu, Y, 0xffff);
	expect(0, "beyond the slice");
	dispi(&vgpu, Y, HEIGHT);
	expect(12, "back in the slice");
	OK(rt_vfio_reset(vgpu.device));
	expect(0, "reset");
}

/* The picture ends with the VM, the choice with the vGPU. */
TEST(ends, ONCE | SLOW)
{
	struct vgpu vgpu, other;
	int way;

	start();
	plain_make(&vgpu, plain_type());
	plain_make(&other, plain_type());
	draw(&other, 0, 30);
	show(&other);
	admin_set(console(), vgpu.uuid);
	for (way = 0; way < 2; way++) {
		draw(&vgpu, 0, 21);
		show(&vgpu);
		expect(21, "open");
		vgpu_close(&vgpu);
		expect_not(21, "closed");
		expect(0, "closed");
		admin_expect(console(), vgpu.uuid);
		plain_open(&vgpu);
		expect(0, "opened by another VM");
	}
	draw(&vgpu, 0, 22);
	show(&vgpu);
	expect(22, "open again");
	vgpu_close(&vgpu);
	OK(host_remove(vgpu.uuid));
	admin_expect(console(), "none");
	expect(0, "removed");
	admin_set(console(), other.uuid);
	expect(30, "the other one chosen");
}

TEST(refused, ONCE)
{
	static const char *const bad[] = {
		"x", "no", "noneX", "00000000-0000-0000-0000-000000000000",
	};
	char text[TEXT_SIZE];
	struct vgpu vgpu;
	unsigned int i;
	int error;

	start();
	plain_make(&vgpu, plain_type());
	admin_set(console(), vgpu.uuid);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error = host_write(console(), bad[i]);
		CHECK(error == -ENODEV, "console took '%s': %s", bad[i],
		      error ? strerror(-error) : "accepted");
	}
	snprintf(text, sizeof(text), "%sX", vgpu.uuid);
	error = host_write(console(), text);
	CHECK(error == -ENODEV, "console took '%s'", text);
	OK(host_last_error(text, sizeof(text)));
	CHECK(strstr(text, "console"), "last_error is '%s'", text);
	admin_expect(console(), vgpu.uuid);
}

/* Bound anew it starts black, with the picture of its last life still there. */
TEST(bound_anew, ONCE | SLOW)
{
	struct vgpu vgpu;

	start();
	plain_make(&vgpu, plain_type());
	draw(&vgpu, 0, 41);
	show(&vgpu);
	admin_set(console(), vgpu.uuid);
	expect(41, "chosen");
	vgpu_close(&vgpu);
	admin_rebind();
	OK(host_init());
	admin_expect(console(), "none");
	expect(0, "bound again");
}

/* What the output can't show is black, and never another's picture. */
TEST(far_away, ONCE | SLOW)
{
	struct vgpu vgpu[FAR_AWAY];
	unsigned int count = 0, shown = 0, i;
	struct picture picture;

	start();
	for (; count < FAR_AWAY && host_available(plain_type()) > 0; count++) {
		plain_make(&vgpu[count], plain_type());
		draw_lines(&vgpu[count], 0, 50 + count, NARROW);
		show_lines(&vgpu[count], NARROW);
	}
	for (i = 0; i < count; i++) {
		admin_set(console(), vgpu[i].uuid);
		take_shot(&picture);
		CHECK(is_drawn(&picture, 50 + i) || is_black(&picture),
		      "vGPU %u of %u: neither its picture nor black", i, count);
		shown += is_drawn(&picture, 50 + i);
		CHECK(shown || i, "the first slice can't be shown");
		free(picture.rgb);
	}
	printf("# %u of %u narrow pictures could be shown\n", shown, count);
	/* It shows again what it can. */
	admin_set(console(), vgpu[0].uuid);
	expect(50, "first vGPU chosen again");
}
