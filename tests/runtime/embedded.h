/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * embedded.h - the table that the Makefile makes of the kernels, kernels.S
 */
#ifndef RUNTIME_EMBEDDED_H
#define RUNTIME_EMBEDDED_H

/**
 * struct embedded - one entry of the table
 * @name: NULL ends the table
 * @begin: first byte
 * @end: behind the last one
 */
struct embedded {
	const char *name;
	const char *begin;
	const char *end;
};

extern const struct embedded rt_embedded_kernels[];

#endif /* RUNTIME_EMBEDDED_H */
