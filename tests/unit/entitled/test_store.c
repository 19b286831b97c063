// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_store.c - the rules of pools and leases, one by one
 */
#include <sys/stat.h>

#include "folder.h"
#include "service.h"
#include "store_sql.h"

static struct store *store;
static struct refusal refusal;

static void set_up(void)
{
	folder_make();
	store = folder_open();
}

static void tear_down(void)
{
	store_close(store);
	folder_remove();
}

static void reopen(void)
{
	store_close(store);
	store = folder_open();
}

static void put(int64_t now, const struct pool *pool)
{
	bool created;

	ck_assert_int_eq(store_put_pool(store, now, pool, &created), STORE_OK);
}

static enum verdict ask(int64_t now, struct lease *lease)
{
	return store_lease(store, now, lease, &refusal);
}

struct seen {
	struct usage usage[8];
	struct lease lease[8];
	unsigned int count;
};

static void see_usage(void *data, const struct usage *usage)
{
	struct seen *seen = data;

	seen->usage[seen->count++] = *usage;
}

static void see_lease(void *data, const struct lease *lease)
{
	struct seen *seen = data;

	seen->lease[seen->count++] = *lease;
}

/* How many ended at a time; the first of them are there. */
struct ended {
	struct lease first;
	unsigned int told, count, times;
};

static void see_end(void *data, const struct lease *leases, unsigned int told, unsigned int count)
{
	struct ended *ended = data;

	ended->first = leases[0];
	ended->told = told;
	ended->count = count;
	ended->times++;
}

static struct seen usage_of(int64_t now, const char *pool)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(store_usage(store, now, pool, see_usage, &seen), STORE_OK);
	return seen;
}

static int64_t used(int64_t now, const char *pool)
{
	return usage_of(now, pool).usage[0].used[MEASURE_VGPUS];
}

START_TEST(test_number_of_vgpus)
{
	struct pool pool = made_pool("blue", 2, NO_LIMIT, NO_LIMIT);
	struct lease a = made_lease("blue", 1, 1), b = made_lease("blue", 2, 2);
	struct lease c = made_lease("blue", 2, 3);

	ck_assert_int_eq(ask(0, &a), STORE_NO_POOL);
	put(0, &pool);
	ck_assert_int_eq(ask(0, &a), STORE_OK);
	ck_assert_int_eq(a.expires, LEASE_TTL_MIN + LEASE_GRACE);
	ck_assert_int_eq(ask(0, &b), STORE_OK);
	ck_assert_int_eq(ask(0, &c), STORE_FULL);
	ck_assert_int_eq(refusal.measure, MEASURE_VGPUS);
	ck_assert_int_eq(refusal.usage.used[MEASURE_VGPUS], 2);
	ck_assert_int_eq(refusal.usage.limits.most[MEASURE_VGPUS], 2);
	ck_assert_int_eq(used(0, "blue"), 2);
	/* A seat that comes back is free at once. */
	ck_assert_int_eq(store_return(store, 1, "blue", NULL, a.id, &a), STORE_OK);
	ck_assert_int_eq(store_return(store, 1, "blue", NULL, a.id, &a), STORE_NO_LEASE);
	ck_assert_int_eq(ask(1, &c), STORE_OK);
}
END_TEST

START_TEST(test_memory_slices_and_series)
{
	struct pool pool = made_pool("blue", 100, 1024, 4);
	struct lease lease;
	struct seen seen;

	strcpy(pool.series[0].series, "c");
	pool.series[0].most[MEASURE_VGPUS] = 1;
	pool.series[0].most[MEASURE_FRAMEBUFFER] = NO_LIMIT;
	pool.series[0].most[MEASURE_SLICES] = NO_LIMIT;
	pool.series_count = 1;
	put(0, &pool);

	lease = made_lease("blue", 1, 1);
	lease.amount[MEASURE_FRAMEBUFFER] = 1025;
	ck_assert_int_eq(ask(0, &lease), STORE_FULL);
	ck_assert_int_eq(refusal.measure, MEASURE_FRAMEBUFFER);
	ck_assert_int_eq(refusal.asked, 1025);
	lease.amount[MEASURE_FRAMEBUFFER] = 1024;
	lease.amount[MEASURE_SLICES] = 5;
	ck_assert_int_eq(ask(0, &lease), STORE_FULL);
	ck_assert_int_eq(refusal.measure, MEASURE_SLICES);
	lease.amount[MEASURE_SLICES] = 4;
	ck_assert_int_eq(ask(0, &lease), STORE_OK);
	/* Nothing is left but for vGPUs that need none of it. */
	lease = made_lease("blue", 1, 2);
	ck_assert_int_eq(ask(0, &lease), STORE_FULL);
	lease.amount[MEASURE_FRAMEBUFFER] = 0;
	strcpy(lease.series, "c");
	ck_assert_int_eq(ask(0, &lease), STORE_OK);
	lease = made_lease("blue", 1, 3);
	lease.amount[MEASURE_FRAMEBUFFER] = 0;
	strcpy(lease.series, "c");
	ck_assert_int_eq(ask(0, &lease), STORE_FULL);
	ck_assert_str_eq(refusal.usage.limits.series, "c");

	seen = usage_of(0, "blue");
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.usage[0].limits.series, "");
	ck_assert_int_eq(seen.usage[0].used[MEASURE_VGPUS], 2);
	ck_assert_int_eq(seen.usage[0].used[MEASURE_FRAMEBUFFER], 1024);
	ck_assert_int_eq(seen.usage[1].used[MEASURE_VGPUS], 1);
	ck_assert_int_eq(seen.usage[1].limits.most[MEASURE_SLICES], NO_LIMIT);
}
END_TEST

START_TEST(test_time)
{
	struct pool pool = made_pool("blue", 1, NO_LIMIT, NO_LIMIT);
	struct lease a = made_lease("blue", 1, 1), b = made_lease("blue", 2, 2);
	struct ended ended = { 0 };

	put(1000, &pool);
	store_on_expiry(store, see_end, &ended);
	ck_assert_int_eq(ask(1000, &a), STORE_OK);
	ck_assert_int_eq(ask(1600, &b), STORE_FULL);
	ck_assert_int_eq(store_renew(store, 1600, "blue", NULL, a.id, 0, &a), STORE_OK);
	ck_assert_int_eq(a.expires, 2201);
	ck_assert_int_eq(ask(2200, &b), STORE_FULL);
	ck_assert_uint_eq(ended.count, 0);
	/* It is over a second after its host has ended it, for whoever looks. */
	ck_assert_int_eq(used(2201, "blue"), 0);
	ck_assert_int_eq(store_renew(store, 2201, "blue", NULL, a.id, 0, &a), STORE_NO_LEASE);
	ck_assert_uint_eq(ended.count, 1);
	ck_assert_str_eq(ended.first.vgpu, a.vgpu);
	ck_assert_int_eq(ask(2201, &b), STORE_OK);
	/* Another time to live, from a renewal on. */
	ck_assert_int_eq(store_renew(store, 2210, "blue", NULL, b.id, 86400, &b), STORE_OK);
	ck_assert_int_eq(b.expires, 2210 + 86400 + LEASE_GRACE);
	ck_assert_int_eq(store_renew(store, 2300, "blue", NULL, b.id, 0, &b), STORE_OK);
	ck_assert_int_eq(b.expires, 2300 + 86400 + LEASE_GRACE);
	/* Time does not go back, whatever the caller says, nor by a restart. */
	ck_assert_int_eq(store_renew(store, 0, "blue", NULL, b.id, 0, &b), STORE_OK);
	ck_assert_int_eq(b.expires, 2300 + 86400 + LEASE_GRACE);
	ck_assert_int_eq(store_tick(store, 5000), STORE_OK);
	reopen();
	ck_assert_int_eq(store_now(store), 5000);
	ck_assert_int_eq(used(0, "blue"), 1);
}
END_TEST

START_TEST(test_the_same_vgpu_again)
{
	struct pool pool = made_pool("blue", 1, 512, NO_LIMIT);
	struct lease a = made_lease("blue", 1, 1), again = made_lease("blue", 1, 1);
	struct lease other = made_lease("blue", 2, 1);
	char id[STORE_ID_SIZE];

	put(0, &pool);
	ck_assert_int_eq(ask(0, &a), STORE_OK);
	strcpy(id, a.id);
	/* Its answer was lost, or the host begins anew: no second seat. */
	ck_assert_int_eq(ask(10, &again), STORE_OK);
	ck_assert_str_eq(again.id, id);
	ck_assert_int_eq(again.expires, 10 + LEASE_TTL_MIN + LEASE_GRACE);
	ck_assert_int_eq(used(10, "blue"), 1);
	/* The same UUID on another host is another vGPU. */
	ck_assert_int_eq(ask(10, &other), STORE_FULL);
	/* A larger one has to fit, and if it does not the former stays. */
	again.amount[MEASURE_FRAMEBUFFER] = 513;
	ck_assert_int_eq(ask(20, &again), STORE_FULL);
	ck_assert_int_eq(usage_of(20, "blue").usage[0].used[MEASURE_FRAMEBUFFER], 256);
	again.amount[MEASURE_FRAMEBUFFER] = 512;
	ck_assert_int_eq(ask(20, &again), STORE_OK);
	ck_assert_str_eq(again.id, id);
	ck_assert_int_eq(usage_of(20, "blue").usage[0].used[MEASURE_FRAMEBUFFER], 512);
	/* Limits below what is leased take nothing away. */
	pool.whole.most[MEASURE_VGPUS] = 0;
	put(30, &pool);
	ck_assert_int_eq(store_renew(store, 40, "blue", NULL, id, 0, &a), STORE_OK);
	ck_assert_int_eq(ask(50, &again), STORE_OK);
	ck_assert_str_eq(again.id, id);
	strcpy(again.series, "c");
	ck_assert_int_eq(ask(50, &again), STORE_FULL);
	ck_assert_int_eq(used(50, "blue"), 1);
}
END_TEST

START_TEST(test_pools_are_apart)
{
	struct pool blue = made_pool("blue", 1, NO_LIMIT, NO_LIMIT);
	struct pool red = made_pool("red", 1, NO_LIMIT, NO_LIMIT);
	struct lease a = made_lease("blue", 1, 1), b = made_lease("red", 1, 1), c;
	struct seen seen = { 0 };

	put(0, &blue);
	put(0, &red);
	ck_assert_int_eq(ask(0, &a), STORE_OK);
	ck_assert_int_eq(ask(0, &b), STORE_OK);
	ck_assert_int_eq(store_renew(store, 1, "red", NULL, a.id, 0, &c), STORE_NO_LEASE);
	ck_assert_int_eq(store_return(store, 1, "red", NULL, a.id, &c), STORE_NO_LEASE);
	ck_assert_int_eq(usage_of(1, NULL).count, 2);
	ck_assert_int_eq(store_usage(store, 1, "green", see_usage, &seen), STORE_NO_POOL);
	ck_assert_int_eq(store_leases(store, 1, "red", "", 8, see_lease, &seen), STORE_OK);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_str_eq(seen.lease[0].id, b.id);
	/* Those of any pool, for an administrator. */
	ck_assert_int_eq(store_return(store, 1, NULL, NULL, a.id, &c), STORE_OK);
	ck_assert_str_eq(c.pool, "blue");
}
END_TEST

START_TEST(test_pages)
{
	struct pool pool = made_pool("blue", 9, NO_LIMIT, NO_LIMIT);
	char after[STORE_NAME_SIZE + STORE_UUID_SIZE] = "";
	struct seen seen;
	unsigned int i, count = 0;

	put(0, &pool);
	for (i = 0; i < 7; i++) {
		struct lease lease = made_lease("blue", 9 - i, i);

		ck_assert_int_eq(ask(0, &lease), STORE_OK);
	}
	do {
		seen.count = 0;
		ck_assert_int_eq(store_leases(store, 0, "blue", after, 3, see_lease, &seen),
				 STORE_OK);
		count += seen.count;
		if (seen.count)
			snprintf(after, sizeof(after), "%s/%s", seen.lease[seen.count - 1].host,
				 seen.lease[seen.count - 1].vgpu);
	} while (seen.count == 3);
	ck_assert_uint_eq(count, 7);
}
END_TEST

START_TEST(test_number_of_pools)
{
	struct pool pool = made_pool("", 1, NO_LIMIT, NO_LIMIT);
	bool created;
	int i;

	for (i = 0; i < STORE_POOLS_MAX; i++) {
		snprintf(pool.name, sizeof(pool.name), "pool-%d", i);
		ck_assert_int_eq(store_put_pool(store, 0, &pool, &created), STORE_OK);
		ck_assert(created);
	}
	/* One that is there can still be changed. */
	ck_assert_int_eq(store_put_pool(store, 0, &pool, &created), STORE_OK);
	ck_assert(!created);
	strcpy(pool.name, "another");
	ck_assert_int_eq(store_put_pool(store, 0, &pool, &created), STORE_TOO_MANY);
}
END_TEST

static void execute(struct sqlite3 *db, const char *sql)
{
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void is_set(const char *pragma, const char *expected)
{
	sqlite3_stmt *statement = sql_prepare(store, pragma, "");
	char value[16];

	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	sql_text(statement, 0, value, sizeof(value));
	sqlite3_finalize(statement);
	ck_assert_msg(!strcmp(value, expected), "%s is %s, expected %s", pragma, value, expected);
}

/* No test here takes the power away; with these, SQLite says, it may go. */
START_TEST(test_power)
{
	is_set("PRAGMA journal_mode", "wal");
	is_set("PRAGMA synchronous", "2");
	is_set("PRAGMA locking_mode", "exclusive");
}
END_TEST

/* store_open() fails, and says why. */
static void opens_not(const char *path, const char *reason)
{
	char wrong[256] = "";

	ck_assert_ptr_null(store_open(path, wrong, sizeof(wrong)));
	ck_assert_msg(strstr(wrong, reason), "it says '%s', expected '%s'", wrong, reason);
}

START_TEST(test_what_does_not_open)
{
	char other[128];
	sqlite3 *db;
	FILE *file;

	opens_not(database, "another server uses it");
	opens_not("/nowhere/store.db", "unable to open");
	snprintf(other, sizeof(other), "%s/other.db", folder);
	ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
	execute(db, "CREATE TABLE cats (name TEXT)");
	sqlite3_close(db);
	opens_not(other, "something else");
	ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
	execute(db, "PRAGMA user_version = 2");
	sqlite3_close(db);
	opens_not(other, "a later version");
	file = fopen(other, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%1000s", "not a database");
	fclose(file);
	opens_not(other, "not a database");
}
END_TEST

/* A full disk refuses, and nothing is half done. */
START_TEST(test_no_space)
{
	struct pool pool = made_pool("blue", STORE_VGPUS_MAX, NO_LIMIT, NO_LIMIT);
	unsigned int granted = 0, i;
	struct lease lease;

	put(0, &pool);
	execute(store->db, "PRAGMA max_page_count = 30");
	for (i = 0; i < 10000; i++) {
		lease = made_lease("blue", 1, i);
		if (ask(0, &lease) != STORE_OK)
			break;
		granted++;
	}
	ck_assert_uint_lt(granted, 10000);
	ck_assert_uint_gt(granted, 10);
	ck_assert_str_eq(store_error(store), "database or disk is full");
	reopen();
	ck_assert_int_eq(used(0, "blue"), granted);
	lease = made_lease("blue", 1, i);
	ck_assert_int_eq(ask(0, &lease), STORE_OK);
}
END_TEST

/* All of a rack end, and are told when that is done: not each of them. */
START_TEST(test_many_end)
{
	struct pool pool = made_pool("blue", 100, NO_LIMIT, NO_LIMIT);
	struct ended ended = { 0 };
	struct lease lease;
	unsigned int i;

	put(0, &pool);
	store_on_expiry(store, see_end, &ended);
	for (i = 0; i < 50; i++) {
		lease = made_lease("blue", 1, i);
		ck_assert_int_eq(ask(0, &lease), STORE_OK);
	}
	/* What is not on the disk has not happened. */
	execute(store->db, "PRAGMA query_only = 1");
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(store_tick(store, 1000), STORE_FAILED);
	ck_assert_uint_eq(ended.times, 0);
	execute(store->db, "PRAGMA query_only = 0");
	ck_assert_int_eq(store_tick(store, 1000), STORE_OK);
	ck_assert_uint_eq(ended.times, 1);
	ck_assert_uint_eq(ended.told, EXPIRED_TOLD);
	ck_assert_uint_eq(ended.count, 50);
	ck_assert_int_eq(used(1000, "blue"), 0);
	/* They have ended also where that is found out by who is refused. */
	lease = made_lease("blue", 1, 1);
	ck_assert_int_eq(ask(1000, &lease), STORE_OK);
	ck_assert_int_eq(store_return(store, 2000, "blue", NULL, "none", &lease), STORE_NO_LEASE);
	ck_assert_uint_eq(ended.times, 2);
	ck_assert_uint_eq(ended.count, 1);
	ck_assert_int_eq(store_now(store), 2000);
}
END_TEST

/* Nobody can renew while nothing can be written, and so nothing ends. */
START_TEST(test_time_stands_still_without_a_disk)
{
	struct pool pool = made_pool("blue", 1, NO_LIMIT, NO_LIMIT);
	struct lease a = made_lease("blue", 1, 1), b = made_lease("blue", 2, 2);
	struct service service = { .store = store };
	struct clock clock;
	int64_t passed;

	service_silent = true;
	clock_start(&clock, 1000);
	put(clock_now(&clock), &pool);
	ck_assert_int_eq(ask(clock_now(&clock), &a), STORE_OK);
	execute(store->db, "PRAGMA query_only = 1");
	for (passed = 0; passed < 700; passed += 10) {
		clock_start(&clock, clock_now(&clock) + 10);
		ck_assert_int_eq(store_renew(store, clock_now(&clock), "blue", NULL, a.id, 0, &a),
				 STORE_FAILED);
		service_tick(&service, &clock);
		ck_assert_str_eq(store_error(store), "attempt to write a readonly database");
	}
	ck_assert_uint_eq(service.events[EVENT_FAILED], 70);
	execute(store->db, "PRAGMA query_only = 0");
	ck_assert_int_eq(store_renew(store, clock_now(&clock), "blue", NULL, a.id, 0, &a),
			 STORE_OK);
	ck_assert_int_eq(ask(clock_now(&clock), &b), STORE_FULL);
	/* And then it goes on. */
	clock_start(&clock, clock_now(&clock) + 700);
	service_tick(&service, &clock);
	ck_assert_int_eq(ask(clock_now(&clock), &b), STORE_OK);
}
END_TEST

/* The service was stopped for an hour, or its disk did not answer. */
START_TEST(test_clock_that_was_not_asked)
{
	struct clock clock;

	clock_start(&clock, 1000);
	clock.offset += 3600;
	ck_assert_int_eq(clock_now(&clock), 1000 + CLOCK_STEP_MAX);
	/* It goes on from there, and a machine is never that busy. */
	ck_assert_int_le(clock_now(&clock), 1000 + 2 * CLOCK_STEP_MAX);
	clock.offset += 20;
	ck_assert_int_ge(clock_now(&clock), 1000 + CLOCK_STEP_MAX + 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tests = tcase_create("store");

	tcase_set_timeout(tests, 0);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_number_of_vgpus);
	tcase_add_test(tests, test_memory_slices_and_series);
	tcase_add_test(tests, test_time);
	tcase_add_test(tests, test_the_same_vgpu_again);
	tcase_add_test(tests, test_pools_are_apart);
	tcase_add_test(tests, test_pages);
	tcase_add_test(tests, test_number_of_pools);
	tcase_add_test(tests, test_power);
	tcase_add_test(tests, test_what_does_not_open);
	tcase_add_test(tests, test_no_space);
	tcase_add_test(tests, test_many_end);
	tcase_add_test(tests, test_time_stands_still_without_a_disk);
	tcase_add_test(tests, test_clock_that_was_not_asked);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "store");
}
