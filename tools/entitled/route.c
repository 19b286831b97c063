// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * route.c - which request leads where, and who may make it
 */
#include <stdio.h>
#include <string.h>

#include "service.h"

#define BEARER	"Bearer "

/* A star in a path is a name or an id. */
static const struct route {
	const char *method, *path;
	unsigned int scopes;
	call_fn run;
} routes[] = {
	{ "PUT", "/v1/pools/*", 1 << SCOPE_ADMIN, call_put_pool },
	{ "POST", "/v1/leases", 1 << SCOPE_HOST | 1 << SCOPE_ADMIN, call_lease },
	{ "POST", "/v1/leases/*/renew", 1 << SCOPE_HOST | 1 << SCOPE_ADMIN, call_renew },
	{ "DELETE", "/v1/leases/*", 1 << SCOPE_HOST | 1 << SCOPE_ADMIN, call_return },
	{ "GET", "/v1/usage", 1 << SCOPE_HOST | 1 << SCOPE_READ | 1 << SCOPE_ADMIN, call_usage },
	{ "GET", "/metrics", 1 << SCOPE_READ | 1 << SCOPE_ADMIN, call_metrics },
};

#define ROUTES	(sizeof(routes) / sizeof(routes[0]))

/* Whether a path is that of a route, and what stands where that has a star. */
static bool matches(const char *pattern, const char *path, char name[STORE_NAME_SIZE])
{
	const char *star = strchr(pattern, '*');
	size_t length;

	name[0] = '\0';
	if (!star)
		return !strcmp(pattern, path);
	if (strncmp(pattern, path, (size_t)(star - pattern)))
		return false;
	path += star - pattern;
	length = strcspn(path, "/");
	if (strcmp(path + length, star + 1) || !openvgpu_name_valid(path, length))
		return false;
	memcpy(name, path, length);
	name[length] = '\0';
	return true;
}

static bool refuse_token(struct service *service, struct answer *answer,
			 enum token_verdict verdict, const struct token *token)
{
	service->events[EVENT_TOKEN]++;
	service_log_seldom(service, SELDOM_TOKEN, "token %s refused: %s",
			   token->id[0] ? token->id : "of nobody", token_reason(verdict));
	answer_error(answer, 401, token_reason(verdict),
		     verdict == TOKEN_EXPIRED ?
		     "get a new token, or set the clock of the server right" :
		     verdict == TOKEN_EARLY ?
		     "set the clock of the server right, or of the machine that issued the token" :
		     "get a token of this server's administrator: 'openvgpu-entitled token'",
		     "%s", token_explain(verdict));
	return false;
}

static bool look_at_token(struct service *service, const struct request *request,
			  struct call *call, struct answer *answer)
{
	const char *text = request->authorization;
	enum token_verdict verdict;

	if (!text || strncasecmp(text, BEARER, strlen(BEARER))) {
		service->events[EVENT_TOKEN]++;
		answer_error(answer, 401, "token-missing",
			     "send the header 'Authorization: Bearer TOKEN'",
			     "the request has no token");
		return false;
	}
	verdict = token_check(text + strlen(BEARER), service->public_key, request->today,
			      &call->token);
	if (verdict != TOKEN_GOOD)
		return refuse_token(service, answer, verdict, &call->token);
	if (call->route->scopes & 1 << call->token.scope)
		return true;
	answer_forbidden(service, &call->token, answer, "token-scope",
			 "use a token of another scope",
			 "a token of scope '%s' does not allow %s %s",
			 token_scope_name(call->token.scope), call->route->method,
			 call->route->path);
	return false;
}

/**
 * route_find - where a request leads, and whether it may be made
 * @service: service
 * @request: request; its body is not looked at
 * @call: receives what route_run() needs
 * @answer: receives an error
 *
 * Return: whether to go on.
 */
bool route_find(struct service *service, const struct request *request, struct call *call,
		struct answer *answer)
{
	const char *allow = NULL;
	size_t i;

	memset(call, 0, sizeof(*call));
	for (i = 0; i < ROUTES; i++) {
		if (!matches(routes[i].path, request->path, call->name))
			continue;
		if (!strcmp(routes[i].method, request->method)) {
			call->route = &routes[i];
			return look_at_token(service, request, call, answer);
		}
		allow = routes[i].method;
	}
	if (allow)
		answer_error(answer, 405, "no-such-method", "see " MANUAL,
			     "this path takes %s", allow);
	else
		answer_error(answer, 404, "no-such-path", "see " MANUAL,
			     "there is no such path");
	answer->allow = allow;
	return false;
}

/**
 * route_run - do what a request asks for
 * @service: service
 * @call: of route_find()
 * @request: request, with its body
 * @answer: receives the answer
 */
void route_run(struct service *service, const struct call *call, const struct request *request,
	       struct answer *answer)
{
	call->route->run(service, call, request, answer);
}
