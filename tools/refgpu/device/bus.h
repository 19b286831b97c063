/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bus.h - the device's side of the bus: memory, interrupts, and lines for the log
 *
 * The operations of the front end are called here and nowhere else. So are the
 * checks for an operation that it lacks, for a device that was removed and for
 * injected DMA faults.
 */
#ifndef REFGPU_BUS_H
#define REFGPU_BUS_H

#include <stdatomic.h>

#include "cpu/memory.h"
#include "types.h"

struct device_ops;

/**
 * struct bus - the device's side of the bus
 * @ops: the front end's, or NULL
 * @context: first argument of every operation
 * @memory: the machine's memory, for memory views
 * @dma_faults: so many translations still fail; injected
 * @removed: the device is unplugged: no memory access, no interrupt
 */
struct bus {
	const struct device_ops *ops;
	void *context;
	struct memory_host memory;
	_Atomic u64 dma_faults;
	_Atomic bool removed;
};

/** bus_init() - prepare a bus that stays where it is in memory */
void bus_init(struct bus *bus, const struct device_ops *ops, void *context);

/** bus_log() - a line for the user of the program; any context */
__attribute__((format(printf, 2, 3)))
void bus_log(const struct bus *bus, const char *format, ...);

/** bus_interrupt() - raise an MSI-X vector; any context */
void bus_interrupt(struct bus *bus, unsigned int vector);

/**
 * bus_copy() - copy between the machine's memory and a buffer
 * @bus: bus
 * @address: bus address of the first byte
 * @buffer: the other end
 * @length: bytes
 * @write: to the machine's memory
 *
 * Context: any, outside a section of a memory view.
 *
 * Return: false when some of [address, address + length) does not answer.
 */
bool bus_copy(struct bus *bus, u64 address, void *buffer, u64 length, bool write);

#endif /* REFGPU_BUS_H */
