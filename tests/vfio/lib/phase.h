/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * phase.h - the phases of a migration, for what goes wrong in each
 */
#ifndef PHASE_H
#define PHASE_H

#include "migration.h"

enum phase {
	PHASE_PRE_COPY,		/* half of it was read while the guest works */
	PHASE_PRE_COPY_P2P,
	PHASE_STOP,
	PHASE_STOP_COPY,	/* half of it was read */
	PHASE_RESUMING,		/* half of it was written */
	PHASES
};

/**
 * struct phase_state - a vGPU in such a phase
 * @vgpu: the vGPU
 * @phase: which
 * @state: VFIO_DEVICE_STATE_*
 * @fd: its file; -1: none
 * @saved: what was read so far
 */
struct phase_state {
	struct vgpu *vgpu;
	enum phase phase;
	unsigned int state;
	int fd;
	struct saved saved;
};

const char *phase_name(enum phase phase);
bool phase_possible(const struct vgpu *vgpu, enum phase phase);
void phase_enter(struct phase_state *at, struct vgpu *vgpu, enum phase phase,
		 const struct saved *load);
int phase_transfer(struct phase_state *at);
void phase_kept(const struct phase_state *at, const char *when);
void phase_end(struct phase_state *at);

#endif /* PHASE_H */
