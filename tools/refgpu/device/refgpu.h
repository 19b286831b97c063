/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * refgpu.h - the reference GPU as a library (librefgpu)
 *
 * The library is the device behind its BARs: registers, engines, memory
 * translation. It knows nothing of PCI configuration space, MSI-X tables or
 * sockets: a front end passes accesses of BAR0 in, maps BAR2 from
 * refgpu_vram_fd(), and gets DMA and interrupts through struct refgpu_ops.
 *
 * Two clocks. On the wall clock the device has threads of its own (one engine
 * thread, one service thread) and all functions may be called from any
 * thread. On the virtual clock it has none: nothing happens but in
 * refgpu_step(), time advances by retired work, and everything is called from
 * one thread, so that every run repeats exactly.
 */
#ifndef REFGPU_H
#define REFGPU_H

#include "types.h"

struct refgpu;

/**
 * struct refgpu_ops - what the device asks of its front end
 * @dma_enter: start of a section in which pointers of @dma stay valid; the
 *	       front end's unmapping waits for its end. Sections are short,
 *	       never nest in one thread, and make no other call but @dma and,
 *	       at the very least before @dma_leave, none that blocks
 * @dma_leave: end of the section
 * @dma: pointer to [bus, bus + length) of the machine's memory; NULL when that
 *	 is not one mapped range, is not writable though @write is set, or bus
 *	 mastering is off
 * @irq_raise: raise MSI-X vector 0..REFGPU_VECTORS-1
 * @log: one line for the person who runs the device, no newline
 *
 * All are optional, and are called from any thread. @irq_raise, @log and the
 * DMA calls may come with the device's lock held: they must not call the
 * library and must not wait for a thread that does.
 */
struct refgpu_ops {
	void (*dma_enter)(void *context);
	void (*dma_leave)(void *context);
	void *(*dma)(void *context, u64 bus, u64 length, bool write);
	void (*irq_raise)(void *context, unsigned int vector);
	void (*log)(void *context, const char *text);
};

/**
 * struct refgpu_config - a device to make
 * @vram_size: bytes of video memory, REFGPU_VRAM_MIN..MAX, multiple of 64 KiB
 * @board: board code, at most 8 ASCII characters; NULL: "REFGPU"
 * @switch_ns: fixed cost of a context load and of a save, nanoseconds
 * @switch_bytes: bytes a microsecond of the context store; 0: infinite
 * @virtual_clock: time is driven by refgpu_step()
 * @ops: front end; NULL: no DMA, no interrupts
 * @context: first argument of every op
 */
struct refgpu_config {
	u64 vram_size;
	const char *board;
	u64 switch_ns;
	u64 switch_bytes;
	bool virtual_clock;
	const struct refgpu_ops *ops;
	void *context;
};

/**
 * refgpu_create() - make a device, as after power-on
 * @config: read during the call; @config->ops must live as long as the device
 *
 * Return: the device, or NULL with errno set: EINVAL for a bad configuration,
 * ENOMEM, or what memfd_create() or pthread_create() reported.
 */
struct refgpu *refgpu_create(const struct refgpu_config *config);

/** refgpu_destroy() - stop all threads and free the device; NULL is allowed */
void refgpu_destroy(struct refgpu *dev);

/**
 * refgpu_read() - read of BAR0
 * @dev: device
 * @offset: byte offset in BAR0, any value
 * @data: filled with @size bytes: the register, or 0 where none is named
 * @size: any; registers answer to 4 and 8 bytes, naturally aligned
 *
 * Takes microseconds: no work is done in a register access.
 */
void refgpu_read(struct refgpu *dev, u64 offset, void *data, size_t size);

/** refgpu_write() - write of BAR0; see refgpu_read() */
void refgpu_write(struct refgpu *dev, u64 offset, const void *data, size_t size);

/**
 * refgpu_vram_fd() - file that backs video memory
 *
 * Return: descriptor owned by the device. The file is refgpu_vram_bytes() long.
 */
int refgpu_vram_fd(struct refgpu *dev);

/** refgpu_vram() - the device's own mapping of video memory */
void *refgpu_vram(struct refgpu *dev);

/** refgpu_vram_bytes() - size of video memory, without rounding for the BAR */
u64 refgpu_vram_bytes(struct refgpu *dev);

/**
 * refgpu_reset() - function-level reset
 *
 * Engines stop, registers take their reset values, video memory is cleared
 * and a removed device is back. Returns when that is done: within 50 ms plus
 * the time to free the video memory in use. Not from an op.
 */
void refgpu_reset(struct refgpu *dev);

/**
 * refgpu_step() - let virtual time pass
 * @dev: device with a virtual clock
 * @ns: how long; work that begins in this time may end later
 */
void refgpu_step(struct refgpu *dev, u64 ns);

/** refgpu_now() - the device's TIMER, nanoseconds */
u64 refgpu_now(struct refgpu *dev);

/* ------------------------------------------------------ errors on demand */

enum refgpu_injection_kind {
	REFGPU_INJECT_HANG,		/* @partition: its engine stops when it is resident */
	REFGPU_INJECT_SLOW_PREEMPT,	/* every stop takes @ns longer, from now on; 0 ends it */
	REFGPU_INJECT_LOST_PREEMPT,	/* the next @count PREEMPT commands do nothing */
	REFGPU_INJECT_LOST_INTERRUPT,	/* the next @count interrupts are not raised */
	REFGPU_INJECT_EXTRA_INTERRUPT,	/* the next @count interrupts are raised twice */
	REFGPU_INJECT_LATE_INTERRUPT,	/* the next @count interrupts come @ns late */
	REFGPU_INJECT_LOST_EVENT,	/* the next @count event records are not written */
	REFGPU_INJECT_MEMORY_ERROR,	/* the 64 bytes of video memory at @address are bad until reset */
	REFGPU_INJECT_DMA_FAULT,	/* the next @count looks for host memory find none */
	REFGPU_INJECT_REMOVE,		/* the device is gone: reads all ones, no DMA, no interrupts */
};

#define REFGPU_INJECT_ANY	0xffffffffu	/* any partition, any vector */

/**
 * struct refgpu_injection - an error to produce
 * @kind: which
 * @partition: HANG: 0..63, or REFGPU_INJECT_ANY for the one resident now, or
 *	       else the next one
 * @vector: *_INTERRUPT: only this vector; REFGPU_INJECT_ANY: any
 * @count: how often; 0 ends an injection
 * @ns: how long
 * @address: offset in video memory
 */
struct refgpu_injection {
	enum refgpu_injection_kind kind;
	u32 partition;
	u32 vector;
	u64 count;
	u64 ns;
	u64 address;
};

/**
 * refgpu_inject() - produce an error
 *
 * Return: 0, or -EINVAL when a field is out of range.
 */
int refgpu_inject(struct refgpu *dev, const struct refgpu_injection *injection);

/**
 * refgpu_stats() - the device's state as JSON text, one object
 *
 * Return: text to be freed by the caller, or NULL without memory.
 */
char *refgpu_stats(struct refgpu *dev);

#endif /* REFGPU_H */
