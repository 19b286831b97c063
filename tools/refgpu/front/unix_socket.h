/* SPDX-License-Identifier: GPL-2.0-only */
/* UNIX sockets: listening on one, and systemd's for what it is to know. */
#ifndef REFGPU_UNIX_SOCKET_H
#define REFGPU_UNIX_SOCKET_H

/**
 * unix_listen() - create a listening stream socket
 * @path: its name; a socket that nobody listens on any more is replaced
 * @backlog: connections that may wait
 *
 * Return: a non-blocking descriptor, or a negative errno: EADDRINUSE if another
 * server listens there or something that is not a socket has the name,
 * ENAMETOOLONG, or what socket(2) and bind(2) report.
 */
int unix_listen(const char *path, int backlog);

/**
 * unix_notify() - tell systemd how the program is, if systemd has started it
 * @state: as sd_notify(3) has it
 */
void unix_notify(const char *state);

#endif /* REFGPU_UNIX_SOCKET_H */
