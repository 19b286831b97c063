// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * call_metrics.c - GET /metrics: figures for Prometheus
 *
 * Names have no character that a label would have to quote.
 */
#include <stdio.h>
#include <string.h>

#include "service.h"

static const char *const events[] = {
	[EVENT_GRANTED] = "granted", [EVENT_AGAIN] = "granted-again",
	[EVENT_REFUSED] = "refused", [EVENT_RENEWED] = "renewed",
	[EVENT_RETURNED] = "returned", [EVENT_EXPIRED] = "expired",
	[EVENT_TOKEN] = "token-refused", [EVENT_FORBIDDEN] = "forbidden",
	[EVENT_FAILED] = "failed",
};

struct page {
	FILE *stream;
	bool used;	/* or the limits */
};

static void print(void *data, const struct usage *usage)
{
	struct page *page = data;
	int i;

	for (i = 0; i < MEASURES; i++) {
		int64_t value = page->used ? usage->used[i] : usage->limits.most[i];

		if (value != NO_LIMIT)
			fprintf(page->stream,
				"openvgpu_entitled_%s{pool=\"%s\",series=\"%s\",measure=\"%s\"} %lld\n",
				page->used ? "used" : "limit", usage->pool, usage->limits.series,
				measure_key(i), (long long)value);
	}
}

static enum verdict print_all(struct service *service, const struct call *call,
			      const struct request *request, FILE *stream)
{
	bool any = !strcmp(call->token.pool, TOKEN_ANY_POOL);
	struct page page = { .stream = stream };
	enum verdict verdict;
	int i;

	fputs("# HELP openvgpu_entitled_limit The most that may be leased at a time.\n"
	      "# TYPE openvgpu_entitled_limit gauge\n", stream);
	verdict = store_usage(service->store, request->now, any ? NULL : call->token.pool, print,
			      &page);
	if (verdict != STORE_OK)
		return verdict;
	fputs("# HELP openvgpu_entitled_used What is leased.\n"
	      "# TYPE openvgpu_entitled_used gauge\n", stream);
	page.used = true;
	verdict = store_usage(service->store, request->now, any ? NULL : call->token.pool, print,
			      &page);
	if (verdict != STORE_OK || !any)
		return verdict;
	fputs("# HELP openvgpu_entitled_events_total What happened since the server started.\n"
	      "# TYPE openvgpu_entitled_events_total counter\n", stream);
	for (i = 0; i < EVENTS; i++)
		fprintf(stream, "openvgpu_entitled_events_total{event=\"%s\"} %llu\n", events[i],
			(unsigned long long)service->events[i]);
	return STORE_OK;
}

/**
 * call_metrics - figures for Prometheus
 * @service: service
 * @call: with a token of a pool, or of all
 * @request: request
 * @answer: receives them
 */
void call_metrics(struct service *service, const struct call *call,
		  const struct request *request, struct answer *answer)
{
	enum verdict verdict;
	size_t size = 0;
	FILE *stream;
	int bad;

	stream = open_memstream(&answer->text, &size);
	if (!stream) {
		answer_error(answer, 503, "memory", "ask again later", "there is no memory");
		return;
	}
	verdict = print_all(service, call, request, stream);
	bad = ferror(stream);
	bad |= fclose(stream);
	answer->status = 200;
	if (bad)
		answer_error(answer, 503, "memory", "ask again later", "there is no memory");
	else if (verdict != STORE_OK)
		answer_verdict(service, answer, verdict, call->token.pool);
}
