// SPDX-License-Identifier: GPL-2.0-only
/*
 * bus.c - the device's side of the bus; see bus.h
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "device/bus.h"
#include "device/device.h"
#include "refgpu_hw.h"

static void memory_section_enter(void *context)
{
	struct bus *bus = context;

	if (bus->ops && bus->ops->dma_enter)
		bus->ops->dma_enter(bus->context);
}

static void memory_section_leave(void *context)
{
	struct bus *bus = context;

	if (bus->ops && bus->ops->dma_leave)
		bus->ops->dma_leave(bus->context);
}

static void *translate(void *context, u64 address, u64 length, bool write)
{
	struct bus *bus = context;
	u64 faults = atomic_load_explicit(&bus->dma_faults, memory_order_relaxed);

	if (atomic_load(&bus->removed) || !bus->ops || !bus->ops->dma)
		return NULL;
	while (faults)
		if (atomic_compare_exchange_weak(&bus->dma_faults, &faults, faults - 1))
			return NULL;
	return bus->ops->dma(bus->context, address, length, write);
}

void bus_init(struct bus *bus, const struct device_ops *ops, void *context)
{
	bus->ops = ops;
	bus->context = context;
	bus->memory = (struct memory_host){
		.enter = memory_section_enter,
		.leave = memory_section_leave,
		.translate = translate,
		.context = bus,
	};
}

void bus_log(const struct bus *bus, const char *format, ...)
{
	char line[256];
	va_list args;

	if (!bus->ops || !bus->ops->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	bus->ops->log(bus->context, line);
}

void bus_interrupt(struct bus *bus, unsigned int vector)
{
	if (bus->ops && bus->ops->irq_raise && !atomic_load(&bus->removed))
		bus->ops->irq_raise(bus->context, vector);
}

bool bus_copy(struct bus *bus, u64 address, void *buffer, u64 length, bool write)
{
	u8 *bytes = buffer;
	bool good = true;

	if (length > UINT64_MAX - address)
		return false;
	memory_section_enter(bus);
	while (length && good) {
		u64 chunk = REFGPU_PAGE_SIZE - address % REFGPU_PAGE_SIZE;
		void *at;

		if (chunk > length)
			chunk = length;
		at = translate(bus, address, chunk, write);
		good = at;
		if (at && write)
			memcpy(at, bytes, chunk);
		else if (at)
			memcpy(bytes, at, chunk);
		address += chunk;
		bytes += chunk;
		length -= chunk;
	}
	memory_section_leave(bus);
	return good;
}
