/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the vfio-user protocol, version 0.0, as QEMU's documentation
 * (docs/interop/vfio-user.rst) lays them out. Where the payload is a structure of
 * <linux/vfio.h> that one is used.
 */
#ifndef REFGPU_VFIO_USER_PROTO_H
#define REFGPU_VFIO_USER_PROTO_H

#include <stdint.h>

#define VU_VERSION_MAJOR	0
#define VU_VERSION_MINOR	0
/* A client's list of capabilities takes some 200 bytes. */
#define VU_VERSION_DATA_MAX	4096

enum vu_command {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_DEVICE_GET_INFO = 4,
	VU_DEVICE_GET_REGION_INFO = 5,
	VU_DEVICE_GET_IRQ_INFO = 7,
	VU_DEVICE_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DEVICE_RESET = 13,
	VU_REGION_WRITE_MULTI = 15,
};

#define VU_FLAG_COMMAND		0x0
#define VU_FLAG_REPLY		0x1
#define VU_FLAG_TYPE		0xf
#define VU_FLAG_NO_REPLY	0x10
#define VU_FLAG_ERROR		0x20

/* Before every message; @size counts it too. */
struct vu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

/* JSON text with its terminating zero may follow. */
struct vu_version {
	uint16_t major;
	uint16_t minor;
};

struct vu_dma_map_args {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

struct vu_dma_unmap_args {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};

/* Shorter than struct vfio_device_info, which has grown since. */
struct vu_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};

/* @count bytes follow a write's request and a read's reply. */
struct vu_region_rw {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

struct vu_write_one {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};

#endif /* REFGPU_VFIO_USER_PROTO_H */
