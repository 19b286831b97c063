/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program.h - running other programs
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#define PROGRAM_PATIENT	-1	/* wait for its end, however long it takes */

bool program_find(const char *root, const char *name, char *path, size_t size);
int program_run(const char *path, char *const argv[], char *text, size_t size,
		int patience_ms);

#endif /* PROGRAM_H */
