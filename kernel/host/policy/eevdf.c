// SPDX-License-Identifier: GPL-2.0-only
/*
 * eevdf.c - earliest eligible virtual deadline first
 *
 * Lag. A client's virtual time is the time it was charged, by 1/weight; its lag
 * is how far that is behind the mean of those that compete: what it is owed, or
 * owes. Everything virtual is kept relative to that mean, which level() makes 0.
 * A client is eligible when it is owed something, or when its present request
 * began at a time at which it was. Of the eligible ones that one is next whose
 * request, a slice and the switch to it, would be served first.
 *
 * Charge. The switch to a client, its run, what it overran and its reset: all
 * that passed because of it. So a run alone makes no debt, and tiny jobs pay for
 * their switches. The end of a request is fixed when it begins: what one run is
 * too long the next is shorter.
 *
 * Sleep. Debt stays through sleep, removal and reset, until it is paid. What a
 * client comes to be owed while it sleeps is kept up to credit_ns.
 *
 * Wake. Who wakes and is eligible is next. Within a budget it also has the
 * present run cut, if it is owed the cost: it pays its own switch and as much for
 * the one back to the client that was cut. If switches for a little work take too
 * much of the time all the same, those that wake wait for their turn like others,
 * unless the policy keeps shares anyway.
 *
 * Stay. Who was seen to come back sooner than a switch takes is waited for, as
 * long as a switch takes, at its own cost.
 *
 * Limits. Caps, and the shares of policies that keep what is not used, are buckets
 * of tokens; one that is empty makes its client wait, and changes no other order.
 * A cap is for runs, but a run that is out of work counts as half its cost at least.
 *
 * Bounds. s is what a switch takes, Q the longest slice, R = Q + s a request, o
 * the longest overrun or time to stop, e = SCHED_SLIVER_NS, C the credit, N the
 * clients, p one's weight by all. tests/unit/host/test_policy_bounds.c holds them
 * against clients that sleep, wake, storm, hang, reset themselves and lie.
 *
 * 1. Of two busy clients of the same weight neither was charged more than
 *    R + 2o + 2e + s more than the other since they were level, whatever others do.
 * 2. A client within its share, waking, runs after s + o + s if it may cut, else
 *    after one slice, o and 2s; where several wake, behind those before it.
 * 3. A busy client is charged p * G +- 2(R + 2o + e)(1 + (N - 2)p) of what all G
 *    are charged.
 * 4. A cap: at most cap * (T + SCHED_CAP_WINDOW_NS) + o + e of any time T, and with
 *    switches at most twice that and R.
 * 5. A share that is kept: at most p(T + W) + max(C, R) + R + o of any time T,
 *    W being how long it was kept waiting before, up to a second; at least
 *    p * T - max(C, R) - 2N(R + o) if it is busy.
 * 6. Cuts: what is paid for the switches they cause is cuts_permille of any time T
 *    and of SCHED_BUDGET_NS on top, and one switch.
 * 7. What all were charged is what runs and switches took, and never more than has
 *    passed by the caller's clock.
 * 8. Of four or more clients none costs another one more than 1 % of its share, on
 *    a GPU with the times of tests/bench/scheduler.c. One that hangs costs its
 *    time-out, once, and pays it back.
 */
#include "policy/pace.h"
#include "policy/policy.h"

#define LAG_SHIFT		16	/* virtual time has 2^16 to a nanosecond, at weight 1 */
#define SECOND_NS		1000000000ULL
/* One that took longer was no measure. */
#define SWITCH_MAX_NS		(SECOND_NS / 10)
/* In so long virtual time does not go round once, and any debt is paid. */
#define FORGET_NS		(86400 * SECOND_NS)
/* For so long a client that woke is safe from the next one that wakes. */
#define GRAIN_NS		500000ULL

/* ---- lag */

static __s64 to_virtual(__s64 ns, __u32 scale)
{
	__s64 most = SCHED_NS_MAX;

	ns = ns > most ? most : ns < -most ? -most : ns;
	return div64_s64(ns * (1 << LAG_SHIFT), scale);
}

static __s64 to_real(__s64 virtual, __u32 scale)
{
	return virtual * scale >> LAG_SHIFT;
}

static __s64 lag_ns(const struct sched_client *client)
{
	return to_real(client->lag, client->scale);
}

static void owe(struct sched_client *client, __s64 ns)
{
	client->lag -= to_virtual(ns, client->scale);
}

/* What is left of its request; negative: it was overrun. */
static __s64 left_ns(const struct sched_client *client)
{
	return to_real(client->due + client->lag, client->scale);
}

/* A request that begins now. */
static void begin_request(struct sched_client *client, __u64 ns)
{
	client->cut = false;
	client->request_ns = ns;
	client->due = to_virtual(ns, client->scale) - client->lag;
}

/* What it is owed stays the same, and what is left of its request. */
static void rescale(struct sched_client *client, __u32 scale)
{
	__s64 lag = lag_ns(client), left = left_ns(client);

	client->scale = scale;
	client->lag = to_virtual(lag, scale);
	client->due = to_virtual(left, scale) - client->lag;
}

static __u64 slice_of(const struct sched_queue *queue, const struct sched_client *client)
{
	return client->timeslice_ns ? client->timeslice_ns : queue->slice_ns;
}

static __u64 switch_of(const struct sched_queue *queue, const struct sched_client *client)
{
	return client->switch_ns ? client->switch_ns : queue->switch_ns;
}

/* A slice and the switch to it. */
static __u64 slot_of(const struct sched_queue *queue, const struct sched_client *client)
{
	return slice_of(queue, client) + switch_of(queue, client);
}

static bool may_run(const struct sched_client *client)
{
	return client->runnable && !client->throttled;
}

/**
 * sched_owes_much - does a client owe so much that it is no measure for others?
 * @queue: run queue
 * @client: as after a hang
 */
bool sched_owes_much(const struct sched_queue *queue, const struct sched_client *client)
{
	return lag_ns(client) < -2 * (__s64)slot_of(queue, client);
}

static bool competes(const struct sched_queue *queue, const struct sched_client *client)
{
	return client == queue->current_client ? client->member :
	       may_run(client) && !sched_owes_much(queue, client);
}

/* Lag is behind the mean, so the mean of all that compete is made 0. */
static void level(struct sched_queue *queue)
{
	__s64 sum = 0, weights = 0, shift = 0, least, most, lag;
	struct sched_client *client, *first = NULL;

	for (client = queue->first; client; client = client->next) {
		if (competes(queue, client)) {
			sum += client->lag * client->scale;
			weights += client->scale;
		} else if (may_run(client) && (!first || client->lag > first->lag)) {
			first = client;
		}
	}
	queue->weights = weights;
	if (weights)
		shift = div64_s64(sum, weights);
	else if (first)
		shift = first->lag;	/* nobody waits for what they owe */
	queue->vtime -= shift;
	for (client = queue->first; client; client = client->next) {
		most = to_virtual(SCHED_NS_MAX, client->scale);
		least = -most;
		if (client != queue->current_client && !may_run(client))
			most = to_virtual(queue->credit_ns, client->scale);
		lag = client->lag - shift;
		lag = lag > most ? most : lag < least ? least : lag;
		client->due += client->lag - lag;
		client->lag = lag;
		/* One that runs alone for days. */
		if (client->due < least - lag)
			client->due = least - lag;
	}
}

static __u64 time_of_run(const struct sched_queue *queue, __u64 now)
{
	return (__s64)(now - queue->since) > 0 ? now - queue->since : 0;
}

/* What its next switch costs it. */
static __u64 load_of(const struct sched_queue *queue, const struct sched_client *client)
{
	__u64 load = switch_of(queue, client);

	return load - sched_min(load, client->prepaid_ns);
}

/* The present run so far, but not what nobody could foresee of it. */
static void settle(struct sched_queue *queue, __u64 now)
{
	struct sched_client *client = queue->current_client;
	__s64 ran;

	if (!client)
		return;
	ran = sched_min(time_of_run(queue, now), queue->foreseen_ns);
	ran -= sched_min(ran, switch_of(queue, client) - load_of(queue, client));
	owe(client, ran - queue->settled_ns);
	queue->settled_ns = ran;
}

/* ---- limits */

/* What a cap must hold for a run: a slice, for less is mere switching. */
static __s64 enough(const struct sched_queue *queue, const struct sched_client *client)
{
	return client->cap.rate ? sched_min(queue->timeslice_ns, client->cap.depth / 2) : 0;
}

static void limit(struct sched_queue *queue, struct sched_client *client, __u64 now)
{
	__u64 slot = slot_of(queue, client), depth;
	__u32 percent = sched_min(client->cap_percent, client->slow_percent);
	__u32 rate, cap = percent < SCHED_CAP_MAX ?
		    percent * SCHED_RATE_ONE / SCHED_CAP_MAX : 0;

	sched_bucket_set(&client->cap, cap,
			 SCHED_CAP_WINDOW_NS / SCHED_CAP_MAX * percent, now);
	/* Of time that others did not let it use a second is not lost to it. */
	rate = queue->policy->rate(queue, client);
	depth = sched_max(queue->credit_ns, slot);
	if (client->runnable)
		depth += SECOND_NS * rate / SCHED_RATE_ONE;
	sched_bucket_set(&client->share, rate, depth, now);
	if (client != queue->current_client)
		client->throttled = client->share.tokens < 0 ||
				    client->cap.tokens < enough(queue, client);
}

static __u64 time_to_release(const struct sched_queue *queue, const struct sched_client *client)
{
	return sched_max(sched_bucket_time_to(&client->share, 0),
			 sched_bucket_time_to(&client->cap, enough(queue, client)));
}

/* Bring all up to @now. There are few clients: scans are cheaper than heaps. */
static void refresh(struct sched_queue *queue, __u64 now)
{
	struct sched_client *client;

	settle(queue, now);
	sched_pace_forget(queue, now);
	sched_pace_slice(queue, now);
	for (client = queue->first; client; client = client->next)
		limit(queue, client, now);
	level(queue);
}

/* ---- requests */

/* The next request, unless what is left of this one is worth the load. */
static void go_on(const struct sched_queue *queue, struct sched_client *client, __u64 load)
{
	__s64 least = load + SCHED_SLIVER_NS, left = left_ns(client);
	__s64 slot = sched_max(slot_of(queue, client), least);

	if (left > slot + (__s64)SCHED_SLIVER_NS || left + slot < least) {
		/* Slices have become shorter, or it overran by more than one. */
		begin_request(client, slot);
	} else if (left < least) {
		/* It begins where the last one ended: what was overrun is paid. */
		client->cut = false;
		client->request_ns = slot;
		client->due += to_virtual(slot, client->scale);
	}
}

/* Woken and eligible, eligible, or not to be picked now. */
static unsigned int rank(const struct sched_queue *queue, const struct sched_client *client)
{
	if (!may_run(client) || !competes(queue, client) || client == queue->current_client)
		return 2;
	/* One that was cut goes on: others' waking may have moved the mean. */
	if (client->lag < 0 && client->due > to_virtual(client->request_ns, client->scale) &&
	    !client->cut)
		return 2;
	return client->woken ? 0 : 1;
}

static bool goes_before(const struct sched_queue *queue, const struct sched_client *a,
			const struct sched_client *b)
{
	unsigned int ra = rank(queue, a), rb = b ? rank(queue, b) : 2;

	return ra != rb ? ra < rb : ra < 2 && a->due < b->due;
}

static bool others_wait(const struct sched_queue *queue, const struct sched_client *client)
{
	const struct sched_client *other;

	for (other = queue->first; other; other = other->next)
		if (other != client && other->runnable)
			return true;
	return false;
}

/* Who had the run of @client cut pays for the switch back to it. */
static void pay_cut(struct sched_queue *queue, struct sched_client *cutter,
		    struct sched_client *client, __u64 cost, __u64 now)
{
	/* One whose switches take longer than the cutter's own pays the rest. */
	cost = sched_min(cost, switch_of(queue, cutter));
	client->cut = true;
	client->prepaid_ns += cost;
	owe(cutter, cost);
	cutter->charged_ns += cost;
	sched_bucket_spend(&cutter->cap, cost / 2, now);
	sched_bucket_spend(&cutter->share, cost, now);
	sched_pace_cut(queue, cutter, cost);
	queue->cutter = NULL;
}

/* ---- interface */

/**
 * sched_queue_init - an empty run queue with default settings
 * @queue: to initialise
 * @policy: who decides
 */
void sched_queue_init(struct sched_queue *queue, const struct sched_policy *policy)
{
	*queue = (struct sched_queue) {
		.policy			= policy,
		.timeslice_ns		= 2000000,
		.timeslice_max_ns	= 20000000,
		.round_max_ns		= 50000000,
		.credit_ns		= 8000000,
		.cuts_permille		= 60,
		.slice_ns		= 2000000,
	};
}

/**
 * sched_client_init - a client that was never added, with default settings
 * @client: to initialise
 */
void sched_client_init(struct sched_client *client)
{
	*client = (struct sched_client) {
		.weight		= SCHED_WEIGHT_DEFAULT,
		.cap_percent	= SCHED_CAP_MAX,
		.slow_percent	= SCHED_CAP_MAX,
		.max_instance	= 1,
	};
}

/**
 * sched_add - a client joins, without work
 * @queue: run queue
 * @client: not added, and not the current one
 * @now: time
 *
 * What it owed when it left it still owes, less what the others have had since; it
 * does not come back with more than it left with.
 */
void sched_add(struct sched_queue *queue, struct sched_client *client, __u64 now)
{
	__s64 least;

	refresh(queue, now);
	least = client->scale ? -to_virtual(SCHED_NS_MAX, client->scale) : 0;
	if (now - client->out_at < FORGET_NS)
		client->lag += queue->vtime - client->out_vtime;
	else
		client->lag = 0;
	client->lag = client->lag > 0 ? 0 : client->lag < least ? least : client->lag;
	rescale(client, queue->policy->weight(client));
	client->member = true;
	client->next = queue->first;
	client->link = &queue->first;
	if (client->next)
		client->next->link = &client->next;
	queue->first = client;
	queue->members++;
	limit(queue, client, now);
	if (client->cap.tokens > 0)
		client->cap.tokens = 0;
	if (client->share.tokens > 0)
		client->share.tokens = 0;
}

/**
 * sched_remove - a client leaves
 * @queue: run queue
 * @client: no effect if it was not added; it may be the current one, whose run
 *	is then to be stopped and charged as any other
 * @now: time
 */
void sched_remove(struct sched_queue *queue, struct sched_client *client, __u64 now)
{
	if (!client->member)
		return;
	refresh(queue, now);
	/* The run is being stopped for it all the same. What is prepaid was for this run. */
	if (queue->cutter == client)
		pay_cut(queue, client, queue->current_client,
			switch_of(queue, queue->current_client), now);
	client->member = false;
	client->runnable = false;
	client->woken = false;
	client->cut = false;
	client->slept_at = 0;
	client->out_at = now;
	level(queue);
	client->out_vtime = queue->vtime;
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	queue->members--;
}

/**
 * sched_forget - a client is to be added to another queue than before
 * @client: not added
 *
 * What it owes, it owes to those whom it leaves, and they paid for its switch. The
 * virtual time of their queue means nothing in another.
 */
void sched_forget(struct sched_client *client)
{
	client->lag = 0;
	client->out_at = 0;
	client->out_vtime = 0;
	client->prepaid_ns = 0;
	client->cuts_ns = 0;
}

/**
 * sched_wake - a client has work
 * @queue: run queue
 * @client: no effect if it was not added, or had work
 * @now: time
 */
void sched_wake(struct sched_queue *queue, struct sched_client *client, __u64 now)
{
	if (!client->member || client->runnable)
		return;
	refresh(queue, now);
	client->runnable = true;
	client->brief = queue->lingers && client->slept_at &&
			now - client->slept_at <= queue->switch_ns;
	/* It hardly slept: all is as if it had not. */
	if (client == queue->current_client || client->brief)
		return;
	client->taken_ns = 0;
	/* Whose share is kept wastes time of its own only. */
	client->woken = client->share.rate || sched_pace_waking_counts(queue);
	if (client->woken) {
		begin_request(client, slot_of(queue, client));
		return;
	}
	/* Too much of the time passes with switches for a little work: it waits for its turn. */
	if (client->lag > 0)
		client->lag = 0;
	begin_request(client, sched_min(slot_of(queue, client),
					queue->timeslice_ns + switch_of(queue, client)));
}

/**
 * sched_sleep - a client has no work any more
 * @queue: run queue
 * @client: no effect if it had none
 * @now: time
 */
void sched_sleep(struct sched_queue *queue, struct sched_client *client, __u64 now)
{
	if (!client->runnable)
		return;
	refresh(queue, now);
	client->runnable = false;
	client->woken = false;
	client->cut = false;
	client->slept_at = now;
}

/**
 * sched_update - change the settings of a client
 * @queue: run queue
 * @client: added or not
 * @weight: new
 * @cap_percent: new
 * @timeslice_ns: new
 * @now: time
 */
void sched_update(struct sched_queue *queue, struct sched_client *client, __u32 weight,
		  __u32 cap_percent, __u64 timeslice_ns, __u64 now)
{
	/* What ran so far ran at the old weight. */
	refresh(queue, now);
	client->weight = weight;
	client->cap_percent = cap_percent;
	client->timeslice_ns = timeslice_ns;
	if (client->member)
		rescale(client, queue->policy->weight(client));
}

/**
 * sched_slow - slow a client down for a while
 * @queue: run queue
 * @client: added or not
 * @percent: of the time, at most; SCHED_CAP_MAX: as its settings say
 * @now: time
 */
void sched_slow(struct sched_queue *queue, struct sched_client *client, __u32 percent,
		__u64 now)
{
	refresh(queue, now);
	client->slow_percent = percent;
}

/**
 * sched_set_policy - change the policy
 * @queue: run queue
 * @policy: who decides from now on
 * @now: time
 */
void sched_set_policy(struct sched_queue *queue, const struct sched_policy *policy, __u64 now)
{
	struct sched_client *client;

	refresh(queue, now);
	queue->policy = policy;
	for (client = queue->first; client; client = client->next) {
		rescale(client, policy->weight(client));
		if (client->share.tokens > 0)
			client->share.tokens = 0;
	}
}

static __u64 quantum_of(struct sched_queue *queue, struct sched_client *client)
{
	__u64 load = load_of(queue, client);
	__s64 quantum;

	if (!others_wait(queue, client) && !client->cap.rate && !client->share.rate)
		return 0;
	go_on(queue, client, load);
	quantum = left_ns(client) - (__s64)load;
	if (client->cap.rate && quantum > client->cap.tokens)
		quantum = client->cap.tokens;
	return quantum > (__s64)SCHED_SLIVER_NS ? (__u64)quantum : SCHED_SLIVER_NS;
}

/**
 * sched_pick - whose turn is it?
 * @queue: run queue without a current run
 * @now: time
 * @decision: the answer
 *
 * If the answer names a client, its run must be ended by sched_charge().
 */
void sched_pick(struct sched_queue *queue, __u64 now, struct sched_decision *decision)
{
	struct sched_client *client, *best = NULL;
	__u64 at;

	*decision = (struct sched_decision) { 0 };
	refresh(queue, now);
	for (client = queue->first; client; client = client->next) {
		if (goes_before(queue, client, best))
			best = client;
		if (!client->runnable || !client->throttled)
			continue;
		at = now + time_to_release(queue, client);
		if (!decision->until || at < decision->until)
			decision->until = at;
	}
	if (!best)
		return;
	decision->until = 0;
	decision->client = best;
	decision->quantum_ns = quantum_of(queue, best);
	if (!decision->quantum_ns)
		decision->linger_ns = SCHED_FOREVER;
	else if (best->brief)
		decision->linger_ns = queue->switch_ns;
	queue->is_wake = best->woken;
	best->woken = false;
	best->cut = false;
	queue->current_client = best;
	queue->cutter = NULL;
	queue->quantum_ns = decision->quantum_ns;
	queue->linger_ns = decision->linger_ns;
	queue->since = now;
	queue->settled_ns = 0;
	queue->foreseen_ns = decision->quantum_ns ?
			     decision->quantum_ns + switch_of(queue, best) : SCHED_FOREVER;
}

/* A mean of what was seen. */
static void learn(__u64 *mean, __u64 seen)
{
	__s64 longer = seen - *mean;

	*mean += *mean ? longer >> 3 : longer;
}

/* It ran until @reason. */
static void end_work(struct sched_queue *queue, struct sched_client *client,
		     enum sched_end reason, __u64 now)
{
	if (reason == SCHED_END_QUANTUM || reason == SCHED_END_PREEMPTED)
		return;
	client->runnable = false;
	client->cut = false;
	client->slept_at = 0;
	if (reason == SCHED_END_IDLE)
		client->slept_at = now - (queue->linger_ns == SCHED_FOREVER ? 0 : queue->linger_ns);
}

/**
 * sched_charge - the current run ended
 * @queue: run queue
 * @reason: why; with SCHED_END_IDLE, RESET and REJECTED the client has no work
 *	until it wakes
 * @run_ns: how long it held the resource, its reset included
 * @switch_ns: what the switch to it took
 * @now: time
 *
 * The two are by the resource's clock; together they count for no more than has
 * passed by the caller's.
 */
void sched_charge(struct sched_queue *queue, enum sched_end reason, __u64 run_ns,
		  __u64 switch_ns, __u64 now)
{
	struct sched_client *client = queue->current_client;
	__u64 passed = time_of_run(queue, now), cost, prepaid;

	if (!client)
		return;
	settle(queue, now);
	run_ns = sched_min(run_ns, passed);
	switch_ns = sched_min(switch_ns, passed - run_ns);
	/*
	 * Without a quantum others were placed by the caller's clock. And a reset
	 * takes time of which the resource says nothing.
	 */
	cost = queue->quantum_ns && reason != SCHED_END_RESET ? run_ns + switch_ns : passed;
	prepaid = sched_min(switch_ns, client->prepaid_ns);
	client->prepaid_ns -= prepaid;
	cost -= prepaid;
	if (switch_ns) {
		learn(&client->switch_ns, sched_min(switch_ns, SWITCH_MAX_NS));
		learn(&queue->switch_ns, sched_min(switch_ns, SWITCH_MAX_NS));
	}
	owe(client, (__s64)cost - queue->settled_ns);
	client->run_ns += run_ns;
	client->charged_ns += cost;
	client->taken_ns += cost;
	if (reason == SCHED_END_IDLE && client->taken_ns < queue->timeslice_ns)
		sched_pace_little_work(queue, switch_ns);
	/* Tiny jobs are no way around a cap. */
	if (reason != SCHED_END_QUANTUM && reason != SCHED_END_PREEMPTED)
		run_ns = sched_max(run_ns, cost / 2);
	sched_bucket_spend(&client->cap, run_ns, now);
	sched_bucket_spend(&client->share, cost, now);
	end_work(queue, client, reason, now);
	queue->current_client = NULL;
	/* One that was removed meanwhile would have been stopped anyway. */
	if (queue->cutter && client->member && reason == SCHED_END_PREEMPTED)
		pay_cut(queue, queue->cutter, client, load_of(queue, client), now);
	queue->cutter = NULL;
	refresh(queue, now);
	/* Others may run before: then it is to be loaded again. */
	go_on(queue, client, load_of(queue, client));
}

/*
 * Of those that woke and may have the present run cut, the first. If there is
 * none, one may in @again nanoseconds, when it is owed enough.
 */
static struct sched_client *find_cutter(struct sched_queue *queue, __u64 now, bool *wakers,
					__u64 *again)
{
	struct sched_client *client, *first = NULL;
	__s64 least = sched_pace_least_lag(queue), lag;

	*wakers = false;
	*again = SCHED_FOREVER;
	for (client = queue->first; client; client = client->next) {
		if (!client->woken || !may_run(client) || client == queue->current_client)
			continue;
		lag = lag_ns(client);
		*wakers |= !rank(queue, client);
		if (lag < least)
			*again = sched_min(*again, SCHED_SLIVER_NS +
					   div64_u64((__u64)(least - lag) * queue->weights,
						     client->scale));
		else if (goes_before(queue, client, first) &&
			 sched_pace_may_cut(queue, client, now))
			first = client;
	}
	return first;
}

/**
 * sched_look - when must the current run stop, before its quantum ends?
 * @queue: run queue
 * @now: time
 *
 * To be asked after a client was added, removed, woken or updated, after a
 * change of policy or settings, and again when the time passed that it returned;
 * not once it was 0, until the run is charged.
 *
 * Return: 0: now; else in how many nanoseconds to ask again, SCHED_FOREVER: not.
 */
__u64 sched_look(struct sched_queue *queue, __u64 now)
{
	struct sched_client *client = queue->current_client, *cutter;
	__u64 ran = time_of_run(queue, now), slice, again;
	bool wakers;

	if (!client)
		return SCHED_FOREVER;
	queue->cutter = NULL;
	if (!client->member)
		return 0;
	refresh(queue, now);
	/* One that is to end about as soon by itself is left alone. */
	if (queue->quantum_ns && ran + SCHED_SLIVER_NS >= queue->foreseen_ns)
		return SCHED_FOREVER;
	if (!queue->quantum_ns && (client->cap.rate || client->share.rate))
		return 0;
	if (!others_wait(queue, client))
		return SCHED_FOREVER;
	if (!queue->quantum_ns && !client->runnable)
		return 0;
	cutter = find_cutter(queue, now, &wakers, &again);
	if (!queue->quantum_ns) {
		slice = wakers ? queue->timeslice_ns : slice_of(queue, client);
		queue->foreseen_ns = sched_min(queue->foreseen_ns, sched_max(ran, slice));
		if (ran >= slice)
			return 0;
		again = sched_min(again, slice - ran);
	}
	if (!cutter)
		return again;
	if (queue->is_wake && ran < queue->switch_ns + GRAIN_NS)
		return queue->switch_ns + GRAIN_NS - ran;
	queue->foreseen_ns = sched_min(queue->foreseen_ns, ran + queue->timeslice_ns);
	queue->cutter = cutter;
	return 0;
}

/**
 * sched_lag - what a client is owed
 * @queue: run queue
 * @client: added
 * @now: time
 *
 * Return: nanoseconds; negative: what it owes.
 */
__s64 sched_lag(struct sched_queue *queue, struct sched_client *client, __u64 now)
{
	refresh(queue, now);
	return lag_ns(client);
}
