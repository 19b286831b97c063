// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * serve.c - openvgpu-entitled serve: the service, until SIGTERM
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http.h"
#include "options.h"

/* How often leases end that have to, and the time is written down. */
#define TICK	10

static char *read_pem(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? calloc(1, KEY_MAX * 4 + 1) : NULL;

	if (text && !fread(text, 1, KEY_MAX * 4, file)) {
		errno = errno ?: EINVAL;
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

static int take_signals(void)
{
	sigset_t set;

	/* Who goes away while it is answered is none of the service's. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Until a signal. */
static enum exit_status loop(struct http *http, int signals)
{
	struct pollfd wait[] = {
		{ .fd = signals, .events = POLLIN }, { .fd = http_fd(http), .events = POLLIN },
	};
	int64_t next = clock_uptime();

	for (;;) {
		clock_now(http->clock);
		if (clock_uptime() >= next) {
			service_tick(http->service, http->clock);
			next = clock_uptime() + TICK;
		}
		if (poll(wait, 2, http_timeout(http, 1000)) < 0 && errno != EINTR)
			return complain(EXIT_FAILED, "cannot wait for requests: %s",
					strerror(errno));
		if (wait[0].revents)
			return EXIT_OK;
		http_run(http);
	}
}

static enum exit_status run(struct http *http, const struct options *options,
			    const struct listen_address *listen, const char *certificate,
			    const char *key)
{
	enum exit_status status;
	int signals = take_signals();

	if (signals < 0)
		return complain(EXIT_FAILED, "cannot wait for signals: %s", strerror(errno));
	if (!http_start(http, listen, certificate, key)) {
		close(signals);
		if (!certificate)
			return complain(EXIT_FAILED, "cannot listen on %s: %s", options->listen,
					http->wrong);
		return complain(EXIT_FAILED,
				"cannot listen on %s with certificate '%s' and key '%s': %s",
				options->listen, options->tls_cert, options->tls_key, http->wrong);
	}
	printf("listening on %s://%.*s:%u\n", certificate ? "https" : "http",
	       (int)(strrchr(options->listen, ':') - options->listen), options->listen,
	       http_port(http));
	fflush(stdout);
	status = loop(http, signals);
	http_stop(http);
	close(signals);
	service_log("ended");
	return status;
}

static enum exit_status with_store(struct http *http, const struct options *options,
				   const struct listen_address *listen, const char *certificate,
				   const char *key)
{
	struct clock clock, uptime;
	enum exit_status status;
	char wrong[256];

	/* It has who uses what: nobody else's business. */
	umask(077);
	http->service->store = store_open(options->database, wrong, sizeof(wrong));
	if (!http->service->store)
		return complain(EXIT_FAILED, "database '%s': %s", options->database, wrong);
	store_on_expiry(http->service->store, service_count_expiry, http->service);
	clock_start(&clock, store_now(http->service->store));
	http->clock = &clock;
	clock_start(&uptime, 0);
	http->uptime = &uptime;
	status = run(http, options, listen, certificate, key);
	store_close(http->service->store);
	return status;
}

/**
 * command_serve - serve until SIGTERM
 * @options: where, and with what
 */
enum exit_status command_serve(const struct options *options)
{
	char wrong[256], *certificate = NULL, *key = NULL, *token_key;
	struct service service = { .store = NULL };
	struct http http = { .service = &service };
	enum exit_status status = EXIT_FAILED;
	struct listen_address listen;

	if (!listen_parse(options->listen, &listen))
		return complain(EXIT_USAGE,
				"--listen can't be '%s': it is as 192.0.2.1:8484 or [::]:8484",
				options->listen);
	if (!options->tls_cert && !listen_is_loopback(&listen))
		return complain(EXIT_USAGE,
				"%s is not of this machine alone, and tokens would be readable on the way: give --tls-cert and --tls-key",
				options->listen);
	token_key = key_read(options->token_key, false, wrong, sizeof(wrong));
	if (!token_key)
		return complain(EXIT_FAILED, "key '%s': %s", options->token_key, wrong);
	service.public_key = token_key;
	if (options->tls_cert) {
		certificate = read_pem(options->tls_cert);
		if (!certificate)
			complain(EXIT_FAILED, "'%s': %s", options->tls_cert, strerror(errno));
		key = certificate ? read_pem(options->tls_key) : NULL;
		if (certificate && !key)
			complain(EXIT_FAILED, "'%s': %s", options->tls_key, strerror(errno));
	}
	if (!options->tls_cert || key)
		status = with_store(&http, options, &listen, certificate, key);
	free(token_key);
	free(certificate);
	free(key);
	return status;
}
