// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c - fuzzes the scheduling policies: vGPUs that come and go, wake and
 * sleep, runs that end anyhow, settings that change, in any order and at any time
 *
 * tests/unit/host/test_policy_*.c check bounds on a GPU that behaves. Here is
 * none: what must hold whatever happens is that the queue stays sound, that what
 * was run is what was charged, and that no work is left lying.
 */
#include "fuzz.h"
#include "policy/policy.h"

#define CLIENTS		8
#define NS_PER_S	1000000000ULL

static const struct sched_policy *const policies[] = {
	&sched_best_effort, &sched_equal_share, &sched_fixed_share,
};

/**
 * struct machine - a run queue and its clients
 * @queue: of the policy
 * @ready, @throttled: its storage
 * @client: vGPUs
 * @now: time
 * @charged: what each was charged for runs
 * @running: a run is under way
 * @decision: which
 */
struct machine {
	struct sched_queue queue;
	struct sched_heap_node ready[CLIENTS + 1], throttled[CLIENTS + 1];
	struct sched_client client[CLIENTS];
	uint64_t now;
	uint64_t charged[CLIENTS];
	bool running;
	struct sched_decision decision;
};

static void check_heap(const struct sched_heap *heap, const char *name)
{
	unsigned int i, parent;

	FUZZ_CHECK(heap->count <= heap->capacity, "%s: %u", name, heap->count);
	for (i = 0; i < heap->count; i++) {
		FUZZ_CHECK(heap->node[i].client->heap_index == i, "%s: place %u", name, i);
		if (!i)
			continue;
		parent = (i - 1) / 2;
		FUZZ_CHECK((int64_t)(heap->node[i].key - heap->node[parent].key) >= 0,
			   "%s: %u is before its parent", name, i);
	}
}

static void check_machine(const struct machine *m)
{
	const struct sched_queue *queue = &m->queue;
	unsigned int members = 0, runnable = 0, queued = 0, i;

	check_heap(&queue->ready, "ready");
	check_heap(&queue->throttled, "throttled");
	for (i = 0; i < CLIENTS; i++) {
		const struct sched_client *client = &m->client[i];

		members += client->member;
		runnable += client->runnable;
		queued += client->heap_index != SCHED_HEAP_NONE;
		FUZZ_CHECK(client->member || !client->runnable, "%u: work of nobody", i);
		FUZZ_CHECK(client->member || client->heap_index == SCHED_HEAP_NONE,
			   "%u is queued and no member", i);
		FUZZ_CHECK(client->run_ns == m->charged[i], "%u: ran %llu, charged %llu", i,
			   (unsigned long long)m->charged[i], client->run_ns);
		FUZZ_CHECK(client->debt_ns < 1ULL << 62, "%u: debt %llu", i, client->debt_ns);
		/* One that has work and does not run waits in a heap. */
		if (client->runnable && client != queue->current_client)
			FUZZ_CHECK(client->heap_index != SCHED_HEAP_NONE, "%u is forgotten", i);
		if (client == queue->current_client)
			FUZZ_CHECK(client->heap_index == SCHED_HEAP_NONE, "%u waits and runs", i);
	}
	queued += queue->nobody.heap_index != SCHED_HEAP_NONE;
	FUZZ_CHECK(members == queue->members && runnable == queue->runnable,
		   "%u members, %u with work; the queue has %u and %u", members, runnable,
		   queue->members, queue->runnable);
	FUZZ_CHECK(queued == queue->ready.count + queue->throttled.count, "%u queued", queued);
}

static int number_of(const struct machine *m, const struct sched_client *client)
{
	return client == &m->queue.nobody ? -1 : (int)(client - m->client);
}

static void pick(struct machine *m)
{
	struct sched_decision *decision = &m->decision;

	sched_pick(&m->queue, m->now, decision);
	m->running = decision->client;
	if (!decision->client) {
		FUZZ_CHECK(!decision->idle_slot && !decision->quantum_ns, "a slot of nothing");
		FUZZ_CHECK(!decision->until || (int64_t)(decision->until - m->now) > 0,
			   "to be asked again in the past");
		return;
	}
	FUZZ_CHECK(m->queue.runnable, "a turn, and nobody has work");
	FUZZ_CHECK(decision->client == &m->queue.nobody || decision->client->member,
		   "the turn of one who is gone");
	FUZZ_CHECK(decision->idle_slot || decision->client->runnable,
		   "a run of one without work");
	FUZZ_CHECK(decision->quantum_ns || !decision->idle_slot, "an idle slot without end");
	FUZZ_CHECK(decision->quantum_ns <= 2 * NS_PER_S, "a quantum of %llu ns",
		   decision->quantum_ns);
	FUZZ_CHECK(!decision->quantum_ns || decision->quantum_ns >= SCHED_SLIVER_NS,
		   "a quantum of %llu ns", decision->quantum_ns);
}

static void charge(struct machine *m, enum sched_end reason, uint64_t run_ns)
{
	int who = number_of(m, m->decision.client);

	sched_charge(&m->queue, reason, run_ns, m->now);
	if (who >= 0 && !m->decision.idle_slot)
		m->charged[who] += run_ns;
	m->running = false;
}

static void step(struct fuzz *fuzz, struct machine *m)
{
	unsigned int what = (unsigned int)fuzz_number(fuzz, 1);
	struct sched_client *client = &m->client[what >> 5];
	uint64_t stop_in;
	__u64 in;

	/* Mostly microseconds pass; now and then hours do, in suspend. */
	m->now += fuzz_below(fuzz, 16) ? fuzz_number(fuzz, 3) : fuzz_number(fuzz, 6);
	switch (what & 15) {
	case 0:
		if (client->member || client == m->queue.current_client)
			break;
		client->max_instance = 1 + (uint32_t)fuzz_below(fuzz, 64);
		/* The types that fit on a GPU never add up to more than all of it. */
		if (client->max_instance < CLIENTS)
			client->max_instance = CLIENTS;
		FUZZ_CHECK(sched_add(&m->queue, client, m->now), "no room for a client");
		break;
	case 1:
		sched_remove(&m->queue, client, m->now);
		break;
	case 2:
	case 3:
	case 4:
		sched_wake(&m->queue, client, m->now);
		break;
	case 5:
		sched_sleep(&m->queue, client, m->now);
		break;
	case 6:
		sched_update(&m->queue, client,
			     OPENVGPU_WEIGHT_MIN + (uint32_t)fuzz_below(fuzz, OPENVGPU_WEIGHT_MAX),
			     1 + (uint32_t)fuzz_below(fuzz, SCHED_CAP_MAX),
			     fuzz_below(fuzz, 2) ? SCHED_TIMESLICE_MIN_NS +
			     fuzz_below(fuzz, NS_PER_S - SCHED_TIMESLICE_MIN_NS + 1) : 0, m->now);
		break;
	case 7:
		sched_set_policy(&m->queue, policies[fuzz_below(fuzz, 3)], m->now);
		break;
	case 8:
		m->queue.timeslice_ns = SCHED_TIMESLICE_MIN_NS +
			fuzz_below(fuzz, NS_PER_S - SCHED_TIMESLICE_MIN_NS + 1);
		m->queue.averaging = 1 + (uint32_t)fuzz_below(fuzz, OPENVGPU_AVERAGING_FACTOR_MAX);
		break;
	case 9:
		if (sched_look(&m->queue, m->now, &in)) {
			stop_in = in;
			FUZZ_CHECK(m->running, "nothing has to stop");
			FUZZ_CHECK(stop_in < 1ULL << 62, "stop in %llu ns",
				   (unsigned long long)stop_in);
		}
		break;
	default:
		if (!m->running)
			pick(m);
		else
			charge(m, (enum sched_end)fuzz_below(fuzz, SCHED_END_REJECTED + 1),
			       fuzz_number(fuzz, fuzz_below(fuzz, 8) ? 4 : 6));
	}
}

/*
 * However the queue got here: with best effort, and without caps, the GPU is not
 * idle as long as somebody has work.
 */
static void nobody_idles(struct machine *m)
{
	unsigned int i, steps;

	if (m->running)
		charge(m, SCHED_END_PREEMPTED, 0);
	m->queue.timeslice_ns = NS_PER_S / 480;
	for (i = 0; i < CLIENTS; i++)
		sched_update(&m->queue, &m->client[i], SCHED_WEIGHT_DEFAULT, SCHED_CAP_MAX, 0,
			     m->now);
	sched_set_policy(&m->queue, &sched_best_effort, m->now);
	for (i = 0; i < CLIENTS; i++)
		sched_wake(&m->queue, &m->client[i], m->now);
	for (steps = 0; steps < 4 * CLIENTS && m->queue.members; steps++) {
		pick(m);
		FUZZ_CHECK(m->running && !m->decision.idle_slot, "the GPU is idle");
		m->now += m->decision.quantum_ns;
		charge(m, SCHED_END_QUANTUM, m->decision.quantum_ns);
		check_machine(m);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct fuzz fuzz = { data, size };
	unsigned int i;

	if (!m)
		return 0;
	/* A clock may be anywhere, also shortly before it wraps. */
	m->now = fuzz_number(&fuzz, 2) << (4 * fuzz_below(&fuzz, 12));
	sched_queue_init(&m->queue, policies[fuzz_below(&fuzz, 3)], m->ready, m->throttled,
			 CLIENTS);
	for (i = 0; i < CLIENTS; i++)
		sched_client_init(&m->client[i]);
	while (fuzz.left) {
		step(&fuzz, m);
		check_machine(m);
	}
	nobody_idles(m);
	free(m);
	return 0;
}
