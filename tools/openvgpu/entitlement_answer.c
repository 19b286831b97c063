// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_answer.c - what follows for a seat from what a server answered
 */
#include <stdio.h>
#include <string.h>

#include "entitlement.h"

/* s until the server is asked again. */
#define RENEW_LEAST	10	/* whatever it says */
#define RETRY_FIRST	10	/* it is away: then twice as long, and so on */
#define RETRY_MOST	300
#define RETRY_FULL	60	/* somebody may have returned a seat */
#define RETRY_REFUSED	300	/* somebody has to do something */

/**
 * ent_refuse - say why a vGPU has no seat, or will not have it for long
 * @seat: of the vGPU
 * @reason: word of the server's, or like one
 * @message: the same for people
 */
void ent_refuse(struct ent_seat *seat, const char *reason, const char *message)
{
	snprintf(seat->reason, sizeof(seat->reason), "%.31s", shown(reason).text);
	snprintf(seat->message, sizeof(seat->message), "%.255s", shown(message).text);
}

/* Hosts that a server was away from do not come back all at once. */
static int64_t spread(const struct ent_round *round, const struct ent_seat *seat, int64_t most)
{
	unsigned int sum = 0;
	const char *p;

	for (p = round->host; *p; p++)
		sum = sum * 31 + (unsigned char)*p;
	for (p = seat->uuid; *p; p++)
		sum = sum * 31 + (unsigned char)*p;
	return sum % (most + 1);
}

static void server_away(struct ent_round *round, struct ent_seat *seat, const char *reason,
			const char *message)
{
	int64_t wait = seat->failures < 5 ? RETRY_FIRST << seat->failures : RETRY_MOST;

	if (seat->failures < 5)
		seat->failures++;
	seat->renew = round->now + wait + spread(round, seat, wait / 4);
	ent_refuse(seat, reason, message);
}

static bool id_valid(const char *id)
{
	return strlen(id) == ENT_ID_SIZE - 1 && !id[strspn(id, "0123456789abcdef")];
}

/*
 * The host counts from when it asked, and ends the lease before the server does.
 * A server that says nonsense is one that does not answer.
 */
static void granted(struct ent_round *round, struct ent_request *request, int64_t sent)
{
	int64_t lasts = ent_number(request->answer, "expires_in");
	int64_t renew = ent_number(request->answer, "renew_in");
	struct ent_seat *seat = request->seat;

	if (!id_valid(ent_text(request->answer, "id")) || lasts < 0 ||
	    lasts > ENT_DAYS_MAX * ENT_DAY || renew < 0 || renew > lasts) {
		server_away(round, seat, "server-away", "what answers is not openvgpu-entitled");
		return;
	}
	strcpy(seat->id, ent_text(request->answer, "id"));
	seat->expires = sent + lasts;
	/* One that is borrowed is not asked for again until its last hour. */
	if (seat->borrowed)
		renew = lasts - ENT_LAST;
	seat->renew = !seat->open && !seat->borrowed ? round->now :
		      sent + (renew > RENEW_LEAST ? renew : RENEW_LEAST);
	seat->asked = false;
	seat->failures = 0;
	ent_refuse(seat, "", "");
}

/* An older server knows no such request: then nobody can tell. */
static void tried(struct ent_round *round, struct ent_request *request, const char *reason,
		  const char *message)
{
	struct ent_seat *seat = request->seat;
	bool refused = reason[0] && (request->status == 401 || request->status == 403 ||
				     request->status == 404 || request->status == 409);

	if (request->status != 200 && !refused) {
		server_away(round, seat, "server-away", request->status ?
			    "it can't say whether there is a seat" : request->message);
		return;
	}
	seat->failures = 0;
	seat->renew = round->now + RETRY_FULL;
	ent_refuse(seat, refused ? reason : "", refused ? message : "");
}

static void forget(struct ent_seat *seat)
{
	seat->id[0] = '\0';
	seat->expires = ENT_ENDED;
	seat->asked = false;
	seat->failures = 0;
}

/**
 * ent_answer - what follows from an answer
 * @round: round
 * @request: with the answer; it is given back
 * @sent: when it was asked, s of CLOCK_BOOTTIME
 */
void ent_answer(struct ent_round *round, struct ent_request *request, int64_t sent)
{
	struct ent_seat *seat = request->seat;
	struct json_object *error = NULL;
	const char *reason, *message;
	char text[64];

	json_object_object_get_ex(request->answer, "error", &error);
	reason = error ? ent_text(error, "reason") : "";
	message = error ? ent_text(error, "message") : "";
	if (request->call == ENT_TRY) {
		tried(round, request, reason, message);
	} else if (request->call == ENT_RETURN && (request->status == 200 ||
						   !strcmp(reason, "no-lease"))) {
		forget(seat);
		ent_refuse(seat, "", "");
	} else if (request->status == 200 || request->status == 201) {
		granted(round, request, sent);
	} else if (!request->status) {
		server_away(round, seat, "server-away", request->message);
	} else if (!reason[0] || request->status >= 500) {
		snprintf(text, sizeof(text), "it answers %u", request->status);
		server_away(round, seat, reason[0] ? reason : "server-away",
			    message[0] ? message : text);
	} else if (!strcmp(reason, "no-lease") && request->call != ENT_ASK) {
		/* It has ended, or the server has lost it: there may be another. */
		forget(seat);
		seat->renew = round->now;
	} else {
		if (request->call == ENT_ASK)
			seat->asked = false;
		seat->failures = 0;
		seat->renew = round->now + (request->status == 409 ? RETRY_FULL : RETRY_REFUSED);
		ent_refuse(seat, reason, message);
	}
	json_object_put(request->answer);
	request->answer = NULL;
}
