/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * negotiation.h - do this driver and its host understand each other?
 *
 * No kernel call: tests/unit/host/test_negotiation.c tries hosts of all ages.
 */
#ifndef REFGPU_NEGOTIATION_H
#define REFGPU_NEGOTIATION_H

#ifndef __KERNEL__
#include <stdbool.h>
#endif

#include "openvgpu_native.h"

#define REFGPU_HOST_1_2		0x00010002 /* its control page has HEADS and VERDICT */

/**
 * refgpu_has_verdict - does a host answer what is written to GUEST_DRIVER?
 * @host_version: VERSION of its control page
 */
static inline bool refgpu_has_verdict(__u64 host_version)
{
	return host_version >= REFGPU_HOST_1_2;
}

/**
 * refgpu_verdict - which of host and driver is to be updated
 * @host_version: VERSION of the control page
 * @driver: what the driver has written to GUEST_DRIVER
 * @answer: what VERDICT says to that, where there is one
 *
 * A newer host may have the older interface, too, so its own word counts. A host that
 * has none, or says something that this driver does not know, has the one version
 * that it says.
 */
static inline enum openvgpu_native_verdict refgpu_verdict(__u64 host_version, __u64 driver,
							  __u64 answer)
{
	__u64 host = OPENVGPU_NATIVE_INTERFACE(host_version >> 16, host_version & 0xffff);

	if (refgpu_has_verdict(host_version) && answer >= OPENVGPU_NATIVE_MATCH &&
	    answer <= OPENVGPU_NATIVE_HOST_TOO_OLD)
		return (enum openvgpu_native_verdict)answer;
	if (host > (driver & 0xffff))
		return OPENVGPU_NATIVE_GUEST_TOO_OLD;
	if (host < (driver >> 16 & 0xffff))
		return OPENVGPU_NATIVE_HOST_TOO_OLD;
	return OPENVGPU_NATIVE_MATCH;
}

#endif /* REFGPU_NEGOTIATION_H */
