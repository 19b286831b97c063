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
 * @client: vGPUs
 * @now: time
 * @charged: what each was charged for runs
 * @began: when the present one did
 * @running: a run is under way
 * @decision: which
 */
struct machine {
	struct sched_queue queue;
	struct sched_client client[CLIENTS];
	uint64_t now;
	uint64_t charged[CLIENTS];
	uint64_t began;
	bool running;
	struct sched_decision decision;
};

static void check_machine(const struct machine *m)
{
	const struct sched_queue *queue = &m->queue;
	const struct sched_client *listed;
	unsigned int members = 0, i;

	for (listed = queue->first; listed; listed = listed->next) {
		FUZZ_CHECK(listed->member && *listed->link == listed, "a broken list");
		FUZZ_CHECK(++members <= CLIENTS, "a list without end");
	}
	FUZZ_CHECK(members == queue->members, "%u members, the queue has %u", members,
		   queue->members);
	for (i = 0; i < CLIENTS; i++) {
		const struct sched_client *client = &m->client[i];

		members -= client->member;
		FUZZ_CHECK(client->member || !client->runnable, "%u: work of nobody", i);
		FUZZ_CHECK(client->run_ns == m->charged[i], "%u: ran %llu, charged %llu", i,
			   (unsigned long long)m->charged[i], client->run_ns);
		FUZZ_CHECK(client->lag <= 1LL << 53 && client->lag >= -(1LL << 53),
			   "%u: lag %lld", i, client->lag);
		FUZZ_CHECK(client->prepaid_ns < NS_PER_S * 70, "%u: %llu ns prepaid", i,
			   client->prepaid_ns);
	}
	FUZZ_CHECK(!members, "%u members are not in the list", members);
}

static bool has_work(const struct machine *m)
{
	unsigned int i;

	for (i = 0; i < CLIENTS; i++)
		if (m->client[i].runnable)
			return true;
	return false;
}

static void pick(struct machine *m)
{
	struct sched_decision *decision = &m->decision;

	sched_pick(&m->queue, m->now, decision);
	m->running = decision->client;
	m->began = m->now;
	if (!decision->client) {
		FUZZ_CHECK(!decision->quantum_ns && !decision->linger_ns, "a run of nothing");
		FUZZ_CHECK(!decision->until || (int64_t)(decision->until - m->now) > 0,
			   "to be asked again in the past");
		FUZZ_CHECK(decision->until || !has_work(m), "work is left lying");
		return;
	}
	FUZZ_CHECK(decision->client->member, "the turn of one who is gone");
	FUZZ_CHECK(decision->client->runnable, "a run of one without work");
	FUZZ_CHECK(decision->quantum_ns <= 2 * NS_PER_S, "a quantum of %llu ns",
		   decision->quantum_ns);
	FUZZ_CHECK(!decision->quantum_ns || decision->quantum_ns >= SCHED_SLIVER_NS,
		   "a quantum of %llu ns", decision->quantum_ns);
}

/* No more is believed than has passed. */
static void charge(struct machine *m, enum sched_end reason, uint64_t run_ns, uint64_t switch_ns)
{
	uint64_t passed = m->now - m->began;

	sched_charge(&m->queue, reason, run_ns, switch_ns, m->now);
	m->charged[m->decision.client - m->client] += run_ns < passed ? run_ns : passed;
	m->running = false;
}

static void step(struct fuzz *fuzz, struct machine *m)
{
	unsigned int what = (unsigned int)fuzz_number(fuzz, 1);
	struct sched_client *client = &m->client[what >> 5];
	uint64_t in;

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
		sched_add(&m->queue, client, m->now);
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
		m->queue.timeslice_max_ns = SCHED_TIMESLICE_MIN_NS +
			fuzz_below(fuzz, NS_PER_S - SCHED_TIMESLICE_MIN_NS + 1);
		m->queue.cuts_permille = (uint32_t)fuzz_below(fuzz, 1001);
		m->queue.lingers = fuzz_below(fuzz, 2);
		break;
	case 9:
		in = sched_look(&m->queue, m->now);
		FUZZ_CHECK(m->running || in == SCHED_FOREVER, "nothing has to stop");
		break;
	default:
		if (!m->running)
			pick(m);
		else
			charge(m, (enum sched_end)fuzz_below(fuzz, SCHED_END_REJECTED + 1),
			       fuzz_number(fuzz, fuzz_below(fuzz, 8) ? 4 : 6),
			       fuzz_number(fuzz, fuzz_below(fuzz, 8) ? 3 : 6));
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
		charge(m, SCHED_END_PREEMPTED, 0, 0);
	m->queue.timeslice_ns = NS_PER_S / 480;
	for (i = 0; i < CLIENTS; i++)
		sched_update(&m->queue, &m->client[i], SCHED_WEIGHT_DEFAULT, SCHED_CAP_MAX, 0,
			     m->now);
	sched_set_policy(&m->queue, &sched_best_effort, m->now);
	for (i = 0; i < CLIENTS; i++)
		sched_wake(&m->queue, &m->client[i], m->now);
	for (steps = 0; steps < 4 * CLIENTS && m->queue.members; steps++) {
		pick(m);
		FUZZ_CHECK(m->running, "the GPU is idle");
		m->now += m->decision.quantum_ns;
		charge(m, SCHED_END_QUANTUM, m->decision.quantum_ns, 0);
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
	sched_queue_init(&m->queue, policies[fuzz_below(&fuzz, 3)]);
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
