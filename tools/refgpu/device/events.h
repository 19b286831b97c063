/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events.h - messages to the host: event ring, fault ring, interrupts
 */
#ifndef REFGPU_EVENTS_H
#define REFGPU_EVENTS_H

#include "refgpu_hw.h"
#include "types.h"

struct device;

/** event_post() - add a record to the event ring; @event's time and sequence are set here */
void event_post(struct device *dev, const struct refgpu_event *event);

/** fault_record() - add a record to the fault ring; lock held */
void fault_record(struct device *dev, enum refgpu_error error, unsigned int partition,
		  unsigned int ring, u64 address, u64 where);

/** interrupt_raise() - raise a vector, as injected errors allow; lock held */
void interrupt_raise(struct device *dev, unsigned int vector);

/** interrupt_late() - raise the late ones that are due; returns when the next is */
u64 interrupt_late(struct device *dev);

/** fault_consumed() - FAULT_GET was written: raise again if records are left */
void fault_consumed(struct device *dev);

#endif /* REFGPU_EVENTS_H */
