// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - rows for people, and for scripts that want some columns of them
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/**
 * table_row - add a row; the first is the header
 * @table: table, all zero at first
 * @columns: number of strings that follow, the same in every row
 */
void table_row(struct table *table, unsigned int columns, ...)
{
	struct shown *cells;
	unsigned int i;
	va_list args;
	int width;

	table->columns = columns;
	cells = reallocarray(table->cells, (table->rows + 1) * columns,
			     sizeof(*cells));
	if (!cells)
		errx(CLI_FAILURE, "out of memory");
	table->cells = cells;
	cells += table->rows++ * columns;
	va_start(args, columns);
	for (i = 0; i < columns; i++) {
		cells[i] = shown(va_arg(args, const char *));
		width = strlen(cells[i].text);
		if (width > table->width[i])
			table->width[i] = width;
	}
	va_end(args);
}

/* The column with that header; -1: there is none. */
static int find_column(const struct table *table, const char *name, size_t length)
{
	unsigned int i;

	for (i = 0; i < table->columns; i++)
		if (strlen(table->cells[i].text) == length &&
		    !strncasecmp(table->cells[i].text, name, length))
			return i;
	return -1;
}

static enum cli_exit fail_column(const struct cli *cli, const struct table *table,
				 const char *name, size_t length)
{
	struct suggestion suggestion = { 0 };
	char text[OVGPU_TEXT_SIZE] = "", word[OVGPU_NAME_SIZE];
	size_t used = 0;
	unsigned int i;

	snprintf(word, sizeof(word), "%.*s", (int)(length < sizeof(word) ?
		 length : sizeof(word) - 1), name);
	suggestion.word = word;
	for (i = 0; i < table->columns && used < sizeof(text); i++) {
		used += snprintf(text + used, sizeof(text) - used, "%s%s",
				 i ? ", " : "", table->cells[i].text);
		suggest_try(&suggestion, table->cells[i].text);
	}
	return cli_fail(cli, CLI_USAGE, "there is no column '%s': there are %s%s",
			shown(word).text, text, suggest_text(&suggestion).text);
}

/**
 * table_choose - choose what is printed of a table
 * @cli: the run; --columns, --no-legend
 * @table: a table that has its header
 * @by_default: headers of the columns without --columns, with commas between
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit table_choose(const struct cli *cli, struct table *table,
			   const char *by_default)
{
	const char *names = cli->columns ? cli->columns : by_default;
	size_t length;
	int column;

	table->no_header = cli->no_legend;
	for (;; names += length + 1) {
		length = strcspn(names, ",");
		column = find_column(table, names, length);
		if (column < 0)
			return fail_column(cli, table, names, length);
		if (table->chosen == TABLE_COLUMNS)
			return cli_fail(cli, CLI_USAGE, "more than %d columns are chosen",
					TABLE_COLUMNS);
		table->order[table->chosen++] = column;
		if (!names[length])
			return CLI_OK;
	}
}

/**
 * table_print - print a table and free it
 * @table: table
 */
void table_print(struct table *table)
{
	unsigned int count = table->chosen ? table->chosen : table->columns;
	unsigned int i, column;
	size_t row;

	for (row = table->no_header; row < table->rows; row++)
		for (i = 0; i < count; i++) {
			const char *text;

			column = table->chosen ? table->order[i] : i;
			text = table->cells[row * table->columns + column].text;
			/* No blanks at the end of a line. */
			if (i + 1 == count)
				printf("%s\n", text);
			else
				printf("%-*s  ", table->width[column], text);
		}
	table_free(table);
}

/**
 * table_free - give a table back without printing it
 * @table: table
 */
void table_free(struct table *table)
{
	free(table->cells);
	memset(table, 0, sizeof(*table));
}
