/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * no_memory.h - the library when memory runs out; for one program each
 */
#ifndef NO_MEMORY_H
#define NO_MEMORY_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Calls of the library that allocate go through these: see library.mk. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

static int memory_left = -1;	/* so many succeed, -1: all */

static bool no_memory(void)
{
	if (memory_left <= 0)
		return !memory_left;
	memory_left--;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return no_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return no_memory() ? NULL : __real_reallocarray(memory, count, size);
}

char *__wrap_strdup(const char *text)
{
	return no_memory() ? NULL : __real_strdup(text);
}

/*
 * Calls number @call with more and more memory until it succeeds, and returns what it
 * gives then. Before, it says that there is none, and gives nothing; it allocates more
 * than @least times.
 */
static void *no_memory_until_done(int (*allocate)(int call, void **result), int call,
				  int least)
{
	void *result;
	int n, err;

	for (n = 0; ; n++) {
		result = NULL;
		memory_left = n;
		err = allocate(call, &result);
		memory_left = -1;
		if (!err)
			break;
		ck_assert_int_eq(err, -ENOMEM);
		ck_assert_ptr_null(result);
	}
	ck_assert_int_gt(n, least);
	return result;
}

#endif /* NO_MEMORY_H */
