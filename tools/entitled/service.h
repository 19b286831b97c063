/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.h - a request, what is done about it, and its answer
 *
 * Nothing of it knows of sockets: http.c does.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <json-c/json.h>
#include <stddef.h>

#include "clock.h"
#include "store.h"
#include "token.h"

#define BODY_MAX	16384	/* bytes; a pool with all its series has 2000 */
#define PAGE		1000	/* leases in one answer */

/* The address of documentation in answers. */
#define MANUAL		"openvgpu-entitled(8)"

/** enum event - what is counted, since the start */
enum event {
	EVENT_GRANTED,
	EVENT_AGAIN,		/* to a vGPU that had the lease already */
	EVENT_REFUSED,
	EVENT_RENEWED,
	EVENT_RETURNED,
	EVENT_EXPIRED,
	EVENT_TOKEN,		/* a token was refused */
	EVENT_FORBIDDEN,	/* a good one does not allow it */
	EVENT_FAILED,		/* the database did not do it */
	EVENTS,
};

/** enum seldom - lines of the log of which there is one of a kind in a second */
enum seldom {
	SELDOM_TOKEN,
	SELDOM_FORBIDDEN,
	SELDOM_FULL,
	SELDOM_AGAIN,
	SELDOM_DATABASE,
	SELDOMS,
};

/**
 * struct seldom_lines - those of a kind
 * @told: uptime of the last one
 * @left_out: since that
 */
struct seldom_lines {
	int64_t told;
	uint64_t left_out;
};

/**
 * struct service - what answers
 * @store: pools and leases
 * @public_key: PEM, checks tokens
 * @events: counted
 * @seldom: lines of the log
 */
struct service {
	struct store *store;
	const char *public_key;
	uint64_t events[EVENTS];
	struct seldom_lines seldom[SELDOMS];
};

/**
 * struct request - what is asked
 * @method: as "POST"
 * @path: as "/v1/leases"
 * @authorization: value of that header; NULL: none
 * @pool: of the query; NULL: not there
 * @after: of the query; NULL: not there
 * @body: text of @length bytes, and a zero byte
 * @length: of @body
 * @now: time of the store
 * @today: seconds since 1970
 */
struct request {
	const char *method;
	const char *path;
	const char *authorization;
	const char *pool;
	const char *after;
	const char *body;
	size_t length;
	int64_t now;
	int64_t today;
};

/**
 * struct answer - what is answered
 * @status: of HTTP
 * @json: body
 * @text: body instead of @json, to be freed: metrics
 * @allow: methods that the path has, with status 405
 */
struct answer {
	unsigned int status;
	struct json_object *json;
	char *text;
	const char *allow;
};

struct route;

/**
 * struct call - a request that is allowed
 * @route: where it leads
 * @name: the name or id in its path; empty: none
 * @token: whose request it is
 */
struct call {
	const struct route *route;
	char name[STORE_NAME_SIZE];
	struct token token;
};

typedef void (*call_fn)(struct service *service, const struct call *call,
			const struct request *request, struct answer *answer);

/* route.c */
bool route_find(struct service *service, const struct request *request, struct call *call,
		struct answer *answer);
void route_run(struct service *service, const struct call *call, const struct request *request,
	       struct answer *answer);

/* call_pool.c, call_lease.c, call_usage.c, call_metrics.c */
void call_put_pool(struct service *service, const struct call *call,
		   const struct request *request, struct answer *answer);
void call_lease(struct service *service, const struct call *call,
		const struct request *request, struct answer *answer);
void call_renew(struct service *service, const struct call *call,
		const struct request *request, struct answer *answer);
void call_return(struct service *service, const struct call *call,
		 const struct request *request, struct answer *answer);
void call_usage(struct service *service, const struct call *call,
		const struct request *request, struct answer *answer);
void call_metrics(struct service *service, const struct call *call,
		  const struct request *request, struct answer *answer);
void service_count_expiry(void *data, const struct lease *leases, unsigned int told,
			  unsigned int count);

/* tick.c */
void service_tick(struct service *service, struct clock *clock);

/* answer.c */
void answer_error(struct answer *answer, unsigned int status, const char *reason,
		  const char *action, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void answer_forbidden(struct service *service, const struct token *token, struct answer *answer,
		      const char *reason, const char *action, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
void answer_other_pool(struct service *service, const struct token *token,
		       struct answer *answer);
void answer_verdict(struct service *service, struct answer *answer, enum verdict verdict,
		    const char *name);
void answer_free(struct answer *answer);
void add_text(struct json_object *object, const char *key, const char *text);
void add_number(struct json_object *object, const char *key, int64_t number);
void add_limit(struct json_object *object, const char *key, int64_t limit);
const char *measure_key(enum measure measure);

/* log.c */
extern bool service_silent;
void service_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void service_log_seldom(struct service *service, enum seldom kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* body.c */
struct json_object *body_parse(const struct request *request, struct answer *answer);
bool body_only(struct json_object *object, const char *const *keys, struct answer *answer);
bool body_text(struct json_object *object, const char *key, char *text, size_t size,
	       struct answer *answer);
bool body_name(struct json_object *object, const char *key, char name[STORE_NAME_SIZE],
	       struct answer *answer);
bool series_valid(const char *series);
bool body_number(struct json_object *object, const char *key, int64_t least, int64_t most,
		 int64_t *number, struct answer *answer);
bool body_flag(struct json_object *object, const char *key, bool *flag, struct answer *answer);

#endif /* SERVICE_H */
