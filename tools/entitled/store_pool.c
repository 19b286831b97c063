// SPDX-License-Identifier: GPL-2.0-only
/*
 * store_pool.c - pools: their limits, and how much of them is leased
 */
#include <stdio.h>

#include "store_sql.h"

static int64_t count(struct store *store, const char *sql, const char *pool)
{
	sqlite3_stmt *statement = sql_prepare(store, sql, "s", pool);
	int64_t found = -1;

	if (statement && sqlite3_step(statement) == SQLITE_ROW)
		found = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return found;
}

static bool put_limits(struct store *store, const char *pool, const struct limits *limits)
{
	return sql_run(store, "INSERT INTO limits VALUES (?1, ?2, ?3, ?4, ?5)", "sslll", pool,
		       limits->series, limits->most[MEASURE_VGPUS],
		       limits->most[MEASURE_FRAMEBUFFER], limits->most[MEASURE_SLICES]);
}

static enum verdict put(struct store *store, const struct pool *pool, bool *created)
{
	int64_t others = count(store, "SELECT count(*) FROM limits WHERE series = '' AND pool <> ?1",
			       pool->name);
	int64_t there = count(store, "SELECT count(*) FROM limits WHERE series = '' AND pool = ?1",
			      pool->name);
	unsigned int i;

	if (others < 0 || there < 0)
		return STORE_FAILED;
	if (others >= STORE_POOLS_MAX)
		return STORE_TOO_MANY;
	*created = !there;
	if (!sql_run(store, "DELETE FROM limits WHERE pool = ?1", "s", pool->name) ||
	    !put_limits(store, pool->name, &pool->whole))
		return STORE_FAILED;
	for (i = 0; i < pool->series_count; i++)
		if (!put_limits(store, pool->name, &pool->series[i]))
			return STORE_FAILED;
	return STORE_OK;
}

/**
 * store_put_pool - make a pool, or give it other limits
 * @store: store
 * @now: time
 * @pool: all its limits
 * @created: receives whether it is new
 *
 * Leases stay, also where the new limits are below what is leased: then there
 * are no new ones until enough have ended.
 */
enum verdict store_put_pool(struct store *store, int64_t now, const struct pool *pool,
			    bool *created)
{
	return store_end(store, store_begin(store, now) ? put(store, pool, created) : STORE_FAILED);
}

#define USAGE	"SELECT l.pool, l.series, l.vgpus, l.framebuffer, l.slices," \
		" count(e.id), coalesce(sum(e.framebuffer), 0), coalesce(sum(e.slices), 0)" \
		" FROM limits l LEFT JOIN lease e ON e.pool = l.pool" \
		" AND (l.series = '' OR e.series = l.series) AND e.expires > ?1 "
#define USAGE_END	" GROUP BY l.pool, l.series ORDER BY l.pool, l.series"

/**
 * store_usage - limits, and how much of them is leased
 * @store: store
 * @now: time
 * @pool: of which; NULL: of all
 * @fn: called for each pool, and then for each of its series that has limits
 * @data: for @fn
 *
 * Return: STORE_NO_POOL if @pool is not there.
 */
enum verdict store_usage(struct store *store, int64_t now, const char *pool, store_usage_fn fn,
			 void *data)
{
	enum verdict verdict = pool ? STORE_NO_POOL : STORE_OK;
	sqlite3_stmt *statement;
	struct usage usage;
	int status, i;

	now = now > store->now ? now : store->now;
	if (pool)
		statement = sql_prepare(store, USAGE "WHERE l.pool = ?2" USAGE_END, "is", now,
					pool);
	else
		statement = sql_prepare(store, USAGE USAGE_END, "i", now);
	if (!statement)
		return STORE_FAILED;
	while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
		sql_text(statement, 0, usage.pool, sizeof(usage.pool));
		sql_text(statement, 1, usage.limits.series, sizeof(usage.limits.series));
		for (i = 0; i < MEASURES; i++) {
			usage.limits.most[i] = sql_limit(statement, 2 + i);
			usage.used[i] = sqlite3_column_int64(statement, 2 + MEASURES + i);
		}
		fn(data, &usage);
		verdict = STORE_OK;
	}
	return sql_end(statement, status) ? verdict : STORE_FAILED;
}
