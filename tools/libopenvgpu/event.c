// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * event.c - what happens to vGPUs and GPU instances, as the kernel tells it
 *
 * The driver sends uevents of the vGPU's device, or of the GPU's. They are read from the kernel
 * itself, not from udev, so that they arrive at once and without udev as well.
 */
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define KERNEL_GROUP	1	/* udev repeats events to another one */
#define MESSAGE_SIZE	16384	/* the kernel's are 2 KiB and a path */
#define QUEUE_BYTES	(1 << 20)

struct ovgpu_events {
	int fd;
};

static const struct {
	const char *name;
	enum ovgpu_event_kind kind;
} kinds[] = {
	{ "create", OVGPU_EVENT_CREATE },
	{ "remove", OVGPU_EVENT_REMOVE },
	{ "open", OVGPU_EVENT_OPEN },
	{ "close", OVGPU_EVENT_CLOSE },
	{ "fault", OVGPU_EVENT_FAULT },
	{ "faulted", OVGPU_EVENT_FAULTED },
	{ "recover", OVGPU_EVENT_RECOVER },
	{ "request", OVGPU_EVENT_REQUEST },
	{ "instance-create", OVGPU_EVENT_INSTANCE_CREATE },
	{ "instance-remove", OVGPU_EVENT_INSTANCE_REMOVE },
	{ "tenant", OVGPU_EVENT_TENANT },
	{ "notice", OVGPU_EVENT_NOTICE },
};

/**
 * ovgpu_events_open - begin to follow what happens to vGPUs
 * @events: the result, to be given to ovgpu_events_close()
 *
 * Events from now on are kept until ovgpu_events_next() takes them. It needs no
 * privileges; in a network namespace other than the machine's first, as
 * containers have, the kernel tells nothing.
 *
 * Return: 0 or a negative errno.
 */
int ovgpu_events_open(struct ovgpu_events **events)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP,
	};
	struct ovgpu_events *opened;
	int size = QUEUE_BYTES;

	*events = NULL;
	opened = malloc(sizeof(*opened));
	if (!opened)
		return -ENOMEM;
	opened->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    NETLINK_KOBJECT_UEVENT);
	if (opened->fd < 0) {
		int err = -errno;

		free(opened);
		return err;
	}
	/* More than the administrator's limit is for the privileged. */
	if (setsockopt(opened->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)))
		setsockopt(opened->fd, SOL_SOCKET, SO_RCVBUF, &size,
			   sizeof(size));
	if (bind(opened->fd, (struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		ovgpu_events_close(opened);
		return err;
	}
	*events = opened;
	return 0;
}

/**
 * ovgpu_events_close - end it
 * @events: of ovgpu_events_open(); NULL does nothing
 */
void ovgpu_events_close(struct ovgpu_events *events)
{
	if (!events)
		return;
	close(events->fd);
	free(events);
}

/**
 * ovgpu_events_fd - what to wait on, with poll(2) for POLLIN
 * @events: of ovgpu_events_open()
 *
 * Return: a file descriptor that stays the library's. It also becomes readable
 * for events of other devices, which ovgpu_events_next() passes over.
 */
int ovgpu_events_fd(const struct ovgpu_events *events)
{
	return events->fd;
}

/* Copies a value that fits and is of safe characters; else it stays empty. */
static void copy_word(char *to, size_t size, const char *value)
{
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_-"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ. ");

	if (!value[n] && n < size)
		strcpy(to, value);
}

/* One KEY=value of a message. */
static void parse_property(struct ovgpu_event *event, const char *text)
{
	const char *equals = strchr(text, '='), *value;
	uint64_t number;
	size_t i, n;

	if (!equals)
		return;
	n = equals - text;
	value = equals + 1;
#define IS(key)	(n == sizeof(key) - 1 && !memcmp(text, key, sizeof(key) - 1))
	if (IS("OPENVGPU_EVENT")) {
		copy_word(event->name, sizeof(event->name), value);
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (!strcmp(value, kinds[i].name))
				event->kind = kinds[i].kind;
	} else if (IS("DEVPATH")) {
		value = strrchr(value, '/');
		if (value)
			ovgpu_uuid_parse(value + 1, event->uuid);
	} else if (IS("OPENVGPU_TYPE")) {
		copy_word(event->type, sizeof(event->type), value);
	} else if (IS("OPENVGPU_GPU")) {
		ovgpu_bdf_parse(value, event->gpu);
	} else if (IS("OPENVGPU_PID")) {
		if (!ovgpu_number_parse(value, &number) && number <= INT_MAX)
			event->pid = number;
	} else if (IS("OPENVGPU_FAULT")) {
		event->fault.known =
			!ovgpu_number_parse(value, &event->fault.number);
	} else if (IS("OPENVGPU_FAULT_NAME")) {
		copy_word(event->fault_name, sizeof(event->fault_name), value);
	} else if (IS("OPENVGPU_INSTANCE")) {
		event->instance.known =
			!ovgpu_number_parse(value, &event->instance.number);
	} else if (IS("OPENVGPU_TENANT")) {
		if (strcmp(value, "none"))
			copy_word(event->tenant, sizeof(event->tenant), value);
	} else if (IS("OPENVGPU_NOTICE")) {
		copy_word(event->notice, sizeof(event->notice), value);
	} else if (IS("OPENVGPU_INSTANCE_NAME")) {
		copy_word(event->instance_name, sizeof(event->instance_name),
			  value);
	} else if (IS("SEQNUM")) {
		if (!ovgpu_number_parse(value, &number))
			event->sequence = number;
	}
#undef IS
}

/**
 * ovgpu_event_parse - understand a message of the kernel
 * @message: "change@PATH", NUL, and KEY=value strings, each with its NUL
 * @size: bytes
 * @event: the result
 *
 * Return: true if it tells something of one of our vGPUs or GPU instances.
 */
bool ovgpu_event_parse(const char *message, size_t size,
		       struct ovgpu_event *event)
{
	const char *end = message + size, *next;

	memset(event, 0, sizeof(*event));
	if (!size || end[-1])
		return false;
	for (next = message; next < end; next += strlen(next) + 1)
		parse_property(event, next);
	return event->name[0] &&
	       (event->uuid[0] || (event->gpu[0] && event->instance.known));
}

/**
 * ovgpu_events_next - the next event
 * @events: of ovgpu_events_open()
 * @event: the result, to be given to ovgpu_free(); NULL on failure
 *
 * Does not wait: ovgpu_events_fd() is for that.
 *
 * Return: 0; -EAGAIN when there is none now; -ENOBUFS, once, when some were
 * lost because nobody took them: look at the vGPUs anew; or another negative
 * errno.
 */
int ovgpu_events_next(struct ovgpu_events *events, struct ovgpu_event **event)
{
	struct sockaddr_nl sender;
	char message[MESSAGE_SIZE];
	struct ovgpu_event found;
	struct timespec now;
	socklen_t length;
	ssize_t n;

	*event = NULL;
	for (;;) {
		length = sizeof(sender);
		n = recvfrom(events->fd, message, sizeof(message), MSG_TRUNC,
			     (struct sockaddr *)&sender, &length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		/* Other processes can send to the group as well: not as port 0. */
		if (length != sizeof(sender) || sender.nl_pid ||
		    (size_t)n > sizeof(message))
			continue;
		if (ovgpu_event_parse(message, n, &found))
			break;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	found.received_ns = now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
	*event = malloc(sizeof(found));
	if (!*event)
		return -ENOMEM;
	**event = found;
	return 0;
}
