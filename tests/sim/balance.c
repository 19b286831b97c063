// SPDX-License-Identifier: GPL-2.0-only
/*
 * balance.c - a peer to compare with: what is known of i915 GVT-g's scheduler
 *
 * Written from a description of its behaviour. A tick each millisecond. Each
 * 100 ms every vGPU is given its part, by weight, of 100 ms; each second all
 * accounts are set back to that part, so that credit and debt end. The vGPU
 * that ran longest ago and has work and something on its account is next; one
 * whose account is empty waits even if the GPU is idle. No job is stopped.
 * Left out: the priority of a new vGPU in its first two seconds.
 *
 * sim_balance_stale charges a run when it ends, as GVT-g did before it was
 * corrected to charge at each tick.
 */
#include "sim.h"

#define TICK_NS		(1 * SIM_MS)
#define PERIOD_NS	(100 * SIM_MS)
#define PERIODS		10

static uint64_t to_next_tick(const struct sim *sim)
{
	return TICK_NS - sim->now % TICK_NS;
}

static void charge_current(struct sim *sim)
{
	if (sim->current < 0 || sim->gpu == SIM_SWITCHING)
		return;
	sim->vgpu[sim->current].left_ns -=
		(int64_t)(sim->now - sim->began - sim->charged);
	sim->charged = sim->now - sim->began;
}

static void balance(struct sim *sim)
{
	uint64_t total = 0;
	unsigned int i;

	while (sim->now >= sim->next_balance) {
		total = 0;
		for (i = 0; i < sim->count; i++)
			if (sim->vgpu[i].open)
				total += sim->vgpu[i].client.weight;
		for (i = 0; i < sim->count; i++) {
			struct sim_vgpu *vgpu = &sim->vgpu[i];
			int64_t part;

			if (!vgpu->open)
				continue;
			part = (int64_t)(PERIOD_NS * vgpu->client.weight / total);
			if (sim->balances % PERIODS)
				vgpu->left_ns += part;
			else
				vgpu->left_ns = part;
		}
		sim->balances++;
		sim->next_balance += PERIOD_NS;
	}
}

static int choose(struct sim *sim)
{
	int who = SIM_NONE;
	unsigned int i;

	for (i = 0; i < sim->count; i++) {
		struct sim_vgpu *vgpu = &sim->vgpu[i];

		if (vgpu->client.runnable && vgpu->left_ns > 0 &&
		    (who == SIM_NONE || vgpu->lru < sim->vgpu[who].lru))
			who = (int)i;
	}
	return who;
}

static void balance_init(struct sim *sim)
{
	(void)sim;
}

static void balance_add(struct sim *sim, int who)
{
	sim->vgpu[who].left_ns = 0;
}

static void balance_wake(struct sim *sim, int who)
{
	sim->vgpu[who].client.runnable = true;
}

static void balance_sleep(struct sim *sim, int who)
{
	sim->vgpu[who].client.runnable = false;
}

static void balance_pick(struct sim *sim, struct sim_choice *choice)
{
	balance(sim);
	*choice = (struct sim_choice) { .who = choose(sim) };
	sim->charged = 0;
	if (choice->who == SIM_NONE) {
		choice->until = sim->now + to_next_tick(sim);
		return;
	}
	sim->vgpu[choice->who].lru = ++sim->lru;
	choice->quantum_ns = to_next_tick(sim);
}

static void balance_charge(struct sim *sim, enum sched_end reason,
			   uint64_t run_ns)
{
	(void)run_ns;
	charge_current(sim);
	if (reason == SCHED_END_IDLE || reason == SCHED_END_RESET)
		sim->vgpu[sim->current].client.runnable = false;
}

/* A GPU that is idle looks at its next tick; one that runs does so anyway. */
static uint64_t balance_look(struct sim *sim)
{
	(void)sim;
	return SCHED_FOREVER;
}

static uint64_t keep(struct sim *sim, bool stale)
{
	struct sim_vgpu *vgpu = &sim->vgpu[sim->current];
	int next;

	if (!stale)
		charge_current(sim);
	balance(sim);
	next = choose(sim);
	if (next == SIM_NONE && vgpu->left_ns > 0)
		next = sim->current;
	return next == sim->current ? to_next_tick(sim) : 0;
}

static uint64_t balance_keep(struct sim *sim)
{
	return keep(sim, false);
}

static uint64_t balance_keep_stale(struct sim *sim)
{
	return keep(sim, true);
}

#define BALANCE_OPS				\
	.init	= balance_init,			\
	.add	= balance_add,			\
	.remove	= balance_sleep,		\
	.wake	= balance_wake,			\
	.sleep	= balance_sleep,		\
	.pick	= balance_pick,			\
	.charge	= balance_charge,		\
	.look	= balance_look

const struct sim_scheduler sim_balance = {
	.name	= "gvt-g-like",
	BALANCE_OPS,
	.keep	= balance_keep,
};

const struct sim_scheduler sim_balance_stale = {
	.name	= "gvt-g-like, before its correction",
	BALANCE_OPS,
	.keep	= balance_keep_stale,
};
