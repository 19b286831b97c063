// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine.c - a process that is a GPU: its registers, interrupts and end
 *
 * Accesses of registers wait in a queue until the process reads them. Who reads a
 * register waits for the answer, for a second at most. A process that takes longer, or
 * is late too often, is gone: from then on registers read all ones at once, and the PCI
 * function is taken away, as it is when the process ends.
 *
 * The process shares no memory with what is here, so nothing has to be checked twice.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": software GPU: " fmt

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "family/soft/engine.h"
#include "family/soft/soft.h"
#include "refgpu_hw.h"

#define GONE	(~0ULL)		/* what registers read as */

/*
 * The second is waited for in steps: the clock goes on while a machine stands still, as
 * virtual ones do, and then the process had no chance to answer.
 */
#define STEPS		10
#define STEP_MS		(OPENVGPU_SOFT_TIMEOUT_MS / STEPS)
#define STEP		msecs_to_jiffies(STEP_MS)

/*
 * A probe makes hundreds of accesses, and somebody waits for all of them. So the process
 * is late as soon as one has waited for LATE, and that adds up until it is out of
 * PATIENCE. Of the time in which it is not late it gets an eighth back. So however it
 * goes about it, N accesses that take the time T wait at most
 *
 *	PATIENCE + T / 8 + N * LATE
 *
 * A moment counts once, however many wait: guests that read at the same time must not
 * use up what is everybody's.
 *
 * Only what is in the queue waits for the process, and of that what others wait for: READs
 * for their answers, and all of it when it is full. How long somebody takes to put it there,
 * or to see the answer, is not the process's doing: a tenant decides when the threads of
 * its VMM run, and how many there are.
 */
#define LATE		((u64)OPENVGPU_SOFT_LATE_MS * NSEC_PER_MSEC)
#define PATIENCE	((s64)OPENVGPU_SOFT_PATIENCE_MS * NSEC_PER_MSEC)
#define GIVEN_BACK	8

/**
 * struct reader - somebody who reads a register
 * @node: in soft_engine.readers, as long as there is no answer
 * @since: when the request was put into the queue, in ns
 * @at: where in the queue the request is
 * @id: of the request
 * @value: the answer
 * @answered: there is one
 */
struct reader {
	struct list_head node;
	u64 since;
	u64 at;
	u64 id;
	u64 value;
	struct completion answered;
};

/**
 * struct poster - somebody whose request waits for room in the queue
 * @node: in soft_engine.posters, as long as it waits
 * @request: the request
 * @reader: who wants an answer to it, or NULL
 * @posted: it was put into the queue
 * @placed: it was, or there is nobody who will read it
 */
struct poster {
	struct list_head node;
	const struct openvgpu_soft_request *request;
	struct reader *reader;
	bool posted;
	struct completion placed;
};

/* ---------------------------------------------------------------- life and end */

/* Shows the function; takes it away when the process is gone. */
static void engine_work(struct work_struct *work)
{
	struct soft_engine *engine = container_of(work, struct soft_engine, work);
	int slot = READ_ONCE(engine->slot);

	if (slot >= 0 && !soft_engine_is_gone(engine))
		soft_bridge_show(engine);
	if (slot >= 0 && soft_engine_is_gone(engine) && !engine->pulled) {
		soft_bridge_pull(slot);
		engine->pulled = true;
		soft_engine_put(engine);
	}
	soft_engine_put(engine);
}

static void engine_wake_work(struct work_struct *work)
{
	struct soft_engine *engine = container_of(work, struct soft_engine,
						  wake_work);

	wake_up_all(&engine->asked);
	soft_engine_put(engine);
}

/**
 * soft_engine_kick - the function is to be shown, or taken away
 * @engine: the engine
 */
void soft_engine_kick(struct soft_engine *engine)
{
	soft_engine_get(engine);
	if (!queue_work(soft_engine_wq, &engine->work))
		soft_engine_put(engine);
}

/* No answers from here on. Returns whether there could have been some. */
static bool end(struct soft_engine *engine)
{
	struct poster *poster, *later;
	struct reader *reader, *next;
	bool was_there;

	spin_lock(&engine->lock);
	was_there = !engine->gone;
	WRITE_ONCE(engine->gone, true);
	list_for_each_entry_safe(reader, next, &engine->readers, node) {
		list_del_init(&reader->node);
		complete(&reader->answered);
	}
	list_for_each_entry_safe(poster, later, &engine->posters, node) {
		list_del_init(&poster->node);
		complete(&poster->placed);
	}
	spin_unlock(&engine->lock);
	wake_up_all(&engine->asked);
	return was_there;
}

static void fail(struct soft_engine *engine, const char *why)
{
	if (!end(engine))
		return;
	pr_err("the process of slot %d %s: it is taken away\n", engine->slot, why);
	soft_engine_kick(engine);
}

/**
 * soft_engine_close - the process has closed its file, or ended
 * @engine: the engine; the caller's reference is dropped
 *
 * Waits for nobody but who is just mapping or unmapping pages.
 */
void soft_engine_close(struct soft_engine *engine)
{
	soft_memory_close(&engine->memory);
	end(engine);
	soft_engine_kick(engine);
	soft_engine_put(engine);
}

/**
 * soft_engine_make - the state of a process that has opened the device
 *
 * Return: the engine, with a reference, or NULL.
 */
struct soft_engine *soft_engine_make(void)
{
	struct soft_engine *engine = kzalloc(sizeof(*engine), GFP_KERNEL_ACCOUNT);

	if (!engine)
		return NULL;
	engine->queue = kvcalloc(OPENVGPU_SOFT_QUEUE, sizeof(*engine->queue),
				 GFP_KERNEL_ACCOUNT);
	if (!engine->queue || soft_memory_init(&engine->memory)) {
		kvfree(engine->queue);
		kfree(engine);
		return NULL;
	}
	kref_init(&engine->kref);
	engine->number = -1;
	engine->slot = -1;
	mutex_init(&engine->setup);
	spin_lock_init(&engine->lock);
	spin_lock_init(&engine->listening);
	INIT_LIST_HEAD(&engine->readers);
	INIT_LIST_HEAD(&engine->posters);
	INIT_WORK(&engine->work, engine_work);
	INIT_WORK(&engine->wake_work, engine_wake_work);
	init_waitqueue_head(&engine->asked);
	engine->patience = PATIENCE;
	engine->charged = ktime_get_ns();
	return engine;
}

static void engine_free(struct kref *kref)
{
	struct soft_engine *engine = container_of(kref, struct soft_engine, kref);

	soft_memory_exit(&engine->memory);
	soft_engine_number_free(engine->number);
	mutex_destroy(&engine->setup);
	kvfree(engine->queue);
	kfree(engine);
}

/**
 * soft_engine_get - take a reference
 * @engine: the engine
 */
void soft_engine_get(struct soft_engine *engine)
{
	kref_get(&engine->kref);
}

/**
 * soft_engine_put - drop a reference
 * @engine: the engine
 *
 * May sleep, if it is the last.
 */
void soft_engine_put(struct soft_engine *engine)
{
	kref_put(&engine->kref, engine_free);
}

/* -------------------------------------------------------------------- requests */

static struct soft_entry *entry_at(struct soft_engine *engine, u64 at)
{
	return &engine->queue[at % OPENVGPU_SOFT_QUEUE];
}

static bool has_room(const struct soft_engine *engine)
{
	return READ_ONCE(engine->put) - READ_ONCE(engine->get) <
	       OPENVGPU_SOFT_QUEUE;
}

/*
 * The process is charged for what it was late since it was charged last: by the oldest
 * READ without an answer, by the oldest request in a full queue, or by what it does
 * since @since itself, at most now. Returns whether there is patience left.
 */
static bool charge(struct soft_engine *engine, u64 since)
{
	const struct reader *oldest =
		list_first_entry_or_null(&engine->readers, struct reader, node);
	u64 now = ktime_get_ns(), late;

	lockdep_assert_held(&engine->lock);
	if (oldest)
		since = min(since, oldest->since);
	if (!has_room(engine))
		since = min(since, entry_at(engine, engine->get)->since);
	late = max(since + LATE, engine->charged);
	if (now > late) {
		engine->patience += (late - engine->charged) / GIVEN_BACK;
		engine->patience = min(engine->patience, PATIENCE);
		/* Who waits looks at each step: for what is more, see above. */
		engine->patience -= min_t(u64, now - late,
					  STEP_MS * NSEC_PER_MSEC);
		engine->charged = now;
	}
	return engine->patience >= 0;
}

static bool may_go_on(struct soft_engine *engine, u64 since)
{
	bool patient;

	spin_lock(&engine->lock);
	patient = charge(engine, since);
	spin_unlock(&engine->lock);
	return patient;
}

/**
 * soft_engine_kept_waiting - the process has kept somebody waiting otherwise
 * @engine: the engine
 * @since: when that began, in ns
 */
void soft_engine_kept_waiting(struct soft_engine *engine, u64 since)
{
	if (!may_go_on(engine, since))
		fail(engine, "is late too often");
}

/* Put a request into the queue, with the lock held, if there is room. */
static bool put(struct soft_engine *engine,
		const struct openvgpu_soft_request *request,
		struct reader *reader)
{
	struct soft_entry *entry = entry_at(engine, engine->put);

	if (!has_room(engine))
		return false;
	entry->request = *request;
	entry->since = ktime_get_ns();
	if (reader) {
		reader->since = entry->since;
		reader->at = engine->put;
		reader->id = ++engine->id;
		entry->request.id = reader->id;
		list_add_tail(&reader->node, &engine->readers);
	}
	WRITE_ONCE(engine->put, engine->put + 1);
	return true;
}

/*
 * For as long as the process reads something each second. However it ends, the poster is
 * off the list: the end takes all of them off.
 */
static bool wait_for_room(struct soft_engine *engine, struct poster *poster)
{
	u64 before = READ_ONCE(engine->get), get;
	unsigned int step;

	for (step = 0; step < STEPS; step++) {
		if (wait_for_completion_timeout(&poster->placed, STEP))
			return poster->posted;
		get = READ_ONCE(engine->get);
		if (get != before)
			step = 0;
		before = get;
		if (!may_go_on(engine, ktime_get_ns()))
			break;
	}
	fail(engine, "does not read what it is asked, or is late too often");
	return poster->posted;
}

/*
 * The same as soon as there is room. Whoever makes room puts in the requests that wait, the
 * oldest first: no thread has to run for it, which its tenant may have throttled, and a
 * tenant's thousand threads are a thousand requests to wait for, no more. Returns false if
 * nobody will read it.
 */
static bool post(struct soft_engine *engine,
		 const struct openvgpu_soft_request *request,
		 struct reader *reader)
{
	struct poster poster = {
		.request = request,
		.reader = reader,
		.placed = COMPLETION_INITIALIZER_ONSTACK(poster.placed),
	};
	bool gone;

	spin_lock(&engine->lock);
	gone = engine->gone;
	if (!gone && list_empty(&engine->posters))
		poster.posted = put(engine, request, reader);
	if (!gone && !poster.posted)
		list_add_tail(&poster.node, &engine->posters);
	spin_unlock(&engine->lock);
	if (gone)
		return false;
	if (!poster.posted)
		return wait_for_room(engine, &poster);
	wake_up(&engine->asked);
	return true;
}

/* There is room, with the lock held. Returns whether somebody waited for it. */
static bool put_posters(struct soft_engine *engine)
{
	struct poster *poster, *later;
	bool any = false;

	list_for_each_entry_safe(poster, later, &engine->posters, node) {
		if (!put(engine, poster->request, poster->reader))
			break;
		list_del_init(&poster->node);
		poster->posted = true;
		complete(&poster->placed);
		any = true;
	}
	return any;
}

/* However it ends, the reader is off the list: the end takes all of them off. */
static void wait_for_answer(struct soft_engine *engine, struct reader *reader)
{
	unsigned int step;

	for (step = 0; step < STEPS; step++) {
		if (wait_for_completion_timeout(&reader->answered, STEP))
			return;
		if (!may_go_on(engine, ktime_get_ns()))
			break;
	}
	fail(engine, "does not answer, or is late too often");
}

/**
 * soft_engine_is_shown - whether a driver may be bound to the function
 * @engine: the engine
 *
 * Not as long as it is being added to its bus: then a lock is held that all hotplug of the
 * machine needs, and a probe takes as long as the process lets it. The driver is bound
 * afterwards.
 */
bool soft_engine_is_shown(const struct soft_engine *engine)
{
	return READ_ONCE(engine->shown);
}

/**
 * soft_engine_may - whether the function is there, and its driver lets it do something
 * @engine: the engine
 * @what: PCI_COMMAND_MEMORY or PCI_COMMAND_MASTER
 */
bool soft_engine_may(const struct soft_engine *engine, u16 what)
{
	/* Pairs with the one in take_slot() of bridge.c. */
	int slot = smp_load_acquire(&engine->slot);

	/* The function is there until @gone, and its slot after it. */
	return slot >= 0 && !soft_engine_is_gone(engine) &&
	       soft_bridge_command(slot) & what;
}

/* All ones if the process is gone. */
static u64 ask(struct soft_engine *engine, u64 offset, unsigned int bytes)
{
	const struct openvgpu_soft_request request = {
		.kind	= OPENVGPU_SOFT_READ,
		.bytes	= bytes,
		.offset	= offset,
	};
	struct reader reader = { .value = GONE };

	init_completion(&reader.answered);
	if (!post(engine, &request, &reader))
		return GONE;
	wait_for_answer(engine, &reader);
	return reader.value;
}

/**
 * soft_engine_mode - the firmware mode of the GPU, for the PCI function's sake
 * @engine: the engine
 *
 * For whoever decodes no memory, too. May sleep, as soft_engine_read().
 *
 * Return: enum refgpu_mode, or any other number.
 */
u64 soft_engine_mode(struct soft_engine *engine)
{
	return ask(engine, REFGPU_GLOBAL + REFGPU_GLOBAL_MODE, 8);
}

/**
 * soft_engine_read - read a register
 * @engine: the engine
 * @offset: of it
 * @bytes: how much: 1, 2, 4 or 8
 *
 * May sleep: until there is room for it, for which the process has to read something each
 * second, and a second at most for the answer. Who waits behind others for room waits for
 * them, too; for the bound of all accesses together see the beginning of the file.
 *
 * Return: the value, which may be anything; all ones if the process is gone, or the
 * function decodes no memory.
 */
u64 soft_engine_read(struct soft_engine *engine, u64 offset, unsigned int bytes)
{
	return soft_engine_may(engine, PCI_COMMAND_MEMORY) ?
	       ask(engine, offset, bytes) : GONE;
}

/**
 * soft_engine_write - write to a register
 * @engine: the engine
 * @offset: of it
 * @bytes: how much: 1, 2, 4 or 8
 * @value: what
 *
 * Reads that begin afterwards come after it. May sleep until there is room, as
 * soft_engine_read().
 */
void soft_engine_write(struct soft_engine *engine, u64 offset,
		       unsigned int bytes, u64 value)
{
	const struct openvgpu_soft_request request = {
		.kind	= OPENVGPU_SOFT_WRITE,
		.bytes	= bytes,
		.offset	= offset,
		.value	= value,
	};

	if (soft_engine_may(engine, PCI_COMMAND_MEMORY))
		post(engine, &request, NULL);
}

/**
 * soft_engine_reset - the function was reset
 * @engine: the engine
 *
 * What was written before comes before it. Any context.
 */
void soft_engine_reset(struct soft_engine *engine)
{
	atomic64_set(&engine->reset_at, READ_ONCE(engine->put) + 1);
	soft_engine_get(engine);
	if (!queue_work(soft_engine_wq, &engine->wake_work))
		soft_engine_put(engine);
}

/* --------------------------------------------------- what the process does with it */

/**
 * soft_engine_has_request - whether there is something to take
 * @engine: the engine
 */
bool soft_engine_has_request(struct soft_engine *engine)
{
	return READ_ONCE(engine->put) != READ_ONCE(engine->get) ||
	       atomic64_read(&engine->reset_at);
}

static bool take_reset(struct soft_engine *engine)
{
	s64 at = atomic64_read(&engine->reset_at);

	/* A later one may take its place just now. */
	return at && engine->get + 1 >= at &&
	       atomic64_cmpxchg(&engine->reset_at, at, 0) == at;
}

/**
 * soft_engine_take - take requests
 * @engine: the engine
 * @requests: receives them
 * @count: at most so many
 *
 * Return: how many.
 */
unsigned int soft_engine_take(struct soft_engine *engine,
			      struct openvgpu_soft_request *requests,
			      unsigned int count)
{
	unsigned int taken = 0;
	bool patient, more;

	spin_lock(&engine->lock);
	/* While the queue is full: there is room afterwards. */
	patient = charge(engine, ktime_get_ns());
	while (taken < count) {
		if (take_reset(engine)) {
			requests[taken++] = (struct openvgpu_soft_request) {
				.kind = OPENVGPU_SOFT_RESET,
			};
			continue;
		}
		if (engine->get == engine->put)
			break;
		requests[taken++] = entry_at(engine, engine->get)->request;
		WRITE_ONCE(engine->get, engine->get + 1);
	}
	more = put_posters(engine);
	spin_unlock(&engine->lock);
	/* It may read with several threads. */
	if (more)
		wake_up(&engine->asked);
	if (!patient)
		fail(engine, "is late too often");
	return taken;
}

/**
 * soft_engine_answer - the process answers a READ
 * @engine: the engine
 * @answer: the answer, which may be anything
 *
 * One that it has not read yet has no answer.
 *
 * Return: 0, or -ENOENT: nobody waits for it.
 */
int soft_engine_answer(struct soft_engine *engine,
		       const struct openvgpu_soft_answer *answer)
{
	struct reader *reader;
	bool patient = true;
	int ret = -ENOENT;

	spin_lock(&engine->lock);
	list_for_each_entry(reader, &engine->readers, node) {
		if (reader->at >= engine->get)
			break;
		if (reader->id != answer->id)
			continue;
		patient = charge(engine, ktime_get_ns());
		list_del_init(&reader->node);
		reader->value = answer->value;
		complete(&reader->answered);
		ret = 0;
		break;
	}
	spin_unlock(&engine->lock);
	if (!patient)
		fail(engine, "is late too often");
	return ret;
}

/* ------------------------------------------------------------------ interrupts */

/**
 * soft_engine_listen - be told of interrupts
 * @engine: the engine
 * @interrupt: called with a spinlock held, with any number; NULL: nobody is told any more
 * @data: for it
 */
void soft_engine_listen(struct soft_engine *engine,
			void (*interrupt)(void *data, unsigned int vector),
			void *data)
{
	spin_lock(&engine->listening);
	engine->interrupt = interrupt;
	engine->data = data;
	spin_unlock(&engine->listening);
}

/**
 * soft_engine_interrupt - the process raises an interrupt
 * @engine: the engine
 * @vector: any number
 *
 * Return: 0, or -ENXIO: it is lost.
 */
int soft_engine_interrupt(struct soft_engine *engine, unsigned long vector)
{
	int ret = -ENXIO;

	if (vector > U32_MAX || !soft_engine_may(engine, PCI_COMMAND_MASTER))
		return ret;
	spin_lock(&engine->listening);
	if (engine->interrupt && !soft_engine_is_gone(engine)) {
		engine->interrupt(engine->data, vector);
		ret = 0;
	}
	spin_unlock(&engine->listening);
	return ret;
}
