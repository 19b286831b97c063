// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - what the kernel says of a vGPU, see watch.h
 */
#include "watch.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define KERNEL_EVENTS	1	/* not those that udev has seen */

/**
 * uevents_listen - hear the kernel's uevents from now on
 */
int uevents_listen(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = KERNEL_EVENTS,
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT);

	CHECK(fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof(address)),
	      "uevents: %s", strerror(errno));
	return fd;
}

static bool next(int fd, const char *uuid, char text[TEXT_SIZE], int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t n, i;

	while (poll(&poll_fd, 1, timeout_ms) > 0) {
		n = recv(fd, text, TEXT_SIZE - 1, 0);
		if (n <= 0)
			continue;
		for (i = 0; i < n; i++)
			if (!text[i])
				text[i] = ' ';
		text[n] = 0;
		if (strstr(text, uuid) && strstr(text, "OPENVGPU_EVENT="))
			return true;
	}
	return false;
}

/**
 * uevents_next - the next uevent of a vGPU with a word of ours
 * @fd: uevents_listen()
 * @uuid: whose
 * @text: receives it, its parts with blanks between
 *
 * Return: false: none within 5 s.
 */
bool uevents_next(int fd, const char *uuid, char text[TEXT_SIZE])
{
	return next(fd, uuid, text, 5000);
}

/**
 * uevents_count - how many uevents of a vGPU have come
 * @fd: uevents_listen()
 * @uuid: whose
 */
unsigned int uevents_count(int fd, const char *uuid)
{
	char text[TEXT_SIZE];
	unsigned int count = 0;

	while (next(fd, uuid, text, 300))
		count++;
	return count;
}

/**
 * log_begin - read the kernel's log from here on
 */
int log_begin(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/kmsg: %s", strerror(errno));
	CHECK(lseek(fd, 0, SEEK_END) >= 0, "/dev/kmsg: %s", strerror(errno));
	return fd;
}

/**
 * log_count - how many new lines of the kernel's log have one of two words
 * @fd: log_begin()
 * @first: one word
 * @second: the other; NULL: there is none
 */
unsigned int log_count(int fd, const char *first, const char *second)
{
	unsigned int count = 0;
	char line[8192];
	ssize_t n;

	for (;;) {
		n = read(fd, line, sizeof(line) - 1);
		/* Overwritten before we read it: more than fits the log. */
		CHECK(n >= 0 || errno != EPIPE, "the kernel's log overflowed");
		if (n < 0)
			return count;
		line[n] = 0;
		count += strstr(line, first) || (second && strstr(line, second));
	}
}
