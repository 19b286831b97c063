/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config_space.h - the virtual PCI configuration space of a vGPU
 *
 * 4 KiB of bytes with a write mask for each bit of the first 256. Pure C
 * without calls or locks, so that unit tests compile it in user space: what a
 * write means beyond the space itself comes back as flags, and the caller
 * acts on them.
 *
 * A personality builds the space once: vgpu_config_init(), then BARs and
 * capabilities.
 */
#ifndef OPENVGPU_CONFIG_H
#define OPENVGPU_CONFIG_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#endif

#define VGPU_CONFIG_SIZE	4096
#define VGPU_CONFIG_RW_SIZE	256	/* the rest is read-only zeros */
#define VGPU_CONFIG_BARS	6

/* Flags of vgpu_config_add_bar(). */
#define VGPU_BAR_64		(1u << 0)	/* takes two slots */
#define VGPU_BAR_PREFETCH	(1u << 1)

/* Results of vgpu_config_write(). */
#define VGPU_CONFIG_MEMORY	(1u << 0)	/* COMMAND's memory decoding was changed */
#define VGPU_CONFIG_FLR		(1u << 1)	/* a function-level reset was asked for */
#define VGPU_CONFIG_MASTER	(1u << 2)	/* COMMAND's bus mastering was changed */

/**
 * struct vgpu_config - a configuration space
 * @data: what a read returns
 * @power_on: @data of the first 256 bytes after vgpu_config_reset()
 * @writable: bits a write stores
 * @clearable: bits a write of one clears
 * @last_capability: offset of the "next" byte that ends the list
 * @free: offset where the next capability goes
 * @devctl: offset of the PCIe Device Control register, 0: none
 */
struct vgpu_config {
	__u8 data[VGPU_CONFIG_SIZE];
	__u8 power_on[VGPU_CONFIG_RW_SIZE];
	__u8 writable[VGPU_CONFIG_RW_SIZE];
	__u8 clearable[VGPU_CONFIG_RW_SIZE];
	unsigned int last_capability;
	unsigned int free;
	unsigned int devctl;
};

void vgpu_config_init(struct vgpu_config *config, __u16 vendor, __u16 device,
		      __u16 subsystem_vendor, __u16 subsystem_device,
		      __u32 class_code, __u8 revision);
void vgpu_config_set_class(struct vgpu_config *config, __u32 class_code);
bool vgpu_config_add_bar(struct vgpu_config *config, unsigned int bar,
			 __u64 size, unsigned int flags);
bool vgpu_config_add_pcie(struct vgpu_config *config);
bool vgpu_config_add_msix(struct vgpu_config *config, unsigned int vectors,
			  unsigned int table_bar, __u32 table_offset,
			  unsigned int pba_bar, __u32 pba_offset);
void vgpu_config_reset(struct vgpu_config *config);
void vgpu_config_read(const struct vgpu_config *config, unsigned int offset,
		      unsigned int size, __u8 *bytes);
unsigned int vgpu_config_write(struct vgpu_config *config, unsigned int offset,
			       unsigned int size, const __u8 *bytes);
unsigned int vgpu_config_restore(struct vgpu_config *config, const __u8 *data);
bool vgpu_config_memory_enabled(const struct vgpu_config *config);
bool vgpu_config_master_enabled(const struct vgpu_config *config);

#endif /* OPENVGPU_CONFIG_H */
