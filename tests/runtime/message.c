// SPDX-License-Identifier: GPL-2.0-only
/*
 * message.c - the last failure in words
 */
#include <stdarg.h>
#include <stdio.h>

#include "runtime.h"

static _Thread_local char message[256];

/**
 * rt_message - what went wrong last in this thread
 *
 * Return: one line without newline; "" when nothing ever did.
 */
const char *rt_message(void)
{
	return message;
}

/**
 * rt_fail - note a failure for rt_message()
 * @error: positive errno
 * @format: as printf's
 *
 * Return: -@error, so that callers can end with it.
 */
int rt_fail(int error, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	return -error;
}
