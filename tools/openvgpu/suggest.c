// SPDX-License-Identifier: GPL-2.0-only
/*
 * suggest.c - "did you mean": the name that was most likely meant
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define LONGEST		32	/* of what is compared; no name is longer */

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters are wrong, missing, too many, or in the place of the next. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[3][LONGEST + 1], i, j, *now, *last, *before;
	size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (j = 0; j <= m; j++)
		row[0][j] = j;
	for (i = 1; i <= n; i++) {
		now = row[i % 3];
		last = row[(i + 2) % 3];
		before = row[(i + 1) % 3];
		now[0] = i;
		for (j = 1; j <= m; j++) {
			now[j] = min(last[j - 1] + !same(a[i - 1], b[j - 1]),
				     min(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				now[j] = min(now[j], before[j - 2] + 1);
		}
	}
	return row[n % 3][m];
}

/**
 * suggest_try - compare a name with what was typed
 * @suggestion: its @word is what was typed; the rest zero at first
 * @name: one that exists
 */
void suggest_try(struct suggestion *suggestion, const char *name)
{
	/* One letter in three may be wrong. */
	unsigned int most = (strlen(suggestion->word) + 2) / 3;
	unsigned int letters = distance(suggestion->word, name);

	if (letters > most || letters >= strlen(name) ||
	    (suggestion->best[0] && letters >= suggestion->letters))
		return;
	suggestion->letters = letters;
	snprintf(suggestion->best, sizeof(suggestion->best), "%s", name);
}

/**
 * suggest_text - the question
 * @suggestion: after all names were tried
 *
 * Return: as "; did you mean 'weight'?", or nothing.
 */
struct shown suggest_text(const struct suggestion *suggestion)
{
	struct shown s = { "" };

	if (suggestion->best[0])
		snprintf(s.text, sizeof(s.text), "; did you mean '%s%s'?",
			 suggestion->prefix ? suggestion->prefix : "",
			 suggestion->best);
	return s;
}
