/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runtime.h - drives a vGPU with the native personality from user space
 *
 * The same calls work over four transports: VFIO with a legacy group and a
 * type1 container, VFIO with a cdev and iommufd (in both the program plays QEMU
 * and guest at once), the PCI resource files of sysfs (inside a real guest; no
 * interrupts there, for they would need a driver), and that driver, refgpu.ko
 * (which has the registers to itself: rings are contexts of it, and jobs are what
 * was written between two doorbells).
 *
 * Functions return 0 or a negative errno unless they say otherwise; those that
 * return a pointer return NULL and set errno. rt_message() tells the last
 * failure of this thread in words. Nothing here is safe against two threads
 * using one device at once.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvgpu_native.h"
#include "refgpu_hw.h"

#define RT_PAGE_SIZE	4096u
#define RT_BARS		6	/* the first regions */
#define RT_CONFIG	7u	/* region of config space, as VFIO numbers them */
#define RT_REGIONS	16u	/* of a vGPU, at most */

enum rt_transport {
	RT_VFIO_GROUP,
	RT_VFIO_IOMMUFD,
	RT_PCI,
	RT_DRM,
};

struct rt_space;
struct rt_driver;
struct refgpu_drm;
struct refgpu_drm_buffer;
struct refgpu_drm_context;

/**
 * struct rt_region - a BAR, config space or another region of an open vGPU
 * @size: bytes; 0: absent
 * @offset: VFIO: where it begins in the device's file
 * @flags: VFIO: VFIO_REGION_INFO_FLAG_*
 * @map: its mapping, NULL: none
 */
struct rt_region {
	uint64_t size;
	uint64_t offset;
	uint32_t flags;
	volatile void *map;
};

/**
 * struct rt_device - an open vGPU
 * @transport: how it is driven
 * @name: UUID or PCI address
 * @fd: VFIO: the device's file; PCI: its config file
 * @group: VFIO group: the group's file; else -1
 * @space: VFIO: the VM's address space
 * @own_space: closing the device ends @space too
 * @regions: VFIO: how many there are
 * @region: what they are; BARs are mapped as far as they can be
 * @framebuffer: BAR that shows the slice
 * @framebuffer_base: address of its first byte; RT_DRM: of a buffer that stands for it
 * @framebuffer_bytes: of the slice, as far as that BAR shows it
 * @framebuffer_next: first byte rt_framebuffer_alloc() has not given away
 * @aperture_pages: pages of the system-memory aperture
 * @aperture_used: one byte a page, 1: mapped by rt_memory_map()
 * @map_pages_max: pages one map command may name
 * @map_list: framebuffer offset of the page list
 * @driver: RT_DRM: what it does instead, see device.h; else NULL
 * @drm: RT_DRM: the device
 * @drm_buffer: RT_DRM: what stands for the framebuffer
 */
struct rt_device {
	enum rt_transport transport;
	char name[64];
	int fd;
	int group;
	struct rt_space *space;
	bool own_space;
	unsigned int regions;
	struct rt_region region[RT_REGIONS];
	unsigned int framebuffer;
	uint64_t framebuffer_base;
	uint64_t framebuffer_bytes;
	uint64_t framebuffer_next;
	uint64_t aperture_pages;
	uint8_t *aperture_used;
	uint64_t map_pages_max;
	uint64_t map_list;
	const struct rt_driver *driver;
	struct refgpu_drm *drm;
	struct refgpu_drm_buffer *drm_buffer;
};

/**
 * struct rt_memory - memory of the guest
 * @cpu: where this program sees it
 * @bytes: multiple of RT_PAGE_SIZE
 * @pages: their number
 * @page: guest-physical address of each page
 * @space: the address space it lies in; NULL: a real guest's memory
 * @driver: RT_DRM: that of its device; then there is no @page
 * @drm_buffer: RT_DRM: what it is
 */
struct rt_memory {
	void *cpu;
	size_t bytes;
	size_t pages;
	uint64_t *page;
	struct rt_space *space;
	const struct rt_driver *driver;
	struct refgpu_drm_buffer *drm_buffer;
};

/**
 * struct rt_ring - a ring of packets in the framebuffer
 * @device: whose
 * @index: 0..REFGPU_RINGS-1
 * @base: framebuffer offset of the first packet
 * @packets: size, a power of two
 * @put: packets written so far
 * @get: packets known to be completed
 * @fence: value of the last fence submitted
 * @fence_address: framebuffer offset of the word fences are stored to
 * @drm_context: RT_DRM: the context; fences are numbers of its jobs
 * @drm_packets: RT_DRM: @put of them are written, and not yet submitted
 */
struct rt_ring {
	struct rt_device *device;
	unsigned int index;
	uint64_t base;
	uint32_t packets;
	uint32_t put;
	uint32_t get;
	uint64_t fence;
	uint64_t fence_address;
	struct refgpu_drm_context *drm_context;
	unsigned char (*drm_packets)[REFGPU_PACKET_SIZE];
};

/* message.c */
const char *rt_message(void);
int rt_fail(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* space.c: the guest-physical address space of a VM, VFIO only */
bool rt_transport_available(enum rt_transport transport);
const char *rt_transport_name(enum rt_transport transport);
int rt_vfio_file(const char *uuid);
struct rt_space *rt_space_create(enum rt_transport transport);
void rt_space_destroy(struct rt_space *space);
enum rt_transport rt_space_transport(const struct rt_space *space);
int rt_space_map(struct rt_space *space, void *cpu, uint64_t address,
		 size_t bytes);
int rt_space_unmap(struct rt_space *space, uint64_t address, size_t bytes);
uint64_t rt_space_reserve(struct rt_space *space, size_t bytes);
int rt_space_attach(struct rt_space *space, const char *uuid, int *device,
		    int *group);
void rt_space_detach(struct rt_space *space, int device, int group);

/* device.c, device_vfio.c, device_pci.c, device_drm.c */
struct rt_device *rt_open_vfio(const char *uuid, enum rt_transport transport,
			       struct rt_space *space);
struct rt_device *rt_open_vfio_any(const char *uuid, enum rt_transport transport,
				   struct rt_space *space);
struct rt_device *rt_open_pci(const char *address);
struct rt_device *rt_open_drm(const char *node);
void rt_close(struct rt_device *device);
int rt_region_read(const struct rt_device *device, unsigned int region,
		   uint64_t offset, void *value, size_t bytes);
int rt_region_write(const struct rt_device *device, unsigned int region,
		    uint64_t offset, const void *value, size_t bytes);
int rt_irq_eventfd(struct rt_device *device, unsigned int index,
		   unsigned int vector, int eventfd);
int rt_vfio_reset(struct rt_device *device);

/* config.c: configuration space */
int rt_config_read(struct rt_device *device, unsigned int offset, void *value,
		   size_t bytes);
int rt_config_write(struct rt_device *device, unsigned int offset,
		    const void *value, size_t bytes);
int rt_memory_decoding(struct rt_device *device, bool on);
int rt_capability(struct rt_device *device, unsigned int id);
int rt_function_reset(struct rt_device *device);

/* control.c: the trapped control page */
uint64_t rt_control_read(struct rt_device *device, unsigned int offset);
void rt_control_write(struct rt_device *device, unsigned int offset,
		      uint64_t value);
uint32_t rt_control_read32(struct rt_device *device, unsigned int offset);
void rt_control_write32(struct rt_device *device, unsigned int offset,
			uint32_t value);
int rt_guest_reset(struct rt_device *device);
int rt_map_pages(struct rt_device *device, const uint64_t *page, size_t pages,
		 uint64_t first, bool writable);
int rt_unmap_pages(struct rt_device *device, uint64_t first);

/* user.c: the user page and the framebuffer */
uint64_t rt_user_read(const struct rt_device *device, unsigned int offset);
void rt_user_write(struct rt_device *device, unsigned int offset,
		   uint64_t value);
void *rt_framebuffer(const struct rt_device *device, uint64_t offset);
uint64_t rt_framebuffer_alloc(struct rt_device *device, uint64_t bytes,
			      uint64_t align);
void rt_framebuffer_free_all(struct rt_device *device);

/* memory.c: guest memory */
int rt_memory_alloc(struct rt_device *device, size_t bytes,
		    struct rt_memory *memory);
void rt_memory_free(struct rt_memory *memory);
int rt_memory_map(struct rt_device *device, const struct rt_memory *memory,
		  bool writable, uint64_t *address);
int rt_memory_unmap(struct rt_device *device, const struct rt_memory *memory,
		    uint64_t address);
void rt_memory_forget(struct rt_device *device);

/* ring.c */
int rt_ring_create(struct rt_device *device, unsigned int index,
		   unsigned int packets, struct rt_ring *ring);
void rt_ring_destroy(struct rt_ring *ring);
uint64_t rt_ring_register(const struct rt_ring *ring, unsigned int offset);
int rt_ring_submit(struct rt_ring *ring, const void *packet);
void rt_ring_doorbell(struct rt_ring *ring);
int rt_ring_fence(struct rt_ring *ring, unsigned int flags);
bool rt_ring_reached(const struct rt_ring *ring, uint64_t fence);
int rt_ring_wait(struct rt_ring *ring, uint64_t fence, unsigned int timeout_ms);
int rt_ring_wait_event(struct rt_ring *ring, uint64_t fence, int eventfd,
		       unsigned int timeout_ms);
int rt_ring_finish(struct rt_ring *ring, unsigned int timeout_ms);
int rt_fill(struct rt_ring *ring, uint64_t target, uint64_t bytes,
	    uint32_t pattern);
int rt_copy(struct rt_ring *ring, uint64_t target, uint64_t source,
	    uint64_t bytes);
int rt_dispatch(struct rt_ring *ring, uint64_t code, uint64_t argument,
		const uint32_t grid[3], const uint16_t group[3],
		uint32_t stack_bytes);
uint64_t rt_now_ns(void);

/* kernel.c: programs for the harts */
const void *rt_kernel_find(const char *name, size_t *bytes);
int rt_kernel_load(struct rt_device *device, const char *name,
		   uint64_t *address);

#endif /* RUNTIME_H */
