// SPDX-License-Identifier: GPL-2.0-only
/*
 * phase.c - the phases of a migration, see phase.h
 */
#include "phase.h"

/**
 * phase_name - for messages
 * @phase: any
 */
const char *phase_name(enum phase phase)
{
	static const char *const names[PHASES] = {
		"PRE_COPY", "PRE_COPY_P2P", "STOP", "STOP_COPY", "RESUMING",
	};

	return names[phase];
}

/**
 * phase_possible - whether this kernel and this GPU have it
 * @vgpu: open
 * @phase: any
 */
bool phase_possible(const struct vgpu *vgpu, enum phase phase)
{
	return (phase != PHASE_PRE_COPY && phase != PHASE_PRE_COPY_P2P) ||
	       migration_pre_copies(vgpu);
}

/**
 * phase_enter - bring a vGPU there
 * @at: receives what phase_end() wants
 * @vgpu: open, running
 * @phase: possible
 * @load: what another was, half of which is written in PHASE_RESUMING
 */
void phase_enter(struct phase_state *at, struct vgpu *vgpu, enum phase phase,
		 const struct saved *load)
{
	static const unsigned int states[PHASES] = {
		VFIO_DEVICE_STATE_PRE_COPY, VFIO_DEVICE_STATE_PRE_COPY_P2P,
		VFIO_DEVICE_STATE_STOP, VFIO_DEVICE_STATE_STOP_COPY,
		VFIO_DEVICE_STATE_RESUMING,
	};

	memset(at, 0, sizeof(*at));
	at->vgpu = vgpu;
	at->phase = phase;
	at->state = states[phase];
	at->fd = migration_enter(vgpu, at->state);
	CHECK((at->fd >= 0) == (phase != PHASE_STOP), "a file in %s", phase_name(phase));
	if (phase == PHASE_RESUMING)
		OK(migration_feed(at->fd, load->bytes, load->size / 2));
	else if (phase != PHASE_STOP)
		CHECK(migration_read(at->fd, &at->saved, 100000) > 0, "nothing can be read");
}

/**
 * phase_transfer - read or write some more
 * @at: phase_enter()
 *
 * Return: 0, or negative errno.
 */
int phase_transfer(struct phase_state *at)
{
	ssize_t done;

	if (at->phase == PHASE_STOP)
		return 0;
	if (at->phase == PHASE_RESUMING)
		done = write(at->fd, "", 1) < 0 ? -errno : 0;
	else
		done = migration_read(at->fd, &at->saved, 1000);
	/* For now there is no more. */
	return done < 0 && done != -ENOMSG ? (int)done : 0;
}

/**
 * phase_kept - what went wrong left the state as it was
 * @at: phase_enter()
 * @when: for the message
 */
void phase_kept(const struct phase_state *at, const char *when)
{
	unsigned int state = migration_state(at->vgpu);

	CHECK(state == at->state, "%s in %s: the vGPU is in %s", when, phase_name(at->phase),
	      migration_state_name(state));
}

/**
 * phase_end - forget it
 * @at: phase_enter(); the vGPU's state is the caller's business
 */
void phase_end(struct phase_state *at)
{
	if (at->fd >= 0)
		close(at->fd);
	saved_free(&at->saved);
}
