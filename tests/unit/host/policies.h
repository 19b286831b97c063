/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policies.h - what the tests of the scheduling policies share
 *
 * The very sources the module has, on the simulated GPU of tests/sim.
 */
#ifndef OPENVGPU_UNIT_POLICIES_H
#define OPENVGPU_UNIT_POLICIES_H

#include <stdint.h>

#include "../../sim/sim.h"
#include "unit.h"

/* Of everything random; a scenario follows from it and its number. */
extern uint64_t seed;
extern struct sim sim;

extern const struct sim_load busy;	/* always has more */
extern const struct sim_load bursts;	/* up to 5 ms, then up to 20 ms of nothing */
extern const struct sim_load storm;	/* 10 us each */
extern const struct sim_load interactive;	/* 20 us now and then */
extern const struct sim_load absent;	/* no work at all */
extern const struct sim_load hang;	/* never stops by itself */

void policies_seed(const char *name);
uint64_t between(struct unit_random *random, uint64_t min, uint64_t max);
struct sim_config random_gpu(struct unit_random *random, unsigned int number);
struct sim_config h200(const struct sched_policy *policy);
uint64_t longest_request(const struct sim_config *config);
void check_times(unsigned int number);
void snapshot(uint64_t *served);

#endif /* OPENVGPU_UNIT_POLICIES_H */
