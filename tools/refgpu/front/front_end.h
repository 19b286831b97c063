/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * front_end.h - what joins the device with a machine
 *
 * There is one front end for a machine of QEMU's and one for the machine that the
 * program runs on. A program has one of them.
 */
#ifndef REFGPU_FRONT_END_H
#define REFGPU_FRONT_END_H

#include "device/device.h"
#include "front/control.h"
#include "front/options.h"

/**
 * struct front_end - a way into a machine
 * @device_ops: operations that the device gets
 * @control_ops: operations that the control socket gets
 * @context: first argument of all of them, and of those below
 * @open: be ready for a machine. Returns 0 or a negative errno, having said why
 * @run: serve until @stop is called or nothing is left to serve. Returns 0 or a
 *	negative errno, having said why
 * @stop: make @run return; called by a signal handler, once @open was successful
 * @close: undo @open, if that was called; the device is gone by then
 */
struct front_end {
	const struct device_ops *device_ops;
	const struct control_ops *control_ops;
	void *context;
	int (*open)(void *context, struct device *dev, const struct options *options);
	int (*run)(void *context, const struct options *options);
	void (*stop)(void *context);
	void (*close)(void *context);
};

extern const struct front_end soft_front_end;
extern const struct front_end vfio_user_front_end;

/** log_quiet() - let log_line() say nothing from now on */
void log_quiet(void);

/** log_line() - a line on standard error, with the time; any thread, any @context */
void log_line(void *context, const char *text);

#endif /* REFGPU_FRONT_END_H */
