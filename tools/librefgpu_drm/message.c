// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * message.c - what failed, in words
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

static _Thread_local char message[256];

/**
 * refgpu_drm_fail - keep words for an error
 * @error: a negative errno, or a positive one
 * @format: what could not be done, as printf(); the error's own text follows
 *
 * Return: @error, negative.
 */
int refgpu_drm_fail(int error, const char *format, ...)
{
	va_list arguments;
	int length;

	error = error < 0 ? error : -error;
	va_start(arguments, format);
	length = vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	errno = -error;
	if (length >= 0 && (size_t)length < sizeof(message))
		snprintf(message + length, sizeof(message) - (size_t)length, ": %m");
	return error;
}

/**
 * refgpu_drm_message - why a function failed
 *
 * Return: one line about the last failure in this thread, empty if there was none. It
 * stays as it is until the next one.
 */
const char *refgpu_drm_message(void)
{
	return message;
}

/**
 * refgpu_drm_version - the version of the library
 *
 * Return: as "1.2.3".
 */
const char *refgpu_drm_version(void)
{
	return OPENVGPU_VERSION;
}
