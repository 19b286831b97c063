// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - commands to the reference GPU, over its control socket or the virtio
 * port that leads to it
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host.h"
#include "runtime.h"

#define PORT	"/dev/virtio-ports/refgpu-control-0"

/* Where it is: OPENVGPU_CONTROL is the socket of a GPU of this machine. */
static const char *control_path(void)
{
	const char *path = getenv("OPENVGPU_CONTROL");

	return path ? path : PORT;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int open_control(void)
{
	const char *path = control_path();

	return strcmp(path, PORT) ? connect_to(path) : open(path, O_RDWR | O_CLOEXEC);
}

/**
 * host_has_control - is the GPU one that takes orders?
 */
bool host_has_control(void)
{
	return access(control_path(), F_OK) == 0;
}

/**
 * host_control - send one command line, receive one line
 * @answer: receives the answer without newline
 * @size: of @answer
 * @format: the command without newline
 *
 * Return: -EIO when the answer, a JSON object, does not begin with "ok": true.
 */
int host_control(char *answer, size_t size, const char *format, ...)
{
	char text[256];
	struct pollfd poll_fd;
	size_t got = 0;
	va_list list;
	const char *ok;
	ssize_t n;
	int length;

	va_start(list, format);
	length = vsnprintf(text, sizeof(text) - 1, format, list);
	va_end(list);
	text[length++] = '\n';
	/* One process at a time may have the port open. */
	for (int tries = 0; ; tries++) {
		poll_fd.fd = open_control();
		if (poll_fd.fd >= 0)
			break;
		if (errno != EBUSY || tries == 100)
			return rt_fail(errno, "%s: %m", control_path());
		usleep(20000);
	}
	poll_fd.events = POLLIN;
	if (write(poll_fd.fd, text, (size_t)length) != length) {
		close(poll_fd.fd);
		return rt_fail(EIO, "control: cannot send '%s'", text);
	}
	while (got < size - 1) {
		if (poll(&poll_fd, 1, 5000) <= 0) {
			close(poll_fd.fd);
			return rt_fail(ETIMEDOUT, "control: no answer to '%.*s'",
				       length - 1, text);
		}
		n = read(poll_fd.fd, answer + got, size - 1 - got);
		if (n <= 0)
			break;
		got += (size_t)n;
		if (memchr(answer, '\n', got))
			break;
	}
	close(poll_fd.fd);
	answer[got] = 0;
	answer[strcspn(answer, "\n")] = 0;
	for (ok = answer; *ok && *ok != ':'; ok++)
		;
	ok += *ok ? 1 + strspn(ok + 1, " ") : 0;
	if (strncmp(answer, "{", 1) || !strstr(answer, "\"ok\"") ||
	    strncmp(ok, "true", 4))
		return rt_fail(EIO, "control: '%.*s' answered '%s'", length - 1,
			       text, answer);
	return 0;
}
