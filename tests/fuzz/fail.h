/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fail.h - makes every allocation of the kernel fail once
 *
 * /proc/thread-self/fail-nth makes the nth allocation (or copy from or to the
 * program) of this thread's next calls fail. n goes from 1 until nothing fails any
 * more. Whatever fails, the call ends with an error that says so, or does what was
 * asked; nothing is left of a call that failed; and the next one works.
 */
#ifndef FAIL_H
#define FAIL_H

#define FAIL_DEBUGFS	"/sys/kernel/debug"

/**
 * struct fail_operation - what is tried
 * @name: for messages
 * @run: does it; returns 0 or -errno
 * @undo: after @run did it: as before
 * @check: after @run failed: nothing is left of it; may be NULL
 * @context: first argument of all
 */
struct fail_operation {
	const char *name;
	int (*run)(void *context);
	void (*undo)(void *context);
	void (*check)(void *context);
	void *context;
};

/* fail_prepare() - skip the test where the kernel can't do this */
void fail_prepare(void);
void fail_each(const struct fail_operation *operation);

#endif /* FAIL_H */
