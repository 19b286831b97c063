// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * call_pool.c - PUT /v1/pools/NAME: a pool has these limits from now on
 *
 *	{"vgpus": 10, "framebuffer_mib": 20480, "series": {"c": {"vgpus": 2}}}
 */
#include <string.h>

#include "service.h"

static bool read_limits(struct json_object *object, struct limits *limits,
			struct answer *answer)
{
	int i;

	for (i = 0; i < MEASURES; i++) {
		limits->most[i] = NO_LIMIT;
		if (!body_number(object, measure_key(i), 0,
				 i == MEASURE_VGPUS ? STORE_VGPUS_MAX : STORE_AMOUNT_MAX,
				 &limits->most[i], answer))
			return false;
	}
	return true;
}

static bool read_series(struct json_object *list, struct pool *pool, struct answer *answer)
{
	const char *const keys[] = {
		measure_key(MEASURE_VGPUS), measure_key(MEASURE_FRAMEBUFFER),
		measure_key(MEASURE_SLICES), NULL
	};

	json_object_object_foreach(list, key, value) {
		struct limits *limits = &pool->series[pool->series_count];

		if (pool->series_count == STORE_SERIES_MAX ||
		    !series_valid(key) ||
		    !json_object_is_type(value, json_type_object)) {
			answer_error(answer, 400, "bad-value", "see " MANUAL,
				     "'series' takes limits of at most %d series, by their letters, as q",
				     STORE_SERIES_MAX);
			return false;
		}
		strcpy(limits->series, key);
		if (!body_only(value, keys, answer) || !read_limits(value, limits, answer))
			return false;
		pool->series_count++;
	}
	return true;
}

static bool read_pool(struct json_object *object, struct pool *pool, struct answer *answer)
{
	const char *const keys[] = {
		measure_key(MEASURE_VGPUS), measure_key(MEASURE_FRAMEBUFFER),
		measure_key(MEASURE_SLICES), "series", NULL
	};
	struct json_object *series;

	if (!body_only(object, keys, answer) || !read_limits(object, &pool->whole, answer))
		return false;
	/* It is what bounds the number of leases. */
	if (pool->whole.most[MEASURE_VGPUS] == NO_LIMIT) {
		answer_error(answer, 400, "bad-value", "see " MANUAL,
			     "'vgpus', the most vGPUs at a time, has to be there");
		return false;
	}
	if (!json_object_object_get_ex(object, "series", &series) || !series)
		return true;
	if (json_object_is_type(series, json_type_object))
		return read_series(series, pool, answer);
	answer_error(answer, 400, "bad-value", "see " MANUAL, "'series' has to be an object");
	return false;
}

/**
 * call_put_pool - a pool has these limits from now on
 * @service: service
 * @call: with the name of the pool
 * @request: limits
 * @answer: receives whether the pool is new
 */
void call_put_pool(struct service *service, const struct call *call,
		   const struct request *request, struct answer *answer)
{
	struct pool pool = { .series_count = 0 };
	struct json_object *object;
	enum verdict verdict;
	bool created, good;

	if (strcmp(call->token.pool, TOKEN_ANY_POOL) && strcmp(call->token.pool, call->name)) {
		answer_other_pool(service, &call->token, answer);
		return;
	}
	object = body_parse(request, answer);
	if (!object)
		return;
	good = read_pool(object, &pool, answer);
	json_object_put(object);
	if (!good)
		return;
	strcpy(pool.name, call->name);
	verdict = store_put_pool(service->store, request->now, &pool, &created);
	if (verdict != STORE_OK) {
		answer_verdict(service, answer, verdict, call->name);
		return;
	}
	service_log("pool %s: %s by token %s: %lld vGPUs", pool.name,
		    created ? "made" : "changed", call->token.id,
		    (long long)pool.whole.most[MEASURE_VGPUS]);
	answer->status = created ? 201 : 200;
	answer->json = json_object_new_object();
	add_text(answer->json, "pool", pool.name);
	json_object_object_add(answer->json, "created", json_object_new_boolean(created));
}
