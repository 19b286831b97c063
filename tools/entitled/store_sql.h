/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_sql.h - what the parts of the store share: statements and transactions
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>

#include "store.h"

/**
 * struct store - an open database
 * @db: connection, the only one that there can be
 * @now: the latest time that it has on the disk
 * @time: of the decision that is being made
 * @wrong: what the database said when it last failed
 * @on_expiry: told of leases that ended by themselves; may be NULL
 * @data: for @on_expiry
 */
struct store {
	sqlite3 *db;
	int64_t now;
	int64_t time;
	char wrong[256];
	store_expiry_fn on_expiry;
	void *data;
};

/* The columns of a lease, as sql_lease() reads them. */
#define LEASE_COLUMNS	"id, pool, host, vgpu, series, framebuffer, slices, ttl, expires"

sqlite3_stmt *sql_prepare(struct store *store, const char *sql, const char *types, ...);
bool sql_run(struct store *store, const char *sql, const char *types, ...);
bool sql_end(struct store *store, sqlite3_stmt *statement, int status);
bool sql_execute(struct store *store, const char *sql);
int64_t sql_number(struct store *store, const char *sql, const char *types, ...);
void sql_text(sqlite3_stmt *statement, int column, char *text, unsigned int size);
int64_t sql_limit(sqlite3_stmt *statement, int column);
void sql_lease(sqlite3_stmt *statement, struct lease *lease);

enum verdict store_usage_of(struct store *store, int64_t time, const char *pool,
			    const char *series, store_usage_fn fn, void *data);
bool store_begin(struct store *store, int64_t now);
enum verdict store_end(struct store *store, enum verdict verdict);

#endif /* STORE_SQL_H */
