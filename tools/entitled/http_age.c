// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_age.c - no connection is older than HTTP_AGE
 *
 * libmicrohttpd ends those that are silent. One that sends a byte now and then
 * would stay for ever, and a few of them would be all that there may be.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "http.h"

/* In the order in which they came. */
struct http_age {
	struct http_age *next, **link;
	int64_t since;
	int fd;
};

static void add(struct http *http, struct MHD_Connection *connection, void **own)
{
	const union MHD_ConnectionInfo *info;
	struct http_age *age, **last;

	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	age = info ? calloc(1, sizeof(*age)) : NULL;
	*own = age;
	if (!age)
		return;
	age->fd = info->connect_fd;
	age->since = clock_now(http->uptime);
	for (last = &http->ages; *last; last = &(*last)->next)
		;
	age->link = last;
	*last = age;
}

static void take_out(void **own)
{
	struct http_age *age = *own;

	if (!age)
		return;
	*age->link = age->next;
	if (age->next)
		age->next->link = age->link;
	free(age);
	*own = NULL;
}

/**
 * http_age_notify - a connection begins or ends
 * @data: of struct http
 * @connection: which
 * @own: its own data
 * @code: which of both
 */
void http_age_notify(void *data, struct MHD_Connection *connection, void **own,
		     enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		add(data, connection, own);
	else
		take_out(own);
}

/**
 * http_age_end - end the connections that are too old
 * @http: service on the network
 * @now: of its uptime
 */
void http_age_end(struct http *http, int64_t now)
{
	struct http_age *age;

	for (age = http->ages; age && now - age->since >= HTTP_AGE; age = age->next)
		shutdown(age->fd, SHUT_RDWR);
}
