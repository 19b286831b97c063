// SPDX-License-Identifier: GPL-2.0-only
/*
 * no_harness.c - lets a program that is no test use what the tests of the VFIO
 * layer share: a check that fails ends it
 */
#include <stdarg.h>
#include <stdio.h>

#include "harness.h"
#include "host.h"

enum rt_transport transport = RT_VFIO_GROUP;

/**
 * harness_failed - end the program, leave no vGPU behind
 * @file: source file
 * @line: of it
 * @format: what was seen
 */
void harness_failed(const char *file, int line, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, " (%s:%d)\n", file, line);
	host_clean();
	exit(1);
}

/**
 * harness_skip - end the program: it cannot run here
 * @format: why
 */
void harness_skip(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

/**
 * harness_slow_kernel - figures of a debug kernel mean nothing anyway
 */
bool harness_slow_kernel(void)
{
	return false;
}
