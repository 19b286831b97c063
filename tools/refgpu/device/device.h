/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - the reference GPU as a library (librefgpu)
 *
 * The library is the device behind its BARs: registers, engines, memory
 * translation. It knows nothing of PCI configuration space, MSI-X tables or
 * sockets: a front end passes accesses of BAR0 in, maps BAR2 from
 * device_vram_fd(), and gets DMA and interrupts through struct device_ops.
 *
 * Two clocks. On the wall clock the device has threads of its own (one for each
 * engine, and some for all else) and all functions may be called from any
 * thread. On the virtual clock it has none: nothing happens but in
 * device_step(), time advances by retired work, and everything is called from
 * one thread, so that every run repeats exactly.
 */
#ifndef REFGPU_DEVICE_H
#define REFGPU_DEVICE_H

#include "types.h"

struct device;

/**
 * struct device_ops - the operations a front end offers the device
 * @dma_enter: start of a section in which pointers of @dma stay valid; the
 *	       front end's unmapping waits for its end. Sections are short,
 *	       never nest in one thread, and make no other call but @dma and,
 *	       at the very least before @dma_leave, none that blocks
 * @dma_leave: end of the section
 * @dma: pointer to [bus, bus + length) of the machine's memory; NULL when that
 *	 is not one mapped range, is not writable though @write is set, or bus
 *	 mastering is off
 * @irq_raise: raise MSI-X vector 0..REFGPU_VECTORS-1
 * @log: one line for the user of the program, no newline
 *
 * All are optional, and are called from any thread. @irq_raise, @log and the
 * DMA calls may come with the device's lock held: they must not call the
 * library and must not wait for a thread that does.
 */
struct device_ops {
	void (*dma_enter)(void *context);
	void (*dma_leave)(void *context);
	void *(*dma)(void *context, u64 bus, u64 length, bool write);
	void (*irq_raise)(void *context, unsigned int vector);
	void (*log)(void *context, const char *text);
};

/**
 * struct device_config - a device to make
 * @vram_size: bytes of video memory, REFGPU_VRAM_MIN..MAX, multiple of 64 KiB
 * @board: board code, at most 8 ASCII characters; NULL: "REFGPU"
 * @switch_ns: fixed cost of a context load and of a save, nanoseconds
 * @switch_bytes: bytes a microsecond of the context store; 0: infinite
 * @version: REFGPU_VERSION_1_0: as devices of that interface are; 0: the newest
 * @compute_slices: it has, REFGPU_SLICES at most, and exactly as version 1.0;
 *		    0: REFGPU_SLICES
 * @memory_slices: likewise
 * @mode: enum refgpu_mode that it has at first; as version 1.0: 0
 * @virtual_clock: time is driven by device_step()
 * @ops: front end; NULL: no DMA, no interrupts
 * @context: first argument of every op
 */
struct device_config {
	u64 vram_size;
	const char *board;
	u64 switch_ns;
	u64 switch_bytes;
	u32 version;
	u32 compute_slices;
	u32 memory_slices;
	u32 mode;
	bool virtual_clock;
	const struct device_ops *ops;
	void *context;
};

/**
 * device_create() - make a device, as after power-on
 * @config: read during the call; @config->ops must live as long as the device
 *
 * Return: the device, or NULL with errno set: EINVAL for a bad configuration,
 * ENOMEM, or the error of memfd_create() or pthread_create().
 */
struct device *device_create(const struct device_config *config);

/** device_destroy() - stop all threads and free the device; NULL is allowed */
void device_destroy(struct device *dev);

/**
 * device_read() - read of BAR0
 * @dev: device
 * @offset: byte offset in BAR0, any value
 * @data: filled with @size bytes: the register, or 0 where none is named
 * @size: any; registers answer to 4 and 8 bytes, naturally aligned
 *
 * Takes microseconds: no work is done in a register access.
 */
void device_read(struct device *dev, u64 offset, void *data, size_t size);

/** device_write() - write of BAR0; see device_read() */
void device_write(struct device *dev, u64 offset, const void *data, size_t size);

/**
 * device_vram_fd() - file that backs video memory
 *
 * Return: descriptor owned by the device. The file is device_vram_bytes() long.
 */
int device_vram_fd(struct device *dev);

/** device_vram() - the device's own mapping of video memory */
void *device_vram(struct device *dev);

/** device_vram_bytes() - size of video memory, without rounding for the BAR */
u64 device_vram_bytes(struct device *dev);

/**
 * device_reset() - function-level reset
 *
 * Engines stop, registers take their reset values, video memory is cleared,
 * the next mode comes into force, and a removed device is back. Returns when that is done: within 50 ms plus
 * the time to free the video memory in use. Not from an op.
 */
void device_reset(struct device *dev);

/** device_mode() - enum refgpu_mode in force: what the class code goes by */
u32 device_mode(struct device *dev);

/**
 * device_step() - let virtual time pass
 * @dev: device with a virtual clock
 * @ns: how long; work that begins in this time may end later
 */
void device_step(struct device *dev, u64 ns);

/* ------------------------------------------------------ errors on demand */

enum injection_kind {
	INJECT_HANG,		/* @partition: its engine stops when it is resident */
	INJECT_SLOW_PREEMPT,	/* every stop takes @ns longer, from now on; 0 ends it */
	INJECT_LOST_PREEMPT,	/* the next @count PREEMPT commands do nothing */
	INJECT_LOST_INTERRUPT,	/* the next @count interrupts are not raised */
	INJECT_EXTRA_INTERRUPT,	/* the next @count interrupts are raised twice */
	INJECT_LATE_INTERRUPT,	/* the next @count interrupts come @ns late */
	INJECT_LOST_EVENT,	/* the next @count event records are not written */
	INJECT_MEMORY_ERROR,	/* the 64 bytes of video memory at @address are bad until reset */
	INJECT_DMA_FAULT,	/* the next @count looks for host memory find none */
	INJECT_STALE,		/* @partition's pages are written to without work; see stale.h */
	INJECT_MUTE,		/* registers read all ones and drop writes; the rest works */
	INJECT_REMOVE,		/* the device is gone: reads all ones, no DMA, no interrupts */
};

#define INJECT_ANY	0xffffffffu	/* any partition, any vector */

/**
 * struct injection - an error to produce
 * @kind: of the error
 * @partition: HANG: 0..63, or INJECT_ANY for the one resident now, or
 *	       else the next one; STALE: INJECT_ANY for all of them
 * @vector: *_INTERRUPT: only this vector; INJECT_ANY: any
 * @count: how often, STALE and MUTE: not 0; 0 ends an injection
 * @ns: how long
 * @address: offset in video memory
 */
struct injection {
	enum injection_kind kind;
	u32 partition;
	u32 vector;
	u64 count;
	u64 ns;
	u64 address;
};

/**
 * device_inject() - produce an error
 *
 * Return: 0, or -EINVAL when a field is out of range.
 */
int device_inject(struct device *dev, const struct injection *injection);

/**
 * device_stats() - the device's state as JSON text, one object
 *
 * Return: text to be freed by the caller, or NULL without memory.
 */
char *device_stats(struct device *dev);

#endif /* REFGPU_DEVICE_H */
