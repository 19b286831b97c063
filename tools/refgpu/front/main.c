// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the reference GPU as a program: joins the device (librefgpu) with PCI
 * config space and the vfio-user server
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "device/device.h"
#include "front/control.h"
#include "front/options.h"
#include "front/pci_config.h"
#include "front/vfio_user.h"
#include "refgpu_hw.h"

/*
 * struct front_end - everything between the socket and the device
 * @lock: protects @config and the order of reset, removal and insertion. The
 *	device's ops never take it
 * @bus_master: the command register lets the device access memory
 * @removed: unplugged without warning
 * @area: the part of BAR2 that has memory, if it is not the whole of it
 */
struct front_end {
	struct device *dev;
	struct vfio_user *vu;
	pthread_mutex_t lock;
	struct pci_config config;
	bool bus_master;
	bool removed;
	struct vfio_user_area area;
	bool quiet;
	u64 flrs;
	u64 resets;
};

static struct front_end front_end = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void log_line(void *opaque, const char *text)
{
	struct front_end *fe = opaque;
	struct timespec now;

	if (fe->quiet)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(stderr, "[%6ld.%06ld] %s\n", (long)now.tv_sec, now.tv_nsec / 1000, text);
}

/* ---- operations for the device ---- */

static bool bus_master(const struct front_end *fe)
{
	return __atomic_load_n(&fe->bus_master, __ATOMIC_ACQUIRE);
}

static void op_dma_enter(void *context)
{
	vfio_user_dma_enter(((struct front_end *)context)->vu);
}

static void op_dma_leave(void *context)
{
	vfio_user_dma_leave(((struct front_end *)context)->vu);
}

static void *op_dma(void *context, u64 bus, u64 length, bool write)
{
	struct front_end *fe = context;

	if (!bus_master(fe))
		return NULL;
	return vfio_user_dma_pointer(fe->vu, bus, length, write);
}

/* A message-signalled interrupt is a write to memory: it needs bus mastering too. */
static void op_irq_raise(void *context, unsigned int vector)
{
	struct front_end *fe = context;

	if (bus_master(fe))
		vfio_user_irq_raise(fe->vu, vector);
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
static void update_bus_master(struct front_end *fe)
{
	bool on = !fe->removed && pci_config_bus_master(&fe->config);

	__atomic_store_n(&fe->bus_master, on, __ATOMIC_RELEASE);
	/* Once the write is answered the driver may reuse its memory. */
	if (!on)
		vfio_user_dma_drain(fe->vu);
}

/* What it is for shows in the class code. Caller holds the lock, or is alone. */
static void update_class(struct front_end *fe)
{
	static const uint32_t classes[] = {
		[REFGPU_MODE_MIXED] = REFGPU_PCI_CLASS,
		[REFGPU_MODE_GRAPHICS] = REFGPU_PCI_CLASS_GRAPHICS,
		[REFGPU_MODE_COMPUTE] = REFGPU_PCI_CLASS_COMPUTE,
	};

	pci_config_class(&fe->config, classes[device_mode(fe->dev)]);
}

/* Bring all to the power-on state. Caller holds the lock. */
static void reset_all(struct front_end *fe)
{
	pci_config_reset(&fe->config);
	update_bus_master(fe);
	vfio_user_irq_clear_pending(fe->vu);
	device_reset(fe->dev);
	update_class(fe);
}

static void config_write(struct front_end *fe, u64 offset, const void *buf, size_t len)
{
	unsigned int events;

	pthread_mutex_lock(&fe->lock);
	if (!fe->removed) {
		events = pci_config_write(&fe->config, offset, buf, len);
		if (events & PCI_CONFIG_EVENT_FLR) {
			fe->flrs++;
			reset_all(fe);
		} else if (events & PCI_CONFIG_EVENT_COMMAND) {
			update_bus_master(fe);
		}
	}
	pthread_mutex_unlock(&fe->lock);
}

static void config_read(struct front_end *fe, u64 offset, void *buf, size_t len)
{
	pthread_mutex_lock(&fe->lock);
	if (fe->removed)
		memset(buf, 0xff, len);
	else
		pci_config_read(&fe->config, offset, buf, len);
	pthread_mutex_unlock(&fe->lock);
}

/* QEMU has the table itself and asks for the pending bits only. */
static void msix_read(struct front_end *fe, u64 offset, void *buf, size_t len)
{
	u8 *out = buf;
	size_t i;

	for (i = 0; i < len; i++, offset++) {
		u64 bits = 0;

		if (offset >= REFGPU_MSIX_PBA_OFFSET &&
		    offset < REFGPU_MSIX_PBA_OFFSET + (REFGPU_VECTORS + 63) / 64 * 8)
			bits = vfio_user_irq_pending(fe->vu, (unsigned int)
						     ((offset - REFGPU_MSIX_PBA_OFFSET) / 8 * 64));
		out[i] = (u8)(bits >> (offset % 8 * 8));
	}
}

static bool is_removed(struct front_end *fe)
{
	return __atomic_load_n(&fe->removed, __ATOMIC_ACQUIRE);
}

static int region_read(void *opaque, unsigned int index, uint64_t offset, void *buf, size_t len)
{
	struct front_end *fe = opaque;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_read(fe, offset, buf, len);
		return 0;
	}
	if (is_removed(fe)) {
		memset(buf, 0xff, len);
		return 0;
	}
	switch (index) {
	case REFGPU_BAR_REGISTERS:
		device_read(fe->dev, offset, buf, len);
		break;
	case REFGPU_BAR_VRAM:
		/* Trapped when the client does not map it; beyond its end it reads as zeroes. */
		memset(buf, 0, len);
		if (offset < device_vram_bytes(fe->dev)) {
			u64 left = device_vram_bytes(fe->dev) - offset;

			memcpy(buf, (u8 *)device_vram(fe->dev) + offset, len < left ? len : left);
		}
		break;
	case REFGPU_BAR_MSIX:
		msix_read(fe, offset, buf, len);
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
	struct front_end *fe = opaque;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_write(fe, offset, buf, len);
		return 0;
	}
	if (is_removed(fe))
		return 0;
	if (index == REFGPU_BAR_REGISTERS) {
		device_write(fe->dev, offset, buf, len);
	} else if (index == REFGPU_BAR_VRAM && offset < device_vram_bytes(fe->dev)) {
		u64 left = device_vram_bytes(fe->dev) - offset;

		memcpy((u8 *)device_vram(fe->dev) + offset, buf, len < left ? len : left);
	}
	return 0;
}

/* A reset of the slot: it does not bring back a device that was removed. */
static void slot_reset(void *opaque)
{
	struct front_end *fe = opaque;

	pthread_mutex_lock(&fe->lock);
	fe->resets++;
	if (!fe->removed)
		reset_all(fe);
	pthread_mutex_unlock(&fe->lock);
}

static void set_removed(struct front_end *fe, bool removed)
{
	__atomic_store_n(&fe->removed, removed, __ATOMIC_RELEASE);
}

static void connected(void *opaque)
{
	log_line(opaque, "a machine has connected");
}

/* The machine is gone: none of its data may be left for the next one. */
static void disconnected(void *opaque)
{
	struct front_end *fe = opaque;

	log_line(fe, "the machine has disconnected");
	pthread_mutex_lock(&fe->lock);
	set_removed(fe, false);
	reset_all(fe);
	pthread_mutex_unlock(&fe->lock);
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
	struct front_end *fe = opaque;

	pthread_mutex_lock(&fe->lock);
	set_removed(fe, true);
	update_bus_master(fe);
	device_inject(fe->dev, &gone);
	pthread_mutex_unlock(&fe->lock);
}

static void control_insert(void *opaque)
{
	struct front_end *fe = opaque;

	pthread_mutex_lock(&fe->lock);
	if (fe->removed) {
		reset_all(fe);
		set_removed(fe, false);
	}
	pthread_mutex_unlock(&fe->lock);
}

static char *control_stats(void *opaque)
{
	struct front_end *fe = opaque;
	struct vfio_user_stats st;
	char *text = NULL;
	u64 flrs, resets;

	vfio_user_get_stats(fe->vu, &st);
	pthread_mutex_lock(&fe->lock);
	flrs = fe->flrs;
	resets = fe->resets;
	pthread_mutex_unlock(&fe->lock);
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
		     bus_master(fe) ? "true" : "false", is_removed(fe) ? "true" : "false") < 0)
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
static int start_server(struct front_end *fe, u64 serial)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	const u64 vram = device_vram_bytes(fe->dev);
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

	ret = pci_config_init(&fe->config, &desc);
	if (ret)
		return ret;
	update_class(fe);
	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		config.regions[i].map_fd = -1;
		if (i < PCI_CONFIG_BARS)
			config.regions[i].size = desc.bars[i].size;
		config.regions[i].flags = rw;
	}
	config.regions[VFIO_PCI_CONFIG_REGION_INDEX].size = PCI_CONFIG_SIZE;
	config.regions[REFGPU_BAR_VRAM].map_fd = device_vram_fd(fe->dev);
	if (vram != bar_size(vram)) {
		/* A mapping beyond the end of the file would kill the machine. */
		fe->area.size = vram;
		config.regions[REFGPU_BAR_VRAM].areas = &fe->area;
		config.regions[REFGPU_BAR_VRAM].nr_areas = 1;
	}
	fe->vu = vfio_user_create(&config, &server_ops, fe);
	return fe->vu ? 0 : -errno;
}

static void on_signal(int number)
{
	(void)number;
	vfio_user_stop(front_end.vu);
}

int main(int argc, char **argv)
{
	struct device_config config = { .ops = &device_ops, .context = &front_end };
	struct sigaction action = { .sa_handler = on_signal };
	struct front_end *fe = &front_end;
	struct control *control = NULL;
	struct options o;
	int ret;

	ret = options_parse(&o, argc, argv);
	if (ret)
		return ret - 1;
	fe->quiet = o.quiet;
	/* Whoever reaches a socket owns the GPU, and the machine's memory through it. */
	umask(S_IRWXG | S_IRWXO);
	signal(SIGPIPE, SIG_IGN);

	config.vram_size = o.vram;
	config.board = o.board;
	config.switch_ns = o.switch_ns;
	config.switch_bytes = o.switch_bytes;
	config.version = o.version;
	config.compute_slices = o.compute_slices;
	config.memory_slices = o.memory_slices;
	config.mode = o.mode;
	fe->dev = device_create(&config);
	if (!fe->dev) {
		fprintf(stderr, "refgpu: cannot make a GPU with %" PRIu64 " MiB: %s\n",
			o.vram >> 20, strerror(errno));
		return EXIT_FAILURE;
	}
	ret = start_server(fe, o.serial);
	if (!ret)
		ret = vfio_user_listen(fe->vu, o.socket);
	if (ret) {
		fprintf(stderr, "refgpu: %s: %s\n", o.socket, strerror(-ret));
		goto out;
	}
	if (o.control) {
		control = control_start(o.control, fe->dev, &control_ops, fe);
		if (!control) {
			ret = -errno;
			fprintf(stderr, "refgpu: %s: %s\n", o.control, strerror(-ret));
			goto out;
		}
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	printf("ready\n");
	fflush(stdout);

	ret = vfio_user_run(fe->vu, o.timeout_ms, o.once);
	if (ret == -ETIMEDOUT)
		fprintf(stderr, "refgpu: no machine has connected for %d s\n", o.timeout_ms / 1000);
	else if (ret)
		fprintf(stderr, "refgpu: %s: %s\n", o.socket, strerror(-ret));
	control_stop(control);
out:
	/* The engines use the server until the device is gone. */
	device_destroy(fe->dev);
	vfio_user_destroy(fe->vu);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
