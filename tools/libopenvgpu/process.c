// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * process.c - the process that the driver says has a vGPU open
 *
 * The driver counts processes as the machine does. In a container, procfs may
 * be that of the container: there the same number is another process.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define INITIAL_NAMESPACE	"pid:[4026531836]"	/* PROC_PID_INIT_INO */

/* How many numbers we have in procfs' namespace and those inside; 0: unknown. */
static unsigned int own_numbers(const struct ovgpu *ovgpu)
{
	char text[OVGPU_ATTRIBUTE_SIZE], *at, *end;
	unsigned int count = 0;

	ovgpu_read(ovgpu, OVGPU_PROC, text, sizeof(text), "self/status");
	at = strstr(text, "\nNSpid:");
	if (!at)
		return 0;
	at += strlen("\nNSpid:");
	end = at + strcspn(at, "\n");
	*end = '\0';
	while (*(at += strspn(at, " \t"))) {
		count++;
		at += strcspn(at, " \t");
	}
	return count;
}

/* True unless procfs is known to be of another namespace than the machine's. */
static bool counts_as_machine(const struct ovgpu *ovgpu)
{
	char namespace[OVGPU_NAME_SIZE];

	if (ovgpu_link(ovgpu, OVGPU_PROC, namespace, sizeof(namespace),
		       "self/ns/pid") ||
	    !strcmp(namespace, INITIAL_NAMESPACE))
		return true;
	/* We are in a container; procfs may have been mounted from outside. */
	return own_numbers(ovgpu) > 1;
}

/**
 * ovgpu_owner_fill - what is known of the process that opened a vGPU
 * @ovgpu: handle
 * @vgpu: its owner_pid is set; receives the other members about that process
 */
void ovgpu_owner_fill(const struct ovgpu *ovgpu, struct ovgpu_vgpu *vgpu)
{
	if (!counts_as_machine(ovgpu))
		return;
	/* Who sees process 1 sees all. */
	if (ovgpu_read(ovgpu, OVGPU_PROC, vgpu->owner_name,
		       sizeof(vgpu->owner_name), "%d/comm", vgpu->owner_pid))
		vgpu->owner_ended = ovgpu_exists(ovgpu, OVGPU_PROC, "1") &&
				    !ovgpu_exists(ovgpu, OVGPU_PROC, "%d",
						  vgpu->owner_pid);
}
