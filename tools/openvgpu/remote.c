// SPDX-License-Identifier: GPL-2.0-only
/*
 * remote.c - commands on another machine: openvgpu -H user@host COMMAND...
 *
 * ssh runs openvgpu there. What it is told is one text, which a shell there takes
 * apart, whichever the user has: so arguments are quoted in a way that sh, csh and
 * fish understand alike, and what that can't do is refused.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "remote.h"

#define PLAIN	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-"

/*
 * Letters as they are, others between quotes, but for the three that mean something
 * to some shell even there: each stands behind a backslash, outside of quotes.
 */
static void quote(FILE *to, const char *word)
{
	bool inside = false;

	if (word[0] && !word[strspn(word, PLAIN)] && word[0] != '=') {
		fputs(word, to);
		return;
	}
	if (!word[0])
		fputs("''", to);
	for (; *word; word++) {
		bool apart = strchr("'\\!", *word);

		if (apart == inside)
			putc('\'', to);
		inside = !apart;
		if (apart)
			putc('\\', to);
		putc(*word, to);
	}
	if (inside)
		putc('\'', to);
}

static bool has_control(const char *word)
{
	for (; *word; word++)
		if ((unsigned char)*word < 0x20 || *word == 0x7f)
			return true;
	return false;
}

/**
 * remote_command - what a shell on the other machine is to run
 * @words: arguments of openvgpu
 *
 * Return: the text, to be given to free(); NULL: a word has a control character, which
 * can't be quoted for all shells, or there is no memory.
 */
char *remote_command(char *const *words)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	bool good = to;

	if (!to)
		return NULL;
	fputs("openvgpu", to);
	for (; *words; words++) {
		good = good && !has_control(*words);
		putc(' ', to);
		quote(to, *words);
	}
	if (fclose(to))
		good = false;
	if (!good) {
		free(text);
		return NULL;
	}
	return text;
}

/**
 * remote_argv - arguments of ssh
 * @argv: REMOTE_WORDS pointers, of which NULL is the last
 * @mode: how
 * @host: where
 * @command: of remote_command()
 */
void remote_argv(const char **argv, enum remote_mode mode, const char *host,
		 const char *command)
{
	*argv++ = "ssh";
	*argv++ = mode == REMOTE_TERMINAL ? "-t" : "-T";
	*argv++ = "-x";
	if (mode == REMOTE_BATCH) {
		*argv++ = "-oBatchMode=yes";
		*argv++ = "-oConnectTimeout=10";
		*argv++ = "-oServerAliveInterval=15";
	}
	*argv++ = "--";
	*argv++ = host;
	*argv++ = command;
	*argv = NULL;
}

/**
 * remote_fail_control - end a command that remote_command() could not take
 * @cli: the run
 *
 * Return: CLI_USAGE.
 */
enum cli_exit remote_fail_control(const struct cli *cli)
{
	return cli_fail(cli, CLI_USAGE,
			"an argument has a control character: it can't be passed to another machine");
}

/* Waits for ssh; what is to end this ends that. */
static int wait_for(pid_t pid, const sigset_t *signals, bool *stopped)
{
	int status, number;

	*stopped = false;
	for (;;) {
		number = sigwaitinfo(signals, NULL);
		if (number == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
			break;
		if (number > 0 && number != SIGCHLD) {
			*stopped = true;
			/* At a terminal it was told as well. */
			kill(pid, SIGTERM);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : REMOTE_FAILED;
}

/**
 * remote_run - run openvgpu on another machine
 * @cli: the run
 * @host: where, as ovgpu_host_check() takes it
 * @words: its arguments
 * @command: which it is; NULL: that is for the other machine to say
 *
 * Return: its exit status, or that of the reason that is said.
 */
enum cli_exit remote_run(const struct cli *cli, const char *host,
			 char *const *words, const struct command *command)
{
	/* ssh says more at a terminal: only who needs it gets one. */
	bool screen = command && command->run == command_top && !cli->json &&
		      isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	const char *argv[REMOTE_WORDS];
	char *text = remote_command(words);
	sigset_t signals, before;
	bool stopped;
	int status;
	pid_t pid;

	if (!text)
		return remote_fail_control(cli);
	remote_argv(argv, screen ? REMOTE_TERMINAL : REMOTE_PLAIN, host, text);
	/* Whoever started this may ignore it, and then nobody hears of an end. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		execvp(argv[0], (char *const *)argv);
		cli_note("cannot run ssh: %s", ovgpu_strerror(-errno));
		_exit(REMOTE_FAILED);
	}
	free(text);
	if (pid < 0)
		return cli_fail_errno(cli, -errno, "run ssh");
	status = wait_for(pid, &signals, &stopped);
	if (status <= CLI_LAST)
		return status;
	if (stopped)
		/* That is how those end that follow something. */
		return command && command->options & OPTION_FOLLOW ? CLI_OK :
		       cli_fail(cli, CLI_FAILURE, "interrupted");
	if (status == REMOTE_FAILED)
		return cli_fail(cli, CLI_FAILURE,
				"ssh could not reach %s, or lost it", host);
	return cli_fail(cli, CLI_FAILURE,
			"%s did not run openvgpu: exit status %d; is it installed there?",
			host, status);
}
