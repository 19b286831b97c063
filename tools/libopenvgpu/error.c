// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * error.c - what the error codes mean, in words
 */
#include <limits.h>
#include <string.h>

#include "internal.h"

/**
 * ovgpu_strerror - an error code in words
 * @err: what a function of the library returned; positive does as well
 *
 * Unlike strerror(3) it is safe in threads, and the same in every locale.
 *
 * Return: a text that stays valid for ever.
 */
const char *ovgpu_strerror(int err)
{
	const char *text = NULL;

	if (err > INT_MIN)
		text = strerrordesc_np(err < 0 ? -err : err);
	return text ? text : "Unknown error";
}

/**
 * ovgpu_version - the version of the library
 *
 * Return: as "1.2.3".
 */
const char *ovgpu_version(void)
{
	return OPENVGPU_VERSION;
}
