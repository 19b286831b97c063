/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sim.h - a GPU that is time-sliced, in simulated time
 *
 * Drives a scheduler (by default the very policy objects of the module) with a
 * GPU that takes time to switch, does not stop at once, and hangs; and with
 * vGPUs that work, sleep, storm and hang. Everything follows from the seed.
 * Times are nanoseconds of simulated time, from 0.
 */
#ifndef OPENVGPU_SIM_H
#define OPENVGPU_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../kernel/host/policy/pace.h"

#define SIM_MAX_VGPUS	64
#define SIM_NONE	(-1)		/* nobody can run */
#define SIM_US		1000ULL
#define SIM_MS		1000000ULL
#define SIM_S		1000000000ULL

/**
 * struct sim_load - what a vGPU's guest does
 * @job_min, @job_max: length of a job
 * @gap_min, @gap_max: from the end of a job to the next one; 0: always has more
 * @never_yields: a job never stops before its end, not even when asked
 * @absent: never has work
 */
struct sim_load {
	uint64_t job_min, job_max;
	uint64_t gap_min, gap_max;
	bool never_yields;
	bool absent;
};

/**
 * struct sim_config - the machine
 * @policy: of the built-in scheduler
 * @timeslice_ns, @timeslice_max_ns, @cuts_permille, @lingers: likewise, of its
 *	queue; timeslice_max_ns 0: the default
 * @switch_ns: save of one vGPU and load of another
 * @overrun_ns: a run lasts up to this longer than its quantum, at random
 * @preempt_ns: one that is asked to stop before lasts up to this longer; 0: as
 *	@overrun_ns
 * @preempt_timeout_ns: who has not stopped by then is reset ...
 * @reset_ns: ... which takes this
 * @seed: of everything random
 * @trace: where to write what happened, or NULL
 */
struct sim_config {
	const struct sched_policy *policy;
	uint64_t timeslice_ns;
	uint64_t timeslice_max_ns;
	uint32_t cuts_permille;
	bool lingers;
	uint64_t switch_ns;
	uint64_t overrun_ns;
	uint64_t preempt_ns;
	uint64_t preempt_timeout_ns;
	uint64_t reset_ns;
	uint64_t seed;
	FILE *trace;
};

/**
 * struct sim_choice - what a scheduler wants
 * @who: a vGPU, or SIM_NONE
 * @quantum_ns: for how long at most, 0: no limit
 * @linger_ns: for how long it may stay without work; SCHED_FOREVER: no limit
 * @until: with SIM_NONE: when to ask again, 0: at a wake-up
 */
struct sim_choice {
	int who;
	uint64_t quantum_ns;
	uint64_t linger_ns;
	uint64_t until;
};

struct sim;

/**
 * struct sim_scheduler - who decides
 * @name: for people
 * @reloads: each run begins with a switch, also the next one of the same vGPU
 * @keep: for one that can't stop a job, NULL for others: after a quantum, for
 *	how long the current run just goes on; 0: to the end of its job
 *
 * The others are as in kernel/host/policy/policy.h, vGPUs being numbers.
 */
struct sim_scheduler {
	const char *name;
	bool reloads;
	void (*init)(struct sim *sim);
	void (*add)(struct sim *sim, int who);
	void (*remove)(struct sim *sim, int who);
	void (*wake)(struct sim *sim, int who);
	void (*sleep)(struct sim *sim, int who);
	void (*pick)(struct sim *sim, struct sim_choice *choice);
	void (*charge)(struct sim *sim, enum sched_end reason, uint64_t run_ns);
	uint64_t (*look)(struct sim *sim);
	uint64_t (*keep)(struct sim *sim);
};

extern const struct sim_scheduler sim_module;	/* the module's */
extern const struct sim_scheduler sim_balance;	/* as GVT-g does */
extern const struct sim_scheduler sim_balance_stale; /* and as it once did */

/**
 * struct sim_vgpu - one vGPU
 * @client: what policies know of it
 * @load: what its guest does
 * @open, @frozen: state
 * @job_left: of its present job; 0: none
 * @wake_at: when it has its next job; 0: has one, or never
 * @ready_since: when it became ready or stopped running with work left
 * @switches: switches to it
 * @wait_ns, @wait_max: how long it was ready and did not run
 * @waits, @wait: each single wait
 * @served_ns: how long it ran, without its present run
 * @stayed_ns: how long it held the GPU without work, likewise
 * @job_since: when its present job came
 * @left_ns, @lru: account of sim_balance
 */
struct sim_vgpu {
	struct sched_client client;
	struct sim_load load;
	bool open, frozen;
	uint64_t job_left;
	uint64_t wake_at;
	uint64_t ready_since;
	uint64_t served_ns, stayed_ns;
	uint64_t job_since;
	uint64_t switches, resets, jobs;
	uint64_t wait_ns, wait_max;
	unsigned int waits, wait_room;
	uint64_t *wait;
	int64_t left_ns;
	uint64_t lru;
};

enum sim_gpu {
	SIM_FREE,
	SIM_SWITCHING,
	SIM_RUNNING,
};

/**
 * struct sim - the simulation
 * @current: who holds the GPU; @resident: whose context it has
 * @began: when the present state did; @stop: when it ends
 * @stop_base: when a run was told to end; @look_at: when to look again
 * @free_until: SIM_FREE: when to decide; SIM_SWITCHING: the quantum to come
 * @stop_why: for what reason
 * @draining: a run goes on to the end of its job
 * @staying: a run has no work, and is waited for; since @work_from, where its
 *	present stretch of work began otherwise
 * @stayed_run: how long it stayed before that
 * @linger_ns: how long it may
 * @switched_ns: what the switch to it took
 * @on_run: told of each run that ended, before it is charged; may be NULL
 * @on_wait: told of each wait that ended; may be NULL
 * @on_idle: told of each stretch of time without a run or a switch; may be
 *	NULL
 * @on_job: told of each job that ended, of a vGPU with gaps; may be NULL
 * @stopped: one of them may set it: sim_run_until() returns soon
 */
struct sim {
	struct sim_config config;
	const struct sim_scheduler *scheduler;
	unsigned int count;
	struct sim_vgpu vgpu[SIM_MAX_VGPUS];
	uint64_t now;
	uint64_t random;

	enum sim_gpu gpu;
	int current, resident;
	uint64_t began, stop, stop_base, look_at, free_until;
	enum sched_end stop_why;
	bool draining, staying;
	uint64_t work_from, stayed_run, linger_ns, switched_ns;
	enum sched_end reason;

	uint64_t busy_ns, switch_ns, stayed_ns, idle_ns;
	uint64_t switches, decisions;

	struct sched_queue queue;
	uint64_t next_balance;
	unsigned int balances;
	uint64_t lru;
	uint64_t charged;

	void (*on_run)(struct sim *sim, int who, uint64_t run_ns,
		       enum sched_end reason);
	void (*on_wait)(struct sim *sim, int who, uint64_t wait_ns);
	void (*on_job)(struct sim *sim, int who, uint64_t took_ns);
	void (*on_idle)(struct sim *sim, uint64_t from, uint64_t to);
	bool stopped;
};

void sim_init(struct sim *sim, const struct sim_config *config,
	      const struct sim_scheduler *scheduler);
int sim_add(struct sim *sim, const struct sim_load *load);
void sim_run_until(struct sim *sim, uint64_t end);
void sim_fini(struct sim *sim);

/* Changes while it runs. */
void sim_update(struct sim *sim, int who, uint32_t weight, uint32_t cap_percent,
		uint64_t timeslice_ns);
void sim_slow(struct sim *sim, int who, uint32_t percent);
void sim_set_policy(struct sim *sim, const struct sched_policy *policy);
void sim_set_load(struct sim *sim, int who, const struct sim_load *load);
void sim_freeze(struct sim *sim, int who, bool frozen);
void sim_close(struct sim *sim, int who);
bool sim_open(struct sim *sim, int who);

/* Results. */
uint64_t sim_served(const struct sim *sim, int who);
uint64_t sim_wait_quantile(struct sim *sim, int who, double quantile);
void sim_forget_waits(struct sim *sim);
double sim_jain(const double *value, unsigned int count);
double sim_min_max(const double *value, unsigned int count);

/* Random numbers. */
uint64_t sim_random(uint64_t *state);
uint64_t sim_between(uint64_t *state, uint64_t min, uint64_t max);

extern const struct sched_policy *const sim_policies[3];
const struct sched_policy *sim_policy(const char *name);

#endif /* OPENVGPU_SIM_H */
