// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_sql.c - statements of SQL with their values, and rows
 */
#include <stdarg.h>
#include <stdio.h>

#include "store_sql.h"

/* What is done next, a ROLLBACK, makes the database forget it. */
static bool keep_error(struct store *store)
{
	snprintf(store->wrong, sizeof(store->wrong), "%s", sqlite3_errmsg(store->db));
	return false;
}

/* One letter a value: s text, i number, l limit. */
static sqlite3_stmt *prepare(struct store *store, const char *sql, const char *types,
			     va_list values)
{
	sqlite3_stmt *statement = NULL;
	int i, status;
	int64_t number;

	status = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	for (i = 1; status == SQLITE_OK && *types; i++, types++) {
		if (*types == 's') {
			/* It stays where it is until the statement has run. */
			status = sqlite3_bind_text(statement, i, va_arg(values, const char *), -1,
						   SQLITE_STATIC);
			continue;
		}
		number = va_arg(values, int64_t);
		if (*types == 'l' && number == NO_LIMIT)
			status = sqlite3_bind_null(statement, i);
		else
			status = sqlite3_bind_int64(statement, i, number);
	}
	if (status == SQLITE_OK)
		return statement;
	keep_error(store);
	sqlite3_finalize(statement);
	return NULL;
}

/**
 * sql_prepare - a statement that has rows
 * @store: store
 * @sql: with ?1, ?2, ...
 * @types: a letter for each: s text, i int64_t, l int64_t where NO_LIMIT is NULL
 *
 * Return: the statement, to be stepped and given to sql_end(), or NULL.
 */
sqlite3_stmt *sql_prepare(struct store *store, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list values;

	va_start(values, types);
	statement = prepare(store, sql, types, values);
	va_end(values);
	return statement;
}

/**
 * sql_run - run a statement that has no rows
 * @store: store
 * @sql: as for sql_prepare()
 * @types: as for sql_prepare()
 *
 * Return: whether it was done.
 */
bool sql_run(struct store *store, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list values;

	va_start(values, types);
	statement = prepare(store, sql, types, values);
	va_end(values);
	return statement && sql_end(store, statement, sqlite3_step(statement));
}

/**
 * sql_end - a statement is done with
 * @store: store
 * @statement: statement, freed
 * @status: of the last step
 *
 * Return: whether that came to the end of the rows, without a failure.
 */
bool sql_end(struct store *store, sqlite3_stmt *statement, int status)
{
	bool good = status == SQLITE_DONE || keep_error(store);

	sqlite3_finalize(statement);
	return good;
}

/**
 * sql_execute - run statements that have no rows, and no values
 * @store: store
 * @sql: statements
 *
 * Return: whether all were done.
 */
bool sql_execute(struct store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || keep_error(store);
}

/**
 * sql_number - a number that the database answers with
 * @store: store
 * @sql: as for sql_prepare()
 * @types: as for sql_prepare()
 *
 * Return: the number; -1: it does not answer.
 */
int64_t sql_number(struct store *store, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	int64_t number = -1;
	va_list values;
	int status;

	va_start(values, types);
	statement = prepare(store, sql, types, values);
	va_end(values);
	if (!statement)
		return -1;
	status = sqlite3_step(statement);
	if (status == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sql_end(store, statement, status == SQLITE_ROW ? SQLITE_DONE : status);
	return number;
}

/**
 * sql_text - a column of text
 * @statement: at a row
 * @column: from 0
 * @text: receives it
 * @size: of @text; what is written to the database fits
 */
void sql_text(sqlite3_stmt *statement, int column, char *text, unsigned int size)
{
	const unsigned char *value = sqlite3_column_text(statement, column);

	snprintf(text, size, "%s", value ? (const char *)value : "");
}

/**
 * sql_limit - a column of a limit
 * @statement: at a row
 * @column: from 0
 *
 * Return: the limit, or NO_LIMIT.
 */
int64_t sql_limit(sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return NO_LIMIT;
	return sqlite3_column_int64(statement, column);
}

/**
 * sql_lease - a row of LEASE_COLUMNS
 * @statement: at a row
 * @lease: receives it
 */
void sql_lease(sqlite3_stmt *statement, struct lease *lease)
{
	sql_text(statement, 0, lease->id, sizeof(lease->id));
	sql_text(statement, 1, lease->pool, sizeof(lease->pool));
	sql_text(statement, 2, lease->host, sizeof(lease->host));
	sql_text(statement, 3, lease->vgpu, sizeof(lease->vgpu));
	sql_text(statement, 4, lease->series, sizeof(lease->series));
	lease->amount[MEASURE_VGPUS] = 1;
	lease->amount[MEASURE_FRAMEBUFFER] = sqlite3_column_int64(statement, 5);
	lease->amount[MEASURE_SLICES] = sqlite3_column_int64(statement, 6);
	lease->ttl = sqlite3_column_int64(statement, 7);
	lease->expires = sqlite3_column_int64(statement, 8);
}
