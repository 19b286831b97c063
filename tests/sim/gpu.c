// SPDX-License-Identifier: GPL-2.0-only
/*
 * gpu.c - the simulated GPU and its guests
 */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define NEVER	UINT64_MAX

/**
 * sim_random - the next random number (splitmix64)
 * @state: of the generator
 */
uint64_t sim_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/**
 * sim_between - a random number from @min to @max
 * @state: of the generator
 * @min: least
 * @max: greatest
 */
uint64_t sim_between(uint64_t *state, uint64_t min, uint64_t max)
{
	return max > min ? min + sim_random(state) % (max - min + 1) : min;
}

static const char *const reason_name[] = {
	[SCHED_END_IDLE] = "idle",
	[SCHED_END_QUANTUM] = "quantum",
	[SCHED_END_PREEMPTED] = "preempted",
	[SCHED_END_RESET] = "reset",
	[SCHED_END_REJECTED] = "rejected",
};

static void trace(struct sim *sim, const char *what, int who, uint64_t from,
		  const char *reason)
{
	if (sim->config.trace && sim->now > from)
		fprintf(sim->config.trace, "%llu,%llu,%s,%d,%s\n",
			(unsigned long long)from,
			(unsigned long long)(sim->now - from), what, who, reason);
}

static void draw_job(struct sim *sim, struct sim_vgpu *vgpu)
{
	vgpu->job_left = sim_between(&sim->random, vgpu->load.job_min,
				     vgpu->load.job_max);
	if (!vgpu->job_left)
		vgpu->job_left = 1;
}

static bool has_gaps(const struct sim_vgpu *vgpu)
{
	return vgpu->load.gap_max;
}

static void draw_gap(struct sim *sim, struct sim_vgpu *vgpu)
{
	uint64_t gap = sim_between(&sim->random, vgpu->load.gap_min,
				   vgpu->load.gap_max);

	vgpu->wake_at = sim->now + (gap ? gap : 1);
}

/* How long a run that was told to end at @base lasts on; @reason may change. */
static uint64_t overrun(struct sim *sim, uint64_t base, enum sched_end *reason)
{
	struct sim_vgpu *vgpu = &sim->vgpu[sim->current];
	uint64_t progress = base - sim->work_from, most = sim->config.overrun_ns, rest;

	rest = progress <= vgpu->job_left ? vgpu->job_left - progress :
	       sim_between(&sim->random, 0, vgpu->load.job_max);
	if (sim->scheduler->keep)	/* It has no way to stop a job. */
		return sim->draining ? rest : 0;
	if (!vgpu->load.never_yields) {
		if (*reason == SCHED_END_PREEMPTED && sim->config.preempt_ns)
			most = sim->config.preempt_ns;
		return sim_between(&sim->random, 0, most);
	}
	if (rest <= sim->config.preempt_timeout_ns)
		return rest;
	*reason = SCHED_END_RESET;
	return sim->config.preempt_timeout_ns + sim->config.reset_ns;
}

/* The present run is told to end at @base, for @reason; NEVER: it is not. */
static void plan_stop(struct sim *sim, uint64_t base, enum sched_end reason)
{
	struct sim_vgpu *vgpu = &sim->vgpu[sim->current];
	uint64_t work_end = NEVER, stop = base;

	sim->stop_base = base;
	sim->stop_why = reason;
	if (sim->staying) {
		/* There is nothing to stop, and no work is why it ends. */
		sim->reason = SCHED_END_IDLE;
		sim->stop = sim->linger_ns == SCHED_FOREVER ? NEVER :
			    sim->work_from + sim->linger_ns;
		if (base < sim->stop)
			sim->stop = base;
		return;
	}
	if (has_gaps(vgpu))
		work_end = sim->work_from + vgpu->job_left;
	if (base != NEVER)
		stop += overrun(sim, base, &reason);
	sim->stop = work_end <= stop ? work_end : stop;
	sim->reason = work_end <= stop ? SCHED_END_IDLE : reason;
}

static void look(struct sim *sim)
{
	uint64_t in;

	if (sim->gpu == SIM_FREE)
		sim->free_until = sim->now;
	sim->look_at = NEVER;
	/* A load ends first; then it is asked again. One that is to stop does. */
	if (sim->gpu != SIM_RUNNING || sim->scheduler->keep || sim->stop_base <= sim->now)
		return;
	in = sim->scheduler->look(sim);
	if (in && in != SCHED_FOREVER)
		sim->look_at = sim->now + in;
	if (!in)
		plan_stop(sim, sim->now, SCHED_END_PREEMPTED);
}

static void wake(struct sim *sim, int who)
{
	struct sim_vgpu *vgpu = &sim->vgpu[who];

	vgpu->wake_at = 0;
	if (!vgpu->open || vgpu->load.absent)
		return;
	if (!vgpu->job_left) {
		draw_job(sim, vgpu);
		vgpu->job_since = sim->now;
	}
	if (vgpu->frozen)
		return;
	if (sim->current == who && sim->staying) {
		/* Its job begins without anybody's doing. */
		sim->staying = false;
		sim->stayed_run += sim->now - sim->work_from;
		sim->work_from = sim->now;
		plan_stop(sim, sim->stop_base, sim->stop_why);
	} else if (sim->current != who || sim->gpu != SIM_RUNNING) {
		vgpu->ready_since = sim->now;
	}
	sim->scheduler->wake(sim, who);
	look(sim);
}

static void record_wait(struct sim *sim, int who)
{
	struct sim_vgpu *vgpu = &sim->vgpu[who];
	uint64_t wait = sim->now - vgpu->ready_since;

	if (vgpu->waits == vgpu->wait_room) {
		vgpu->wait_room = vgpu->wait_room ? 2 * vgpu->wait_room : 256;
		vgpu->wait = realloc(vgpu->wait,
				     vgpu->wait_room * sizeof(*vgpu->wait));
		if (!vgpu->wait)
			abort();
	}
	vgpu->wait[vgpu->waits++] = wait;
	vgpu->wait_ns += wait;
	if (wait > vgpu->wait_max)
		vgpu->wait_max = wait;
	if (sim->on_wait)
		sim->on_wait(sim, who, wait);
}

/* @quantum 0: none. */
static void start(struct sim *sim, uint64_t quantum)
{
	if (sim->now != sim->vgpu[sim->current].ready_since)
		record_wait(sim, sim->current);
	sim->gpu = SIM_RUNNING;
	sim->began = sim->now;
	sim->work_from = sim->now;
	sim->stayed_run = 0;
	sim->look_at = NEVER;
	plan_stop(sim, quantum ? sim->now + quantum : NEVER, SCHED_END_QUANTUM);
	look(sim);
}

static void decide(struct sim *sim)
{
	struct sim_choice choice = { .who = SIM_NONE };

	sim->scheduler->pick(sim, &choice);
	sim->decisions++;
	sim->began = sim->now;
	sim->current = choice.who;
	if (choice.who == SIM_NONE) {
		sim->free_until = choice.until ? choice.until : NEVER;
		return;
	}
	sim->linger_ns = choice.linger_ns;
	sim->switched_ns = 0;
	sim->free_until = choice.quantum_ns ? choice.quantum_ns : NEVER;
	if ((sim->resident == choice.who && !sim->scheduler->reloads) || !sim->config.switch_ns) {
		sim->resident = choice.who;
		start(sim, choice.quantum_ns);
		return;
	}
	sim->gpu = SIM_SWITCHING;
	sim->stop = sim->now + sim->config.switch_ns;
}

static void end_switch(struct sim *sim)
{
	sim->switched_ns = sim->now - sim->began;
	sim->switch_ns += sim->switched_ns;
	sim->switches++;
	sim->vgpu[sim->current].switches++;
	trace(sim, "switch", sim->current, sim->began, "");
	sim->resident = sim->current;
	start(sim, sim->free_until == NEVER ? 0 : sim->free_until);
}

static void progress(struct sim *sim, struct sim_vgpu *vgpu, uint64_t ran)
{
	while (ran >= vgpu->job_left) {
		ran -= vgpu->job_left;
		vgpu->job_left = 0;
		vgpu->jobs++;
		if (has_gaps(vgpu)) {
			if (sim->on_job)
				sim->on_job(sim, (int)(vgpu - sim->vgpu),
					    sim->now - vgpu->job_since);
			return;
		}
		draw_job(sim, vgpu);
	}
	vgpu->job_left -= ran;
}

/* Out of work, but it may stay. */
static void stay(struct sim *sim, struct sim_vgpu *vgpu)
{
	progress(sim, vgpu, sim->now - sim->work_from);
	vgpu->job_left = 0;
	draw_gap(sim, vgpu);
	sim->staying = true;
	sim->work_from = sim->now;
	plan_stop(sim, sim->stop_base, sim->stop_why);
	if (sim->linger_ns == SCHED_FOREVER) {
		sim->scheduler->sleep(sim, sim->current);
		look(sim);
	}
}

static void end_run(struct sim *sim)
{
	struct sim_vgpu *vgpu = &sim->vgpu[sim->current];
	uint64_t ran = sim->now - sim->began;
	enum sched_end reason = sim->reason;
	int who = sim->current;
	uint64_t keep_ns;

	if (reason == SCHED_END_IDLE && !sim->staying && sim->linger_ns) {
		stay(sim, vgpu);
		return;
	}
	if (reason == SCHED_END_QUANTUM && sim->scheduler->keep &&
	    !sim->draining) {
		keep_ns = sim->scheduler->keep(sim);
		sim->draining = !keep_ns;
		plan_stop(sim, sim->now + keep_ns, SCHED_END_QUANTUM);
		return;
	}
	sim->draining = false;
	if (sim->staying)
		sim->stayed_run += sim->now - sim->work_from;
	else
		progress(sim, vgpu, sim->now - sim->work_from);
	sim->staying = false;
	vgpu->served_ns += ran - sim->stayed_run;
	vgpu->stayed_ns += sim->stayed_run;
	sim->busy_ns += ran - sim->stayed_run;
	sim->stayed_ns += sim->stayed_run;
	sim->stayed_run = 0;
	trace(sim, "run", who, sim->began, reason_name[reason]);
	sim->gpu = SIM_FREE;
	if (sim->on_run)
		sim->on_run(sim, who, ran, reason);
	if (reason == SCHED_END_RESET) {
		/* The reset is the offender's as well. */
		vgpu->resets++;
		vgpu->job_left = 0;
		sim->resident = SIM_NONE;
	}
	sim->scheduler->charge(sim, reason, ran);
	sim->current = SIM_NONE;
	sim->free_until = sim->now;
	vgpu->ready_since = sim->now;
	if (!vgpu->open)
		return;
	if (vgpu->frozen)
		sim->scheduler->sleep(sim, who);
	if (reason == SCHED_END_IDLE || reason == SCHED_END_RESET) {
		if (!vgpu->wake_at)
			draw_gap(sim, vgpu);
		vgpu->job_left = 0;
	}
}

/**
 * sim_init - an empty simulation at time 0
 * @sim: to initialise
 * @config: of the machine
 * @scheduler: who decides
 */
void sim_init(struct sim *sim, const struct sim_config *config,
	      const struct sim_scheduler *scheduler)
{
	memset(sim, 0, sizeof(*sim));
	sim->config = *config;
	sim->scheduler = scheduler;
	sim->random = config->seed;
	sim->current = SIM_NONE;
	sim->resident = SIM_NONE;
	if (config->trace)
		fprintf(config->trace, "start_ns,length_ns,what,vgpu,reason\n");
	scheduler->init(sim);
}

/**
 * sim_add - one more vGPU, open and with work
 * @sim: the simulation
 * @load: what it does
 *
 * Return: its number.
 */
int sim_add(struct sim *sim, const struct sim_load *load)
{
	int who = sim->count++;
	struct sim_vgpu *vgpu = &sim->vgpu[who];

	sched_client_init(&vgpu->client);
	vgpu->client.max_instance = SIM_MAX_VGPUS;
	vgpu->load = *load;
	vgpu->open = true;
	sim->scheduler->add(sim, who);
	wake(sim, who);
	return who;
}

static uint64_t next_event(struct sim *sim, int *waker)
{
	uint64_t next = sim->gpu == SIM_FREE ? sim->free_until : sim->stop;
	unsigned int i;

	if (sim->gpu == SIM_RUNNING && sim->look_at < next)
		next = sim->look_at;
	*waker = SIM_NONE;
	for (i = 0; i < sim->count; i++)
		if (sim->vgpu[i].wake_at && sim->vgpu[i].wake_at <= next) {
			next = sim->vgpu[i].wake_at;
			*waker = i;
		}
	return next;
}

/**
 * sim_run_until - let time pass
 * @sim: the simulation
 * @end: until then, unless somebody sets @sim->stopped
 */
void sim_run_until(struct sim *sim, uint64_t end)
{
	uint64_t next;
	int waker;

	for (sim->stopped = false; !sim->stopped;) {
		next = next_event(sim, &waker);
		if (next < sim->now)
			next = sim->now;
		if (next > end)
			next = end;
		if (sim->gpu == SIM_FREE && next > sim->now) {
			sim->idle_ns += next - sim->now;
			if (sim->on_idle)
				sim->on_idle(sim, sim->now, next);
		}
		sim->now = next;
		if (waker != SIM_NONE && sim->vgpu[waker].wake_at <= sim->now) {
			wake(sim, waker);
			continue;
		}
		if (sim->now >= end)
			return;
		switch (sim->gpu) {
		case SIM_FREE:
			decide(sim);
			break;
		case SIM_SWITCHING:
			end_switch(sim);
			break;
		case SIM_RUNNING:
			if (sim->look_at <= sim->now && sim->stop > sim->now)
				look(sim);
			else
				end_run(sim);
			break;
		}
	}
}

/**
 * sim_fini - free what a simulation allocated
 * @sim: the simulation
 */
void sim_fini(struct sim *sim)
{
	unsigned int i;

	for (i = 0; i < sim->count; i++)
		free(sim->vgpu[i].wait);
}

/* ---- changes while it runs */

/**
 * sim_update - change a vGPU's settings; other schedulers know weights only
 * @sim: the simulation
 * @who: the vGPU
 * @weight: new
 * @cap_percent: new
 * @timeslice_ns: new, 0: the GPU's
 */
void sim_update(struct sim *sim, int who, uint32_t weight, uint32_t cap_percent,
		uint64_t timeslice_ns)
{
	if (sim->scheduler != &sim_module) {
		sim->vgpu[who].client.weight = weight;
		return;
	}
	sched_update(&sim->queue, &sim->vgpu[who].client, weight, cap_percent,
		     timeslice_ns, sim->now);
	look(sim);
}

/**
 * sim_slow - slow a vGPU down for a while (built-in scheduler only)
 * @sim: the simulation
 * @who: the vGPU
 * @percent: of the time, at most; 100: as its settings say
 */
void sim_slow(struct sim *sim, int who, uint32_t percent)
{
	sched_slow(&sim->queue, &sim->vgpu[who].client, percent, sim->now);
	look(sim);
}

/**
 * sim_set_policy - change the policy (built-in scheduler only)
 * @sim: the simulation
 * @policy: new
 */
void sim_set_policy(struct sim *sim, const struct sched_policy *policy)
{
	sched_set_policy(&sim->queue, policy, sim->now);
	look(sim);
}

/**
 * sim_set_load - the guest does something else from its next job on
 * @sim: the simulation
 * @who: the vGPU
 * @load: new
 */
void sim_set_load(struct sim *sim, int who, const struct sim_load *load)
{
	struct sim_vgpu *vgpu = &sim->vgpu[who];

	vgpu->load = *load;
	if (sim->current == who && sim->gpu == SIM_RUNNING)
		plan_stop(sim, sim->stop_base, sim->stop_why);
	if (!vgpu->client.runnable && !vgpu->wake_at && !load->absent)
		vgpu->wake_at = sim->now + 1;
}

/**
 * sim_freeze - take a vGPU off and leave its work where it is, or undo that
 * @sim: the simulation
 * @who: the vGPU
 * @frozen: which
 */
void sim_freeze(struct sim *sim, int who, bool frozen)
{
	struct sim_vgpu *vgpu = &sim->vgpu[who];

	if (vgpu->frozen == frozen || !vgpu->open)
		return;
	vgpu->frozen = frozen;
	if (sim->gpu == SIM_FREE)
		sim->free_until = sim->now;
	if (frozen) {
		sim->scheduler->sleep(sim, who);
		if (sim->current == who && sim->gpu == SIM_RUNNING)
			plan_stop(sim, sim->now, SCHED_END_PREEMPTED);
		else if (sim->current == who && sim->gpu == SIM_SWITCHING)
			sim->free_until = 1;
	} else if (vgpu->job_left) {
		wake(sim, who);
	}
}

/**
 * sim_close - its VM is gone
 * @sim: the simulation
 * @who: the vGPU
 */
void sim_close(struct sim *sim, int who)
{
	struct sim_vgpu *vgpu = &sim->vgpu[who];

	if (!vgpu->open)
		return;
	vgpu->open = false;
	vgpu->frozen = false;
	vgpu->wake_at = 0;
	sim->scheduler->remove(sim, who);
	look(sim);
}

/**
 * sim_open - it has a VM again
 * @sim: the simulation
 * @who: the vGPU
 *
 * Return: false if its last run has not ended yet.
 */
bool sim_open(struct sim *sim, int who)
{
	struct sim_vgpu *vgpu = &sim->vgpu[who];

	if (vgpu->open)
		return true;
	if (sim->current == who)
		return false;
	vgpu->open = true;
	vgpu->job_left = 0;
	sim->scheduler->add(sim, who);
	wake(sim, who);
	look(sim);
	return true;
}

/* ---- results */

/**
 * sim_served - how long a vGPU ran so far, the present run included
 * @sim: the simulation
 * @who: the vGPU
 */
uint64_t sim_served(const struct sim *sim, int who)
{
	uint64_t served = sim->vgpu[who].served_ns;

	if (sim->current == who && sim->gpu == SIM_RUNNING)
		served += (sim->staying ? sim->work_from : sim->now) - sim->began -
			  sim->stayed_run;
	return served;
}

static int by_length(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/**
 * sim_wait_quantile - how long a vGPU waited
 * @sim: the simulation
 * @who: the vGPU
 * @quantile: 0.99 for the 99th percentile
 */
uint64_t sim_wait_quantile(struct sim *sim, int who, double quantile)
{
	struct sim_vgpu *vgpu = &sim->vgpu[who];

	if (!vgpu->waits)
		return 0;
	qsort(vgpu->wait, vgpu->waits, sizeof(*vgpu->wait), by_length);
	return vgpu->wait[(unsigned int)(quantile * (vgpu->waits - 1) + 0.5)];
}

/**
 * sim_forget_waits - the warm-up is over
 * @sim: the simulation
 */
void sim_forget_waits(struct sim *sim)
{
	unsigned int i;

	for (i = 0; i < sim->count; i++) {
		sim->vgpu[i].waits = 0;
		sim->vgpu[i].wait_ns = 0;
		sim->vgpu[i].wait_max = 0;
	}
}

/**
 * sim_jain - Jain's index of fairness; 1: all are equal
 * @value: of each
 * @count: their number
 */
double sim_jain(const double *value, unsigned int count)
{
	double sum = 0, squares = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		sum += value[i];
		squares += value[i] * value[i];
	}
	return squares > 0 ? sum * sum / (count * squares) : 1;
}

/**
 * sim_min_max - the least by the greatest
 * @value: of each
 * @count: their number
 */
double sim_min_max(const double *value, unsigned int count)
{
	double min = value[0], max = value[0];
	unsigned int i;

	for (i = 1; i < count; i++) {
		if (value[i] < min)
			min = value[i];
		if (value[i] > max)
			max = value[i];
	}
	return max > 0 ? min / max : 1;
}
