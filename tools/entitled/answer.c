// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * answer.c - answers: values, and errors that say why and what to do
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "service.h"

static const char *const measures[] = {
	[MEASURE_VGPUS] = "vgpus", [MEASURE_FRAMEBUFFER] = "framebuffer_mib",
	[MEASURE_SLICES] = "compute_slices",
};

/**
 * measure_key - the key of a measure, in requests, answers and metrics
 * @measure: measure
 */
const char *measure_key(enum measure measure)
{
	return measures[measure];
}

/**
 * add_text - put text into an object
 * @object: object
 * @key: its name there
 * @text: text
 */
void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/**
 * add_number - put a number into an object
 * @object: object
 * @key: its name there
 * @number: number
 */
void add_number(struct json_object *object, const char *key, int64_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

/**
 * add_limit - put a limit into an object
 * @object: object
 * @key: its name there
 * @limit: limit; null where there is none
 */
void add_limit(struct json_object *object, const char *key, int64_t limit)
{
	json_object_object_add(object, key,
			       limit == NO_LIMIT ? NULL : json_object_new_int64(limit));
}

static void add_error(struct answer *answer, unsigned int status, const char *reason,
		      const char *action, const char *format, va_list values)
{
	struct json_object *error = json_object_new_object();
	char message[512];

	vsnprintf(message, sizeof(message), format, values);
	add_text(error, "reason", reason);
	add_text(error, "message", message);
	add_text(error, "action", action);
	answer_free(answer);
	answer->status = status;
	answer->json = json_object_new_object();
	json_object_object_add(answer->json, "error", error);
}

/**
 * answer_error - answer with an error
 * @answer: answer
 * @status: of HTTP
 * @reason: for programs, as "pool-full"
 * @action: what to do
 * @format: what has happened
 */
void answer_error(struct answer *answer, unsigned int status, const char *reason,
		  const char *action, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	add_error(answer, status, reason, action, format, values);
	va_end(values);
}

/**
 * answer_forbidden - answer that a good token does not allow it
 * @service: service
 * @token: token
 * @answer: answer
 * @reason: for programs, as "token-scope"
 * @action: what to do
 * @format: what the token is for
 */
void answer_forbidden(struct service *service, const struct token *token, struct answer *answer,
		      const char *reason, const char *action, const char *format, ...)
{
	va_list values;

	service->events[EVENT_FORBIDDEN]++;
	service_log_seldom(service, SELDOM_FORBIDDEN, "token %s forbidden: %s", token->id, reason);
	va_start(values, format);
	add_error(answer, 403, reason, action, format, values);
	va_end(values);
}

/**
 * answer_other_pool - answer that the token is of another pool
 * @service: service
 * @token: token
 * @answer: answer
 */
void answer_other_pool(struct service *service, const struct token *token, struct answer *answer)
{
	answer_forbidden(service, token, answer, "token-pool", "use a token of that pool",
			 "the token is for pool '%s'", token->pool);
}

/**
 * answer_verdict - answer with what a decision came to, which is not STORE_OK
 * @service: service
 * @answer: answer
 * @verdict: of the store
 * @name: of the pool, or id of the lease
 */
void answer_verdict(struct service *service, struct answer *answer, enum verdict verdict,
		    const char *name)
{
	switch (verdict) {
	case STORE_NO_POOL:
		answer_error(answer, 404, "no-pool", "make it: PUT /v1/pools/NAME",
			     "there is no pool '%s'", name);
		break;
	case STORE_NO_LEASE:
		answer_error(answer, 404, "no-lease", "ask for a new one: POST /v1/leases",
			     "there is no lease '%s', or it has ended", name);
		break;
	case STORE_TOO_MANY:
		answer_error(answer, 409, "too-many-pools", "use another server for more",
			     "there are %d pools already", STORE_POOLS_MAX);
		break;
	default:
		service->events[EVENT_FAILED]++;
		service_log_seldom(service, SELDOM_DATABASE, "database: %s",
				   store_error(service->store));
		answer_error(answer, 503, "database", "see the server's log; ask again later",
			     "the database of the server failed");
		break;
	}
}

/**
 * answer_free - give an answer back
 * @answer: answer, empty afterwards
 */
void answer_free(struct answer *answer)
{
	json_object_put(answer->json);
	free(answer->text);
	answer->json = NULL;
	answer->text = NULL;
}
