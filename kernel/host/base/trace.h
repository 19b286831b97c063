/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - tracepoints of the scheduler, described in doc/sysfs-driver-openvgpu
 *
 * Names of vGPUs and GPUs are copied into the record, which may be read after
 * they are gone. Nothing here sleeps; sched/queue.c calls some with
 * rq->lock held.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM openvgpu

#if !defined(OPENVGPU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define OPENVGPU_TRACE_H

#include <linux/tracepoint.h>

#include "base/state.h"
#include "base/vgpu.h"

#ifndef VGPU_TRACE_SIZES
#define VGPU_TRACE_SIZES
#define VGPU_TRACE_UUID		37
#define VGPU_TRACE_GPU		20	/* domain:bus:device.function */
#endif

TRACE_DEFINE_ENUM(SCHED_END_IDLE);
TRACE_DEFINE_ENUM(SCHED_END_QUANTUM);
TRACE_DEFINE_ENUM(SCHED_END_PREEMPTED);
TRACE_DEFINE_ENUM(SCHED_END_RESET);
TRACE_DEFINE_ENUM(SCHED_END_REJECTED);

/* Fields of every event that is about one vGPU. */
#define VGPU_TRACE_ENTRY						\
	__array(char, gpu, VGPU_TRACE_GPU)				\
	__array(char, uuid, VGPU_TRACE_UUID)				\
	__field(unsigned int, partition)				\
	__field(unsigned int, instance)
#define VGPU_TRACE_ASSIGN do {						\
	strscpy(__entry->gpu, pci_name(vgpu->gpu->pdev), VGPU_TRACE_GPU); \
	strscpy(__entry->uuid, vgpu_name(vgpu), VGPU_TRACE_UUID);	\
	__entry->partition = vgpu->partition;				\
	__entry->instance = READ_ONCE(vgpu->instance)->whole->index;	\
} while (0)
#define VGPU_TRACE_FORMAT	"gpu=%s uuid=%s partition=%u instance=%u"
#define VGPU_TRACE_VALUES	\
	__entry->gpu, __entry->uuid, __entry->partition, __entry->instance

/* It has work; time: since when, ns of the GPU's clock, 0: not known. */
TRACE_EVENT(vgpu_wake,
	    TP_PROTO(struct vgpu *vgpu, u64 time),
	    TP_ARGS(vgpu, time),
	    TP_STRUCT__entry(VGPU_TRACE_ENTRY
			     __field(u64, time)),
	    TP_fast_assign(VGPU_TRACE_ASSIGN;
			   __entry->time = time;),
	    TP_printk(VGPU_TRACE_FORMAT " time=%llu", VGPU_TRACE_VALUES,
		      __entry->time)
);

/* A run of it lasted longer than its quantum, by so many ns. */
TRACE_EVENT(vgpu_overrun,
	    TP_PROTO(struct vgpu *vgpu, u64 overrun_ns),
	    TP_ARGS(vgpu, overrun_ns),
	    TP_STRUCT__entry(VGPU_TRACE_ENTRY
			     __field(u64, overrun_ns)),
	    TP_fast_assign(VGPU_TRACE_ASSIGN;
			   __entry->overrun_ns = overrun_ns;),
	    TP_printk(VGPU_TRACE_FORMAT " overrun_ns=%llu", VGPU_TRACE_VALUES,
		      __entry->overrun_ns)
);

/* It held the engine too long and is being reset; fault: as in last_fault. */
TRACE_EVENT(vgpu_reset,
	    TP_PROTO(struct vgpu *vgpu, unsigned int fault),
	    TP_ARGS(vgpu, fault),
	    TP_STRUCT__entry(VGPU_TRACE_ENTRY
			     __field(unsigned int, fault)),
	    TP_fast_assign(VGPU_TRACE_ASSIGN;
			   __entry->fault = fault;),
	    TP_printk(VGPU_TRACE_FORMAT " fault=%u", VGPU_TRACE_VALUES,
		      __entry->fault)
);

/* It is resident and is asked to leave. */
TRACE_EVENT(vgpu_preempt,
	    TP_PROTO(struct vgpu *vgpu),
	    TP_ARGS(vgpu),
	    TP_STRUCT__entry(VGPU_TRACE_ENTRY),
	    TP_fast_assign(VGPU_TRACE_ASSIGN;),
	    TP_printk(VGPU_TRACE_FORMAT, VGPU_TRACE_VALUES)
);

/* No vGPU that may run has work. */
TRACE_EVENT(vgpu_idle,
	    TP_PROTO(struct vgpu_instance *instance),
	    TP_ARGS(instance),
	    TP_STRUCT__entry(__array(char, gpu, VGPU_TRACE_GPU)
			     __field(unsigned int, runqueue)),
	    TP_fast_assign(strscpy(__entry->gpu, pci_name(instance->gpu->pdev), VGPU_TRACE_GPU);
			   __entry->runqueue = instance->index;),
	    TP_printk("gpu=%s runqueue=%u", __entry->gpu, __entry->runqueue)
);

/* A run has ended. slot: is of a former scheduler, and 0. */
TRACE_EVENT(vgpu_switch,
	    TP_PROTO(struct vgpu_gpu *gpu, const struct vgpu_switch *run),
	    TP_ARGS(gpu, run),
	    TP_STRUCT__entry(__array(char, gpu, VGPU_TRACE_GPU)
			     __array(char, uuid, VGPU_TRACE_UUID)
			     __field(unsigned int, runqueue)
			     __field(unsigned int, partition)
			     __field(bool, slot)
			     __field(unsigned int, reason)
			     __field(u64, time)
			     __field(u64, quantum_ns)
			     __field(u64, run_ns)
			     __field(u64, switch_ns)
			     __field(u64, wait_ns)),
	    TP_fast_assign(strscpy(__entry->gpu, pci_name(gpu->pdev), VGPU_TRACE_GPU);
			   strscpy(__entry->uuid, run->name, VGPU_TRACE_UUID);
			   __entry->runqueue = run->runqueue;
			   __entry->partition = run->partition;
			   __entry->slot = false;
			   __entry->reason = run->reason;
			   __entry->time = run->time;
			   __entry->quantum_ns = run->quantum_ns;
			   __entry->run_ns = run->run_ns;
			   __entry->switch_ns = run->switch_ns;
			   __entry->wait_ns = run->wait_ns;),
	    TP_printk("gpu=%s runqueue=%u uuid=%s partition=%u slot=%d reason=%s time=%llu quantum_ns=%llu run_ns=%llu switch_ns=%llu wait_ns=%llu",
		      __entry->gpu, __entry->runqueue, __entry->uuid,
		      __entry->partition, __entry->slot,
		      __print_symbolic(__entry->reason,
				       { SCHED_END_IDLE, "idle" },
				       { SCHED_END_QUANTUM, "quantum" },
				       { SCHED_END_PREEMPTED, "preempted" },
				       { SCHED_END_RESET, "reset" },
				       { SCHED_END_REJECTED, "rejected" }),
		      __entry->time, __entry->quantum_ns, __entry->run_ns,
		      __entry->switch_ns, __entry->wait_ns)
);

#endif /* OPENVGPU_TRACE_H */

/* Found by -I of the module's Kbuild. */
#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH base
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
