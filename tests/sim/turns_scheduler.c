// SPDX-License-Identifier: GPL-2.0-only
/*
 * turns_scheduler.c - the module's policies as a scheduler of the simulator
 */
#include <stddef.h>
#include <string.h>

#include "sim.h"

const struct sched_policy *const sim_policies[3] = {
	&sched_best_effort, &sched_equal_share, &sched_fixed_share,
};

/**
 * sim_policy - a policy by name
 * @name: as in sysfs
 *
 * Return: the policy, or NULL.
 */
const struct sched_policy *sim_policy(const char *name)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (!strcmp(name, sim_policies[i]->name))
			return sim_policies[i];
	return NULL;
}

static struct sched_client *client_of(struct sim *sim, int who)
{
	return &sim->vgpu[who].client;
}

static void turns_init(struct sim *sim)
{
	sched_queue_init(&sim->queue, sim->config.policy, sim->ready,
			 sim->throttled, SIM_MAX_VGPUS);
	sim->queue.timeslice_ns = sim->config.timeslice_ns;
	sim->queue.averaging = sim->config.averaging;
}

static void turns_add(struct sim *sim, int who)
{
	sched_add(&sim->queue, client_of(sim, who), sim->now);
}

static void turns_remove(struct sim *sim, int who)
{
	sched_remove(&sim->queue, client_of(sim, who), sim->now);
}

static void turns_wake(struct sim *sim, int who)
{
	sched_wake(&sim->queue, client_of(sim, who), sim->now);
}

static void turns_sleep(struct sim *sim, int who)
{
	sched_sleep(&sim->queue, client_of(sim, who), sim->now);
}

static void turns_pick(struct sim *sim, struct sim_choice *choice)
{
	struct sched_decision decision;

	sched_pick(&sim->queue, sim->now, &decision);
	choice->who = SIM_NONE;
	if (decision.client == &sim->queue.nobody)
		choice->who = SIM_NOBODY;
	else if (decision.client)
		choice->who = (int)((struct sim_vgpu *)((char *)decision.client -
			offsetof(struct sim_vgpu, client)) - sim->vgpu);
	choice->idle_slot = decision.idle_slot;
	choice->quantum_ns = decision.quantum_ns;
	choice->until = decision.until;
}

static void turns_charge(struct sim *sim, enum sched_end reason,
			 uint64_t run_ns)
{
	sched_charge(&sim->queue, reason, run_ns, sim->now);
}

static bool turns_look(struct sim *sim, uint64_t *stop_in_ns)
{
	__u64 in;
	bool stop = sched_look(&sim->queue, sim->now, &in);

	*stop_in_ns = in;
	return stop;
}

const struct sim_scheduler sim_turns = {
	.name	= "openvgpu",
	.init	= turns_init,
	.add	= turns_add,
	.remove	= turns_remove,
	.wake	= turns_wake,
	.sleep	= turns_sleep,
	.pick	= turns_pick,
	.charge	= turns_charge,
	.look	= turns_look,
};
