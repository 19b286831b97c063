// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * call_usage.c - GET /v1/usage: how much of which pool is leased, and by whom
 *
 * With ?pool=NAME also its leases, PAGE at a time: the answer's "next" is the
 * "after" of the next request.
 */
#include <stdio.h>
#include <string.h>

#include "service.h"

static struct json_object *amounts(const int64_t *values)
{
	struct json_object *object = json_object_new_object();
	int i;

	for (i = 0; i < MEASURES; i++)
		add_limit(object, measure_key(i), values[i]);
	return object;
}

/* A row of a pool begins an object, those of its series follow it. */
static void add_usage(void *data, const struct usage *usage)
{
	struct json_object *pools = data, *object = json_object_new_object(), *pool, *series;

	json_object_object_add(object, "limits", amounts(usage->limits.most));
	json_object_object_add(object, "used", amounts(usage->used));
	if (!usage->limits.series[0]) {
		add_text(object, "pool", usage->pool);
		json_object_object_add(object, "series", json_object_new_object());
		json_object_array_add(pools, object);
		return;
	}
	pool = json_object_array_get_idx(pools, json_object_array_length(pools) - 1);
	json_object_object_get_ex(pool, "series", &series);
	json_object_object_add(series, usage->limits.series, object);
}

struct listing {
	struct json_object *leases;
	int64_t now;
	bool ids;
};

static void add_lease(void *data, const struct lease *lease)
{
	struct json_object *object = json_object_new_object();
	struct listing *listing = data;
	int i;

	/*
	 * Whoever has the id can return it. A token that is not for one host can
	 * ask for it all the same, in the name of this host and vGPU.
	 */
	if (listing->ids)
		add_text(object, "id", lease->id);
	add_text(object, "host", lease->host);
	add_text(object, "vgpu", lease->vgpu);
	add_text(object, "series", lease->series);
	for (i = MEASURE_FRAMEBUFFER; i < MEASURES; i++)
		add_number(object, measure_key(i), lease->amount[i]);
	add_number(object, "expires_in", lease->expires - LEASE_GRACE - listing->now);
	json_object_array_add(listing->leases, object);
}

static bool add_leases(struct service *service, const struct call *call,
		       const struct request *request, const char *pool, struct json_object *answer)
{
	struct listing listing = { json_object_new_array(), request->now,
				   call->token.scope == SCOPE_ADMIN };
	char next[STORE_NAME_SIZE + STORE_UUID_SIZE];
	struct json_object *last, *host, *vgpu;
	size_t count;

	json_object_object_add(answer, "leases", listing.leases);
	if (store_leases(service->store, request->now, pool, request->after ? request->after : "",
			 PAGE, add_lease, &listing) != STORE_OK)
		return false;
	count = json_object_array_length(listing.leases);
	if (count < PAGE)
		return true;
	last = json_object_array_get_idx(listing.leases, count - 1);
	json_object_object_get_ex(last, "host", &host);
	json_object_object_get_ex(last, "vgpu", &vgpu);
	snprintf(next, sizeof(next), "%s/%s", json_object_get_string(host),
		 json_object_get_string(vgpu));
	add_text(answer, "next", next);
	return true;
}

/**
 * call_usage - how much is leased
 * @service: service
 * @call: with a token of a pool, or of all
 * @request: may name a pool
 * @answer: receives it
 */
void call_usage(struct service *service, const struct call *call,
		const struct request *request, struct answer *answer)
{
	struct json_object *pools = json_object_new_array();
	const char *pool = request->pool;
	enum verdict verdict;

	answer->status = 200;
	answer->json = json_object_new_object();
	json_object_object_add(answer->json, "pools", pools);
	if (strcmp(call->token.pool, TOKEN_ANY_POOL)) {
		if (pool && strcmp(pool, call->token.pool)) {
			answer_other_pool(service, &call->token, answer);
			return;
		}
		pool = call->token.pool;
	}
	if (pool && !openvgpu_name_valid(pool, strlen(pool))) {
		answer_error(answer, 400, "bad-value", "see " MANUAL, "'pool' is not a name");
		return;
	}
	verdict = store_usage(service->store, request->now, pool, add_usage, pools);
	if (verdict == STORE_OK && request->pool &&
	    !add_leases(service, call, request, pool, answer->json))
		verdict = STORE_FAILED;
	if (verdict != STORE_OK)
		answer_verdict(service, answer, verdict, pool);
}
