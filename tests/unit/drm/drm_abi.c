// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm_abi.c - the layout of librefgpu_drm.so.0, as programs were compiled with
 *
 * This is compiled, not run. What is here stays as it is: a structure may get members
 * behind these, except those that programs make themselves.
 */
#include <librefgpu_drm.h>
#include <stddef.h>

#define AT(type, member, offset)	\
	_Static_assert(offsetof(struct type, member) == (offset), \
		       #type "." #member " has moved")
#define BYTES(type, size)	\
	_Static_assert(sizeof(struct type) == (size), #type " has another size")

#ifndef __LP64__
#error This is the layout of 64-bit machines.
#endif

AT(refgpu_drm_buffer, address, 0);
AT(refgpu_drm_buffer, size, 8);
AT(refgpu_drm_buffer, handle, 16);
AT(refgpu_drm_buffer, flags, 20);

AT(refgpu_drm_timeline, handle, 0);

AT(refgpu_drm_context, timeline, 0);
AT(refgpu_drm_context, id, 8);

/* These come from programs. */
AT(refgpu_drm_point, timeline, 0);
AT(refgpu_drm_point, point, 8);
BYTES(refgpu_drm_point, 16);
AT(refgpu_drm_job, packets, 0);
AT(refgpu_drm_job, waits, 8);
AT(refgpu_drm_job, signals, 16);
AT(refgpu_drm_job, buffers, 24);
AT(refgpu_drm_job, packet_count, 32);
AT(refgpu_drm_job, wait_count, 36);
AT(refgpu_drm_job, signal_count, 40);
AT(refgpu_drm_job, buffer_count, 44);
BYTES(refgpu_drm_job, 48);

/* The kernel's, which the driver keeps. */
BYTES(drm_refgpu_get_param, 16);
BYTES(drm_refgpu_bo_create, 32);
BYTES(drm_refgpu_bo_info, 32);
BYTES(drm_refgpu_bo_wait, 16);
BYTES(drm_refgpu_context_create, 16);
BYTES(drm_refgpu_context_destroy, 8);
BYTES(drm_refgpu_context_status, 32);
AT(drm_refgpu_context_status, state, 4);
AT(drm_refgpu_context_status, error, 8);
AT(drm_refgpu_context_status, address, 16);
AT(drm_refgpu_context_status, where, 24);
BYTES(drm_refgpu_sync, 16);
BYTES(drm_refgpu_submit, 56);
