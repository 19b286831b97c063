// SPDX-License-Identifier: GPL-2.0-only
/* What the program tells its user. */
#include <stdio.h>
#include <time.h>

#include "front/front_end.h"

static bool quiet;

void log_quiet(void)
{
	quiet = true;
}

void log_line(void *context, const char *text)
{
	struct timespec now;

	(void)context;
	if (quiet)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(stderr, "[%6ld.%06ld] %s\n", (long)now.tv_sec, now.tv_nsec / 1000, text);
}
