// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_user_gpu.c - the front end for a machine of QEMU's: joins the device with PCI
 * config space and the vfio-user server
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/front_end.h"
#include "front/pci_config.h"
#include "front/vfio_user.h"
#include "refgpu_hw.h"

/*
 * struct vfio_user_gpu - everything between the socket and the device
 * @lock: protects @config and the order of reset, removal and insertion. The
 *	device's ops never take it
 * @bus_master: the command register lets the device access memory
 * @removed: unplugged without warning
 * @area: the part of BAR2 that has memory, if it is not the whole of it
 */
struct vfio_user_gpu {
	struct device *dev;
	struct vfio_user *vu;
	pthread_mutex_t lock;
	struct pci_config config;
	bool bus_master;
	bool removed;
	struct vfio_user_area area;
	u64 flrs;
	u64 resets;
};

static struct vfio_user_gpu the_gpu = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- operations for the device ---- */

static bool bus_master(const struct vfio_user_gpu *gpu)
{
	return __atomic_load_n(&gpu->bus_master, __ATOMIC_ACQUIRE);
}

static void op_dma_enter(void *context)
{
	vfio_user_dma_enter(((struct vfio_user_gpu *)context)->vu);
}

static void op_dma_leave(void *context)
{
	vfio_user_dma_leave(((struct vfio_user_gpu *)context)->vu);
}

static void *op_dma(void *context, u64 bus, u64 length, bool write)
{
	struct vfio_user_gpu *gpu = context;

	if (!bus_master(gpu))
		return NULL;
	return vfio_user_dma_pointer(gpu->vu, bus, length, write);
}

/* A message-signalled interrupt is a write to memory: it needs bus mastering too. */
static void op_irq_raise(void *context, unsigned int vector)
{
	struct vfio_user_gpu *gpu = context;

	if (bus_master(gpu))
		vfio_user_irq_raise(gpu->vu, vector);
}

static const struct device_ops device_ops = {
	.dma_enter = op_dma_enter,
	.dma_leave = op_dma_leave,
	.dma = op_dma,
	.irq_raise = op_irq_raise,
	.log = log_line,
};

/* ---- requests of the machine ---- */

/* Take the command register over. Caller holds the lock. */
static void update_bus_master(struct vfio_user_gpu *gpu)
{
	bool on = !gpu->removed && pci_config_bus_master(&gpu->config);

	__atomic_store_n(&gpu->bus_master, on, __ATOMIC_RELEASE);
	/* Once the write is answered the driver may reuse its memory. */
	if (!on)
		vfio_user_dma_drain(gpu->vu);
}

/* What it is for shows in the class code. Caller holds the lock, or is alone. */
static void update_class(struct vfio_user_gpu *gpu)
{
	static const uint32_t classes[] = {
		[REFGPU_MODE_MIXED] = REFGPU_PCI_CLASS,
		[REFGPU_MODE_GRAPHICS] = REFGPU_PCI_CLASS_GRAPHICS,
		[REFGPU_MODE_COMPUTE] = REFGPU_PCI_CLASS_COMPUTE,
	};

	pci_config_class(&gpu->config, classes[device_mode(gpu->dev)]);
}

/* Bring all to the power-on state. Caller holds the lock. */
static void reset_all(struct vfio_user_gpu *gpu)
{
	pci_config_reset(&gpu->config);
	update_bus_master(gpu);
	vfio_user_irq_clear_pending(gpu->vu);
	device_reset(gpu->dev);
	update_class(gpu);
}

static void config_write(struct vfio_user_gpu *gpu, u64 offset, const void *buf, size_t len)
{
	unsigned int events;

	pthread_mutex_lock(&gpu->lock);
	if (!gpu->removed) {
		events = pci_config_write(&gpu->config, offset, buf, len);
		if (events & PCI_CONFIG_EVENT_FLR) {
			gpu->flrs++;
			reset_all(gpu);
		} else if (events & PCI_CONFIG_EVENT_COMMAND) {
			update_bus_master(gpu);
		}
	}
	pthread_mutex_unlock(&gpu->lock);
}

static void config_read(struct vfio_user_gpu *gpu, u64 offset, void *buf, size_t len)
{
	pthread_mutex_lock(&gpu->lock);
	if (gpu->removed)
		memset(buf, 0xff, len);
	else
		pci_config_read(&gpu->config, offset, buf, len);
	pthread_mutex_unlock(&gpu->lock);
}

/* QEMU has the table itself and asks for the pending bits only. */
static void msix_read(struct vfio_user_gpu *gpu, u64 offset, void *buf, size_t len)
{
	u8 *out = buf;
	size_t i;

	for (i = 0; i < len; i++, offset++) {
		u64 bits = 0;

		if (offset >= REFGPU_MSIX_PBA_OFFSET &&
		    offset < REFGPU_MSIX_PBA_OFFSET + (REFGPU_VECTORS + 63) / 64 * 8)
			bits = vfio_user_irq_pending(gpu->vu, (unsigned int)
						     ((offset - REFGPU_MSIX_PBA_OFFSET) / 8 * 64));
		out[i] = (u8)(bits >> (offset % 8 * 8));
	}
}

static bool is_removed(struct vfio_user_gpu *gpu)
{
	return __atomic_load_n(&gpu->removed, __ATOMIC_ACQUIRE);
}

static int region_read(void *opaque, unsigned int index, uint64_t offset, void *buf, size_t len)
{
	struct vfio_user_gpu *gpu = opaque;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_read(gpu, offset, buf, len);
		return 0;
	}
	if (is_removed(gpu)) {
		memset(buf, 0xff, len);
		return 0;
	}
	switch (index) {
	case REFGPU_BAR_REGISTERS:
		device_read(gpu->dev, offset, buf, len);
		break;
	case REFGPU_BAR_VRAM:
		/* Trapped when the client does not map it; beyond its end it reads as zeroes. */
		memset(buf, 0, len);
		if (offset < device_vram_bytes(gpu->dev)) {
			u64 left = device_vram_bytes(gpu->dev) - offset;

			memcpy(buf, (u8 *)device_vram(gpu->dev) + offset, len < left ? len : left);
		}
		break;
	case REFGPU_BAR_MSIX:
		msix_read(gpu, offset, buf, len);
		break;
	default:
		memset(buf, 0, len);
		break;
	}
	return 0;
}

static int region_write(void *opaque, unsigned int index, uint64_t offset, const void *buf,
			size_t len)
{
	struct vfio_user_gpu *gpu = opaque;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_write(gpu, offset, buf, len);
		return 0;
	}
	if (is_removed(gpu))
		return 0;
	if (index == REFGPU_BAR_REGISTERS) {
		device_write(gpu->dev, offset, buf, len);
	} else if (index == REFGPU_BAR_VRAM && offset < device_vram_bytes(gpu->dev)) {
		u64 left = device_vram_bytes(gpu->dev) - offset;

		memcpy((u8 *)device_vram(gpu->dev) + offset, buf, len < left ? len : left);
	}
	return 0;
}

/* A reset of the slot: it does not bring back a device that was removed. */
static void slot_reset(void *opaque)
{
	struct vfio_user_gpu *gpu = opaque;

	pthread_mutex_lock(&gpu->lock);
	gpu->resets++;
	if (!gpu->removed)
		reset_all(gpu);
	pthread_mutex_unlock(&gpu->lock);
}

static void set_removed(struct vfio_user_gpu *gpu, bool removed)
{
	__atomic_store_n(&gpu->removed, removed, __ATOMIC_RELEASE);
}

static void connected(void *opaque)
{
	log_line(opaque, "a machine has connected");
}

/* The machine is gone: none of its data may be left for the next one. */
static void disconnected(void *opaque)
{
	struct vfio_user_gpu *gpu = opaque;

	log_line(gpu, "the machine has disconnected");
	pthread_mutex_lock(&gpu->lock);
	set_removed(gpu, false);
	reset_all(gpu);
	pthread_mutex_unlock(&gpu->lock);
}

static const struct vfio_user_ops server_ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = slot_reset,
	.connected = connected,
	.disconnected = disconnected,
	.log = log_line,
};

/* ---- requests of the control socket ---- */

static void control_remove(void *opaque)
{
	const struct injection gone = { .kind = INJECT_REMOVE };
	struct vfio_user_gpu *gpu = opaque;

	pthread_mutex_lock(&gpu->lock);
	set_removed(gpu, true);
	update_bus_master(gpu);
	device_inject(gpu->dev, &gone);
	pthread_mutex_unlock(&gpu->lock);
}

static int control_insert(void *opaque)
{
	struct vfio_user_gpu *gpu = opaque;

	pthread_mutex_lock(&gpu->lock);
	if (gpu->removed) {
		reset_all(gpu);
		set_removed(gpu, false);
	}
	pthread_mutex_unlock(&gpu->lock);
	return 0;
}

static char *control_stats(void *opaque)
{
	struct vfio_user_gpu *gpu = opaque;
	struct vfio_user_stats st;
	char *text = NULL;
	u64 flrs, resets;

	vfio_user_get_stats(gpu->vu, &st);
	pthread_mutex_lock(&gpu->lock);
	flrs = gpu->flrs;
	resets = gpu->resets;
	pthread_mutex_unlock(&gpu->lock);
	if (asprintf(&text, "{\"messages\":%" PRIu64 ",\"errors\":%" PRIu64
		     ",\"register_reads\":%" PRIu64 ",\"register_writes\":%" PRIu64
		     ",\"vram_trapped\":%" PRIu64 ",\"interrupts\":%" PRIu64
		     ",\"interrupts_kept\":%" PRIu64 ",\"dma_ranges\":%" PRIu64
		     ",\"dma_faults\":%" PRIu64 ",\"function_level_resets\":%" PRIu64
		     ",\"slot_resets\":%" PRIu64 ",\"bus_master\":%s,\"removed\":%s}",
		     st.messages, st.errors, st.reads[REFGPU_BAR_REGISTERS],
		     st.writes[REFGPU_BAR_REGISTERS],
		     st.reads[REFGPU_BAR_VRAM] + st.writes[REFGPU_BAR_VRAM], st.irqs_raised,
		     st.irqs_pending, st.dma_maps, st.dma_faults, flrs, resets,
		     bus_master(gpu) ? "true" : "false", is_removed(gpu) ? "true" : "false") < 0)
		return NULL;
	return text;
}

static const struct control_ops control_ops = {
	.remove = control_remove,
	.insert = control_insert,
	.front_end_stats = control_stats,
};

/* ---- start ---- */

static u64 bar_size(u64 bytes)
{
	u64 size = REFGPU_VRAM_MIN;

	while (size < bytes)
		size <<= 1;
	return size;
}

/* Returns 0 or a negative errno. */
static int start_server(struct vfio_user_gpu *gpu, u64 serial)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	const u64 vram = device_vram_bytes(gpu->dev);
	const struct pci_config_desc desc = {
		.vendor = REFGPU_PCI_VENDOR_ID,
		.device = REFGPU_PCI_DEVICE_ID,
		.subvendor = REFGPU_PCI_VENDOR_ID,
		.subdevice = REFGPU_PCI_SUBSYSTEM_ID,
		.revision = REFGPU_PCI_REVISION,
		.class = REFGPU_PCI_CLASS,
		.serial = serial,
		.bars = {
			[REFGPU_BAR_REGISTERS] = { REFGPU_BAR_REGISTERS_SIZE, true, false },
			[REFGPU_BAR_VRAM] = { bar_size(vram), true, true },
			[REFGPU_BAR_MSIX] = { REFGPU_BAR_MSIX_SIZE, true, false },
		},
		.msix_vectors = REFGPU_VECTORS,
		.msix_bar = REFGPU_BAR_MSIX,
		.msix_table = REFGPU_MSIX_TABLE_OFFSET,
		.msix_pba = REFGPU_MSIX_PBA_OFFSET,
	};
	struct vfio_user_config config = { .irqs = {
		[VFIO_PCI_MSIX_IRQ_INDEX] = REFGPU_VECTORS,
		/* Without it QEMU warns; it is never signalled. */
		[VFIO_PCI_ERR_IRQ_INDEX] = 1,
	} };
	unsigned int i;
	int ret;

	ret = pci_config_init(&gpu->config, &desc);
	if (ret)
		return ret;
	update_class(gpu);
	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		config.regions[i].map_fd = -1;
		if (i < PCI_CONFIG_BARS)
			config.regions[i].size = desc.bars[i].size;
		config.regions[i].flags = rw;
	}
	config.regions[VFIO_PCI_CONFIG_REGION_INDEX].size = PCI_CONFIG_SIZE;
	config.regions[REFGPU_BAR_VRAM].map_fd = device_vram_fd(gpu->dev);
	if (vram != bar_size(vram)) {
		/* A mapping beyond the end of the file would kill the machine. */
		gpu->area.size = vram;
		config.regions[REFGPU_BAR_VRAM].areas = &gpu->area;
		config.regions[REFGPU_BAR_VRAM].nr_areas = 1;
	}
	gpu->vu = vfio_user_create(&config, &server_ops, gpu);
	return gpu->vu ? 0 : -errno;
}

static int gpu_open(void *context, struct device *dev, const struct options *options)
{
	struct vfio_user_gpu *gpu = context;
	int ret;

	gpu->dev = dev;
	ret = start_server(gpu, options->serial);
	if (!ret)
		ret = vfio_user_listen(gpu->vu, options->socket);
	if (ret)
		fprintf(stderr, "refgpu: %s: %s\n", options->socket, strerror(-ret));
	return ret;
}

static int gpu_run(void *context, const struct options *options)
{
	struct vfio_user_gpu *gpu = context;
	int ret = vfio_user_run(gpu->vu, options->timeout_ms, options->once);

	if (ret == -ETIMEDOUT)
		fprintf(stderr, "refgpu: no machine has connected for %d s\n",
			options->timeout_ms / 1000);
	else if (ret)
		fprintf(stderr, "refgpu: %s: %s\n", options->socket, strerror(-ret));
	return ret;
}

static void gpu_stop(void *context)
{
	vfio_user_stop(((struct vfio_user_gpu *)context)->vu);
}

static void gpu_close(void *context)
{
	vfio_user_destroy(((struct vfio_user_gpu *)context)->vu);
}

const struct front_end vfio_user_front_end = {
	.device_ops = &device_ops,
	.control_ops = &control_ops,
	.context = &the_gpu,
	.open = gpu_open,
	.run = gpu_run,
	.stop = gpu_stop,
	.close = gpu_close,
};
