/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * partition.h - one partition: its rings, its work, its interrupts
 */
#ifndef REFGPU_PARTITION_H
#define REFGPU_PARTITION_H

#include "device/state_partition.h"
#include "refgpu_hw.h"
#include "types.h"

struct device;

/** partition_runs() - is it enabled and not frozen? Lock held */
static inline bool partition_runs(const struct partition *p)
{
	return (p->control & REFGPU_PARTITION_ENABLE) &&
	       !(p->control & REFGPU_PARTITION_FREEZE);
}

/** ring_has_packet() - is it enabled, not stopped, and not empty? Lock held */
static inline bool ring_has_packet(const struct ring *ring)
{
	return (ring->control & RING_ENABLE) && !ring->stopped &&
	       (u32)ring->put != (u32)ring->get;
}

/** partition_find_busy() - next ring with a packet it could execute, or -1; lock held */
int partition_find_busy(struct partition *p);

/** partition_unblock() - let all rings look at their SEMAPHOREs again; lock held */
void partition_unblock(struct partition *p);

/** ring_status() - enum refgpu_ring_status; lock held */
enum refgpu_ring_status ring_status(struct partition *p, unsigned int r);

/**
 * partition_update() - derive the rest of a partition's state
 *
 * After every change of rings, control bits, residence or image: pending bit
 * with its event, waiting time, the engine's wake-up. Lock held.
 */
void partition_update(struct device *dev, struct partition *p);

/** partition_announce() - post its PENDING event, unless one is enough; lock held */
void partition_announce(struct device *dev, struct partition *p);

/** partition_raise() - set INTR_STATUS bits and raise the vector if due; lock held */
void partition_raise(struct device *dev, struct partition *p, u64 bits);

/** partition_stop_ring() - stop a ring by an error, and record the fault; lock held */
void partition_stop_ring(struct device *dev, struct partition *p, unsigned int r,
			 enum refgpu_error error, u64 address, u64 where);

/** partition_drop_saved() - forget saved work if it belongs to ring @r; lock held */
void partition_drop_saved(struct partition *p, unsigned int r);

/** partition_done() - a command of the partition has completed; lock held */
void partition_done(struct device *dev, struct partition *p);

/** partition_configure() - make the views show the memory of the entry; lock held */
void partition_configure(struct device *dev, struct partition *p);

/** partition_command() - hand a command to the thread that does it; lock held */
void partition_command(struct device *dev, struct partition *p, u32 command);

#endif /* REFGPU_PARTITION_H */
