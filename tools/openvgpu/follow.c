// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow.c - commands that run until they are stopped
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

/**
 * cli_end_signals - take the signals that end a command
 *
 * To be stopped is how such a command ends: its exit status is 0 then.
 *
 * Return: a descriptor that becomes readable when one came, or -1, which
 * poll(2) passes over: then nothing is changed.
 */
int cli_end_signals(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd >= 0)
		sigprocmask(SIG_BLOCK, &signals, NULL);
	return fd;
}

/* How long it is until a time of CLOCK_MONOTONIC. */
static struct timespec left(uint64_t until)
{
	uint64_t now = cli_now(CLOCK_MONOTONIC);
	struct timespec time;

	until = until > now ? until - now : 0;
	time.tv_sec = until / 1000000000;
	time.tv_nsec = until % 1000000000;
	return time;
}

/**
 * cli_wait - wait for what such a command prints next
 * @fd: it becomes readable then; -1: only the time tells
 * @signals: of cli_end_signals()
 * @until: no longer than to this time, ns of CLOCK_MONOTONIC; CLI_FOREVER
 *
 * What was printed before is written first: a line in a buffer is no news.
 *
 * Return: what it was; WAITED_END also when the output can't be written, which
 * main() finds out, too.
 */
enum cli_waited cli_wait(int fd, int signals, uint64_t until)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		/* Only whether its reader has gone. */
		{ .fd = STDOUT_FILENO },
	};
	struct timespec time;
	int count;

	if (fflush(stdout))
		return WAITED_END;
	do {
		time = left(until);
		count = ppoll(fds, 3, until == CLI_FOREVER ? NULL : &time, NULL);
	} while (count < 0 && errno == EINTR);
	if (count < 0 || fds[1].revents || fds[2].revents & (POLLERR | POLLNVAL))
		return WAITED_END;
	return fds[0].revents ? WAITED_READY : WAITED_TIME;
}
