// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_lease.c - leases: granted, renewed, returned, listed
 */
#include <stdio.h>
#include <string.h>

#include "store_sql.h"

/* One lease by what the statement says; STORE_NO_LEASE: there is none. */
static enum verdict find(struct store *store, sqlite3_stmt *statement, struct lease *lease)
{
	enum verdict verdict = STORE_NO_LEASE;
	int status;

	if (!statement)
		return STORE_FAILED;
	status = sqlite3_step(statement);
	if (status == SQLITE_ROW) {
		sql_lease(statement, lease);
		verdict = STORE_OK;
		status = SQLITE_DONE;
	}
	return sql_end(store, statement, status) ? verdict : STORE_FAILED;
}

static bool insert(struct store *store, const struct lease *lease)
{
	return sql_run(store, "INSERT INTO lease (" LEASE_COLUMNS ")"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "sssssiiii",
		       lease->id, lease->pool, lease->host, lease->vgpu, lease->series,
		       lease->amount[MEASURE_FRAMEBUFFER], lease->amount[MEASURE_SLICES],
		       lease->ttl, lease->expires);
}

/* struct refusal, looked for among the limits of a pool */
struct search {
	const struct lease *lease;
	struct refusal *refusal;
	bool found;
};

static void look_at(void *data, const struct usage *usage)
{
	struct search *search = data;
	int i;

	for (i = 0; i < MEASURES && !search->found; i++) {
		/* A seat that asks for none of it does not need any. */
		if (usage->limits.most[i] == NO_LIMIT || !search->lease->amount[i] ||
		    usage->used[i] + search->lease->amount[i] <= usage->limits.most[i])
			continue;
		search->found = true;
		search->refusal->usage = *usage;
		search->refusal->measure = i;
		search->refusal->asked = search->lease->amount[i];
	}
}

static bool takes_no_more(const struct lease *lease, const struct lease *former)
{
	int i;

	for (i = 0; i < MEASURES; i++)
		if (lease->amount[i] > former->amount[i])
			return false;
	return !strcmp(lease->series, former->series);
}

static enum verdict grant(struct store *store, struct lease *lease, struct refusal *refusal)
{
	struct search search = { .lease = lease, .refusal = refusal };
	struct lease former;
	enum verdict has, pool;

	has = find(store, sql_prepare(store, "SELECT " LEASE_COLUMNS " FROM lease"
			       " WHERE pool = ?1 AND host = ?2 AND vgpu = ?3", "sss",
			       lease->pool, lease->host, lease->vgpu), &former);
	if (has == STORE_FAILED)
		return has;
	if (has == STORE_OK) {
		strcpy(lease->id, former.id);
		if (!sql_run(store, "DELETE FROM lease WHERE id = ?1", "s", former.id))
			return STORE_FAILED;
	}
	pool = store_usage_of(store, store->time, lease->pool, lease->series, look_at, &search);
	if (pool != STORE_OK)
		return pool;
	/* What a host has it keeps, also when limits were lowered since. */
	if (search.found && !(has == STORE_OK && takes_no_more(lease, &former)))
		return STORE_FULL;
	lease->expires = store->time + lease->ttl + LEASE_GRACE;
	return insert(store, lease) ? STORE_OK : STORE_FAILED;
}

/**
 * store_lease - ask for a lease
 * @store: store
 * @now: time
 * @lease: what is asked for, with an id that nothing had before; receives the
 *	lease, which has another id when this vGPU had one: then its answer
 *	was lost, or the host has started anew
 * @refusal: receives the reason of STORE_FULL
 *
 * Return: STORE_OK, STORE_FULL, STORE_NO_POOL or STORE_FAILED.
 */
enum verdict store_lease(struct store *store, int64_t now, struct lease *lease,
			 struct refusal *refusal)
{
	return store_end(store, store_begin(store, now) ? grant(store, lease, refusal) :
							  STORE_FAILED);
}

/**
 * store_try - whether a lease would be granted
 * @store: store
 * @now: time
 * @lease: as store_lease() takes it
 * @refusal: receives the reason of STORE_FULL
 *
 * Return: STORE_FITS, STORE_FULL, STORE_NO_POOL or STORE_FAILED.
 */
enum verdict store_try(struct store *store, int64_t now, struct lease *lease,
		       struct refusal *refusal)
{
	enum verdict verdict = store_begin(store, now) ? grant(store, lease, refusal) :
							 STORE_FAILED;

	/* Only what ends with STORE_OK is kept. */
	return store_end(store, verdict == STORE_OK ? STORE_FITS : verdict);
}

static enum verdict find_id(struct store *store, const char *pool, const char *host,
			    const char *id, struct lease *lease)
{
	return find(store, sql_prepare(store, "SELECT " LEASE_COLUMNS " FROM lease"
				" WHERE id = ?1 AND (?2 = '' OR pool = ?2)"
				" AND (?3 = '' OR host = ?3)", "sss", id,
				pool ? pool : "", host ? host : ""), lease);
}

static enum verdict renew(struct store *store, const char *pool, const char *host, const char *id,
			  int64_t ttl, struct lease *lease)
{
	enum verdict verdict = find_id(store, pool, host, id, lease);

	if (verdict != STORE_OK)
		return verdict;
	lease->ttl = ttl ? ttl : lease->ttl;
	lease->expires = store->time + lease->ttl + LEASE_GRACE;
	return sql_run(store, "UPDATE lease SET ttl = ?2, expires = ?3 WHERE id = ?1", "sii", id,
		       lease->ttl, lease->expires) ? STORE_OK : STORE_FAILED;
}

/**
 * store_renew - a lease begins anew
 * @store: store
 * @now: time
 * @pool: whose it must be; NULL: anybody's
 * @host: where its vGPU must be; NULL: anywhere
 * @id: of the lease
 * @ttl: its time to live from now on; 0: as before
 * @lease: receives it
 *
 * Return: STORE_OK, STORE_NO_LEASE or STORE_FAILED.
 */
enum verdict store_renew(struct store *store, int64_t now, const char *pool,
			 const char *host, const char *id, int64_t ttl, struct lease *lease)
{
	return store_end(store, store_begin(store, now) ?
				renew(store, pool, host, id, ttl, lease) : STORE_FAILED);
}

static enum verdict give_back(struct store *store, const char *pool, const char *host,
			      const char *id, struct lease *lease)
{
	enum verdict verdict = find_id(store, pool, host, id, lease);

	if (verdict != STORE_OK)
		return verdict;
	return sql_run(store, "DELETE FROM lease WHERE id = ?1", "s", id) ? STORE_OK :
									    STORE_FAILED;
}

/**
 * store_return - a lease ends
 * @store: store
 * @now: time
 * @pool: whose it must be; NULL: anybody's
 * @host: where its vGPU must be; NULL: anywhere
 * @id: of the lease
 * @lease: receives it as it was
 *
 * Return: STORE_OK, STORE_NO_LEASE or STORE_FAILED.
 */
enum verdict store_return(struct store *store, int64_t now, const char *pool,
			  const char *host, const char *id, struct lease *lease)
{
	return store_end(store, store_begin(store, now) ?
				give_back(store, pool, host, id, lease) : STORE_FAILED);
}

/**
 * store_leases - list the leases of a pool
 * @store: store
 * @now: time
 * @pool: name
 * @after: those whose host and vGPU, with a slash between, come after this
 * @most: at most so many
 * @fn: called for each
 * @data: for @fn
 *
 * Return: STORE_OK or STORE_FAILED.
 */
enum verdict store_leases(struct store *store, int64_t now, const char *pool, const char *after,
			  unsigned int most, store_lease_fn fn, void *data)
{
	sqlite3_stmt *statement;
	struct lease lease;
	int status;

	statement = sql_prepare(store, "SELECT " LEASE_COLUMNS " FROM lease WHERE pool = ?1"
				" AND host || '/' || vgpu > ?2 AND expires > ?3"
				" ORDER BY host || '/' || vgpu LIMIT ?4", "ssii", pool, after,
				now > store->now ? now : store->now, (int64_t)most);
	if (!statement)
		return STORE_FAILED;
	while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
		sql_lease(statement, &lease);
		fn(data, &lease);
	}
	return sql_end(store, statement, status) ? STORE_OK : STORE_FAILED;
}
