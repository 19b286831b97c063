/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: lines of text in, one line of JSON out for each.
 *
 * A request is a command and arguments NAME=VALUE, separated by blanks. Numbers
 * are decimal or 0x hexadecimal. The answer is {"ok":true}, with "stats" in it
 * for that command, or {"ok":false,"error":"the reason"}.
 */
#ifndef REFGPU_CONTROL_H
#define REFGPU_CONTROL_H

#include "device/device.h"

struct control;

/**
 * struct control_ops - the commands that do not inject an error
 * @remove: the device is unplugged without warning
 * @insert: a removed device is plugged in again, as after power-on. Returns 0 or a
 *	negative errno
 * @front_end_stats: counters of the front end as a JSON object, or NULL; the
 *	caller frees it
 */
struct control_ops {
	void (*remove)(void *opaque);
	int (*insert)(void *opaque);
	char *(*front_end_stats)(void *opaque);
};

/** Text for --help: the commands, one a line. */
extern const char control_help[];

/**
 * control_start() - open the socket and serve it in a thread of its own
 * @path: its name; a socket that nobody listens on any more is replaced
 * @dev: device that the commands act on
 * @ops: callbacks; must outlive the control socket
 * @opaque: first argument of the callbacks
 *
 * Return: the control socket, or NULL with errno set.
 */
struct control *control_start(const char *path, struct device *dev,
			      const struct control_ops *ops, void *opaque);

/**
 * control_stop() - end the thread and remove the socket
 * @control: control socket, or NULL
 */
void control_stop(struct control *control);

/**
 * control_execute() - execute one line
 * @dev: device
 * @ops: callbacks
 * @opaque: their first argument
 * @line: request without its newline; modified
 *
 * Return: the answer, without a newline, to be freed; NULL without memory.
 */
char *control_execute(struct device *dev, const struct control_ops *ops, void *opaque,
		      char *line);

#endif /* REFGPU_CONTROL_H */
