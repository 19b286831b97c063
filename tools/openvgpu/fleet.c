// SPDX-License-Identifier: GPL-2.0-only
/*
 * fleet.c - openvgpu fleet: a command on several machines at the same time
 *
 * ssh asks nobody here: who has no key, or does not answer, has failed, and the
 * others go on. What they print is kept until all have ended, in the order of the
 * file.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "remote.h"

#define RUNNING_MOST	32
#define OUTPUT_MOST	(16 << 20)	/* bytes of a host */
#define DEFAULT_FILE	"/etc/openvgpu/fleet"

/* ------------------------------------------------------------------ running */

static void begin(struct fleet_host *host, const char *command)
{
	const char *argv[REMOTE_WORDS];
	int pipes[2][2], i;

	for (i = 0; i < 2; i++)
		if (pipe2(pipes[i], O_CLOEXEC))
			err(CLI_FAILURE, "pipe");
	remote_argv(argv, REMOTE_BATCH, host->name, command);
	host->pid = fork();
	if (host->pid < 0)
		err(CLI_FAILURE, "fork");
	if (!host->pid) {
		/* Descriptor 0 is no terminal, and nobody's input. */
		close(STDIN_FILENO);
		if (open("/dev/null", O_RDONLY) == STDIN_FILENO &&
		    dup2(pipes[0][1], STDOUT_FILENO) >= 0 &&
		    dup2(pipes[1][1], STDERR_FILENO) >= 0)
			execvp(argv[0], (char *const *)argv);
		dprintf(STDERR_FILENO, "cannot run ssh: %s\n",
			ovgpu_strerror(-errno));
		_exit(REMOTE_FAILED);
	}
	for (i = 0; i < 2; i++) {
		close(pipes[i][1]);
		host->stream[i].fd = pipes[i][0];
		host->stream[i].open = true;
	}
}

static void take(struct fleet_host *host, struct fleet_stream *stream)
{
	char *more;
	ssize_t n;

	more = realloc(stream->text, stream->length + 65537);
	if (!more)
		errx(CLI_FAILURE, "out of memory");
	stream->text = more;
	n = read(stream->fd, more + stream->length, 65536);
	if (n < 0 && errno == EINTR)
		return;
	if (n > 0)
		stream->length += n;
	stream->text[stream->length] = '\0';
	if (stream->length > OUTPUT_MOST) {
		host->too_much = true;
		kill(host->pid, SIGKILL);
	}
	if (n > 0 && !host->too_much)
		return;
	close(stream->fd);
	stream->open = false;
}

static void end(struct fleet_host *host)
{
	int status;

	while (waitpid(host->pid, &status, 0) < 0)
		if (errno != EINTR)
			err(CLI_FAILURE, "waitpid");
	host->pid = 0;
	host->status = WIFEXITED(status) ? WEXITSTATUS(status) : REMOTE_FAILED;
}

/* Reads what any host prints; returns how many have ended by that. */
static size_t serve(struct fleet *fleet)
{
	struct fleet_stream *streams[2 * RUNNING_MOST];
	struct pollfd fds[2 * RUNNING_MOST];
	struct fleet_host *hosts[2 * RUNNING_MOST];
	size_t count = 0, ended = 0, i;
	int j;

	for (i = 0; i < fleet->count; i++)
		for (j = 0; j < 2; j++) {
			if (!fleet->hosts[i].stream[j].open)
				continue;
			hosts[count] = &fleet->hosts[i];
			streams[count] = &fleet->hosts[i].stream[j];
			fds[count].fd = streams[count]->fd;
			fds[count++].events = POLLIN;
		}
	if (poll(fds, count, -1) < 0 && errno != EINTR)
		err(CLI_FAILURE, "poll");
	for (i = 0; i < count; i++) {
		if (!fds[i].revents)
			continue;
		take(hosts[i], streams[i]);
		if (hosts[i]->pid && !hosts[i]->stream[0].open &&
		    !hosts[i]->stream[1].open) {
			end(hosts[i]);
			ended++;
		}
	}
	return ended;
}

static void run_all(struct fleet *fleet, const char *command)
{
	size_t begun = 0, ended = 0;

	/* Whoever started this may ignore it, and then nobody hears of an end. */
	signal(SIGCHLD, SIG_DFL);
	while (ended < fleet->count) {
		while (begun < fleet->count && begun - ended < RUNNING_MOST)
			begin(&fleet->hosts[begun++], command);
		ended += serve(fleet);
	}
}

/* ----------------------------------------------------------------- printing */

static enum cli_exit status_of(const struct fleet_host *host)
{
	return !host->too_much && host->status <= CLI_LAST ? host->status :
	       CLI_FAILURE;
}

/* Why there is no exit status of openvgpu's; empty: there is. */
static struct shown reason_of(const struct fleet_host *host)
{
	struct shown s = { "" };

	if (host->too_much)
		strcpy(s.text, "it printed too much");
	else if (host->status == REMOTE_FAILED)
		strcpy(s.text, "ssh could not reach it, or lost it");
	else if (host->status > CLI_LAST)
		snprintf(s.text, sizeof(s.text),
			 "openvgpu did not run: exit status %d; is it installed there?",
			 host->status);
	return s;
}

/* Each line behind the name of its host, in printable ASCII. */
static void print_lines(FILE *to, const struct fleet_host *host, int width,
			const char *text)
{
	bool begins = true;

	for (; *text; text++) {
		unsigned char c = *text;

		if (begins)
			fprintf(to, "%-*s  ", width, host->name);
		begins = c == '\n';
		if (c == '\n' || (c >= 0x20 && c < 0x7f))
			putc(c, to);
		else
			fprintf(to, "\\x%02x", c);
	}
	if (!begins)
		putc('\n', to);
}

static void print_text(const struct fleet *fleet)
{
	const struct fleet_host *host;
	int width = 0;
	size_t i;

	for (i = 0; i < fleet->count; i++)
		if ((int)strlen(fleet->hosts[i].name) > width)
			width = strlen(fleet->hosts[i].name);
	for (i = 0; i < fleet->count; i++) {
		host = &fleet->hosts[i];
		print_lines(stdout, host, width, host->stream[0].text);
		fflush(stdout);
		print_lines(stderr, host, width, host->stream[1].text);
		if (reason_of(host).text[0])
			cli_note("%s: %s", host->name, reason_of(host).text);
	}
}

static struct json_object *host_json(const struct fleet_host *host)
{
	struct json_object *object = json_object_new_object(), *output;
	struct shown why = reason_of(host);

	output = json_tokener_parse(host->stream[0].text);
	if (!json_object_is_type(output, json_type_object)) {
		json_object_put(output);
		output = NULL;
	}
	if (!output && !why.text[0])
		strcpy(why.text, "what it printed is no JSON object");
	json_set_text(object, "host", host->name);
	json_set_number(object, "status", status_of(host));
	json_set(object, "reason", why.text[0] ? json_text(why.text) : NULL);
	json_set(object, "output", output);
	return object;
}

static void print_json(const struct fleet *fleet)
{
	struct json_object *object = json_start();
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < fleet->count; i++) {
		json_object_array_add(array, host_json(&fleet->hosts[i]));
		if (reason_of(&fleet->hosts[i]).text[0])
			cli_note("%s: %s", fleet->hosts[i].name,
				 reason_of(&fleet->hosts[i]).text);
	}
	json_set(object, "hosts", array);
	json_print(object);
}

/* ------------------------------------------------------------------- command */

/* What is wrong with a command for several hosts is told here, not by each. */
static enum cli_exit check(const struct cli *cli)
{
	const struct command *command;
	int words, i;

	command = command_find(cli->argument_count + 1, cli->arguments - 1, &words);
	if (!command || !command->summary || command->run == command_fleet)
		return cli_fail(cli, CLI_USAGE,
				"'%s' is no command for a fleet: try 'openvgpu --help'",
				shown(cli->argument).text);
	if (command->run == command_events)
		return cli_fail(cli, CLI_USAGE,
				"events has no end, which a fleet waits for");
	for (i = 0; i < cli->argument_count; i++)
		if (!strcmp(cli->arguments[i], "--follow"))
			return cli_fail(cli, CLI_USAGE,
					"--follow has no end, which a fleet waits for");
	return CLI_OK;
}

/* The arguments, and --json where the fleet has it. */
static char *command_of(const struct cli *cli)
{
	char **words = calloc(cli->argument_count + 2, sizeof(*words)), *text;
	int n = 0, i;

	if (!words)
		errx(CLI_FAILURE, "out of memory");
	if (cli->json)
		words[n++] = (char *)"--json";
	for (i = 0; i < cli->argument_count; i++)
		words[n++] = cli->arguments[i];
	text = remote_command(words);
	free(words);
	return text;
}

/**
 * command_fleet - run a command on several machines
 * @cli: the run; its arguments are that command
 *
 * Return: the exit status of the first machine, in the order of the file, whose is
 * not 0.
 */
enum cli_exit command_fleet(struct cli *cli)
{
	enum cli_exit code = check(cli);
	struct fleet fleet = { 0 };
	char *command;
	size_t i;

	if (code != CLI_OK)
		return code;
	command = command_of(cli);
	if (!command)
		return remote_fail_control(cli);
	code = fleet_read(cli, cli->hosts ? cli->hosts : DEFAULT_FILE, &fleet);
	if (code == CLI_OK) {
		run_all(&fleet, command);
		if (cli->json)
			print_json(&fleet);
		else
			print_text(&fleet);
	}
	free(command);
	for (i = 0; code == CLI_OK && i < fleet.count; i++)
		code = status_of(&fleet.hosts[i]);
	fleet_free(&fleet);
	return code;
}
