// SPDX-License-Identifier: GPL-2.0-only
/*
 * program.c - running other programs
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/*
 * Reads a pipe to its end, or the program would wait for a reader; what does not
 * fit is dropped. False when patience ended before it, with the time or, of those
 * whose time is short, the room.
 */
static bool read_all(int fd, char *text, size_t size, int patience_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	long long end = now_ms() + patience_ms;
	bool hurried = patience_ms != PROGRAM_PATIENT;
	size_t used = 0;
	char rest[4096];
	ssize_t n;

	do {
		text[used] = '\0';
		if (hurried && (used == size - 1 || now_ms() >= end ||
				poll(&poll_fd, 1, end - now_ms()) != 1))
			return false;
		n = used < size - 1 ? read(fd, text + used, size - 1 - used) :
				      read(fd, rest, sizeof(rest));
		if (n > 0 && used < size - 1)
			used += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return true;
}

/**
 * program_find - where a program of the system's administration is
 * @root: path of the root directory
 * @name: of the program
 * @path: receives its path
 * @size: bytes at @path
 *
 * Not by PATH: that of a user lacks the folders.
 *
 * Return: whether there is one.
 */
bool program_find(const char *root, const char *name, char *path, size_t size)
{
	static const char *const folders[] = {
		"usr/sbin", "usr/bin", "sbin", "bin",
	};
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (snprintf(path, size, "%s/%s/%s", root, folders[i], name) <
		    (int)size && !access(path, X_OK))
			return true;
	return false;
}

/**
 * program_run - run a program and wait for it
 * @path: the program
 * @argv: its arguments, the first is its name
 * @text: receives what it prints, errors among the rest; NULL: that goes to our
 *	standard error
 * @size: bytes at @text
 * @patience_ms: it is killed when it prints for longer, or more than fits, if
 *	there is a @text; PROGRAM_PATIENT: never
 *
 * Return: its exit status, 128 when a signal ended it, or a negative errno:
 * -ETIMEDOUT when patience ended, else it could not be started.
 */
int program_run(const char *path, char *const argv[], char *text, size_t size,
		int patience_ms)
{
	posix_spawn_file_actions_t actions;
	int pipe_fd[2] = { -1, -1 }, status, err;
	bool complete = true;
	pid_t pid;

	if (text && pipe2(pipe_fd, O_CLOEXEC))
		return -errno;
	err = posix_spawn_file_actions_init(&actions);
	if (!err) {
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
						 O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&actions,
						 text ? pipe_fd[1] : 2, 1);
		if (text)
			posix_spawn_file_actions_adddup2(&actions, pipe_fd[1],
							 2);
		err = posix_spawn(&pid, path, &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	if (text)
		close(pipe_fd[1]);
	if (text && !err) {
		complete = read_all(pipe_fd[0], text, size, patience_ms);
		if (!complete)
			kill(pid, SIGKILL);
	}
	if (text)
		close(pipe_fd[0]);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!complete)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
