// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.c - lines on standard error, where the journal takes them from
 */
#include <stdarg.h>
#include <stdio.h>

#include "service.h"

/* No log: of a program that tries all that there is. */
bool service_silent;

/**
 * service_log - a line
 * @format: text
 */
void service_log(const char *format, ...)
{
	va_list values;

	if (service_silent)
		return;
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	putc('\n', stderr);
}

/**
 * service_log_seldom - a line of which whoever asks could make very many
 * @service: service
 * @kind: kind of line, of which there is one in a second
 * @format: text
 */
void service_log_seldom(struct service *service, enum seldom kind, const char *format, ...)
{
	struct seldom_lines *lines = &service->seldom[kind];
	int64_t now = clock_uptime();
	char text[512];
	va_list values;

	if (now == lines->told) {
		lines->left_out++;
		return;
	}
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	if (lines->left_out)
		service_log("%s (%llu such lines before it left out)", text,
			    (unsigned long long)lines->left_out);
	else
		service_log("%s", text);
	lines->told = now;
	lines->left_out = 0;
}
