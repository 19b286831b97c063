// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http.c - HTTP and TLS, by libmicrohttpd
 *
 * All of it runs in one thread, from serve.c: decisions follow one another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http.h"

/* What a client that ignores the refusal may still send. */
#define BODY_ENDURED	(1024 * 1024)

/* A request, while its body arrives. */
struct exchange {
	struct call call;
	char body[BODY_MAX + 1];
	size_t length;
	size_t ignored;
};

static void describe(struct http *http, struct MHD_Connection *connection,
		     const char *url, const char *method, struct request *request)
{
	memset(request, 0, sizeof(*request));
	request->method = method;
	request->path = url;
	request->authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							     "Authorization");
	request->pool = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "pool");
	request->after = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "after");
	request->body = "";
	request->now = clock_now(http->clock);
	request->today = clock_today();
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *answer)
{
	const char *text = answer->text;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!text)
		text = json_object_to_json_string_ext(answer->json, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	response = MHD_create_response_from_buffer(strlen(text), (void *)text,
						   MHD_RESPMEM_MUST_COPY);
	if (!response) {
		answer_free(answer);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", answer->text ?
				"text/plain; version=0.0.4" : "application/json");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (answer->status == 401)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	if (answer->allow)
		MHD_add_response_header(response, "Allow", answer->allow);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	answer_free(answer);
	return result;
}

static void answer_too_large(struct answer *answer)
{
	answer_error(answer, 413, "body-too-large", "see " MANUAL,
		     "a body has at most %d bytes", BODY_MAX);
}

/* The headers are there. Without a good token no body is read. */
static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection,
			     const struct request *request, void **own)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "Content-Length");
	struct answer answer = { .status = 0 };
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return MHD_NO;
	if (route_find(http->service, request, &exchange->call, &answer)) {
		if (!length || strtoull(length, NULL, 10) <= BODY_MAX) {
			*own = exchange;
			return MHD_YES;
		}
		answer_too_large(&answer);
	}
	free(exchange);
	return send_answer(connection, &answer);
}

/* A part of the body: of a length that nobody knows before. */
static enum MHD_Result take(struct exchange *exchange, const char *data, size_t *size)
{
	if (exchange->ignored || *size > BODY_MAX - exchange->length) {
		exchange->ignored += *size;
		if (exchange->ignored > BODY_ENDURED)
			return MHD_NO;
	} else {
		memcpy(exchange->body + exchange->length, data, *size);
		exchange->length += *size;
	}
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **own)
{
	struct answer answer = { .status = 0 };
	struct exchange *exchange = *own;
	struct http *http = data;
	struct request request;

	(void)version;
	if (exchange && *upload_size)
		return take(exchange, upload, upload_size);
	describe(http, connection, url, method, &request);
	if (!exchange)
		return begin(http, connection, &request, own);
	request.body = exchange->body;
	request.length = exchange->length;
	if (exchange->ignored)
		answer_too_large(&answer);
	else
		route_run(http->service, &exchange->call, &request, &answer);
	return send_answer(connection, &answer);
}

static void completed(void *data, struct MHD_Connection *connection, void **own,
		      enum MHD_RequestTerminationCode code)
{
	(void)data;
	(void)connection;
	(void)code;
	free(*own);
	*own = NULL;
}

/* The last that libmicrohttpd said is why it did not start. */
static void take_log(void *data, const char *format, va_list values)
{
	struct http *http = data;

	vsnprintf(http->wrong, sizeof(http->wrong), format, values);
	http->wrong[strcspn(http->wrong, "\n")] = '\0';
}

/**
 * http_start - listen
 * @http: with its service and clock; @http->wrong receives the reason of a failure
 * @listen: address
 * @certificate: PEM; NULL: without TLS
 * @key: PEM, its private key
 *
 * Return: whether it does.
 */
bool http_start(struct http *http, const struct listen_address *listen, const char *certificate,
		const char *key)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		  (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem limits[] = {
		{ MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, HTTP_CONNECTIONS_OF_ONE, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_MEMORY, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE, NULL },
		{ MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

	if (certificate)
		flags |= MHD_USE_TLS;
	if (listen->v6)
		flags |= MHD_USE_DUAL_STACK;
	snprintf(http->wrong, sizeof(http->wrong), "libmicrohttpd does not start");
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, http,
					MHD_OPTION_EXTERNAL_LOGGER, take_log, http,
					MHD_OPTION_SOCK_ADDR, &listen->address.any,
					MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
					MHD_OPTION_NOTIFY_CONNECTION, http_age_notify, http,
					MHD_OPTION_ARRAY, limits,
					MHD_OPTION_ARRAY, certificate ? tls : none,
					MHD_OPTION_END);
	return http->daemon;
}

/**
 * http_port - the port that it listens on
 * @http: started
 */
unsigned int http_port(const struct http *http)
{
	const union MHD_DaemonInfo *info;

	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
	return info ? info->port : 0;
}

/**
 * http_fd - readable when there is something to do
 * @http: started
 */
int http_fd(const struct http *http)
{
	const union MHD_DaemonInfo *info;

	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info ? info->epoll_fd : -1;
}

/**
 * http_timeout - when there is something to do, if nothing comes
 * @http: started
 * @most: milliseconds
 *
 * Return: milliseconds, @most at most.
 */
int http_timeout(const struct http *http, int most)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	if (MHD_get_timeout(http->daemon, &timeout) == MHD_YES && timeout < (unsigned int)most)
		return (int)timeout;
	return most;
}

/**
 * http_run - do what there is to do
 * @http: started
 */
void http_run(struct http *http)
{
	MHD_run(http->daemon);
	http_age_end(http, clock_now(http->uptime));
}

/**
 * http_stop - listen no more, and end the connections
 * @http: started
 */
void http_stop(struct http *http)
{
	MHD_stop_daemon(http->daemon);
}
