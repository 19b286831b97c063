// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * listen.c - the address that the service listens on: 127.0.0.1:8484, [::]:8484
 *
 * A name is not taken: which addresses it has is not for a name server to decide.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "listen.h"

static bool parse_port(const char *text, in_port_t *port)
{
	unsigned long number = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9' && number < 65536; p++)
		number = number * 10 + (unsigned long)(*p - '0');
	*port = htons((in_port_t)number);
	return p > text && !*p && number < 65536;
}

/**
 * listen_parse - read an address with a port
 * @text: ADDRESS:PORT, IPv6 in brackets
 * @listen: receives it
 *
 * Return: whether it is one.
 */
bool listen_parse(const char *text, struct listen_address *listen)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN];
	size_t length;

	memset(listen, 0, sizeof(*listen));
	if (!colon)
		return false;
	length = (size_t)(colon - text);
	listen->v6 = length >= 2 && text[0] == '[' && colon[-1] == ']';
	if (listen->v6) {
		text++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (listen->v6) {
		listen->address.in6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host, &listen->address.in6.sin6_addr) == 1 &&
		       parse_port(colon + 1, &listen->address.in6.sin6_port);
	}
	listen->address.in.sin_family = AF_INET;
	return inet_pton(AF_INET, host, &listen->address.in.sin_addr) == 1 &&
	       parse_port(colon + 1, &listen->address.in.sin_port);
}

/**
 * listen_is_loopback - nothing but this machine reaches the address
 * @listen: address
 */
bool listen_is_loopback(const struct listen_address *listen)
{
	if (listen->v6)
		return IN6_IS_ADDR_LOOPBACK(&listen->address.in6.sin6_addr);
	return ntohl(listen->address.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}
