// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_pool.c - pools: their limits, and how much of them is leased
 */
#include <stdio.h>

#include "store_sql.h"

static bool put_limits(struct store *store, const char *pool, const struct limits *limits)
{
	return sql_run(store, "INSERT INTO limits VALUES (?1, ?2, ?3, ?4, ?5)", "sslll", pool,
		       limits->series, limits->most[MEASURE_VGPUS],
		       limits->most[MEASURE_FRAMEBUFFER], limits->most[MEASURE_SLICES]);
}

static enum verdict put(struct store *store, const struct pool *pool, bool *created)
{
	int64_t others = sql_number(store, "SELECT count(*) FROM limits"
				    " WHERE series = '' AND pool <> ?1", "s", pool->name);
	int64_t there = sql_number(store, "SELECT count(*) FROM limits"
				   " WHERE series = '' AND pool = ?1", "s", pool->name);
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

static enum verdict each_usage(struct store *store, sqlite3_stmt *statement,
			       enum verdict verdict, store_usage_fn fn, void *data)
{
	struct usage usage;
	int status, i;

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
	return sql_end(store, statement, status) ? verdict : STORE_FAILED;
}

/**
 * store_usage_of - limits that count for vGPUs of a series
 * @store: store
 * @time: at which
 * @pool: of which
 * @series: of which
 * @fn: called for the pool, and for the series if that has limits
 * @data: for @fn
 *
 * The leases of other series are not counted: a pool may have very many.
 *
 * Return: STORE_NO_POOL if @pool is not there.
 */
enum verdict store_usage_of(struct store *store, int64_t time, const char *pool,
			    const char *series, store_usage_fn fn, void *data)
{
	return each_usage(store, sql_prepare(store, USAGE "WHERE l.pool = ?2"
					     " AND l.series IN ('', ?3)" USAGE_END, "iss", time,
					     pool, series), STORE_NO_POOL, fn, data);
}

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
	now = now > store->now ? now : store->now;
	if (!pool)
		return each_usage(store, sql_prepare(store, USAGE USAGE_END, "i", now), STORE_OK,
				  fn, data);
	return each_usage(store, sql_prepare(store, USAGE "WHERE l.pool = ?2" USAGE_END, "is", now,
					     pool), STORE_NO_POOL, fn, data);
}
