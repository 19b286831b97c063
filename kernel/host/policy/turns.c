// SPDX-License-Identifier: GPL-2.0-only
/*
 * turns.c - turns in virtual time, shortened by what was overrun
 *
 * A client's virtual time runs at 1/weight of real time. Its time is divided
 * into turns of one slice; the turn that begins first, in virtual time, runs
 * next. With equal weights this is strict round robin; a client of twice the
 * weight has two turns where another has one. Virtual time is the start of the
 * turn picked last, so no turn that waits begins before it.
 *
 * Overrun. What a turn ran too long becomes debt, in real time. Each turn is
 * debt / averaging shorter, rounded up, and debt is paid when such a turn is
 * used up; what is more than a turn is paid by beginning it later. No debt is
 * ever dropped. There is none to make for a client that runs alone: nobody
 * waited for it. Less than a sliver left of a turn is added to the next. Nobody,
 * the owner of what no vGPU owns, is a client like others: slots of nobody that
 * a late timer made longer are paid back by shorter ones, until there is no such
 * share any more. An owner's idle slot is not charged for a late timer.
 *
 * Sleep. A client that wakes goes on with its turn if nobody's later turn has
 * begun, and otherwise begins one now: it keeps no credit. A turn also ends
 * when its client runs out of work for the second time, or two vGPUs with tiny
 * jobs could make the resource do nothing but switch; where idle turns are kept
 * for their owner, the rest of it passes idle. A turn that ends so pays no debt,
 * nor do turns slept through. A client that leaves takes only its debt along.
 *
 * Cap. A bucket of tokens fills at cap_percent of real time up to what the
 * window W is worth, and running empties it; an empty one waits until a slice,
 * or half the bucket, is in it. Where policy keeps idle turns for their owner,
 * those of a capped one pass idle too.
 *
 * Bounds, for one run queue, with
 *	Q  the slice, the same for all
 *	o  the longest overrun: what a run, or an idle slot, lasts beyond its
 *	   quantum, at most the preempt bound of the hardware plus the time-out
 *	   and reset of an offender
 *	s  the cost of a switch: save one client, load another
 *	e  SCHED_SLIVER_NS
 *	R  SCHED_RUNS_PER_TURN; 1 if nobody runs out of work
 *	N  clients; A the averaging factor; w(i) weights, W their sum
 * A run that has work never ends before its quantum. Idle slots count as runs.
 *
 * 1. Wait, equal weights. Turns of equal length are queued as they end, so
 *    between two turns of one client any other begins at most one, of at most
 *    Q + e + o and R runs. Hence a client not over its cap waits at most
 *	(N - 1) * (Q + e + o + R * s) + s
 *    the last s being its own, if it has no debt, or o <= Q - e, so that debt
 *    never takes a whole turn; and Q + e + o more, the rest of its own turn, if
 *    policy keeps idle turns and it ran out of work R times in it. With other
 *    weights or slices a client begins ceil(x) turns in the place of one,
 *    x = w(j) / w(i) * Q(i) / Q(j).
 * 2. Service. Let S(i) be what i was served since a moment at which all were
 *    level; i always has work and is not capped. Debt D(i) is at most A * o,
 *    for D - D / A + o <= A * o when D <= A * o. After its k-th turn
 *    S(i) = k * Q + D(i) - c(i), c(i) < e being what it will get in addition.
 *    With equal weights the numbers of turns differ by at most 1, so since
 *    that moment
 *	|S(i) - S(j)| <= Q + A * o + e
 *    and over any window, whose ends may be bad in opposite senses,
 *	|S(i) - S(j)| <= Q + 2 * (A * o + e)
 *    and one Q more if o > Q - e: who skips turns may change places.
 * 3. Weights. While i waits its turn begins in [V, V + Q / w(i)], V being the
 *    virtual time; so S(i) / w(i) is in V + [-e, Q + A * o] / w(i), and over a
 *    window with service G in all, E = Q + A * o + e and p = w(i) / W
 *	|S(i) - p * G| <= E * (1 + max(0, N - 2) * p).
 *    A change of weight, cap, slice or policy keeps, in real time, what is used
 *    of a turn and how far off the next one is; so both 2 (twice its value)
 *    and 3 hold for windows that begin at the change, Q being the longest slice
 *    since anyone ran last.
 * 4. Cap. In any window T a client runs at most
 *	cap * (T + W) + o + e
 *    and one that always has work, with nobody to wait for, at least
 *	cap * (T - s) - Q - o - e.
 * 5. Work conservation, best_effort. Nobody is picked only when every client
 *    that has work is over its cap.
 * 6. Idle turns. With a policy that keeps them, 2 and 3 hold for the sum of
 *    what i was served and what passed idle for it, if it had work or not. So
 *    under fixed_share, in any window T, i is served at most
 *	T / max_instance + 2 * E.
 * 7. A decision costs one removal and one insertion in a heap of N + 1; the
 *    release of a capped client, which it had paid by a run, as much again.
 */
#include "policy/cap.h"
#include "policy/policy.h"

/* Virtual nanoseconds a real one at weight 1: keeps weights of 10^6 precise. */
#define VIRTUAL_SHIFT		20
/* Virtual time can't have wrapped meanwhile; 36 minutes. */
#define OUT_NS_MAX		(1ULL << 41)
/* The most that one turn pays. */
#define PAY_NS_MAX		(1ULL << 40)

static __u64 weight_of(const struct sched_queue *queue,
		       const struct sched_client *client)
{
	return client == &queue->nobody ? client->weight :
					  queue->policy->weight(client);
}

static __u64 slice_of(const struct sched_queue *queue,
		      const struct sched_client *client)
{
	return client->timeslice_ns ? client->timeslice_ns : queue->timeslice_ns;
}

static __u64 to_virtual(__u64 real_ns, __u64 weight)
{
	return div64_u64(real_ns << VIRTUAL_SHIFT, weight);
}

static __u64 to_real(__u64 virtual_ns, __u64 weight)
{
	return (virtual_ns >> VIRTUAL_SHIFT) * weight +
	       (((virtual_ns & ((1ULL << VIRTUAL_SHIFT) - 1)) * weight) >>
		VIRTUAL_SHIFT);
}

static bool is_later(__u64 a, __u64 b)
{
	return (__s64)(a - b) > 0;
}

static __u64 later(__u64 a, __u64 b)
{
	return is_later(a, b) ? a : b;
}

static __u64 at_most(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static bool may_queue(const struct sched_queue *queue,
		      const struct sched_client *client)
{
	return client->member &&
	       (client->runnable || queue->policy->keeps_idle);
}

static bool is_queued(const struct sched_client *client)
{
	return client->heap_index != SCHED_HEAP_NONE;
}

static void set_runnable(struct sched_queue *queue, struct sched_client *client,
			 bool runnable)
{
	if (client->runnable == runnable)
		return;
	client->runnable = runnable;
	if (runnable)
		queue->runnable++;
	else
		queue->runnable--;
}

/* ---- turns */

/* Begin a turn at @start, @extra longer, and less what is paid of the debt. */
static void begin_turn(struct sched_queue *queue, struct sched_client *client,
		       __u64 start, __u64 extra)
{
	__u64 slice = slice_of(queue, client), skip;
	__u64 pay = at_most(div64_u64(client->debt_ns + queue->averaging - 1,
				      queue->averaging), PAY_NS_MAX);

	skip = div64_u64(pay, slice) * slice;
	pay -= skip;
	client->debt_ns -= skip;
	client->left_ns = slice - pay + extra;
	if (pay && client->left_ns < (__s64)SCHED_SLIVER_NS) {
		/* Too short to run: the next one has what is left of it. */
		client->debt_ns -= pay;
		client->left_ns += slice;
		skip += slice;
		pay = 0;
	}
	client->start = start + to_virtual(skip, weight_of(queue, client));
	client->turn_ns = slice;
	client->paying_ns = pay;
	client->skipped_ns = skip;
	client->sleeps = 0;
	client->order = ++queue->order;
}

/* The turn was used up, or there is not enough left of it. */
static void end_turn(struct sched_queue *queue, struct sched_client *client)
{
	__u64 end = client->start + to_virtual(client->turn_ns,
					       weight_of(queue, client));
	__u64 extra = 0;

	client->debt_ns -= client->paying_ns;
	if (client->left_ns < 0)
		client->debt_ns -= client->left_ns;
	else
		extra = client->left_ns;
	begin_turn(queue, client, end, extra);
}

/* The turn ends here and its rest is nobody's. */
static void forfeit_turn(struct sched_queue *queue, struct sched_client *client)
{
	begin_turn(queue, client, client->start +
		   to_virtual(client->turn_ns, weight_of(queue, client)), 0);
}

/* Turns nobody waited for: no overrun, no payment, the clock just moves. */
static void pass_turns(struct sched_queue *queue, struct sched_client *client)
{
	__u64 slice = slice_of(queue, client);
	__u64 over, whole, passed;

	if (client->left_ns >= (__s64)SCHED_SLIVER_NS)
		return;
	over = client->left_ns < 0 ? -client->left_ns : 0;
	whole = div64_u64(over, slice) * slice;
	passed = client->turn_ns + whole;
	client->left_ns = slice - (over - whole);
	if (client->left_ns < (__s64)SCHED_SLIVER_NS) {
		client->left_ns += slice;
		passed += slice;
	}
	client->start += to_virtual(passed, weight_of(queue, client));
	client->turn_ns = slice;
	client->paying_ns = 0;
	client->sleeps = 0;
	queue->now = later(queue->now, client->start);
}

/* Back among those who wait: go on with the turn, or begin one. */
static void resume_turn(struct sched_queue *queue, struct sched_client *client,
			__u64 now)
{
	__s64 used = client->turn_ns - client->paying_ns - client->left_ns;
	unsigned int sleeps = client->sleeps;
	__u64 used_up_to;

	if (!client->turn_ns || now - client->out_at > OUT_NS_MAX) {
		begin_turn(queue, client, queue->now, 0);
		return;
	}
	if (!is_later(queue->now, client->start)) {
		/*
		 * A turn of which nothing is used but what an earlier one left
		 * over: what it pays is settled now. It stays the same turn.
		 */
		if (used <= 0) {
			begin_turn(queue, client, client->start, -used);
			client->sleeps = sleeps;
		}
		client->order = ++queue->order;
		return;
	}
	used_up_to = client->start;
	if (used > 0)
		used_up_to += to_virtual(used, weight_of(queue, client));
	begin_turn(queue, client, later(used_up_to, queue->now), 0);
}

/* Out of those who wait: debt that would have been paid by waiting remains. */
static void leave_turn(struct sched_queue *queue, struct sched_client *client,
		       __u64 now)
{
	__u64 weight = weight_of(queue, client), back;

	client->out_at = now;
	if (client->skipped_ns && is_later(client->start, queue->now)) {
		back = at_most(to_real(client->start - queue->now, weight),
			       client->skipped_ns);
		client->start -= to_virtual(back, weight);
		client->debt_ns += back;
	}
	client->skipped_ns = 0;
}

static void dequeue(struct sched_queue *queue, struct sched_client *client)
{
	if (!is_queued(client))
		return;
	sched_heap_remove(client->throttled ? &queue->throttled : &queue->ready,
			  client);
	client->throttled = false;
}

static void enqueue(struct sched_queue *queue, struct sched_client *client,
		    __u64 now)
{
	__u64 wait = 0;

	if (is_queued(client) || client == queue->current_client ||
	    !may_queue(queue, client))
		return;
	cap_refill(client, now);
	if (!queue->policy->keeps_idle)
		wait = cap_wait(client, slice_of(queue, client));
	if (wait) {
		leave_turn(queue, client, now);
		client->throttled = true;
		sched_heap_insert(&queue->throttled, client, now + wait,
				  client->order);
	} else {
		sched_heap_insert(&queue->ready, client, client->start,
				  client->order);
	}
}

/* Its weight changes: how far off its turn is stays the same in real time. */
static void rescale(struct sched_queue *queue, struct sched_client *client,
		    __u64 before, __u64 after)
{
	if (before != after && is_later(client->start, queue->now))
		client->start = queue->now +
			to_virtual(to_real(client->start - queue->now, before),
				   after);
}

/* Keep the share that is nobody's equal to what is left over. */
static void reserve(struct sched_queue *queue, __u64 now)
{
	struct sched_client *nobody = &queue->nobody;
	__u64 before = nobody->weight;

	nobody->member = queue->policy->reserves && queue->members &&
			 queue->reserved < SCHED_RESERVE_TOTAL;
	dequeue(queue, nobody);
	if (!nobody->member) {
		/* It is owed to those who are here now. */
		leave_turn(queue, nobody, now);
		nobody->debt_ns = 0;
		return;
	}
	nobody->weight = SCHED_RESERVE_TOTAL - queue->reserved;
	rescale(queue, nobody, before, nobody->weight);
	if (nobody == queue->current_client)
		return;
	resume_turn(queue, nobody, now);
	enqueue(queue, nobody, now);
}

/* ---- runs */

static bool may_be_alone(const struct sched_queue *queue,
			 const struct sched_client *client)
{
	return !queue->ready.count && !queue->throttled.count &&
	       client->member && !is_capped(client);
}

/* Bring a run without a quantum up to @now, for the others to go by. */
static void account(struct sched_queue *queue, __u64 now)
{
	__u64 ran = now - queue->since;

	if (!queue->alone || (__s64)ran < 0 || ran <= queue->charged_ns)
		return;
	queue->current_client->left_ns -=
		at_most(ran - queue->charged_ns, RUN_NS_MAX);
	queue->charged_ns = ran;
	if (!queue->ready.count)
		pass_turns(queue, queue->current_client);
}

/*
 * It ran out of work as often as it may in this turn, and the rest of the turn
 * is its own: that passes, work or not. Switches are charged to nobody; without
 * this, tiny jobs would stretch a turn to many times its length.
 */
static bool rest_passes_idle(const struct sched_queue *queue,
			     const struct sched_client *client)
{
	return queue->policy->keeps_idle && queue->ready.count &&
	       client->sleeps >= SCHED_RUNS_PER_TURN;
}

/**
 * sched_queue_init - make an empty run queue
 * @queue: to initialise
 * @policy: who decides
 * @ready: storage for @capacity + 1 nodes
 * @throttled: storage for @capacity + 1 nodes
 * @capacity: most clients it will have
 */
void sched_queue_init(struct sched_queue *queue,
		      const struct sched_policy *policy,
		      struct sched_heap_node *ready,
		      struct sched_heap_node *throttled, unsigned int capacity)
{
	*queue = (struct sched_queue) {
		.policy		= policy,
		.timeslice_ns	= 1000000000ULL / 480,
		.averaging	= SCHED_AVERAGING_DEFAULT,
		.ready		= { .node = ready, .capacity = capacity + 1 },
		.throttled	= { .node = throttled, .capacity = capacity + 1 },
	};
	sched_client_init(&queue->nobody);
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
		.max_instance	= 1,
		.heap_index	= SCHED_HEAP_NONE,
	};
}

/**
 * sched_add - a client joins, without work
 * @queue: run queue
 * @client: not added; not the current one
 * @now: time
 *
 * Return: false if the queue is full.
 */
bool sched_add(struct sched_queue *queue, struct sched_client *client,
	       __u64 now)
{
	if (queue->members + 1 >= queue->ready.capacity)
		return false;
	account(queue, now);
	client->member = true;
	client->runnable = false;
	client->tokens_at = now;
	if (client->tokens_ns > 0)
		client->tokens_ns = 0;
	client->next = queue->first;
	client->link = &queue->first;
	if (client->next)
		client->next->link = &client->next;
	queue->first = client;
	queue->members++;
	if (queue->policy->reserves)
		queue->reserved += weight_of(queue, client);
	reserve(queue, now);
	if (may_queue(queue, client)) {
		resume_turn(queue, client, now);
		enqueue(queue, client, now);
	}
	return true;
}

/**
 * sched_remove - a client leaves
 * @queue: run queue
 * @client: no effect if it was not added; it may be the current one, whose run
 *	is then to be stopped and charged as any other
 * @now: time
 */
void sched_remove(struct sched_queue *queue, struct sched_client *client,
		  __u64 now)
{
	if (!client->member)
		return;
	account(queue, now);
	dequeue(queue, client);
	set_runnable(queue, client, false);
	leave_turn(queue, client, now);
	/* Weights may mean something else when it is back: begin anew. */
	if (client != queue->current_client)
		client->turn_ns = 0;
	client->member = false;
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	queue->members--;
	if (queue->policy->reserves)
		queue->reserved -= weight_of(queue, client);
	reserve(queue, now);
}

/**
 * sched_wake - a client has work
 * @queue: run queue
 * @client: added; no effect if it had work
 * @now: time
 */
void sched_wake(struct sched_queue *queue, struct sched_client *client,
		__u64 now)
{
	if (!client->member || client->runnable)
		return;
	account(queue, now);
	set_runnable(queue, client, true);
	if (is_queued(client) || client == queue->current_client)
		return;
	resume_turn(queue, client, now);
	enqueue(queue, client, now);
}

/**
 * sched_sleep - a client has no work any more
 * @queue: run queue
 * @client: no effect if it had none
 * @now: time
 *
 * If it is the current one: it holds the resource without work.
 */
void sched_sleep(struct sched_queue *queue, struct sched_client *client,
		 __u64 now)
{
	if (!client->runnable)
		return;
	set_runnable(queue, client, false);
	if (may_queue(queue, client) || client == queue->current_client)
		return;
	dequeue(queue, client);
	leave_turn(queue, client, now);
}

/**
 * sched_update - change the settings of a client
 * @queue: run queue
 * @client: added or not
 * @weight: OPENVGPU_WEIGHT_MIN..MAX
 * @cap_percent: 1..SCHED_CAP_MAX
 * @timeslice_ns: 0, or what timeslice_us can be
 * @now: time
 */
void sched_update(struct sched_queue *queue, struct sched_client *client,
		  __u32 weight, __u32 cap_percent, __u64 timeslice_ns,
		  __u64 now)
{
	__u64 before = weight_of(queue, client);
	bool was_throttled;

	account(queue, now);
	was_throttled = client->throttled;
	dequeue(queue, client);
	cap_change(client, cap_percent, now);
	client->weight = weight;
	client->timeslice_ns = timeslice_ns;
	rescale(queue, client, before, weight_of(queue, client));
	/* Time went on while it was held back: its turn may be long past. */
	if (was_throttled)
		resume_turn(queue, client, now);
	enqueue(queue, client, now);
}

/**
 * sched_set_policy - change the policy
 * @queue: run queue, in any state
 * @policy: who decides from now on
 * @now: time
 */
void sched_set_policy(struct sched_queue *queue,
		      const struct sched_policy *policy, __u64 now)
{
	const struct sched_policy *old = queue->policy;
	struct sched_client *client;
	bool was_queued;

	account(queue, now);
	for (client = queue->first; client; client = client->next)
		rescale(queue, client, old->weight(client),
			policy->weight(client));
	queue->policy = policy;
	queue->reserved = 0;
	for (client = queue->first; client; client = client->next) {
		if (policy->reserves)
			queue->reserved += policy->weight(client);
		was_queued = is_queued(client) && !client->throttled;
		dequeue(queue, client);
		if (client == queue->current_client)
			continue;
		if (!may_queue(queue, client)) {
			leave_turn(queue, client, now);
			continue;
		}
		if (!was_queued)
			resume_turn(queue, client, now);
		enqueue(queue, client, now);
	}
	reserve(queue, now);
}

/**
 * sched_pick - whose turn is it?
 * @queue: run queue without a current run
 * @now: time
 * @decision: the answer
 *
 * If the answer names a client, its run must be ended by sched_charge().
 */
void sched_pick(struct sched_queue *queue, __u64 now,
		struct sched_decision *decision)
{
	struct sched_client *client;
	__s64 slice, run;
	__u64 wait;

	*decision = (struct sched_decision) { 0 };

	/* Each one passes here once for each time its bucket ran empty. */
	while ((client = sched_heap_first(&queue->throttled)) &&
	       !is_later(queue->throttled.node[0].key, now)) {
		dequeue(queue, client);
		cap_refill(client, now);
		client->drained = false;
		resume_turn(queue, client, now);
		sched_heap_insert(&queue->ready, client, client->start,
				  client->order);
	}
	if (!queue->runnable)
		return;
	client = sched_heap_first(&queue->ready);
	if (!client) {
		if (queue->throttled.count)
			decision->until = queue->throttled.node[0].key;
		return;
	}
	dequeue(queue, client);
	cap_refill(client, now);
	queue->now = later(queue->now, client->start);
	client->skipped_ns = 0;

	/* The slice became shorter: so does the turn. */
	slice = slice_of(queue, client);
	if (client->left_ns > slice + (__s64)SCHED_SLIVER_NS) {
		client->turn_ns -= client->left_ns - slice;
		client->left_ns = slice;
	}
	run = client->left_ns;
	wait = cap_wait(client, slice_of(queue, client));
	decision->client = client;
	decision->idle_slot = !client->runnable || wait ||
			      rest_passes_idle(queue, client);
	if (!wait)
		client->drained = false;
	if (!decision->idle_slot) {
		queue->drains = is_capped(client) && client->tokens_ns < run;
		if (queue->drains)
			run = client->tokens_ns;
	} else if (wait && client->runnable && (__s64)wait < run) {
		run = wait;
	}
	if (run < (__s64)SCHED_SLIVER_NS)
		run = SCHED_SLIVER_NS;
	if (!decision->idle_slot && may_be_alone(queue, client))
		run = 0;
	decision->quantum_ns = run;

	queue->current_client = client;
	queue->idle_slot = decision->idle_slot;
	queue->alone = !run;
	queue->since = now;
	queue->charged_ns = 0;
}

/**
 * sched_charge - the current run ended
 * @queue: run queue
 * @reason: why; with SCHED_END_IDLE, RESET and REJECTED the client has no work
 *	until it wakes
 * @run_ns: how long it held the resource, not what the switch took
 * @now: time
 */
void sched_charge(struct sched_queue *queue, enum sched_end reason,
		  __u64 run_ns, __u64 now)
{
	struct sched_client *client = queue->current_client;
	bool slept;

	if (!client)
		return;
	slept = reason != SCHED_END_QUANTUM && reason != SCHED_END_PREEMPTED &&
		!queue->idle_slot;
	if (slept)
		set_runnable(queue, client, false);
	if (queue->idle_slot) {
		/*
		 * A timer that is late is not the owner's fault. Nobody has
		 * none: late slots of nobody would make the parts of all owners
		 * less than they are.
		 */
		if (client != &queue->nobody && client->left_ns > 0)
			run_ns = at_most(run_ns, client->left_ns);
		client->idle_ns += run_ns;
	} else {
		client->run_ns += run_ns;
		cap_charge(client, run_ns, now);
		if (queue->drains && reason == SCHED_END_QUANTUM)
			client->drained = true;
	}
	/* account() went by the clock, which ran while the client was loaded. */
	if (run_ns >= queue->charged_ns)
		client->left_ns -= at_most(run_ns - queue->charged_ns,
					   RUN_NS_MAX);
	else
		client->left_ns += at_most(queue->charged_ns - run_ns,
					   client->turn_ns);
	if (client->left_ns > (__s64)(client->turn_ns + SCHED_SLIVER_NS))
		client->left_ns = client->turn_ns;

	if (queue->alone && !queue->ready.count)
		pass_turns(queue, client);
	else if (client->left_ns < (__s64)SCHED_SLIVER_NS)
		end_turn(queue, client);
	else if (slept && ++client->sleeps >= SCHED_RUNS_PER_TURN &&
		 !queue->policy->keeps_idle)
		forfeit_turn(queue, client);

	queue->current_client = NULL;
	queue->idle_slot = false;
	queue->alone = false;
	queue->drains = false;
	if (may_queue(queue, client))
		enqueue(queue, client, now);
	else
		leave_turn(queue, client, now);
	if (!client->member)
		client->turn_ns = 0;
}

/**
 * sched_look - must the current run stop before its quantum ends?
 * @queue: run queue
 * @now: time
 * @stop_in_ns: in how long, 0: at once
 *
 * To be asked after a client was added, removed, woken or updated, after a
 * change of policy, and, if it says so, again when that time has passed.
 *
 * Return: true if it must.
 */
bool sched_look(struct sched_queue *queue, __u64 now, __u64 *stop_in_ns)
{
	struct sched_client *client = queue->current_client;
	__u64 wait;

	*stop_in_ns = 0;
	if (!client)
		return false;
	if (!client->member)
		return true;
	if (queue->idle_slot) {
		cap_refill(client, now);
		return !queue->policy->keeps_idle ||
		       (client->runnable && !rest_passes_idle(queue, client) &&
			!cap_wait(client, slice_of(queue, client)));
	}
	if (!queue->alone || may_be_alone(queue, client))
		return false;
	account(queue, now);
	if (is_capped(client))
		return true;
	if (client->left_ns > 0 && client->runnable)
		*stop_in_ns = client->left_ns;
	if (!queue->ready.count && queue->throttled.count) {
		wait = queue->throttled.node[0].key - now;
		if ((__s64)wait > 0 && wait > *stop_in_ns)
			*stop_in_ns = wait;
	}
	return true;
}
