/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h - the command line of the program
 */
#ifndef REFGPU_OPTIONS_H
#define REFGPU_OPTIONS_H

#include "types.h"

/**
 * struct options - the options of the program
 * @socket: path of the vfio-user socket, or NULL
 * @soft: path of the module's device, "-" for standard input, or NULL; there is either
 *	this or @socket
 * @control: path of the control socket, or NULL
 * @board: board code, or NULL for the default
 * @vram: bytes of video memory
 * @serial: serial number; 0: it has none
 * @switch_ns: fixed cost of a context load and of a save, nanoseconds
 * @switch_bytes: bytes a microsecond of the context store
 * @version: of the hardware interface, as REFGPU_VERSION
 * @compute_slices: 1 to REFGPU_SLICES
 * @memory_slices: 1 to REFGPU_SLICES
 * @mode: enum refgpu_mode that it has at first
 * @timeout_ms: end when no machine connects for so long; -1: never
 * @once: end when the first machine disconnects
 * @quiet: no messages on standard error
 */
struct options {
	const char *socket;
	const char *soft;
	const char *control;
	const char *board;
	u64 vram;
	u64 serial;
	u64 switch_ns;
	u64 switch_bytes;
	u32 version;
	u32 compute_slices;
	u32 memory_slices;
	u32 mode;
	int timeout_ms;
	bool once;
	bool quiet;
};

/**
 * options_parse() - read the command line
 * @o: set to the options, or their defaults
 * @argc: as main() gets it
 * @argv: as main() gets it; the strings of @o point into it
 *
 * Prints the help text or the error.
 *
 * Return: 0, or 1 plus the exit status with which the program ends.
 */
int options_parse(struct options *o, int argc, char **argv);

#endif /* REFGPU_OPTIONS_H */
