// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.c - looks at memory, see memory.h
 */
#include "memory.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf on_sigbus;

static void sigbus(int signal)
{
	(void)signal;
	siglongjmp(on_sigbus, 1);
}

static bool access_word(volatile uint64_t *address, uint64_t *value, bool write)
{
	struct sigaction action = { .sa_handler = sigbus }, old;
	bool there = false;

	sigaction(SIGBUS, &action, &old);
	if (!sigsetjmp(on_sigbus, 1)) {
		if (write)
			*address = *value;
		else
			*value = *address;
		there = true;
	}
	sigaction(SIGBUS, &old, NULL);
	return there;
}

/**
 * peek - read a word that may not be there
 * @address: of a mapping
 * @value: receives it
 *
 * Return: false: SIGBUS.
 */
bool peek(volatile void *address, uint64_t *value)
{
	return access_word(address, value, false);
}

/**
 * poke - write a word that may not be there
 * @address: of a mapping
 * @value: what to write
 *
 * Return: false: SIGBUS.
 */
bool poke(volatile void *address, uint64_t value)
{
	return access_word(address, &value, true);
}

/**
 * fill_words - a pattern that tells where it was meant to be
 * @address: of a mapping
 * @bytes: multiple of 4
 * @seed: of the pattern
 */
void fill_words(void *address, size_t bytes, uint32_t seed)
{
	volatile uint32_t *words = address;
	size_t i;

	for (i = 0; i < bytes / 4; i++)
		words[i] = seed ^ (uint32_t)i * 2654435761u;
}

/**
 * differing_word - does a pattern still stand?
 * @address: as in fill_words()
 * @bytes: as in fill_words()
 * @seed: as in fill_words()
 *
 * Return: index of the first word that is not as fill_words() left it; -1: none.
 */
long differing_word(const void *address, size_t bytes, uint32_t seed)
{
	const volatile uint32_t *words = address;
	size_t i;

	for (i = 0; i < bytes / 4; i++)
		if (words[i] != (seed ^ (uint32_t)i * 2654435761u))
			return (long)i;
	return -1;
}
