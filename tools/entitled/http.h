/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - HTTP and TLS, by libmicrohttpd
 */
#ifndef HTTP_H
#define HTTP_H

#include <microhttpd.h>

#include "clock.h"
#include "listen.h"
#include "service.h"

/* Together they bound memory: 512 * (32 KiB + a body + an answer). */
#define HTTP_CONNECTIONS	512
#define HTTP_CONNECTIONS_OF_ONE	64	/* address */
#define HTTP_MEMORY		32768	/* bytes for the headers of each */
#define HTTP_IDLE		15	/* seconds */
#define HTTP_AGE		60	/* seconds; whoever needs more connects again */

/**
 * struct http - the service on the network
 * @service: what answers
 * @clock: time of the store
 * @uptime: time that connections are as old as; does not stand still with the other
 * @daemon: of libmicrohttpd
 * @ages: connections, http_age.c
 * @wrong: why it does not start
 */
struct http {
	struct service *service;
	struct clock *clock;
	struct clock *uptime;
	struct MHD_Daemon *daemon;
	struct http_age *ages;
	char wrong[256];
};

/* http.c */
bool http_start(struct http *http, const struct listen_address *listen, const char *certificate,
		const char *key);
unsigned int http_port(const struct http *http);
int http_fd(const struct http *http);
int http_timeout(const struct http *http, int most);
void http_run(struct http *http);
void http_stop(struct http *http);

/* http_age.c */
void http_age_notify(void *data, struct MHD_Connection *connection, void **own,
		     enum MHD_ConnectionNotificationCode code);
void http_age_end(struct http *http, int64_t now);

#endif /* HTTP_H */
