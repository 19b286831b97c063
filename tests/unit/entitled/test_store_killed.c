// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_store_killed.c - a process with the database open is killed at any moment
 *
 * It says what it is about to do and what came of it. What it has said is in the
 * database afterwards; the one thing that it was doing is there, or is not.
 */
#include <signal.h>
#include <sys/wait.h>

#include "chance.h"
#include "folder.h"

#define ROUNDS	60
#define VGPUS	40
#define SEATS	30

struct message {
	bool done;		/* or about to be */
	bool leave;		/* a lease is returned, or asked for */
	unsigned int vgpu;
	enum verdict verdict;
	char id[STORE_ID_SIZE];
};

static char ids[VGPUS][STORE_ID_SIZE];	/* of the seats; empty: none */
static uint64_t seed;

static void say(int fd, const struct message *message)
{
	if (write(fd, message, sizeof(*message)) != sizeof(*message))
		_exit(1);
}

/* Until it is killed. */
static void serve(int fd)
{
	struct store *store = folder_open();
	struct refusal refusal;
	struct lease lease;

	for (;;) {
		struct message message = { .vgpu = any(VGPUS) };

		message.leave = ids[message.vgpu][0];
		say(fd, &message);
		lease = made_lease("blue", 1, message.vgpu);
		if (message.leave)
			message.verdict = store_return(store, 0, "blue", NULL, ids[message.vgpu],
						       &lease);
		else
			message.verdict = store_lease(store, 0, &lease, &refusal);
		if (message.verdict == STORE_OK)
			strcpy(ids[message.vgpu], message.leave ? "" : lease.id);
		strcpy(message.id, lease.id);
		message.done = true;
		say(fd, &message);
	}
}

static char found[VGPUS][STORE_ID_SIZE];

static void see(void *data, const struct lease *lease)
{
	unsigned int vgpu;

	(void)data;
	unit_assert(sscanf(lease->vgpu, "00000000-0000-4000-8000-%x", &vgpu) == 1 && vgpu < VGPUS,
		    "a seat of nobody");
	unit_assert(!found[vgpu][0], "vGPU %u has two seats", vgpu);
	strcpy(found[vgpu], lease->id);
}

/* What the database has against what was said; @doing may be either. */
static void compare(unsigned int round, int doing)
{
	struct store *store = folder_open();
	unsigned int vgpu, count = 0;

	memset(found, 0, sizeof(found));
	ck_assert_int_eq(store_leases(store, 0, "blue", "", VGPUS, see, NULL), STORE_OK);
	for (vgpu = 0; vgpu < VGPUS; vgpu++) {
		unit_assert((int)vgpu == doing || !strcmp(found[vgpu], ids[vgpu]),
			    "round %u: vGPU %u has seat '%s', expected '%s'", round, vgpu,
			    found[vgpu], ids[vgpu]);
		count += !!found[vgpu][0];
	}
	unit_assert(count <= SEATS, "round %u: %u seats of %u are given", round, count, SEATS);
	memcpy(ids, found, sizeof(ids));
	store_close(store);
}

START_TEST(test_killed)
{
	struct pool pool = made_pool("blue", SEATS, NO_LIMIT, NO_LIMIT);
	unsigned int round, messages, total = 0, cut = 0;
	struct message message;
	struct store *store;
	int pipes[2], doing;
	bool created;
	pid_t child;

	chance.state = seed;
	folder_make();
	store = folder_open();
	ck_assert_int_eq(store_put_pool(store, 0, &pool, &created), STORE_OK);
	store_close(store);
	for (round = 0; round < ROUNDS; round++) {
		unsigned int end = 1 + any(200);

		ck_assert_int_eq(pipe(pipes), 0);
		child = fork();
		ck_assert_int_ge(child, 0);
		if (!child) {
			close(pipes[0]);
			chance.state = seed + round;
			serve(pipes[1]);
		}
		close(pipes[1]);
		doing = -1;
		/* What it has said before it died counts, too. */
		messages = 0;
		while (read(pipes[0], &message, sizeof(message)) == sizeof(message)) {
			doing = message.done ? -1 : (int)message.vgpu;
			if (messages++ == end)
				kill(child, SIGKILL);
			if (!message.done)
				continue;
			unit_assert(message.verdict == STORE_OK || message.verdict == STORE_FULL,
				    "round %u: verdict %d", round, message.verdict);
			if (message.verdict == STORE_OK)
				strcpy(ids[message.vgpu], message.leave ? "" : message.id);
		}
		close(pipes[0]);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		unit_assert(messages > end, "round %u: it ended by itself", round);
		compare(round, doing);
		total += messages;
		cut += doing >= 0;
	}
	printf("store_killed: %u kills, %u of them within a decision, %u messages\n", ROUNDS, cut,
	       total);
	fflush(stdout);
	folder_remove();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_killed");
	TCase *tests = tcase_create("store_killed");

	seed = unit_seed("store_killed");
	tcase_set_timeout(tests, 0);
	tcase_add_test(tests, test_killed);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "store_killed");
}
