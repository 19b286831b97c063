// SPDX-License-Identifier: GPL-2.0-only
/* The control socket of refgpu. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "front/control.h"
#include "front/unix_socket.h"

#define CLIENTS_MAX	8
#define LINE_MAX_BYTES	512

/* struct client - a connection; @fd is -1 if the place is free */
struct client {
	int fd;
	size_t len;
	bool skip;		/* the line is too long: drop the rest of it */
	char line[LINE_MAX_BYTES];
};

struct control {
	pthread_t thread;
	int listen_fd;
	int stop_fd;
	char *path;
	struct device *dev;
	const struct control_ops *ops;
	void *opaque;
	struct client clients[CLIENTS_MAX];
};

const char control_help[] =
	"  hang [partition=P]                    the engine stops for good when P (default: the\n"
	"                                        resident one, else the next) is resident\n"
	"  slow-preempt ns=N                     every stop takes N ns longer; 0 ends it\n"
	"  lost-preempt [count=N]                the next N PREEMPT commands do nothing\n"
	"  lost-interrupt [count=N] [vector=V]   the next N interrupts are not raised\n"
	"  extra-interrupt [count=N] [vector=V]  the next N interrupts are raised twice\n"
	"  late-interrupt ns=T [count=N] [vector=V]\n"
	"                                        the next N interrupts come T ns late\n"
	"  lost-event [count=N]                  the next N event records are not written\n"
	"  memory-error address=A                64 bytes of video memory at A are bad until reset\n"
	"  dma-fault [count=N]                   the next N DMA transfers find no memory\n"
	"  stale [partition=P] [count=0]         the pages of host memory that P (default: each) may\n"
	"                                        write are written to until it is asked to let go\n"
	"  mute [count=0]                        registers read all ones and drop writes; all else\n"
	"                                        goes on\n"
	"  remove                                surprise removal: reads are all ones, DMA and\n"
	"                                        interrupts stop\n"
	"  insert                                the removed device is back, as after power-on\n"
	"  stats                                 counters of the device and of this program\n";

/* Which arguments a command takes, and which of them it needs. */
enum {
	ARG_PARTITION = 1 << 0,
	ARG_VECTOR = 1 << 1,
	ARG_COUNT = 1 << 2,
	ARG_NS = 1 << 3,
	ARG_ADDRESS = 1 << 4,
};

static const struct {
	const char *name;
	enum injection_kind kind;
	unsigned int takes;
	unsigned int needs;
} injections[] = {
	{ "hang", INJECT_HANG, ARG_PARTITION, 0 },
	{ "slow-preempt", INJECT_SLOW_PREEMPT, ARG_NS, ARG_NS },
	{ "lost-preempt", INJECT_LOST_PREEMPT, ARG_COUNT, 0 },
	{ "lost-interrupt", INJECT_LOST_INTERRUPT, ARG_COUNT | ARG_VECTOR, 0 },
	{ "extra-interrupt", INJECT_EXTRA_INTERRUPT, ARG_COUNT | ARG_VECTOR, 0 },
	{ "late-interrupt", INJECT_LATE_INTERRUPT, ARG_COUNT | ARG_VECTOR | ARG_NS, ARG_NS },
	{ "lost-event", INJECT_LOST_EVENT, ARG_COUNT, 0 },
	{ "memory-error", INJECT_MEMORY_ERROR, ARG_ADDRESS, ARG_ADDRESS },
	{ "dma-fault", INJECT_DMA_FAULT, ARG_COUNT, 0 },
	{ "stale", INJECT_STALE, ARG_PARTITION | ARG_COUNT, 0 },
	{ "mute", INJECT_MUTE, ARG_COUNT, 0 },
};

static const struct {
	const char *name;
	unsigned int arg;
} arguments[] = {
	{ "partition", ARG_PARTITION },
	{ "vector", ARG_VECTOR },
	{ "count", ARG_COUNT },
	{ "ns", ARG_NS },
	{ "address", ARG_ADDRESS },
};

static char *answer(struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	char *copy = text ? strdup(text) : NULL;

	json_object_put(object);
	return copy;
}

__attribute__((format(printf, 1, 2)))
static char *refuse(const char *fmt, ...)
{
	struct json_object *object = json_object_new_object();
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_object_add(object, "ok", json_object_new_boolean(false));
	json_object_object_add(object, "error", json_object_new_string(text));
	return answer(object);
}

static char *accept_command(void)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "ok", json_object_new_boolean(true));
	return answer(object);
}

static bool parse_number(const char *text, u64 *value)
{
	char *end;

	if (*text < '0' || *text > '9')		/* strtoull takes signs and blanks */
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && !*end;
}

/* Take one NAME=VALUE. Returns its ARG_*, or 0 if it makes no sense. */
static unsigned int parse_argument(char *text, struct injection *injection)
{
	char *value = strchr(text, '=');
	unsigned int i, arg = 0;
	u64 number;

	if (!value)
		return 0;
	*value++ = '\0';
	for (i = 0; i < ARRAY_SIZE(arguments); i++)
		if (!strcmp(text, arguments[i].name))
			arg = arguments[i].arg;
	if (!strcmp(value, "any") && (arg == ARG_PARTITION || arg == ARG_VECTOR))
		number = INJECT_ANY;
	else if (!parse_number(value, &number))
		return 0;
	switch (arg) {
	case ARG_PARTITION:
	case ARG_VECTOR:
		if (number > UINT32_MAX)
			return 0;
		if (arg == ARG_PARTITION)
			injection->partition = (u32)number;
		else
			injection->vector = (u32)number;
		return arg;
	case ARG_COUNT:
		injection->count = number;
		return arg;
	case ARG_NS:
		injection->ns = number;
		return arg;
	case ARG_ADDRESS:
		injection->address = number;
		return arg;
	default:
		return 0;
	}
}

static char *inject(struct device *dev, unsigned int which, char *rest)
{
	struct injection injection = {
		.kind = injections[which].kind,
		.partition = INJECT_ANY,
		.vector = INJECT_ANY,
		.count = 1,
	};
	unsigned int given = 0;
	char *word, *save = NULL;

	for (word = strtok_r(rest, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		char copy[64];
		unsigned int arg;

		snprintf(copy, sizeof(copy), "%s", word);
		arg = parse_argument(word, &injection);
		if (!(arg & injections[which].takes) || arg & given)
			return refuse("%s: bad argument '%s'; see --help", injections[which].name,
				      copy);
		given |= arg;
	}
	if (injections[which].needs & ~given)
		return refuse("%s: an argument is missing; see --help", injections[which].name);
	if (device_inject(dev, &injection))
		return refuse("%s: a value is out of range", injections[which].name);
	return accept_command();
}

static void add_parsed(struct json_object *to, const char *name, char *text)
{
	if (text)
		json_object_object_add(to, name, json_tokener_parse(text));
	free(text);
}

static char *stats(struct device *dev, const struct control_ops *ops, void *opaque)
{
	struct json_object *object = json_object_new_object();
	struct json_object *both = json_object_new_object();

	add_parsed(both, "device", device_stats(dev));
	add_parsed(both, "front_end", ops->front_end_stats(opaque));
	json_object_object_add(object, "ok", json_object_new_boolean(true));
	json_object_object_add(object, "stats", both);
	return answer(object);
}

char *control_execute(struct device *dev, const struct control_ops *ops, void *opaque,
		      char *line)
{
	char *save = NULL, *word = strtok_r(line, " \t\r", &save);
	char *rest = save;
	unsigned int i;
	int ret;

	if (!word)
		return refuse("empty line: send a command; see --help");
	for (i = 0; i < ARRAY_SIZE(injections); i++)
		if (!strcmp(word, injections[i].name))
			return inject(dev, i, rest);
	if (strtok_r(NULL, " \t\r", &save))
		return refuse("%.32s takes no argument", word);
	if (!strcmp(word, "stats"))
		return stats(dev, ops, opaque);
	if (!strcmp(word, "remove")) {
		ops->remove(opaque);
		return accept_command();
	}
	if (!strcmp(word, "insert")) {
		ret = ops->insert(opaque);
		return ret ? refuse("insert: %s", strerror(-ret)) : accept_command();
	}
	return refuse("no command '%.32s'; see --help", word);
}

static void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	client->len = 0;
	client->skip = false;
}

/* An answer that the client does not fetch is its own fault: never wait for it. */
static void client_answer(struct client *client, char *text)
{
	if (text) {
		struct iovec iov[2] = { { text, strlen(text) }, { (void *)"\n", 1 } };
		struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };

		if (sendmsg(client->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) !=
		    (ssize_t)(iov[0].iov_len + 1))
			client_close(client);
	}
	free(text);
}

static void client_line(struct control *c, struct client *client)
{
	if (client->skip) {
		client->skip = false;
		client_answer(client, refuse("line longer than %d bytes", LINE_MAX_BYTES - 1));
		return;
	}
	/* A carriage return comes from terminals. */
	if (client->len && client->line[client->len - 1] == '\r')
		client->len--;
	client->line[client->len] = '\0';
	client_answer(client, control_execute(c->dev, c->ops, c->opaque, client->line));
}

static void client_input(struct control *c, struct client *client)
{
	char buf[256];
	ssize_t n = recv(client->fd, buf, sizeof(buf), MSG_DONTWAIT), i;

	if (n <= 0) {
		if (!n || (errno != EAGAIN && errno != EINTR))
			client_close(client);
		return;
	}
	for (i = 0; i < n && client->fd >= 0; i++) {
		if (buf[i] == '\n') {
			client_line(c, client);
			client->len = 0;
		} else if (client->len == LINE_MAX_BYTES - 1) {
			client->skip = true;
		} else {
			client->line[client->len++] = buf[i];
		}
	}
}

static void client_new(struct control *c)
{
	int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned int i;

	if (fd < 0)
		return;
	for (i = 0; i < CLIENTS_MAX; i++)
		if (c->clients[i].fd < 0) {
			c->clients[i].fd = fd;
			return;
		}
	close(fd);
}

static void *serve(void *arg)
{
	struct control *c = arg;
	struct pollfd p[CLIENTS_MAX + 2];
	unsigned int i;

	for (;;) {
		p[0] = (struct pollfd){ .fd = c->stop_fd, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = c->listen_fd, .events = POLLIN };
		for (i = 0; i < CLIENTS_MAX; i++)
			p[i + 2] = (struct pollfd){ .fd = c->clients[i].fd, .events = POLLIN };
		if (poll(p, CLIENTS_MAX + 2, -1) < 0)
			continue;
		if (p[0].revents)
			return NULL;
		for (i = 0; i < CLIENTS_MAX; i++)
			if (p[i + 2].revents)
				client_input(c, &c->clients[i]);
		if (p[1].revents)
			client_new(c);
	}
}

struct control *control_start(const char *path, struct device *dev,
			      const struct control_ops *ops, void *opaque)
{
	struct control *c = calloc(1, sizeof(*c));
	unsigned int i;
	int ret;

	if (!c)
		return NULL;
	c->dev = dev;
	c->ops = ops;
	c->opaque = opaque;
	for (i = 0; i < CLIENTS_MAX; i++)
		c->clients[i].fd = -1;
	c->path = strdup(path);
	c->stop_fd = eventfd(0, EFD_CLOEXEC);
	c->listen_fd = unix_listen(path, CLIENTS_MAX);
	if (c->listen_fd < 0)
		ret = -c->listen_fd;
	else if (!c->path || c->stop_fd < 0)
		ret = ENOMEM;
	else
		ret = pthread_create(&c->thread, NULL, serve, c);
	if (!ret)
		return c;
	if (c->listen_fd >= 0) {
		close(c->listen_fd);
		unlink(path);
	}
	if (c->stop_fd >= 0)
		close(c->stop_fd);
	free(c->path);
	free(c);
	errno = ret;
	return NULL;
}

void control_stop(struct control *c)
{
	const u64 one = 1;
	unsigned int i;
	ssize_t ret;

	if (!c)
		return;
	ret = write(c->stop_fd, &one, sizeof(one));	/* cannot be full */
	(void)ret;
	pthread_join(c->thread, NULL);
	for (i = 0; i < CLIENTS_MAX; i++)
		client_close(&c->clients[i]);
	close(c->listen_fd);
	close(c->stop_fd);
	unlink(c->path);
	free(c->path);
	free(c);
}
