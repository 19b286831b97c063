/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chance.h - random choices of a test, all from one seed
 *
 * The test sets chance.state, from unit_seed(), before its first choice.
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdbool.h>

#include "unit.h"

static struct unit_random chance;

/** any() - any number below @below */
static inline uint64_t any(uint64_t below)
{
	return unit_random(&chance) % below;
}

/** one_in() - true once in @n times */
static inline bool one_in(uint64_t n)
{
	return !any(n);
}

#endif /* CHANCE_H */
