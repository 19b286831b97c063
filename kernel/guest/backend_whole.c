// SPDX-License-Identifier: GPL-2.0-only
/*
 * backend_whole.c - a whole GPU: one partition that has everything, and always runs
 *
 * What the host does for a vGPU is done here: partition 0 is set up, made resident with
 * no quantum, and given a table of system memory. Monitors are made up, one a head.
 * openvgpu.ko drives the same function, so this needs the parameter whole.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <drm/drm_managed.h>

#include "drv.h"

#define PARTITION		0
#define TABLE_PAGES		(1U << 19)	/* 2 GiB; less where there is no room */
#define TABLE_PAGES_MIN		(1U << 12)
#define TIMEOUT_MS		2000
#define RESET_TIMEOUT_MS	10000
#define MAX_WIDTH		7680
#define MAX_HEIGHT		4320
#define EDID_BYTES		128

static bool enabled;
module_param_named(whole, enabled, bool, 0444);
MODULE_PARM_DESC(whole, "drive whole GPUs, too (default: vGPUs only)");

/**
 * struct whole - a whole GPU's own data
 * @gpu: the GPU
 * @registers: BAR 0
 * @table: system-memory table, coherent
 * @table_bus: its address for the GPU
 * @table_pages: entries
 * @used: something was mapped
 */
struct whole {
	struct refgpu *gpu;
	void __iomem *registers;
	__le64 *table;
	dma_addr_t table_bus;
	u32 table_pages;
	bool used;
};

static struct whole *whole_of(struct refgpu *gpu)
{
	return gpu->backend_data;
}

static u64 reg_read(struct whole *whole, u32 offset)
{
	return readq(whole->registers + offset);
}

static void reg_write(struct whole *whole, u32 offset, u64 value)
{
	writeq(value, whole->registers + offset);
}

static u64 entry_read(struct whole *whole, u32 offset)
{
	return reg_read(whole, REFGPU_PARTITION(PARTITION) + offset);
}

static void entry_write(struct whole *whole, u32 offset, u64 value)
{
	reg_write(whole, REFGPU_PARTITION(PARTITION) + offset, value);
}

/* Waits until bits of a register read 0. */
static int wait_zero(struct whole *whole, u32 offset, u64 mask, unsigned int timeout_ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), timeout_ms);
	bool late = false;
	u64 value;

	for (;;) {
		value = reg_read(whole, offset);
		if (value == REFGPU_GONE)
			return -ENODEV;
		if (!(value & mask))
			return 0;
		if (late)
			return -ETIMEDOUT;
		usleep_range(50, 200);
		late = ktime_after(ktime_get(), end);
	}
}

static int command(struct whole *whole, u32 offset)
{
	entry_write(whole, offset, 1);
	return wait_zero(whole, REFGPU_PARTITION(PARTITION) + offset, 1, TIMEOUT_MS);
}

/* ----------------------------------------------------------------- monitors */

/* 1920x1080 first, seven others of 60 Hz; the last byte makes the sum 0. */
static const u8 monitor[EDID_BYTES - 1] = {
	0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
	0x3e, 0xc7, 0x47, 0x52, 0x01, 0x00, 0x00, 0x00,	/* OVG, as on vGPUs */
	0x01, 0x24, 0x01, 0x04, 0xa5, 0x34, 0x1d, 0x78,	/* 2026, 1.4, digital, 52 x 29 cm */
	0x06, 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54,	/* sRGB */
	0x21, 0x08, 0x00,				/* 640x480, 800x600, 1024x768 */
	0x81, 0xc0, 0x81, 0x80, 0x95, 0x00, 0xa9, 0xc0,	/* 1280x720, 1280x1024, ... */
	0xa9, 0x40, 0xb3, 0x00, 0xd1, 0x00, 0x01, 0x01,
	0x02, 0x3a, 0x80, 0x18, 0x71, 0x38, 0x2d, 0x40,	/* 1920x1080, 148.5 MHz */
	0x58, 0x2c, 0x45, 0x00, 0x08, 0x22, 0x21, 0x00, 0x00, 0x1e,
	0x00, 0x00, 0x00, 0xfc, 0x00, 'r', 'e', 'f', 'g', 'p', 'u', '\n',
	' ', ' ', ' ', ' ', ' ', ' ',
	0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00,						/* no more blocks */
};

static void connect_monitors(struct whole *whole)
{
	unsigned int head, i;
	u8 edid[EDID_BYTES];
	u8 sum = 0;
	u64 word;
	u32 at;

	memcpy(edid, monitor, sizeof(monitor));
	for (i = 0; i < sizeof(monitor); i++)
		sum += monitor[i];
	edid[EDID_BYTES - 1] = -sum;
	for (head = 0; head < whole->gpu->heads; head++) {
		at = REFGPU_USER_ALIAS(PARTITION) + REFGPU_USER_HEAD(head);
		for (i = 0; i < EDID_BYTES; i += sizeof(word)) {
			memcpy(&word, edid + i, sizeof(word));
			reg_write(whole, at + REFGPU_HEAD_EDID + i, word);
		}
		reg_write(whole, at + REFGPU_HEAD_EDID_BYTES, EDID_BYTES);
	}
}

/* ------------------------------------------------------------ system memory */

static int whole_map(struct refgpu *gpu, u64 first, struct sg_table *sgt, bool write)
{
	u64 flags = REFGPU_SYSMEM_VALID | (write ? REFGPU_SYSMEM_WRITE : 0);
	struct whole *whole = whole_of(gpu);
	struct sg_dma_page_iter page;
	u64 at = first;

	whole->used = true;
	for_each_sgtable_dma_page(sgt, &page, 0)
		whole->table[at++] = cpu_to_le64(sg_page_iter_dma_address(&page) | flags);
	wmb(); /* before the doorbell of a job that uses them */
	return 0;
}

static int whole_unmap(struct refgpu *gpu, u64 first, u64 pages)
{
	struct whole *whole = whole_of(gpu);

	memset(whole->table + first, 0, pages * sizeof(*whole->table));
	wmb(); /* before the GPU is told to forget them */
	entry_write(whole, REFGPU_PARTITION_INVALIDATE_FIRST, first);
	entry_write(whole, REFGPU_PARTITION_INVALIDATE_PAGES, pages);
	return command(whole, REFGPU_PARTITION_INVALIDATE);
}

/*
 * When the device is released, for nobody can free its DMA memory after that. Files
 * may be open still, but nothing is mapped or unmapped for them any more, unless the
 * GPU could not be reset: then its table stays, as the buffers do.
 */
static void table_free(void *data)
{
	struct whole *whole = data;

	if (whole->used && !whole->gpu->aperture_is_empty)
		return;
	dma_free_coherent(whole->gpu->drm.dev, whole->table_pages * sizeof(*whole->table),
			  whole->table, whole->table_bus);
}

static int table_alloc(struct whole *whole)
{
	struct drm_device *drm = &whole->gpu->drm;
	u32 pages;

	for (pages = TABLE_PAGES; pages >= TABLE_PAGES_MIN && !whole->table; pages /= 2) {
		whole->table_pages = pages;
		whole->table = dma_alloc_coherent(drm->dev, pages * sizeof(*whole->table),
						  &whole->table_bus, GFP_KERNEL | __GFP_NOWARN);
	}
	return whole->table ? devm_add_action_or_reset(drm->dev, table_free, whole) : -ENOMEM;
}

/* ------------------------------------------------------------ start and stop */

/* The partition as after power-on, with all of the video memory. */
static int whole_reset(struct refgpu *gpu)
{
	struct whole *whole = whole_of(gpu);
	u64 size = reg_read(whole, REFGPU_GLOBAL + REFGPU_GLOBAL_VRAM_SIZE);
	int ret;

	/* RESET ends a run even of an engine that hangs. */
	ret = command(whole, REFGPU_PARTITION_RESET);
	if (ret)
		return ret;
	entry_write(whole, REFGPU_PARTITION_CONTROL, 0);
	ret = wait_zero(whole, REFGPU_PARTITION(PARTITION) + REFGPU_PARTITION_STATUS,
			REFGPU_PARTITION_IS_RESIDENT, TIMEOUT_MS);
	if (ret)
		return ret;
	memset(whole->table, 0, whole->table_pages * sizeof(*whole->table));
	entry_write(whole, REFGPU_PARTITION_VRAM_LIMIT, 0);
	entry_write(whole, REFGPU_PARTITION_VRAM_BASE, 0);
	entry_write(whole, REFGPU_PARTITION_VRAM_LIMIT, round_down(size, REFGPU_VRAM_ALIGN));
	entry_write(whole, REFGPU_PARTITION_SYSMEM_BASE, whole->table_bus);
	entry_write(whole, REFGPU_PARTITION_SYSMEM_PAGES, whole->table_pages);
	entry_write(whole, REFGPU_PARTITION_SLICES,
		    reg_read(whole, REFGPU_GLOBAL + REFGPU_GLOBAL_SLICES));
	entry_write(whole, REFGPU_PARTITION_HEADS, REFGPU_HEADS);
	entry_write(whole, REFGPU_PARTITION_HEAD_MAX, (u64)MAX_HEIGHT << 32 | MAX_WIDTH);
	entry_write(whole, REFGPU_PARTITION_FLIP_NS, 0);
	return 0;
}

static int whole_start(struct refgpu *gpu)
{
	struct whole *whole = whole_of(gpu);

	entry_write(whole, REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
	if (entry_read(whole, REFGPU_PARTITION_CONTROL) != REFGPU_PARTITION_ENABLE)
		return -EIO;
	connect_monitors(whole);
	/* It stays resident for ever, with work or without. */
	reg_write(whole, REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN,
		  REFGPU_RUN(PARTITION, REFGPU_RUN_LINGER, 0));
	if ((u8)reg_read(whole, REFGPU_RUN_CONTROL(0) + REFGPU_RC_STATE) == REFGPU_RC_EMPTY)
		return -EIO;
	return 0;
}

static void whole_stop(struct refgpu *gpu)
{
	entry_write(whole_of(gpu), REFGPU_PARTITION_CONTROL, 0);
}

static int reset_device(struct whole *whole)
{
	if (reg_read(whole, REFGPU_GLOBAL + REFGPU_GLOBAL_ID) != REFGPU_ID)
		return -ENODEV;
	reg_write(whole, REFGPU_GLOBAL + REFGPU_GLOBAL_RESET, 1);
	return wait_zero(whole, REFGPU_GLOBAL + REFGPU_GLOBAL_RESET, 1, RESET_TIMEOUT_MS);
}

static int whole_init(struct refgpu *gpu)
{
	struct whole *whole;
	int ret;

	whole = drmm_kzalloc(&gpu->drm, sizeof(*whole), GFP_KERNEL);
	if (!whole)
		return -ENOMEM;
	whole->gpu = gpu;
	gpu->backend_data = whole;
	ret = refgpu_iomap(gpu, REFGPU_BAR_REGISTERS, 0, REFGPU_BAR_REGISTERS_SIZE, false,
			   &whole->registers);
	if (ret)
		return ret;
	gpu->user = whole->registers + REFGPU_USER_PAGE(PARTITION);
	gpu->vram_bar = REFGPU_BAR_VRAM;
	/* A former driver may have left it running, and its data in the memory. */
	ret = reset_device(whole);
	if (!ret)
		ret = table_alloc(whole);
	if (!ret)
		ret = whole_reset(gpu);
	if (!ret)
		ret = whole_start(gpu);
	if (!ret)
		ret = refgpu_identify(gpu);
	if (ret)
		return ret;
	if (gpu->caps & REFGPU_CAP_HEADS)
		gpu->heads = REFGPU_HEADS;
	gpu->max_width = MAX_WIDTH;
	gpu->max_height = MAX_HEIGHT;
	return 0;
}

static bool whole_gone(struct refgpu *gpu)
{
	return user_read(gpu, REFGPU_USER_ID) == REFGPU_GONE;
}

static bool whole_wanted(void)
{
	return enabled;
}

const struct refgpu_backend refgpu_backend_whole = {
	.name		= "whole GPU",
	.sleep_clears	= true,
	.wanted		= whole_wanted,
	.init		= whole_init,
	.start		= whole_start,
	.stop		= whole_stop,
	.reset		= whole_reset,
	.map		= whole_map,
	.unmap		= whole_unmap,
	.gone		= whole_gone,
};
