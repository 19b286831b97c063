// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bridge.c - files of another machine, through ssh and openvgpu there
 *
 * The other machine is trusted with what it says of itself, and with nothing here:
 * no answer is longer than BRIDGE_MAX, and what is no answer ends the bridge.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge.h"

/**
 * struct ovgpu_bridge - a way to another machine
 * @lock: one request at a time
 * @fd: to ssh; -1: it has ended
 * @pid: ssh's
 */
struct ovgpu_bridge {
	pthread_mutex_t lock;
	int fd;
	pid_t pid;
};

static int send_all(int fd, const void *bytes, size_t count)
{
	const char *at = bytes;
	ssize_t n;

	while (count) {
		/* A program that uses the library must not die of it. */
		n = send(fd, at, count, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -ENOTCONN;
		at += n;
		count -= n;
	}
	return 0;
}

static int receive_all(int fd, void *bytes, size_t count)
{
	char *at = bytes;
	ssize_t n;

	while (count) {
		n = recv(fd, at, count, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -ENOTCONN;
		at += n;
		count -= n;
	}
	return 0;
}

/* A line with its end. */
static int receive_line(int fd, char *line)
{
	size_t n = 0;
	int err;

	do {
		if (n + 1 == BRIDGE_LINE)
			return -EPROTO;
		err = receive_all(fd, line + n, 1);
		if (err)
			return err;
	} while (line[n++] != '\n');
	line[n] = '\0';
	return 0;
}

/* ssh with one end of a pair of sockets as its input and output. */
static int start_ssh(const char *url, int fd, pid_t *pid)
{
	const char *argv[10] = {
		"ssh", "-T", "-x", "-oBatchMode=yes", "-oConnectTimeout=10",
		"-oServerAliveInterval=15", "--", url, "openvgpu bridge", NULL,
	};
	posix_spawn_file_actions_t actions;
	int err;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	err = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv,
			   environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/**
 * ovgpu_bridge_open - begin
 * @bridge: the result
 * @url: of the machine, checked
 *
 * Return: 0, -ENOTCONN when ssh does not get there, -EPROTO when what is there is
 * no openvgpu that has this, or another negative errno.
 */
int ovgpu_bridge_open(struct ovgpu_bridge **bridge, const char *url)
{
	struct ovgpu_bridge *opened;
	char line[BRIDGE_LINE];
	int pair[2], err;

	opened = malloc(sizeof(*opened));
	if (!opened)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		err = -errno;
		free(opened);
		return err;
	}
	err = start_ssh(url, pair[1], &opened->pid);
	close(pair[1]);
	if (err) {
		close(pair[0]);
		free(opened);
		return err;
	}
	opened->fd = pair[0];
	pthread_mutex_init(&opened->lock, NULL);
	err = receive_line(opened->fd, line);
	if (!err && strcmp(line, BRIDGE_GREETING))
		err = -EPROTO;
	if (err) {
		ovgpu_bridge_close(opened);
		return err;
	}
	*bridge = opened;
	return 0;
}

static void hang_up(struct ovgpu_bridge *bridge)
{
	if (bridge->fd >= 0)
		close(bridge->fd);
	bridge->fd = -1;
}

/**
 * ovgpu_bridge_close - end
 * @bridge: of ovgpu_bridge_open(); NULL does nothing
 */
void ovgpu_bridge_close(struct ovgpu_bridge *bridge)
{
	if (!bridge)
		return;
	hang_up(bridge);
	/* It ends when there is nobody to talk to. */
	while (waitpid(bridge->pid, NULL, 0) < 0 && errno == EINTR)
		;
	pthread_mutex_destroy(&bridge->lock);
	free(bridge);
}

/* "ERRNO LENGTH\n"; the errno is the other machine's, which may number them else. */
static int parse_answer(const char *line, int *err, size_t *length)
{
	int number, end = 0;

	if (sscanf(line, "%d %zu\n%n", &number, length, &end) != 2 ||
	    !end || line[end] || number < 0 || number > 4095 ||
	    *length > BRIDGE_MAX)
		return -EPROTO;
	*err = -number;
	return 0;
}

static int call(int fd, const char *request, const char *path, const char *value,
		int *err, char **answer, size_t *length)
{
	char line[BRIDGE_LINE];
	int ret;

	ret = send_all(fd, request, strlen(request));
	if (!ret)
		ret = send_all(fd, path, strlen(path));
	if (!ret)
		ret = send_all(fd, value, strlen(value));
	if (!ret)
		ret = receive_line(fd, line);
	if (!ret)
		ret = parse_answer(line, err, length);
	if (ret)
		return ret;
	*answer = malloc(*length + 1);
	if (!*answer)
		return -ENOMEM;
	ret = receive_all(fd, *answer, *length);
	(*answer)[*length] = '\0';
	return ret;
}

/**
 * ovgpu_bridge_call - have the other machine do something with a file
 * @bridge: of ovgpu_bridge_open()
 * @operation: what
 * @tree: where the file is
 * @path: below @tree
 * @value: what is to be written; else ""
 * @answer: the result with a NUL behind it, to be given to free() if this succeeds
 * @length: bytes of it
 *
 * Return: 0, the negative errno of the other machine, -ENOTCONN when it is not there
 * any more, or -ENOMEM, after which it is not either.
 */
int ovgpu_bridge_call(struct ovgpu_bridge *bridge, enum bridge_operation operation,
		      enum ovgpu_tree tree, const char *path, const char *value,
		      char **answer, size_t *length)
{
	char request[BRIDGE_LINE];
	int err = 0, ret = -ENOTCONN;

	*answer = NULL;
	*length = 0;
	snprintf(request, sizeof(request), "%c %d %zu %zu\n", operation, tree,
		 strlen(path), strlen(value));
	pthread_mutex_lock(&bridge->lock);
	if (bridge->fd >= 0) {
		ret = call(bridge->fd, request, path, value, &err, answer, length);
		/* Where the next answer begins is not known any more. */
		if (ret)
			hang_up(bridge);
	}
	pthread_mutex_unlock(&bridge->lock);
	if (!ret && !err)
		return 0;
	free(*answer);
	*answer = NULL;
	*length = 0;
	return ret == -ENOMEM ? -ENOMEM : ret ? -ENOTCONN : err;
}
