/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small vfio-user server: one PCI device, one client, one UNIX socket.
 *
 * The server knows nothing of the device behind it. The device describes its
 * regions and interrupts once and is then called back for every trapped access.
 * Everything that arrives on the socket is checked here, so a callback sees
 * only accesses that lie inside a region.
 *
 * Threads: one thread runs vfio_user_run() or vfio_user_serve() and makes all
 * callbacks. vfio_user_dma_*(), vfio_user_irq_*() and vfio_user_stop() may be
 * called from any thread, also while no client is connected.
 *
 * A client gives up on a message after five seconds, and it holds its machine's
 * global lock while it waits: no callback may take long.
 */
#ifndef REFGPU_VFIO_USER_H
#define REFGPU_VFIO_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/vfio.h>

/** Longest access of a region in one message, in bytes. */
#define VFIO_USER_MAX_XFER	(1u << 20)
/** Most file descriptors accepted with one message. */
#define VFIO_USER_MAX_FDS	16
/** Most DMA ranges a client may have mapped at a time. */
#define VFIO_USER_MAX_DMA_MAPS	65535
/** Most vectors of one interrupt index (the limit of MSI-X). */
#define VFIO_USER_MAX_VECTORS	2048

struct vfio_user;

/**
 * struct vfio_user_area - a part of a region that a client may map
 * @offset: offset inside the region in bytes, page-aligned
 * @size: length in bytes, page-aligned
 */
struct vfio_user_area {
	uint64_t offset;
	uint64_t size;
};

/**
 * struct vfio_user_region - one region of the device (a BAR or config space)
 * @size: size in bytes, 0 if the device lacks the region
 * @flags: VFIO_REGION_INFO_FLAG_READ and _WRITE; _MMAP and _CAPS follow from
 *	@map_fd and @nr_areas
 * @map_fd: file that backs the region's memory, -1 if every access is trapped.
 *	The server does not close it
 * @map_offset: where in the file the region starts
 * @areas: the parts that may be mapped, NULL for the whole region
 * @nr_areas: number of elements of @areas
 */
struct vfio_user_region {
	uint64_t size;
	uint32_t flags;
	int map_fd;
	uint64_t map_offset;
	const struct vfio_user_area *areas;
	unsigned int nr_areas;
};

/**
 * struct vfio_user_ops - the operations a device offers its server
 * @region_read: fill @buf with @len bytes of region @index at @offset. The
 *	range lies inside the region. Returns 0, or a negative errno that the
 *	client gets as the error of its message
 * @region_write: the counterpart of @region_read
 * @reset: bring the device to its power-on state. The server has dropped the
 *	pending interrupts before
 * @connected: a client has connected; no message was handled yet. Optional
 * @disconnected: the client is gone, its DMA ranges are unmapped and its
 *	eventfds closed. Optional
 * @log: one line of diagnosis without a newline; NULL sends it to stderr
 */
struct vfio_user_ops {
	int (*region_read)(void *opaque, unsigned int index, uint64_t offset,
			   void *buf, size_t len);
	int (*region_write)(void *opaque, unsigned int index, uint64_t offset,
			    const void *buf, size_t len);
	void (*reset)(void *opaque);
	void (*connected)(void *opaque);
	void (*disconnected)(void *opaque);
	void (*log)(void *opaque, const char *line);
};

/**
 * struct vfio_user_config - description of the device
 * @regions: by VFIO_PCI_*_REGION_INDEX; copied, except for the area arrays
 * @irqs: number of vectors by VFIO_PCI_*_IRQ_INDEX
 * @io_timeout_ms: how long the rest of a started message, or room for a reply,
 *	may take before the client is dropped; 0 for the default of 5000
 */
struct vfio_user_config {
	struct vfio_user_region regions[VFIO_PCI_NUM_REGIONS];
	uint32_t irqs[VFIO_PCI_NUM_IRQS];
	unsigned int io_timeout_ms;
};

/**
 * struct vfio_user_stats - counters of a server since it was created
 * @messages: requests received
 * @errors: requests answered with an error
 * @reads: region reads, by region
 * @writes: region writes, by region; each part of a combined write counts
 * @irqs_raised: interrupts signalled to an eventfd
 * @irqs_pending: interrupts that found no eventfd and were kept pending
 * @dma_maps: DMA ranges mapped now
 * @dma_faults: accesses to addresses that were not mapped, or not so
 */
struct vfio_user_stats {
	uint64_t messages;
	uint64_t errors;
	uint64_t reads[VFIO_PCI_NUM_REGIONS];
	uint64_t writes[VFIO_PCI_NUM_REGIONS];
	uint64_t irqs_raised;
	uint64_t irqs_pending;
	uint64_t dma_maps;
	uint64_t dma_faults;
};

/**
 * vfio_user_create() - create a server
 * @config: the device; may be freed afterwards
 * @ops: its callbacks; must outlive the server
 * @opaque: first argument of every callback
 *
 * Return: the server, or NULL with errno EINVAL (a region or vector count makes
 * no sense) or ENOMEM.
 */
struct vfio_user *vfio_user_create(const struct vfio_user_config *config,
				   const struct vfio_user_ops *ops,
				   void *opaque);

/**
 * vfio_user_destroy() - free a server
 * @vu: server, or NULL. No thread may use it any more
 */
void vfio_user_destroy(struct vfio_user *vu);

/**
 * vfio_user_listen() - create the socket
 * @vu: server
 * @path: its name; a socket that nobody listens on any more is replaced
 *
 * Return: 0, or a negative errno: EADDRINUSE if another server listens there or
 * something that is not a socket has the name, ENAMETOOLONG, or what socket(2)
 * and bind(2) report.
 */
int vfio_user_listen(struct vfio_user *vu, const char *path);

/**
 * vfio_user_run() - serve one client after another
 * @vu: listening server
 * @connect_timeout_ms: how long to wait for a client each time, -1 for ever
 * @once: return when the first client has gone
 *
 * A client that connects while another is served waits for its turn.
 *
 * Return: 0 after vfio_user_stop() or, with @once, after a client; -ETIMEDOUT
 * if none came; another negative errno if the socket failed.
 */
int vfio_user_run(struct vfio_user *vu, int connect_timeout_ms, bool once);

/**
 * vfio_user_serve() - serve one connected client until it goes
 * @vu: server
 * @fd: connected stream socket; closed on return
 *
 * Return: 0 if the client closed the connection or vfio_user_stop() was called,
 * -EPROTO if it broke the protocol, another negative errno if the socket failed.
 */
int vfio_user_serve(struct vfio_user *vu, int fd);

/**
 * vfio_user_stop() - make vfio_user_run() or vfio_user_serve() return
 * @vu: server
 *
 * Context: any thread, also a signal handler. Stays in force.
 */
void vfio_user_stop(struct vfio_user *vu);

/**
 * vfio_user_dma_access() - read or write the client's memory
 * @vu: server
 * @addr: bus address
 * @buf: data
 * @len: length in bytes; may span mapped ranges that touch
 * @write: true to write to the client's memory
 *
 * A naturally aligned access of 1, 2, 4 or 8 bytes is made at once. A longer one
 * may be seen in pieces, and if it fails its first part may have been done.
 * When the reply to an unmap has been sent no access uses the range any more.
 *
 * Context: any thread.
 * Return: 0, -EFAULT if part of the range is not mapped or not shared with the
 * server, -EACCES if it is mapped without the permission.
 */
int vfio_user_dma_access(struct vfio_user *vu, uint64_t addr, void *buf,
			 size_t len, bool write);

/**
 * vfio_user_dma_enter() - start to use the client's memory in place
 * @vu: server
 *
 * Until vfio_user_dma_leave() no range is unmapped: an unmap of the client waits
 * for that, so the section must be short and must not wait for the serving
 * thread. Sections of different threads overlap; those of one must not nest.
 *
 * Context: any thread.
 */
void vfio_user_dma_enter(struct vfio_user *vu);

/**
 * vfio_user_dma_leave() - end a section that vfio_user_dma_enter() started
 * @vu: server
 */
void vfio_user_dma_leave(struct vfio_user *vu);

/**
 * vfio_user_dma_pointer() - find the client's memory
 * @vu: server; the caller is between vfio_user_dma_enter() and _leave()
 * @addr: bus address
 * @len: length in bytes
 * @write: true if it will be written
 *
 * Return: where [@addr, @addr + @len) is until vfio_user_dma_leave(), or NULL if
 * that is not in one mapped range that is shared with the server and allows it.
 */
void *vfio_user_dma_pointer(struct vfio_user *vu, uint64_t addr, size_t len, bool write);

/**
 * vfio_user_dma_drain() - wait for the accesses under way
 * @vu: server
 *
 * Returns when no access that began before the call still runs. For a device
 * whose bus mastering was switched off.
 *
 * Context: any thread that is not between vfio_user_dma_enter() and _leave().
 */
void vfio_user_dma_drain(struct vfio_user *vu);

/**
 * vfio_user_irq_raise() - signal a vector of MSI-X
 * @vu: server
 * @vector: vector number
 *
 * Without an eventfd, or while the vector is masked, it becomes pending and is
 * signalled as soon as that changes. A client may hand over anything in place of an
 * eventfd, a pipe that nobody reads among it: the program must ignore SIGPIPE.
 *
 * Context: any thread.
 * Return: 0, or -EINVAL if the device has no such vector.
 */
int vfio_user_irq_raise(struct vfio_user *vu, unsigned int vector);

/**
 * vfio_user_irq_pending() - read the pending bits of MSI-X
 * @vu: server
 * @first: first vector, a multiple of 64
 *
 * Context: any thread.
 * Return: bit n is the pending bit of vector @first + n; 0 beyond the last.
 */
uint64_t vfio_user_irq_pending(struct vfio_user *vu, unsigned int first);

/**
 * vfio_user_irq_clear_pending() - forget interrupts that were not delivered
 * @vu: server
 *
 * For a function level reset that arrives through config space.
 *
 * Context: any thread.
 */
void vfio_user_irq_clear_pending(struct vfio_user *vu);

/**
 * vfio_user_get_stats() - read the counters
 * @vu: server
 * @stats: filled in
 *
 * Context: any thread.
 */
void vfio_user_get_stats(struct vfio_user *vu, struct vfio_user_stats *stats);

#endif /* REFGPU_VFIO_USER_H */
