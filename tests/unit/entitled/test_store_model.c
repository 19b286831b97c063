// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_store_model.c - 200 hosts ask for 10,000 seats, against a model of them
 *
 * Hosts die and come back, answers are lost, the server is started again with its
 * database, or with what of it had reached the disk. Each answer must be the
 * model's, and so must the list of all seats: none is given twice, none is lost.
 */
#include "chance.h"
#include "folder.h"

#define HOSTS		200
#define VGPUS		60	/* of a host */
#define POOLS		10
#define SEATS		1000	/* of a pool: all hosts together want a fifth more */
#define STEPS		10000

/* A vGPU, as the server has to see it, and as its host does. */
static struct seat {
	bool leased;
	int64_t framebuffer;
	int64_t expires;
	char id[STORE_ID_SIZE];
	bool open;		/* the host has it open, and knows the id if it does */
	bool known;
} seats[HOSTS][VGPUS];

static bool dead[HOSTS];
static int64_t limit[POOLS], used[POOLS];
static int64_t now = 1000000;
static struct store *store;
static uint64_t seed;
static unsigned int grants, refusals, ended, lost_answers, crashes;

static unsigned int pool_of(unsigned int host, unsigned int vgpu)
{
	return (host * 7 + vgpu) % POOLS;
}

static const char *name_of(unsigned int pool)
{
	static char name[16];

	snprintf(name, sizeof(name), "pool-%u", pool);
	return name;
}

static void set_limit(unsigned int pool, int64_t vgpus)
{
	struct pool wanted = made_pool(name_of(pool), vgpus, NO_LIMIT, NO_LIMIT);
	bool created;

	ck_assert_int_eq(store_put_pool(store, now, &wanted, &created), STORE_OK);
	limit[pool] = vgpus;
}

static void leave(unsigned int host, unsigned int vgpu)
{
	seats[host][vgpu].leased = false;
	used[pool_of(host, vgpu)]--;
}

/* The model's time: seats end. Whoever has one still finds out when it asks. */
static void pass(int64_t seconds)
{
	unsigned int host, vgpu;

	now += seconds;
	for (host = 0; host < HOSTS; host++)
		for (vgpu = 0; vgpu < VGPUS; vgpu++)
			if (seats[host][vgpu].leased && seats[host][vgpu].expires <= now) {
				leave(host, vgpu);
				ended++;
			}
}

static void ask(unsigned int host, unsigned int vgpu)
{
	struct seat *seat = &seats[host][vgpu];
	unsigned int pool = pool_of(host, vgpu);
	struct lease lease = made_lease(name_of(pool), host, vgpu);
	struct refusal refusal;
	enum verdict verdict;

	lease.ttl = LEASE_TTL_MIN + any(3000);
	verdict = store_lease(store, now, &lease, &refusal);
	if (!seat->leased && used[pool] >= limit[pool]) {
		unit_equal(verdict, STORE_FULL);
		unit_equal(refusal.usage.used[MEASURE_VGPUS], used[pool]);
		refusals++;
		return;
	}
	unit_equal(verdict, STORE_OK);
	if (seat->leased)
		unit_assert(!strcmp(lease.id, seat->id), "a vGPU has a second seat");
	else
		used[pool]++;
	grants += !seat->leased;
	seat->leased = true;
	seat->open = true;
	strcpy(seat->id, lease.id);
	seat->expires = now + lease.ttl + LEASE_GRACE;
	unit_equal(lease.expires, seat->expires);
	/* The answer may not arrive: the host will ask again. */
	seat->known = !one_in(10);
	lost_answers += !seat->known;
}

static void renew(unsigned int host, unsigned int vgpu)
{
	struct seat *seat = &seats[host][vgpu];
	struct lease lease;
	enum verdict verdict;

	verdict = store_renew(store, now, name_of(pool_of(host, vgpu)), NULL, seat->id, 0, &lease);
	unit_equal(verdict, seat->leased ? STORE_OK : STORE_NO_LEASE);
	if (verdict == STORE_OK)
		seat->expires = lease.expires;
	else
		seat->known = false;
}

static void close_vgpu(unsigned int host, unsigned int vgpu)
{
	struct seat *seat = &seats[host][vgpu];
	struct lease lease;
	enum verdict verdict;

	verdict = store_return(store, now, name_of(pool_of(host, vgpu)), NULL, seat->id, &lease);
	unit_equal(verdict, seat->leased ? STORE_OK : STORE_NO_LEASE);
	if (seat->leased)
		leave(host, vgpu);
	seat->open = false;
	seat->known = false;
}

/* It forgets all; its virtual machines are gone. Its seats end by their time. */
static void die(unsigned int host)
{
	unsigned int vgpu;

	dead[host] = true;
	for (vgpu = 0; vgpu < VGPUS; vgpu++) {
		seats[host][vgpu].open = false;
		seats[host][vgpu].known = false;
	}
}

/* Its agent alone begins anew: it knows no id any more. */
static void forget(unsigned int host)
{
	unsigned int vgpu;

	for (vgpu = 0; vgpu < VGPUS; vgpu++)
		seats[host][vgpu].known = false;
}

/* The server is killed: what has reached its files is all that there is. */
static void crash(void)
{
	char command[400];

	snprintf(command, sizeof(command), "rm -rf '%s.d' && mkdir '%s.d' && cp '%s'* '%s.d/'",
		 folder, folder, database, folder);
	ck_assert_int_eq(system(command), 0);
	store_close(store);
	snprintf(command, sizeof(command), "rm -f '%s'* && cp '%s.d/'* '%s/' && rm -rf '%s.d'",
		 database, folder, folder, folder);
	ck_assert_int_eq(system(command), 0);
	store = folder_open();
	crashes++;
}

static unsigned int listed;

static void compare(void *data, const struct lease *lease)
{
	unsigned int pool = *(unsigned int *)data, host, vgpu;
	const struct seat *seat;

	unit_assert(sscanf(lease->host, "host-%u", &host) == 1 && host < HOSTS &&
		    sscanf(lease->vgpu, "00000000-0000-4000-8000-%x", &vgpu) == 1 && vgpu < VGPUS,
		    "a seat of nobody");
	seat = &seats[host][vgpu];
	unit_equal(pool, pool_of(host, vgpu));
	unit_assert(seat->leased && !strcmp(seat->id, lease->id), "host %u has a seat too many",
		    host);
	unit_equal(lease->expires, seat->expires);
	listed++;
}

static void look(void)
{
	unsigned int pool;
	int64_t total = 0;

	listed = 0;
	for (pool = 0; pool < POOLS; pool++) {
		ck_assert_int_eq(store_leases(store, now, name_of(pool), "", HOSTS * VGPUS, compare,
					      &pool), STORE_OK);
		total += used[pool];
	}
	unit_equal(listed, total);
}

static void step(void)
{
	unsigned int host = any(HOSTS), vgpu = any(VGPUS);
	const struct seat *seat = &seats[host][vgpu];

	if (one_in(4))
		pass(any(8));
	if (one_in(500))
		die(host);
	else if (one_in(200))
		forget(host);
	else if (one_in(500))
		set_limit(any(POOLS), one_in(3) ? any(SEATS) : SEATS);
	else if (one_in(500))
		crash();
	else if (dead[host])
		dead[host] = !one_in(10);
	else if (!seat->open || !seat->known)
		ask(host, vgpu);
	else if (one_in(6))
		close_vgpu(host, vgpu);
	else
		renew(host, vgpu);
}

/* At first every host opens all that it has: 10,000 of 12,000 get a seat. */
START_TEST(test_fleet)
{
	unsigned int i, host, vgpu;

	chance.state = seed;
	folder_make();
	store = folder_open();
	for (i = 0; i < POOLS; i++)
		set_limit(i, SEATS);
	for (vgpu = 0; vgpu < VGPUS; vgpu++)
		for (host = 0; host < HOSTS; host++)
			ask(host, vgpu);
	look();
	unit_equal(listed, POOLS * SEATS);
	unit_equal(refusals, HOSTS * VGPUS - POOLS * SEATS);
	for (i = 0; i < STEPS; i++) {
		step();
		if (i % 1000 == 0)
			look();
	}
	/* All hosts die, and time goes on: everything is free again. */
	pass(LEASE_TTL_MAX);
	ck_assert_int_eq(store_tick(store, now), STORE_OK);
	look();
	unit_equal(listed, 0);
	printf("store_model: %u seats given, %u refused, %u ended by time, %u answers lost, %u crashes\n",
	       grants, refusals, ended, lost_answers, crashes);
	fflush(stdout);
	unit_assert(crashes && ended && lost_answers, "it has not tried all");
	store_close(store);
	folder_remove();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_model");
	TCase *tests = tcase_create("store_model");

	seed = unit_seed("store_model");
	tcase_set_timeout(tests, 0);
	tcase_add_test(tests, test_fleet);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "store_model");
}
