// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * call_lease.c - leases: asked for, renewed, returned
 *
 *	POST /v1/leases {"host": "h1", "vgpu": UUID, "series": "q", "framebuffer_mib": 1024}
 *	POST /v1/leases {..., "dry_run": true}
 *	POST /v1/leases/ID/renew {"ttl": 86400}
 *	DELETE /v1/leases/ID
 *
 * All times in answers are seconds from now: a host needs no clock of the day.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "service.h"

/* A lease that nobody can guess. */
static bool new_id(char id[STORE_ID_SIZE])
{
	unsigned char bytes[(STORE_ID_SIZE - 1) / 2];
	unsigned int i;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	for (i = 0; i < sizeof(bytes); i++)
		sprintf(id + 2 * i, "%02x", bytes[i]);
	return true;
}

static bool read_uuid(struct json_object *object, char uuid[STORE_UUID_SIZE],
		      struct answer *answer)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool good;
	int i;

	if (!body_text(object, "vgpu", uuid, STORE_UUID_SIZE, answer))
		return false;
	good = strlen(uuid) == strlen(form);
	for (i = 0; good && form[i]; i++)
		good = form[i] == '-' ? uuid[i] == '-' : !!strchr("0123456789abcdef", uuid[i]);
	if (!good)
		answer_error(answer, 400, "bad-value", "see " MANUAL,
			     "'vgpu' is not a UUID in lower case");
	return good;
}

/* Of the token, or of the body where the token is for all. */
static bool read_pool(struct service *service, struct json_object *object,
		      const struct token *token, char pool[STORE_NAME_SIZE], struct answer *answer)
{
	bool any = !strcmp(token->pool, TOKEN_ANY_POOL);

	if (!any && !json_object_object_get_ex(object, "pool", NULL)) {
		strcpy(pool, token->pool);
		return true;
	}
	if (!body_name(object, "pool", pool, answer))
		return false;
	if (any || !strcmp(pool, token->pool))
		return true;
	answer_other_pool(service, token, answer);
	return false;
}

/* A token of one host asks in no other's name: the answer would have that one's id. */
static bool read_host(struct service *service, struct json_object *object,
		      const struct token *token, char host[STORE_NAME_SIZE], struct answer *answer)
{
	if (!body_name(object, "host", host, answer))
		return false;
	if (!token->host[0] || !strcmp(host, token->host))
		return true;
	answer_forbidden(service, token, answer, "token-host", "use a token of that host",
			 "the token is for host '%s'", token->host);
	return false;
}

static bool read_lease(struct service *service, struct json_object *object,
		       const struct token *token, struct lease *lease, bool *dry_run,
		       struct answer *answer)
{
	static const char *const keys[] = {
		"pool", "host", "vgpu", "series", "framebuffer_mib", "compute_slices", "ttl",
		"dry_run", NULL
	};
	int i;

	lease->amount[MEASURE_VGPUS] = 1;
	lease->ttl = LEASE_TTL_DEFAULT;
	if (!body_only(object, keys, answer) ||
	    !read_pool(service, object, token, lease->pool, answer) ||
	    !read_host(service, object, token, lease->host, answer) ||
	    !read_uuid(object, lease->vgpu, answer) ||
	    !body_text(object, "series", lease->series, sizeof(lease->series), answer))
		return false;
	if (!series_valid(lease->series)) {
		answer_error(answer, 400, "bad-value", "see " MANUAL,
			     "'series' is not one lower-case letter, as q");
		return false;
	}
	for (i = MEASURE_FRAMEBUFFER; i < MEASURES; i++)
		if (!body_number(object, measure_key(i), 0, STORE_AMOUNT_MAX / STORE_VGPUS_MAX,
				 &lease->amount[i], answer))
			return false;
	return body_flag(object, "dry_run", dry_run, answer) &&
	       body_number(object, "ttl", LEASE_TTL_MIN, LEASE_TTL_MAX, &lease->ttl, answer);
}

static void answer_fits(struct answer *answer, const struct lease *lease)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "pool", lease->pool);
	json_object_object_add(object, "fits", json_object_new_boolean(true));
	answer->status = 200;
	answer->json = object;
}

static void answer_lease(struct answer *answer, unsigned int status, const struct lease *lease,
			 int64_t now)
{
	struct json_object *object = json_object_new_object();
	int i;

	add_text(object, "id", lease->id);
	add_text(object, "pool", lease->pool);
	add_text(object, "host", lease->host);
	add_text(object, "vgpu", lease->vgpu);
	add_text(object, "series", lease->series);
	for (i = MEASURE_FRAMEBUFFER; i < MEASURES; i++)
		add_number(object, measure_key(i), lease->amount[i]);
	add_number(object, "ttl", lease->ttl);
	add_number(object, "expires_in", lease->expires - LEASE_GRACE - now);
	add_number(object, "renew_in", lease->ttl / 3);
	answer->status = status;
	answer->json = object;
}

static void answer_full(struct answer *answer, const struct refusal *refusal)
{
	const struct usage *usage = &refusal->usage;
	struct json_object *limit = json_object_new_object();

	answer_error(answer, 409, "pool-full",
		     "close a vGPU of this pool, wait until a dead host's leases end, or raise the limit: PUT /v1/pools/NAME",
		     "pool '%s'%s%s has %lld of %lld %s leased, and this vGPU needs %lld",
		     usage->pool, usage->limits.series[0] ? " series " : "",
		     usage->limits.series, (long long)usage->used[refusal->measure],
		     (long long)usage->limits.most[refusal->measure],
		     measure_key(refusal->measure), (long long)refusal->asked);
	add_text(limit, "pool", usage->pool);
	if (usage->limits.series[0])
		add_text(limit, "series", usage->limits.series);
	add_text(limit, "measure", measure_key(refusal->measure));
	add_number(limit, "limit", usage->limits.most[refusal->measure]);
	add_number(limit, "used", usage->used[refusal->measure]);
	add_number(limit, "asked", refusal->asked);
	json_object_object_add(answer->json, "limit", limit);
}

struct line {
	char text[384];
};

/* Of the log: what became of a lease. */
static struct line line_of(const struct call *call, const struct lease *lease, const char *what)
{
	struct line line;

	snprintf(line.text, sizeof(line.text), "lease: pool %s host %s vGPU %s: %s, token %s",
		 lease->pool, lease->host, lease->vgpu, what, call->token.id);
	return line;
}

static void answer_granted(struct service *service, const struct call *call,
			   const struct lease *lease, bool again, struct answer *answer)
{
	service->events[again ? EVENT_AGAIN : EVENT_GRANTED]++;
	if (again)
		service_log_seldom(service, SELDOM_AGAIN, "%s",
				   line_of(call, lease, "granted again").text);
	else
		service_log("%s", line_of(call, lease, "granted").text);
	answer_lease(answer, again ? 200 : 201, lease, store_now(service->store));
}

/**
 * call_lease - ask for a lease
 * @service: service
 * @call: call
 * @request: says for which vGPU
 * @answer: receives the lease: 201 a new one, 200 the one that the vGPU has; of a dry
 *	run, whether there would be one
 */
void call_lease(struct service *service, const struct call *call,
		const struct request *request, struct answer *answer)
{
	struct lease lease = { .ttl = 0 };
	char id[STORE_ID_SIZE] = "";
	struct json_object *object;
	struct refusal refusal;
	bool good, dry_run = false;
	enum verdict verdict;

	object = body_parse(request, answer);
	if (!object)
		return;
	good = read_lease(service, object, &call->token, &lease, &dry_run, answer);
	json_object_put(object);
	if (!good)
		return;
	if (!new_id(id)) {
		answer_error(answer, 503, "random", "ask again later",
			     "there are no random numbers: %s", strerror(errno));
		return;
	}
	strcpy(lease.id, id);
	verdict = (dry_run ? store_try : store_lease)(service->store, request->now, &lease,
						      &refusal);
	if (verdict == STORE_FULL) {
		/* A dry run is no refusal: nobody wanted a seat. */
		if (!dry_run) {
			service->events[EVENT_REFUSED]++;
			service_log_seldom(service, SELDOM_FULL, "%s",
					   line_of(call, &lease, "refused, the pool is full").text);
		}
		answer_full(answer, &refusal);
	} else if (verdict == STORE_FITS) {
		answer_fits(answer, &lease);
	} else if (verdict != STORE_OK) {
		answer_verdict(service, answer, verdict, lease.pool);
	} else {
		answer_granted(service, call, &lease, strcmp(id, lease.id), answer);
	}
}

/* A token of one pool has no lease of another. */
static const char *pool_of(const struct call *call)
{
	return strcmp(call->token.pool, TOKEN_ANY_POOL) ? call->token.pool : NULL;
}

/* Nor does one of a host have another's. */
static const char *host_of(const struct call *call)
{
	return call->token.host[0] ? call->token.host : NULL;
}

/**
 * call_renew - a lease begins anew
 * @service: service
 * @call: with the id
 * @request: may have another time to live
 * @answer: receives the lease
 */
void call_renew(struct service *service, const struct call *call,
		const struct request *request, struct answer *answer)
{
	static const char *const keys[] = { "ttl", NULL };
	struct json_object *object = body_parse(request, answer);
	enum verdict verdict;
	struct lease lease;
	int64_t ttl = 0;
	bool good;

	if (!object)
		return;
	good = body_only(object, keys, answer) &&
	       body_number(object, "ttl", LEASE_TTL_MIN, LEASE_TTL_MAX, &ttl, answer);
	json_object_put(object);
	if (!good)
		return;
	verdict = store_renew(service->store, request->now, pool_of(call), host_of(call),
			      call->name, ttl, &lease);
	if (verdict != STORE_OK) {
		answer_verdict(service, answer, verdict, call->name);
		return;
	}
	service->events[EVENT_RENEWED]++;
	answer_lease(answer, 200, &lease, store_now(service->store));
}

/**
 * call_return - a lease ends
 * @service: service
 * @call: with the id
 * @request: request
 * @answer: receives the lease as it was
 */
void call_return(struct service *service, const struct call *call,
		 const struct request *request, struct answer *answer)
{
	enum verdict verdict;
	struct lease lease;

	verdict = store_return(service->store, request->now, pool_of(call), host_of(call),
			       call->name, &lease);
	if (verdict != STORE_OK) {
		answer_verdict(service, answer, verdict, call->name);
		return;
	}
	service->events[EVENT_RETURNED]++;
	service_log("%s", line_of(call, &lease, "returned").text);
	answer_lease(answer, 200, &lease, store_now(service->store));
}

/**
 * service_count_expiry - leases have ended by themselves
 * @data: service
 * @leases: the first of them
 * @told: how many that are
 * @count: of all
 */
void service_count_expiry(void *data, const struct lease *leases, unsigned int told,
			  unsigned int count)
{
	struct service *service = data;
	unsigned int i;

	service->events[EVENT_EXPIRED] += count;
	for (i = 0; i < told; i++)
		service_log("lease: pool %s host %s vGPU %s: ended, it was not renewed for %lld s",
			    leases[i].pool, leases[i].host, leases[i].vgpu,
			    (long long)leases[i].ttl);
	if (count > told)
		service_log("lease: %u more ended at the same time", count - told);
}
