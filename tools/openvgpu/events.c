// SPDX-License-Identifier: GPL-2.0-only
/*
 * events.c - openvgpu events: follow what happens to vGPUs and GPU instances
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* What is followed; both empty: everything. */
struct filter {
	char uuid[OVGPU_UUID_SIZE];
	char gpu[OVGPU_BDF_SIZE];
};

static void set_word(struct json_object *object, const char *key,
		     const char *word)
{
	json_set(object, key, word[0] ? json_text(word) : NULL);
}

static void print_json(const struct ovgpu_event *event, const char *time)
{
	struct json_object *object = json_start();

	json_set_text(object, "time", time);
	json_set_text(object, "event", event->name);
	set_word(object, "uuid", event->uuid);
	set_word(object, "gpu", event->gpu);
	set_word(object, "type", event->type);
	if (event->pid)
		json_set_number(object, "pid", event->pid);
	else
		json_set(object, "pid", NULL);
	json_set_value(object, "fault", event->fault);
	set_word(object, "fault_name", event->fault_name);
	json_set_value(object, "instance", event->instance);
	set_word(object, "instance_name", event->instance_name);
	set_word(object, "tenant", event->tenant);
	set_word(object, "notice", event->notice);
	json_print_line(object);
}

static void print_text(const struct ovgpu_event *event, const char *time)
{
	char what[OVGPU_NAME_SIZE + 32];

	snprintf(what, sizeof(what), "%s", event->uuid);
	if (!what[0])
		snprintf(what, sizeof(what), "instance %llu %s",
			 (unsigned long long)event->instance.number,
			 event->instance_name);
	printf("%s  %-36s  %-8s", time, what, shown(event->name).text);
	if (event->type[0])
		printf("  %s", shown(event->type).text);
	if (event->gpu[0])
		printf("  on %s", event->gpu);
	if (event->pid)
		printf("  by process %d", event->pid);
	if (event->fault.known)
		printf("  fault %llu %s",
		       (unsigned long long)event->fault.number,
		       shown(event->fault_name).text);
	if (event->tenant[0])
		printf("  of %s", shown(event->tenant).text);
	if (event->notice[0])
		printf("  notice %s", shown(event->notice).text);
	putchar('\n');
}

/* Somebody who follows events must know that there were some more. */
static void print_lost(const struct cli *cli)
{
	struct json_object *object;

	cli_note("events were lost because they came too fast: look at the vGPUs with 'openvgpu list'");
	if (!cli->json)
		return;
	object = json_start();
	json_set_text(object, "event", "lost");
	json_print_line(object);
}

/* All that is there now. Returns 0 or what ovgpu_events_next() says. */
static int print_events(const struct cli *cli, struct ovgpu_events *events,
			const struct filter *filter)
{
	struct ovgpu_event *event;
	struct shown time;
	int err;

	while (!(err = ovgpu_events_next(events, &event)) || err == -ENOBUFS) {
		if (err) {
			print_lost(cli);
			continue;
		}
		if ((!filter->uuid[0] || !strcmp(filter->uuid, event->uuid)) &&
		    (!filter->gpu[0] || !strcmp(filter->gpu, event->gpu))) {
			time = show_utc(event->received_ns);
			if (cli->json)
				print_json(event, time.text);
			else
				print_text(event, time.text);
		}
		ovgpu_free(event);
	}
	return err == -EAGAIN ? 0 : err;
}

static enum cli_exit follow(const struct cli *cli, struct ovgpu_events *events,
			    const struct filter *filter)
{
	int fd = ovgpu_events_fd(events), signals = cli_end_signals();
	int err = 0;

	while (!err && cli_wait(fd, signals, CLI_FOREVER) != WAITED_END)
		err = print_events(cli, events, filter);
	return err ? cli_fail_errno(cli, err, "read events") : CLI_OK;
}

/**
 * command_events - print what happens to vGPUs until it is stopped
 * @cli: the run; its argument is a UUID, a PCI address, or none
 *
 * A vGPU that is waited for need not exist yet.
 *
 * Return: exit status.
 */
enum cli_exit command_events(struct cli *cli)
{
	struct filter filter = { 0 };
	struct ovgpu_events *events;
	enum cli_exit code;
	int err;

	if (cli->argument && ovgpu_uuid_parse(cli->argument, filter.uuid) &&
	    ovgpu_bdf_parse(cli->argument, filter.gpu))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is neither the UUID of a vGPU nor the PCI address of a GPU",
				shown(cli->argument).text);
	err = ovgpu_events_open(&events);
	if (err)
		return cli_fail_errno(cli, err, "follow the kernel's events");
	cli_note("following; ends at Ctrl-C");
	code = follow(cli, events, &filter);
	ovgpu_events_close(events);
	return code;
}
