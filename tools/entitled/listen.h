/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen.h - the address that the service listens on
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <netinet/in.h>
#include <stdbool.h>

#define LISTEN_DEFAULT	"127.0.0.1:8484"

/**
 * struct listen_address - an address with a port
 * @v6: IPv6; [::] takes IPv4 as well
 */
struct listen_address {
	bool v6;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
};

bool listen_parse(const char *text, struct listen_address *listen);
bool listen_is_loopback(const struct listen_address *listen);

#endif /* LISTEN_H */
