/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * refgpu_drm.h - what programs of a guest ask of its driver, refgpu.ko
 *
 * The driver is a DRM driver: a card node with modes and planes, and a render node
 * that any user may have. Beside the calls of every DRM driver (handles, PRIME,
 * syncobjs, dumb buffers) it has those below, all on both nodes.
 *
 * A file, which is what open() of a node gives, is what one process is to another:
 * jobs of a file reach the buffers it has handles of, and nothing else. GPUs older
 * than hardware version 1.1 can't keep files apart. There only one file at a time may
 * have contexts (EBUSY), and it needs CAP_SYS_RAWIO.
 *
 * Buffers lie at one address for life, the same for packets, kernels and all files.
 * Reserved fields and unknown flags must be 0: EINVAL.
 */
#ifndef REFGPU_DRM_H
#define REFGPU_DRM_H

/* Debian 12 has this header of the kernel in libdrm-dev, at another place. */
#if !defined(__KERNEL__) && defined(__has_include)
#if !__has_include("drm/drm.h")
#include <libdrm/drm.h>
#endif
#endif
#ifndef _DRM_H_
#include <drm/drm.h>
#endif

#if defined(__cplusplus)
extern "C" {
#endif

#define DRM_REFGPU_GET_PARAM		0x00
#define DRM_REFGPU_BO_CREATE		0x01
#define DRM_REFGPU_BO_INFO		0x02
#define DRM_REFGPU_BO_WAIT		0x03
#define DRM_REFGPU_CONTEXT_CREATE	0x04
#define DRM_REFGPU_CONTEXT_DESTROY	0x05
#define DRM_REFGPU_CONTEXT_STATUS	0x06
#define DRM_REFGPU_SUBMIT		0x07

enum drm_refgpu_param {
	DRM_REFGPU_PARAM_HARDWARE_VERSION = 0,	/* REFGPU_USER_VERSION */
	DRM_REFGPU_PARAM_CAPABILITIES = 1,	/* REFGPU_CAP_* */
	DRM_REFGPU_PARAM_VRAM_SIZE = 2,		/* bytes of video memory */
	DRM_REFGPU_PARAM_VRAM_FREE = 3,		/* of them in no buffer; not all in one piece */
	DRM_REFGPU_PARAM_APERTURE_SIZE = 4,	/* bytes of system memory that can be mapped */
	DRM_REFGPU_PARAM_HEADS = 5,		/* heads */
	DRM_REFGPU_PARAM_ISOLATION = 6,		/* 1: files reach their own buffers only */
	DRM_REFGPU_PARAM_HOST_VERSION = 7,	/* of the control page; 0: a whole GPU */
};

/**
 * struct drm_refgpu_get_param - ask for a number
 * @param: enum drm_refgpu_param; EINVAL: it is not known
 * @pad: 0
 * @value: receives it
 */
struct drm_refgpu_get_param {
	__u32 param;
	__u32 pad;
	__u64 value;
};

#define DRM_REFGPU_BO_VRAM		(1U << 0) /* in video memory; processors combine writes */
#define DRM_REFGPU_BO_SYSTEM		(1U << 1) /* in system memory, cached */
#define DRM_REFGPU_BO_GPU_READONLY	(1U << 2) /* jobs can't write it */
#define DRM_REFGPU_BO_SHARED		(1U << 3) /* can be given to other files and devices */

/**
 * struct drm_refgpu_bo_create - make a buffer, all zero
 * @size: bytes; receives the size it got, a multiple of 64 KiB
 * @flags: DRM_REFGPU_BO_*, one of VRAM and SYSTEM
 * @handle: receives its handle
 * @address: receives its address for packets and kernels
 * @mmap_offset: receives the offset for mmap() of the DRM file
 *
 * ENOSPC: video memory or aperture has no such room. Buffers that are not SHARED
 * can't be exported (EPERM); jobs of their file need not name them.
 */
struct drm_refgpu_bo_create {
	__u64 size;
	__u32 flags;
	__u32 handle;
	__u64 address;
	__u64 mmap_offset;
};

/**
 * struct drm_refgpu_bo_info - what is known of a buffer
 * @handle: of any buffer of this driver, imported ones too
 * @flags: receives DRM_REFGPU_BO_*
 * @size: receives bytes
 * @address: receives its address
 * @mmap_offset: receives the offset for mmap()
 */
struct drm_refgpu_bo_info {
	__u32 handle;
	__u32 flags;
	__u64 size;
	__u64 address;
	__u64 mmap_offset;
};

#define DRM_REFGPU_BO_WAIT_WRITERS	(1U << 0) /* do not wait for those that only read */

/**
 * struct drm_refgpu_bo_wait - wait until no job uses a buffer
 * @handle: of a buffer; of one that is not SHARED: waits for all jobs of its file
 * @flags: DRM_REFGPU_BO_WAIT_*
 * @timeout_ns: point of CLOCK_MONOTONIC; 0: do not wait. ETIME: still used
 */
struct drm_refgpu_bo_wait {
	__u32 handle;
	__u32 flags;
	__s64 timeout_ns;
};

/**
 * struct drm_refgpu_context_create - make a context: a queue of jobs
 * @flags: 0
 * @priority: below 0 low, 0 normal, above 0 high (needs CAP_SYS_NICE)
 * @id: receives its number
 * @pad: 0
 *
 * Jobs of one context run in order, those of several have none but by syncobjs.
 */
struct drm_refgpu_context_create {
	__u32 flags;
	__s32 priority;
	__u32 id;
	__u32 pad;
};

/**
 * struct drm_refgpu_context_destroy - end a context
 * @id: its number; jobs that the GPU has not begun are cancelled
 * @pad: 0
 */
struct drm_refgpu_context_destroy {
	__u32 id;
	__u32 pad;
};

enum drm_refgpu_context_state {
	DRM_REFGPU_CONTEXT_OK = 0,
	DRM_REFGPU_CONTEXT_GUILTY = 1,	 /* a job of it failed or hung; it takes no more */
	DRM_REFGPU_CONTEXT_INNOCENT = 2, /* another's did; its own were run all the same */
	DRM_REFGPU_CONTEXT_LOST = 3,	 /* its jobs were lost by a reset; it takes no more */
};

/**
 * struct drm_refgpu_context_status - what became of a context's jobs
 * @id: its number
 * @state: receives enum drm_refgpu_context_state
 * @error: receives enum refgpu_error; REFGPU_ERROR_HANG: a job took too long
 * @pad: 0
 * @address: receives the address that was refused
 * @where: receives the program counter of a kernel that failed, or hung on a GPU with
 *	REFGPU_CAP_PC; of other packets their number in the job
 */
struct drm_refgpu_context_status {
	__u32 id;
	__u32 state;
	__u32 error;
	__u32 pad;
	__u64 address;
	__u64 where;
};

#define DRM_REFGPU_SYNC_IN		(1U << 0) /* the job waits for it */
#define DRM_REFGPU_SYNC_OUT		(1U << 1) /* it is signalled when the job is done */

/**
 * struct drm_refgpu_sync - a syncobj that a job waits for or signals
 * @handle: of the syncobj
 * @flags: DRM_REFGPU_SYNC_*; both: waits for what is there before
 * @point: of a timeline; 0: the syncobj is binary
 */
struct drm_refgpu_sync {
	__u32 handle;
	__u32 flags;
	__u64 point;
};

#define DRM_REFGPU_SUBMIT_PACKETS_MAX	256
#define DRM_REFGPU_SUBMIT_SYNCS_MAX	64
#define DRM_REFGPU_SUBMIT_BOS_MAX	256

/**
 * struct drm_refgpu_submit - submit a job
 * @context: number of a context. ECANCELED: it is guilty or lost
 * @flags: 0
 * @packets: address of @packet_count packets of REFGPU_PACKET_SIZE bytes: NOP, FILL,
 *	COPY, DISPATCH, TIMESTAMP; EINVAL: another opcode
 * @syncs: address of @sync_count struct drm_refgpu_sync
 * @bos: address of @bo_count handles (__u32) of SHARED buffers, each once: the job
 *	waits for those who use them, and others wait for the job
 * @packet_count: at most DRM_REFGPU_SUBMIT_PACKETS_MAX; 0: a job of syncobjs alone
 * @sync_count: at most DRM_REFGPU_SUBMIT_SYNCS_MAX
 * @bo_count: at most DRM_REFGPU_SUBMIT_BOS_MAX
 * @pad: 0
 * @seqno: receives the job's number in its context
 *
 * Waits when the context has 64 jobs that are not done.
 */
struct drm_refgpu_submit {
	__u32 context;
	__u32 flags;
	__u64 packets;
	__u64 syncs;
	__u64 bos;
	__u32 packet_count;
	__u32 sync_count;
	__u32 bo_count;
	__u32 pad;
	__u64 seqno;
};

#define DRM_REFGPU_IOCTL_(number, type) \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_REFGPU_##number, struct drm_refgpu_##type)

#define DRM_IOCTL_REFGPU_GET_PARAM	DRM_REFGPU_IOCTL_(GET_PARAM, get_param)
#define DRM_IOCTL_REFGPU_BO_CREATE	DRM_REFGPU_IOCTL_(BO_CREATE, bo_create)
#define DRM_IOCTL_REFGPU_BO_INFO	DRM_REFGPU_IOCTL_(BO_INFO, bo_info)
#define DRM_IOCTL_REFGPU_BO_WAIT	DRM_REFGPU_IOCTL_(BO_WAIT, bo_wait)
#define DRM_IOCTL_REFGPU_CONTEXT_CREATE	DRM_REFGPU_IOCTL_(CONTEXT_CREATE, context_create)
#define DRM_IOCTL_REFGPU_CONTEXT_DESTROY DRM_REFGPU_IOCTL_(CONTEXT_DESTROY, context_destroy)
#define DRM_IOCTL_REFGPU_CONTEXT_STATUS	DRM_REFGPU_IOCTL_(CONTEXT_STATUS, context_status)
#define DRM_IOCTL_REFGPU_SUBMIT		DRM_REFGPU_IOCTL_(SUBMIT, submit)

#if defined(__cplusplus)
}
#endif

#endif /* REFGPU_DRM_H */
