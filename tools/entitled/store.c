// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store.c - the database: opened, its time, transactions, leases that end by
 * themselves
 *
 * A row of table limits with an empty series is a pool. Used amounts are counted
 * whenever they are needed: a sum that is kept can be wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sql.h"

#define FORMAT	1	/* of the database */

static const char schema[] =
	"CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), now INTEGER NOT NULL);"
	"INSERT INTO clock VALUES (1, 0);"
	"CREATE TABLE limits (pool TEXT NOT NULL, series TEXT NOT NULL, vgpus INTEGER,"
	" framebuffer INTEGER, slices INTEGER, PRIMARY KEY (pool, series)) WITHOUT ROWID;"
	"CREATE TABLE lease (id TEXT NOT NULL PRIMARY KEY, pool TEXT NOT NULL, host TEXT NOT NULL,"
	" vgpu TEXT NOT NULL, series TEXT NOT NULL, framebuffer INTEGER NOT NULL,"
	" slices INTEGER NOT NULL, ttl INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" UNIQUE (pool, host, vgpu)) WITHOUT ROWID;"
	"CREATE INDEX lease_expires ON lease (expires);"
	"CREATE INDEX lease_amounts ON lease (pool, series, expires, framebuffer, slices);"
	"PRAGMA user_version = 1;";

/* An empty file becomes a database. */
static bool make_tables(struct store *store)
{
	if (!sql_execute(store, "BEGIN IMMEDIATE"))
		return false;
	return sql_execute(store, schema) && sql_execute(store, "COMMIT");
}

static bool set_up(struct store *store, char *wrong, unsigned int size)
{
	int64_t format;

	/*
	 * What is answered has reached the disk. The lock keeps a second server
	 * out, which would count for itself.
	 */
	if (!sql_execute(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
			    "PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT")) {
		snprintf(wrong, size, "%s", sqlite3_errcode(store->db) == SQLITE_BUSY ?
			 "another server uses it" : store_error(store));
		return false;
	}
	format = sql_number(store, "PRAGMA user_version", "");
	if (format > FORMAT) {
		snprintf(wrong, size, "a later version has written it (format %lld, this one knows %d)",
			 (long long)format, FORMAT);
		return false;
	}
	if (!format && sql_number(store, "SELECT count(*) FROM sqlite_schema", "")) {
		snprintf(wrong, size, "it is a database of something else");
		return false;
	}
	if (format < 0 || (!format && !make_tables(store))) {
		snprintf(wrong, size, "%s", store_error(store));
		return false;
	}
	store->now = sql_number(store, "SELECT now FROM clock", "");
	if (store->now < 0)
		snprintf(wrong, size, "it has no time: %s", store_error(store));
	return store->now >= 0;
}

/**
 * store_open - open a database, or make one
 * @path: file
 * @wrong: receives the reason of a failure
 * @size: of @wrong
 *
 * Return: the store, or NULL.
 */
struct store *store_open(const char *path, char *wrong, unsigned int size)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store) {
		snprintf(wrong, size, "%s", strerror(ENOMEM));
		return NULL;
	}
	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			    NULL) != SQLITE_OK)
		snprintf(wrong, size, "%s", store->db ? sqlite3_errmsg(store->db) :
			 strerror(ENOMEM));
	else if (set_up(store, wrong, size))
		return store;
	store_close(store);
	return NULL;
}

/**
 * store_close - close a database
 * @store: store, freed
 */
void store_close(struct store *store)
{
	sqlite3_close(store->db);
	free(store);
}

/**
 * store_error - what the database said when it last failed
 * @store: store
 */
const char *store_error(const struct store *store)
{
	return store->wrong;
}

/**
 * store_now - the latest time that the database has on the disk
 * @store: store
 *
 * A clock goes on from there after a restart, and after a time without writing.
 */
int64_t store_now(const struct store *store)
{
	return store->now;
}

/**
 * store_on_expiry - be told of leases that end by themselves
 * @store: store
 * @fn: called when they have, for all that end at a time
 * @data: for @fn
 */
void store_on_expiry(struct store *store, store_expiry_fn fn, void *data)
{
	store->on_expiry = fn;
	store->data = data;
}

static bool begin(struct store *store)
{
	return sql_execute(store, "BEGIN IMMEDIATE") &&
	       sql_run(store, "UPDATE clock SET now = ?1", "i", store->time);
}

/* The first of the leases whose time is over; -1: failed. */
static int find_expired(struct store *store, struct lease *leases)
{
	sqlite3_stmt *statement;
	int status, count = 0;

	statement = sql_prepare(store, "SELECT " LEASE_COLUMNS " FROM lease WHERE expires <= ?1"
				" ORDER BY expires LIMIT ?2", "ii", store->time,
				(int64_t)EXPIRED_TOLD);
	if (!statement)
		return -1;
	while ((status = sqlite3_step(statement)) == SQLITE_ROW)
		sql_lease(statement, &leases[count++]);
	return sql_end(store, statement, status) ? count : -1;
}

/*
 * Leases whose time is over end in a transaction of their own, also where what is
 * decided after it is a refusal. They have ended when that is on the disk.
 */
static bool expire(struct store *store)
{
	struct lease leases[EXPIRED_TOLD];
	int told = find_expired(store, leases), count;
	bool good;

	if (told <= 0)
		return !told;
	good = begin(store) &&
	       sql_run(store, "DELETE FROM lease WHERE expires <= ?1", "i", store->time);
	count = sqlite3_changes(store->db);
	if (store_end(store, good ? STORE_OK : STORE_FAILED) != STORE_OK)
		return false;
	if (store->on_expiry)
		store->on_expiry(store->data, leases, (unsigned int)told, (unsigned int)count);
	return true;
}

/**
 * store_begin - begin a decision
 * @store: store
 * @now: time; one before the latest counts as that
 *
 * Return: whether it could. store_end() follows.
 */
bool store_begin(struct store *store, int64_t now)
{
	store->time = now > store->now ? now : store->now;
	return expire(store) && begin(store);
}

/**
 * store_end - end a decision
 * @store: store
 * @verdict: only what was decided with STORE_OK is kept
 *
 * Time goes on with what is on the disk: while nothing can be written nobody can
 * renew a lease.
 *
 * Return: @verdict, or STORE_FAILED.
 */
enum verdict store_end(struct store *store, enum verdict verdict)
{
	if (verdict == STORE_OK && sql_execute(store, "COMMIT")) {
		store->now = store->time;
		return STORE_OK;
	}
	/* Not sql_execute(): what went wrong before is what is to be told. */
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return verdict == STORE_OK ? STORE_FAILED : verdict;
}

/**
 * store_tick - time has gone on
 * @store: store
 * @now: time
 *
 * Leases end that have to, and a restart goes on from here.
 */
enum verdict store_tick(struct store *store, int64_t now)
{
	return store_end(store, store_begin(store, now) ? STORE_OK : STORE_FAILED);
}
