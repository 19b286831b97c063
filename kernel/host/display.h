/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * display.h - what core keeps of a vGPU's display, and its files offer each other
 *
 * Locks: see openvgpu.h.
 */
#ifndef OPENVGPU_DISPLAY_H
#define OPENVGPU_DISPLAY_H

#include <linux/dma-direction.h>
#include <linux/mm_types.h>
#include <linux/types.h>
#include <linux/vfio.h>

#include "edid.h"
#include "plane.h"

struct iosys_map;
struct sg_table;
struct vgpu;
struct vgpu_copy;
struct vgpu_gpu;

#define VGPU_WINDOW_REGION	VFIO_PCI_NUM_REGIONS	/* picture of head 0 */
#define VGPU_EDID_REGION	(VFIO_PCI_NUM_REGIONS + 1) /* its monitor */
#define VGPU_EDID_REGION_SIZE	512
#define VGPU_DMABUF_NAMES	16	/* a VMM keeps 5 pictures at most */

/**
 * enum vgpu_plane_kind - the pictures a head is made of
 * @VGPU_PLANE_PRIMARY: the one that fills it
 * @VGPU_PLANE_CURSOR: the one above that
 */
enum vgpu_plane_kind {
	VGPU_PLANE_PRIMARY,
	VGPU_PLANE_CURSOR,
};

/**
 * enum vgpu_display - how a VMM gets at the picture of head 0
 * @VGPU_DISPLAY_REGION: from a region that it maps
 * @VGPU_DISPLAY_DMABUF: as a dma-buf
 * @VGPU_DISPLAY_OFF: not at all
 */
enum vgpu_display {
	VGPU_DISPLAY_REGION,
	VGPU_DISPLAY_DMABUF,
	VGPU_DISPLAY_OFF,
};

/**
 * struct vgpu_monitor - the monitor at head 0, as the VMM wants it
 * @edid: what it says of itself: generated, or written by the VMM
 * @bytes: of @edid; as the VMM wrote it, so @edid may not be valid
 * @connected: it is; @edid was valid then
 * @shown: the EDID its head was given last
 * @shown_bytes: of @shown
 */
struct vgpu_monitor {
	u8 edid[VGPU_EDID_SIZE];
	u32 bytes;
	bool connected;
	u8 shown[VGPU_EDID_SIZE];
	u32 shown_bytes;
};

/**
 * struct vgpu_window - what the display window shows
 * @base: offset in the slice of its first byte, page aligned
 * @bytes: so many from there; beyond it zeros
 * @copy: a copy of the picture that is shown in place of it, NULL: none
 */
struct vgpu_window {
	u64 base;
	u64 bytes;
	void *copy;
};

/**
 * struct vgpu_dmabuf_name - a picture that a VMM may ask for as a dma-buf
 * @id: what it is called; 0: nothing
 * @plane: where it is
 * @asked: when it was seen last, larger is later
 */
struct vgpu_dmabuf_name {
	u32 id;
	struct vgpu_plane plane;
	u64 asked;
};

/*
 * What the files offer; kernel-doc stands at the definitions.
 */

/* display.c: what heads show, and how a VMM gets at it */
bool vgpu_plane_fits(const struct vgpu *vgpu, const struct vgpu_plane *plane);
bool vgpu_has_display(const struct vgpu *vgpu);
void vgpu_display_setup(struct vgpu *vgpu);
void vgpu_display_changed(struct vgpu *vgpu);
long vgpu_display_query(struct vgpu *vgpu, void __user *arg);
void vgpu_display_close(struct vgpu *vgpu);
int vgpu_set_display(struct vgpu *vgpu, const char *name);
enum vgpu_display vgpu_display_method(const struct vgpu *vgpu);
int vgpu_display_list(const struct vgpu *vgpu, char *buf);

/* window.c: the picture as a region */
vm_fault_t vgpu_window_fault(struct vgpu *vgpu, struct vm_fault *vmf,
			     u64 offset);
void vgpu_window_read(struct vgpu *vgpu, u64 offset, unsigned int size,
		      u8 *bytes);
bool vgpu_window_show(struct vgpu *vgpu, struct vgpu_plane *plane);
void vgpu_window_close(struct vgpu *vgpu);

/* dmabuf.c: the picture as a dma-buf */
u32 vgpu_dmabuf_name(struct vgpu *vgpu, const struct vgpu_plane *plane);
void vgpu_dmabuf_refresh(struct vgpu *vgpu, const struct vgpu_plane *plane);
long vgpu_dmabuf_get(struct vgpu *vgpu, void __user *arg);
void vgpu_dmabuf_set_offline(struct vgpu *vgpu, bool offline);
void vgpu_dmabuf_close(struct vgpu *vgpu);

/* dmabuf_copy.c: what other devices see of it */
struct vgpu_copy *vgpu_copy_create(size_t bytes);
void vgpu_copy_free(struct vgpu_copy *copy);
void vgpu_copy_read(struct vgpu_copy *copy, size_t offset, size_t bytes,
		    const void __iomem *from);
void vgpu_copy_show(struct vgpu_copy *copy);
void vgpu_copy_clear(struct vgpu_copy *copy);
struct sg_table *vgpu_copy_map(struct vgpu_copy *copy, struct device *device,
			       enum dma_data_direction direction);
void vgpu_copy_unmap(struct vgpu_copy *copy, struct sg_table *table);
void vgpu_copy_address(struct vgpu_copy *copy, struct iosys_map *map);

/* monitor.c: the monitors at the heads */
void vgpu_monitors_open(struct vgpu *vgpu);
void vgpu_monitors_connect(struct vgpu *vgpu);
void vgpu_edid_region_read(struct vgpu *vgpu, u64 offset, unsigned int size,
			   u8 *bytes);
int vgpu_edid_region_write(struct vgpu *vgpu, u64 offset, unsigned int size,
			   const u8 *bytes);

/* console.c: the physical output */
void vgpu_console_init(struct vgpu_gpu *gpu);
void vgpu_console_stop(struct vgpu_gpu *gpu);
void vgpu_console_refresh(struct vgpu_gpu *gpu);
void vgpu_console_changed(struct vgpu *vgpu);
void vgpu_console_closed(struct vgpu *vgpu);
void vgpu_console_forget(struct vgpu *vgpu);
ssize_t vgpu_console_name(struct vgpu_gpu *gpu, char *buf);
int vgpu_console_set(struct vgpu_gpu *gpu, const char *text);

/* pacing.c: how often heads may flip */
void vgpu_pace(struct vgpu *vgpu);
void vgpu_pace_all(struct vgpu_gpu *gpu);
u32 vgpu_frame_rate_limit(const struct vgpu *vgpu);
int vgpu_set_frame_rate_limit(struct vgpu *vgpu, u64 rate);

#endif /* OPENVGPU_DISPLAY_H */
