// SPDX-License-Identifier: GPL-2.0-only
/*
 * signals.c - the end of commands that run until they are stopped
 */
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

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
