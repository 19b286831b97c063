// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs.c - family "bochs": QEMU's bochs-display, secondary-vga and VGA
 *
 * Such a device has video memory in BAR0, registers in BAR2, and no engine: a
 * partition is its slice of video memory and nothing else. The physical output
 * shows any part of video memory, so it follows a vGPU's picture without a copy.
 *
 * Hosts have their consoles on such devices, so the module's table of devices
 * does not name them: the administrator binds one by driver_override.
 */
#include <drm/drm_fourcc.h>
#include <linux/io.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <video/vga.h>

#include "base/vgpu.h"
#include "family/bars.h"
#include "family/families.h"

#define BOCHS_VENDOR		0x1234
#define BOCHS_DEVICE		0x1111

#define BAR_MEMORY		0
#define BAR_REGISTERS		2
#define REGISTERS_SIZE		0x1000

/* In BAR_REGISTERS. bochs-display has no VGA registers: writes are dropped. */
#define VGA_PORTS		0x400	/* ports from 0x3c0 on */
#define DISPI			0x500	/* 16 bits each */
#define EXTENDED_SIZE		0x600	/* bytes of extended registers */
#define EXTENDED_BYTE_ORDER	0x604
#define LITTLE_ENDIAN_PIXELS	0x1e1e1e1e

enum dispi {
	DISPI_ID,
	DISPI_WIDTH,
	DISPI_HEIGHT,
	DISPI_DEPTH,
	DISPI_ENABLE,
	DISPI_BANK,
	DISPI_VIRTUAL_WIDTH,
	DISPI_VIRTUAL_HEIGHT,
	DISPI_X,
	DISPI_Y,
};

#define DISPI_ID_MASK		0xfff0
#define DISPI_ID_VALUE		0xb0c0

#define DISPI_ENABLED		0x01
#define DISPI_LINEAR		0x40
#define DISPI_KEEP_MEMORY	0x80	/* without it, a mode set clears */

/* bochs-display takes no smaller mode. */
#define MODE_MIN		64

/*
 * A device without VGA registers goes on showing its last picture when it is
 * switched off. So there is a black frame at the start of video memory, which
 * devices with VGA registers show, too, when they are switched on.
 */
#define BLACK_WIDTH		640
#define BLACK_HEIGHT		480
#define BLACK_DEPTH		16
#define BLACK_BYTES		(BLACK_WIDTH * BLACK_HEIGHT * BLACK_DEPTH / 8)

/* The smallest type, see place/type.c. */
#define SLICE_MIN		(16 << 20)
/* For one such vGPU and the black frame. */
#define MEMORY_MIN		(2 * SLICE_MIN)

/* Bytes zeroed between two calls of cond_resched(). */
#define SCRUB_PIECE		(1 << 20)

/**
 * struct bochs_mode - a mode and the place of its picture
 * @depth: bits a pixel
 * @width: pixels
 * @height: lines
 * @virtual_width: pixels from one line to the next
 * @x: first pixel: its offset in a line of @virtual_width pixels
 * @y: first pixel: number of lines before it in video memory
 */
struct bochs_mode {
	u16 depth;
	u16 width, height;
	u16 virtual_width;
	u16 x, y;
};

/**
 * struct bochs - the family's data of a GPU
 * @regs: BAR_REGISTERS
 * @current_mode: content of the registers; depth 0: unknown
 * @warned: a picture that can't be shown was logged
 */
struct bochs {
	void __iomem *regs;
	struct bochs_mode current_mode;
	bool warned;
};

/* Shown when there is no picture. */
static const struct bochs_mode black_frame = {
	.depth		= BLACK_DEPTH,
	.width		= BLACK_WIDTH,
	.height		= BLACK_HEIGHT,
	.virtual_width	= BLACK_WIDTH,
};

static struct bochs *bochs_of(struct vgpu_gpu *gpu)
{
	return gpu->family_data;
}

/* --------------------------------------------------------------- registers */

static u16 dispi_read(struct bochs *bochs, enum dispi index)
{
	return readw(bochs->regs + DISPI + 2 * index);
}

static void dispi_write(struct bochs *bochs, enum dispi index, u16 value)
{
	writew(value, bochs->regs + DISPI + 2 * index);
}

static void vga_write(struct bochs *bochs, unsigned int port, u8 value)
{
	writeb(value, bochs->regs + VGA_PORTS + port - VGA_ATT_W);
}

/* Make the output black in any mode, on devices with VGA registers. */
static void set_blank(struct bochs *bochs, bool blank)
{
	/* It determines the port of the next register. */
	vga_write(bochs, VGA_MIS_W, VGA_MIS_COLOR);
	/* Reading it makes the attribute register expect an index. */
	readb(bochs->regs + VGA_PORTS + VGA_IS1_RC - VGA_ATT_W);
	vga_write(bochs, VGA_ATT_W, blank ? 0 : 0x20);
}

static bool bochs_alive(struct vgpu_gpu *gpu)
{
	u16 id = dispi_read(bochs_of(gpu), DISPI_ID);

	return (id & DISPI_ID_MASK) == DISPI_ID_VALUE;
}

/* Bring the device into a known state, whatever drove it before. */
static void prepare(struct vgpu_gpu *gpu)
{
	struct bochs *bochs = bochs_of(gpu);

	memset(&bochs->current_mode, 0, sizeof(bochs->current_mode));
	memset_io(gpu->fb_io, 0, BLACK_BYTES);
	/* Old devices lack extended registers, and are little-endian. */
	if (readl(bochs->regs + EXTENDED_SIZE) == 8)
		writel(LITTLE_ENDIAN_PIXELS, bochs->regs + EXTENDED_BYTE_ORDER);
}

/* -------------------------------------------------------- probe and remove */

static bool bochs_match(const struct pci_dev *pdev)
{
	return pdev->vendor == BOCHS_VENDOR && pdev->device == BOCHS_DEVICE;
}

static int map_bars(struct vgpu_gpu *gpu, struct bochs *bochs)
{
	struct pci_dev *pdev = gpu->pdev;

	if (pci_resource_len(pdev, BAR_REGISTERS) < REGISTERS_SIZE)
		return dev_err_probe(&pdev->dev, -EINVAL,
				     "it has no registers in BAR%u; QEMU's option is mmio=on\n",
				     BAR_REGISTERS);
	if (pci_resource_len(pdev, BAR_MEMORY) < MEMORY_MIN)
		return dev_err_probe(&pdev->dev, -EINVAL,
				     "%llu MiB of video memory are too few to divide, %u are the least; QEMU's options are vgamem and vgamem_mb\n",
				     (u64)pci_resource_len(pdev, BAR_MEMORY) >> 20,
				     MEMORY_MIN >> 20);
	return vgpu_map_bars(gpu, BAR_REGISTERS, BAR_MEMORY, &bochs->regs);
}

static void fill_gpu(struct vgpu_gpu *gpu)
{
	strscpy(gpu->board, "BOCHS", sizeof(gpu->board));
	gpu->fb_phys = pci_resource_start(gpu->pdev, BAR_MEMORY);
	gpu->fb_size = pci_resource_len(gpu->pdev, BAR_MEMORY);
	gpu->fb_reserved = BLACK_BYTES;
	gpu->max_vgpus = min_t(u64, gpu->fb_size / SLICE_MIN,
			       VGPU_MAX_PARTITIONS);
	gpu->heads = 1;
	/* A slice and nothing else, which only CPUs write. */
	gpu->migrates = true;
	gpu->tracks_writes = true;
}

static int bochs_probe(struct vgpu_gpu *gpu)
{
	struct bochs *bochs;
	int ret;

	bochs = kzalloc(sizeof(*bochs), GFP_KERNEL);
	if (!bochs)
		return -ENOMEM;
	gpu->family_data = bochs;
	ret = map_bars(gpu, bochs);
	if (ret)
		goto free;
	if (!bochs_alive(gpu)) {
		ret = dev_err_probe(&gpu->pdev->dev, -ENODEV,
				    "it does not answer as a Bochs display does\n");
		goto unmap;
	}
	fill_gpu(gpu);
	prepare(gpu);
	return 0;

unmap:
	vgpu_unmap_bars(gpu, bochs->regs);
free:
	gpu->family_data = NULL;
	kfree(bochs);
	return ret;
}

static void bochs_remove(struct vgpu_gpu *gpu)
{
	struct bochs *bochs = bochs_of(gpu);

	vgpu_unmap_bars(gpu, bochs->regs);
	gpu->family_data = NULL;
	kfree(bochs);
}

static int bochs_reinit(struct vgpu_gpu *gpu)
{
	if (!bochs_alive(gpu))
		return -ENODEV;
	prepare(gpu);
	return 0;
}

/* -------------------------------------------------------------- partitions */

/*
 * Guests reach their slices through BARs that core maps, so a partition needs no
 * setup, enabling or reset.
 */

static int zero(struct vgpu_gpu *gpu, u64 offset, u64 bytes)
{
	u64 done, size;
	int section;
	bool alive;

	for (done = 0; done < bytes; done += size) {
		if (!vgpu_gpu_begin(gpu, &section))
			return -EAGAIN;
		size = min_t(u64, bytes - done, SCRUB_PIECE);
		memset_io(gpu->fb_io + offset + done, 0, size);
		vgpu_gpu_end(gpu, section);
		cond_resched();
	}
	/* Has arrived when the device answers; and it must be there to. */
	if (!vgpu_gpu_begin(gpu, &section))
		return -EAGAIN;
	alive = bochs_alive(gpu);
	vgpu_gpu_end(gpu, section);
	return alive ? 0 : -ENODEV;
}

static int bochs_scrub(struct vgpu *vgpu)
{
	return zero(vgpu->gpu, vgpu->fb_offset, vgpu->fb_size);
}

static int bochs_scrub_all(struct vgpu_gpu *gpu)
{
	return zero(gpu, 0, gpu->fb_size);
}

/* ---------------------------------------------------------- physical output */

/*
 * The mode that shows @plane, whose first byte is at @base of @memory bytes.
 * Return: false if the registers can't express it.
 */
static bool mode_of(const struct vgpu_plane *plane, u64 base, u64 memory,
		    struct bochs_mode *mode)
{
	unsigned int bytes;
	u32 rest;
	u64 y;

	switch (plane->format) {
	case DRM_FORMAT_XRGB8888:
	case DRM_FORMAT_ARGB8888:
		bytes = 4;
		break;
	case DRM_FORMAT_RGB565:
		bytes = 2;
		break;
	default:
		return false;
	}
	if (!plane->pitch || plane->pitch % bytes || base % bytes ||
	    plane->pitch / bytes < plane->width ||
	    plane->pitch / bytes > U16_MAX)
		return false;
	if (plane->width < MODE_MIN || plane->height < MODE_MIN ||
	    plane->height > U16_MAX)
		return false;
	/* The device requires the whole last line, with its pitch, in memory. */
	if ((u64)plane->pitch * plane->height > memory - base)
		return false;
	y = div_u64_rem(base, plane->pitch, &rest);
	if (y > U16_MAX)
		return false;
	mode->depth = 8 * bytes;
	mode->width = plane->width;
	mode->height = plane->height;
	mode->virtual_width = plane->pitch / bytes;
	mode->x = rest / bytes;
	mode->y = y;
	return true;
}

static void write_place(struct bochs *bochs, const struct bochs_mode *mode)
{
	dispi_write(bochs, DISPI_VIRTUAL_WIDTH, mode->virtual_width);
	dispi_write(bochs, DISPI_X, mode->x);
	dispi_write(bochs, DISPI_Y, mode->y);
}

/* Devices with VGA registers correct values that they do not accept. */
static bool mode_accepted(struct bochs *bochs, const struct bochs_mode *mode)
{
	return dispi_read(bochs, DISPI_DEPTH) == mode->depth &&
	       dispi_read(bochs, DISPI_WIDTH) == mode->width &&
	       dispi_read(bochs, DISPI_HEIGHT) == mode->height &&
	       dispi_read(bochs, DISPI_VIRTUAL_WIDTH) == mode->virtual_width &&
	       dispi_read(bochs, DISPI_X) == mode->x &&
	       dispi_read(bochs, DISPI_Y) == mode->y;
}

/*
 * The output must not show other memory in between, since that is another
 * vGPU's. Devices with VGA registers are blank meanwhile; they lose the place
 * when they are switched on, so it is written again. The others keep the former
 * picture until they are switched on, and need the place before that.
 */
static bool set_mode(struct bochs *bochs, const struct bochs_mode *mode)
{
	bool accepted;

	set_blank(bochs, true);
	dispi_write(bochs, DISPI_ENABLE, 0);
	dispi_write(bochs, DISPI_DEPTH, mode->depth);
	dispi_write(bochs, DISPI_WIDTH, mode->width);
	dispi_write(bochs, DISPI_HEIGHT, mode->height);
	write_place(bochs, mode);
	dispi_write(bochs, DISPI_ENABLE,
		    DISPI_ENABLED | DISPI_LINEAR | DISPI_KEEP_MEMORY);
	write_place(bochs, mode);
	accepted = mode_accepted(bochs, mode);
	if (accepted)
		set_blank(bochs, false);
	else
		dispi_write(bochs, DISPI_ENABLE, 0);
	return accepted;
}

/* Most guests flip by changing one register. */
static bool differs_in_y(const struct bochs_mode *a,
			 const struct bochs_mode *b)
{
	return a->depth == b->depth && a->width == b->width &&
	       a->height == b->height &&
	       a->virtual_width == b->virtual_width && a->x == b->x;
}

static bool show_mode(struct bochs *bochs, const struct bochs_mode *mode)
{
	bool accepted;

	if (differs_in_y(mode, &bochs->current_mode)) {
		if (mode->y != bochs->current_mode.y)
			dispi_write(bochs, DISPI_Y, mode->y);
		accepted = dispi_read(bochs, DISPI_Y) == mode->y;
	} else {
		accepted = set_mode(bochs, mode);
	}
	if (accepted)
		bochs->current_mode = *mode;
	else
		memset(&bochs->current_mode, 0, sizeof(bochs->current_mode));
	return accepted;
}

static void show_plane(struct vgpu_gpu *gpu, struct vgpu *vgpu,
		       const struct vgpu_plane *plane)
{
	struct bochs *bochs = bochs_of(gpu);
	struct bochs_mode mode;

	if (plane) {
		if (mode_of(plane, vgpu->fb_offset + plane->base, gpu->fb_size,
			    &mode) && show_mode(bochs, &mode))
			return;
		if (!bochs->warned)
			dev_warn(&gpu->pdev->dev,
				 "vGPU %s: the physical output can't show %ux%u pixels of %p4cc, %u bytes a line, at 0x%llx of video memory: it is black (said once)\n",
				 vgpu_name(vgpu), plane->width, plane->height,
				 &plane->format, plane->pitch,
				 vgpu->fb_offset + plane->base);
		bochs->warned = true;
	}
	/* If the device does not accept it either, set_mode() has left the output blank. */
	show_mode(bochs, &black_frame);
}

static void bochs_show(struct vgpu_gpu *gpu, struct vgpu *vgpu,
		       const struct vgpu_plane *plane)
{
	int section;

	if (!vgpu_gpu_begin(gpu, &section))
		return;
	show_plane(gpu, vgpu, plane);
	vgpu_gpu_end(gpu, section);
}

const struct vgpu_family vgpu_family_bochs = {
	.name			= "bochs",
	.engine			= VGPU_ENGINE_NONE,
	.match			= bochs_match,
	.probe			= bochs_probe,
	.remove			= bochs_remove,
	.reinit			= bochs_reinit,
	.alive			= bochs_alive,
	.scrub			= bochs_scrub,
	.scrub_all		= bochs_scrub_all,
	.show			= bochs_show,
};
