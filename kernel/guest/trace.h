/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - tracepoints: a job's way, and what goes wrong
 *
 * context is the number of the file that the job is of (fdinfo's drm-client-id), 0: the
 * kernel. A job is known by its fence's context and number, as in the events of
 * gpu_scheduler and dma_fence.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM refgpu

#if !defined(REFGPU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define REFGPU_TRACE_H

#include <linux/tracepoint.h>

#include "drv.h"

DECLARE_EVENT_CLASS(refgpu_job,
		    TP_PROTO(struct refgpu_job *job, int value),
		    TP_ARGS(job, value),
		    TP_STRUCT__entry(__field(u64, client)
				     __field(u64, context)
				     __field(u64, seqno)
				     __field(unsigned int, packets)
				     __field(int, value)),
		    TP_fast_assign(__entry->client = job->context->file ?
						     job->context->file->id : 0;
				   __entry->context = job->base.s_fence->finished.context;
				   __entry->seqno = job->base.s_fence->finished.seqno;
				   __entry->packets = job->count;
				   __entry->value = value;),
		    TP_printk("client=%llu context=%llu seqno=%llu packets=%u value=%d",
			      __entry->client, __entry->context, __entry->seqno,
			      __entry->packets, __entry->value)
);

/* SUBMIT has taken it; value: buffers that it names. */
DEFINE_EVENT(refgpu_job, refgpu_job_submit,
	     TP_PROTO(struct refgpu_job *job, int value), TP_ARGS(job, value));

/* A ring has it; value: number of the ring. */
DEFINE_EVENT(refgpu_job, refgpu_job_run,
	     TP_PROTO(struct refgpu_job *job, int value), TP_ARGS(job, value));

/* It has ended; value: 0, or an error. */
DEFINE_EVENT(refgpu_job, refgpu_job_done,
	     TP_PROTO(struct refgpu_job *job, int value), TP_ARGS(job, value));

/* A job was stopped; error: enum refgpu_error. */
TRACE_EVENT(refgpu_guilty,
	    TP_PROTO(struct refgpu_job *job, u32 error, u64 address, u64 where),
	    TP_ARGS(job, error, address, where),
	    TP_STRUCT__entry(__field(u64, client)
			     __field(u32, error)
			     __field(u64, address)
			     __field(u64, where)),
	    TP_fast_assign(__entry->client = job->context->file ?
					     job->context->file->id : 0;
			   __entry->error = error;
			   __entry->address = address;
			   __entry->where = where;),
	    TP_printk("client=%llu error=%u address=0x%llx where=0x%llx",
		      __entry->client, __entry->error, __entry->address, __entry->where)
);

/* The whole GPU was reset; error: 0 or why it does not work any more. */
TRACE_EVENT(refgpu_reset,
	    TP_PROTO(int error),
	    TP_ARGS(error),
	    TP_STRUCT__entry(__field(int, error)),
	    TP_fast_assign(__entry->error = error;),
	    TP_printk("error=%d", __entry->error)
);

#endif /* REFGPU_TRACE_H */

/* Found by -I of this folder's Kbuild. */
#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
