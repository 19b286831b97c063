// SPDX-License-Identifier: GPL-2.0-only
/*
 * events.c - messages to the host: event ring, fault ring, interrupts
 */
#include <endian.h>
#include <string.h>

#include "device/device.h"
#include "device/events.h"
#include "device/state.h"

void event_post(struct device *dev, const struct refgpu_event *event)
{
	const struct memory_host *host = &dev->bus.memory;
	struct refgpu_event record = *event;
	struct refgpu_event *slot;
	u64 bus;

	if (!dev->event_base || !dev->event_records || dev->resetting)
		return;
	bus = dev->event_base + dev->event_put % dev->event_records * sizeof(record);
	dev->event_put++;
	if (dev->injected.lost_events) {
		dev->injected.lost_events--;
		return;
	}
	record.time = htole64(device_now(dev));
	record.sequence = htole32((u32)dev->event_put);

	host->enter(host->context);
	slot = host->translate(host->context, bus, sizeof(record), true);
	if (slot && (uintptr_t)slot % 8 == 0) {
		/* The driver believes the record when it sees the sequence. */
		__atomic_store_n(&slot->sequence, 0, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		memcpy(&slot->type, &record.type,
		       sizeof(record) - offsetof(struct refgpu_event, type));
		__atomic_store_n(&slot->sequence, record.sequence, __ATOMIC_RELEASE);
	} else {
		slot = NULL;
	}
	host->leave(host->context);

	if (slot)
		interrupt_raise(dev, REFGPU_VECTOR_EVENT);
	else
		fault_record(dev, REFGPU_ERROR_DMA, NOBODY, NOBODY, bus, 0);
}

void fault_record(struct device *dev, enum refgpu_error error, unsigned int partition,
		  unsigned int ring, u64 address, u64 where)
{
	u64 used = dev->fault_put - dev->fault_get;
	struct fault *fault;

	if (dev->resetting)
		return;
	if (used >= REFGPU_FAULT_RECORDS) {
		dev->fault_dropped++;
		return;
	}
	fault = &dev->fault[dev->fault_put % REFGPU_FAULT_RECORDS];
	fault->source = (u64)error | (u64)partition << 8 | (u64)ring << 16;
	fault->address = address;
	fault->where = where;
	fault->time = device_now(dev);
	dev->fault_put++;
	/* One interrupt until the driver has looked: a guest can fault in a loop. */
	if (!used)
		interrupt_raise(dev, REFGPU_VECTOR_FAULT);
}

void fault_consumed(struct device *dev)
{
	if (dev->fault_put != dev->fault_get)
		interrupt_raise(dev, REFGPU_VECTOR_FAULT);
}

/* Is an injected error with @left to go for this vector? */
static bool afflicted(const struct injected *injected, u64 *left, unsigned int vector)
{
	if (!*left || (injected->vector != INJECT_ANY && injected->vector != vector))
		return false;
	--*left;
	return true;
}

void interrupt_raise(struct device *dev, unsigned int vector)
{
	struct injected *injected = &dev->injected;

	if (afflicted(injected, &injected->lost_interrupts, vector))
		return;
	if (dev->lates < LATE_INTERRUPTS &&
	    afflicted(injected, &injected->late_interrupts, vector)) {
		dev->late[dev->lates].due = device_now(dev) + injected->late_ns;
		dev->late[dev->lates].vector = vector;
		dev->lates++;
		actor_wake(&dev->service);
		return;
	}
	if (afflicted(injected, &injected->extra_interrupts, vector))
		bus_interrupt(&dev->bus, vector);
	bus_interrupt(&dev->bus, vector);
}

u64 interrupt_late(struct device *dev)
{
	u64 now = device_now(dev), next = NEVER;
	unsigned int i = 0;

	while (i < dev->lates) {
		struct late_interrupt late = dev->late[i];

		if (late.due <= now) {
			dev->late[i] = dev->late[--dev->lates];
			bus_interrupt(&dev->bus, late.vector);
		} else {
			next = late.due < next ? late.due : next;
			i++;
		}
	}
	return next;
}
