// SPDX-License-Identifier: GPL-2.0-only
/*
 * module.c - the module's policies as a scheduler of the simulator
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

static void module_init(struct sim *sim)
{
	sched_queue_init(&sim->queue, sim->config.policy);
	sim->queue.timeslice_ns = sim->config.timeslice_ns;
	if (sim->config.timeslice_max_ns)
		sim->queue.timeslice_max_ns = sim->config.timeslice_max_ns;
	sim->queue.cuts_permille = sim->config.cuts_permille;
	sim->queue.lingers = sim->config.lingers;
	/* What a family knows once it has probed the GPU. */
	sim->queue.switch_ns = sim->config.switch_ns;
}

static void module_add(struct sim *sim, int who)
{
	sched_add(&sim->queue, client_of(sim, who), sim->now);
}

static void module_remove(struct sim *sim, int who)
{
	sched_remove(&sim->queue, client_of(sim, who), sim->now);
}

static void module_wake(struct sim *sim, int who)
{
	sched_wake(&sim->queue, client_of(sim, who), sim->now);
}

static void module_sleep(struct sim *sim, int who)
{
	sched_sleep(&sim->queue, client_of(sim, who), sim->now);
}

static void module_pick(struct sim *sim, struct sim_choice *choice)
{
	struct sched_decision decision;

	sched_pick(&sim->queue, sim->now, &decision);
	choice->who = SIM_NONE;
	if (decision.client)
		choice->who = (int)((struct sim_vgpu *)((char *)decision.client -
			offsetof(struct sim_vgpu, client)) - sim->vgpu);
	choice->quantum_ns = decision.quantum_ns;
	choice->linger_ns = decision.linger_ns;
	choice->until = decision.until;
}

static void module_charge(struct sim *sim, enum sched_end reason, uint64_t run_ns)
{
	sched_charge(&sim->queue, reason, run_ns, sim->switched_ns, sim->now);
}

static uint64_t module_look(struct sim *sim)
{
	return sched_look(&sim->queue, sim->now);
}

const struct sim_scheduler sim_module = {
	.name	= "openvgpu",
	.reloads = true,
	.init	= module_init,
	.add	= module_add,
	.remove	= module_remove,
	.wake	= module_wake,
	.sleep	= module_sleep,
	.pick	= module_pick,
	.charge	= module_charge,
	.look	= module_look,
};
