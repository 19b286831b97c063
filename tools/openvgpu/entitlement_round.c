// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_round.c - look at all vGPUs, ask for what they need, and act on it
 *
 * No round ends a vGPU, or stops one: what can't be had is told, and limited if the
 * configuration wants it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "entitlement.h"

#define CONFIG		"etc/openvgpu/config.yaml"
#define BATCH		64	/* requests of one run of curl */
#define PATIENCE	120	/* s that the servers of a token may take, in a round */
#define PASSES		3	/* as renew, no such lease, ask */

/**
 * ent_state_name - the word for a state
 * @state: state
 */
const char *ent_state_name(enum ent_state state)
{
	static const char *const names[] = {
		[ENT_LEASED] = "leased", [ENT_GRACE] = "grace", [ENT_LIMITED] = "limited",
		[ENT_RETURNED] = "returned", [ENT_ADMITTED] = "admitted", [ENT_DENIED] = "denied",
	};

	return names[state];
}

/* It gets a seat when the server is back: an outage is not the tenant's fault. */
static bool waits_for_server(const struct ent_round *round, const struct ent_seat *seat)
{
	return seat->failures && !seat->id[0] &&
	       round->now < seat->since + 60 * (int64_t)round->settings.lease_minutes;
}

/* Whether nobody has to return it: there is none, or it ends by itself. */
static bool is_over(const struct ent_round *round, const struct ent_seat *seat)
{
	if (seat->id[0])
		return round->now >= seat->expires;
	return !seat->asked || round->now >= seat->asked_until;
}

/**
 * ent_state_of - how a vGPU stands now
 * @round: round
 * @seat: of the vGPU
 */
enum ent_state ent_state_of(const struct ent_round *round, const struct ent_seat *seat)
{
	if (!seat->open && !seat->borrowed && !is_over(round, seat))
		return ENT_RETURNED;
	/* Nobody has to wait for a server that is away. */
	if (!seat->open && !seat->borrowed)
		return seat->reason[0] && !seat->failures ? ENT_DENIED : ENT_ADMITTED;
	if (seat->id[0] && round->now < seat->expires)
		return seat->reason[0] ? ENT_GRACE : ENT_LEASED;
	return waits_for_server(round, seat) ? ENT_GRACE : ENT_LIMITED;
}

/* ---------------------------------------------------------------- beginning */

static void read_settings(struct ent_round *round)
{
	static struct config_error said;	/* last: not again each minute */
	struct config_error error;
	struct config *config;
	int fd;

	config_entitlement_default(&round->settings);
	fd = ovgpu_open_file(round->cli->ovgpu, OVGPU_ROOT, CONFIG);
	if (fd < 0)
		return;
	/* What is in force by mistake must not be the stricter thing. */
	if (config_read(fd, &config, &error)) {
		if (said.line != error.line || strcmp(said.text, error.text))
			cli_note("/" CONFIG " line %u: %s: nothing is enforced", error.line,
				 shown(error.text).text);
		said = error;
	} else {
		round->settings = config->entitlement;
		memset(&said, 0, sizeof(said));
		config_free(config);
	}
	close(fd);
}

static void name_host(struct ent_round *round)
{
	char *name = round->host, *p;

	if (round->settings.host[0]) {
		strcpy(name, round->settings.host);
		return;
	}
	if (gethostname(name, sizeof(round->host)))
		strcpy(name, "localhost");
	name[sizeof(round->host) - 1] = '\0';
	for (p = name; *p; p++)
		if (!strchr(CONFIG_NAME_LETTERS, *p))
			*p = '_';
}

/* Servers may take long. */
static void look_at_clocks(struct ent_round *round)
{
	round->now = ent_uptime();
	round->today = (int64_t)(cli_now(CLOCK_REALTIME) / 1000000000);
}

/**
 * ent_name - what the configuration says, this host's name, and when it is
 * @round: with the run; receives them
 */
void ent_name(struct ent_round *round)
{
	look_at_clocks(round);
	read_settings(round);
	name_host(round);
}

/**
 * ent_begin - what is known before a round
 * @cli: the run
 * @round: receives it, to be given to ent_end() whatever comes of it
 *
 * Return: 0 or a negative errno.
 */
int ent_begin(const struct cli *cli, struct ent_round *round)
{
	int err;

	memset(round, 0, sizeof(*round));
	round->cli = cli;
	ent_name(round);
	err = ent_tokens_load(round);
	return err ?: ent_load(round);
}

/**
 * ent_end - a round is over
 * @round: of ent_begin()
 */
void ent_end(struct ent_round *round)
{
	free(round->tokens);
	free(round->seats);
	free(round->saved);
}

/* ------------------------------------------------------------------ vGPUs */

/* Last letter of the type, as "q" of openvgpu-1q. */
static void describe(const struct ent_round *round, const struct ovgpu_vgpu *vgpu,
		     struct ent_seat *seat)
{
	size_t length = strlen(vgpu->type), count;
	struct ovgpu_type **types;

	snprintf(seat->series, sizeof(seat->series), "%s", length ? vgpu->type + length - 1 : "");
	if (ovgpu_type_list(round->cli->ovgpu, vgpu->gpu, &types, &count))
		return;
	while (count--)
		if (!strcmp(types[count]->id, vgpu->type)) {
			seat->framebuffer_mib = types[count]->framebuffer >> 20;
			seat->compute_slices = types[count]->compute_slices;
		}
	ovgpu_free(types);
}

/**
 * ent_seat_new - a vGPU needs a seat
 * @round: receives it
 * @vgpu: which
 *
 * Return: the seat; NULL: there is no room.
 */
struct ent_seat *ent_seat_new(struct ent_round *round, const struct ovgpu_vgpu *vgpu)
{
	struct ent_seat *seat = ent_seat_add(round, vgpu->uuid, vgpu->tenant);

	if (seat)
		describe(round, vgpu, seat);
	return seat;
}

/* Whether it matters of closed vGPUs, too, that there is a seat. */
static bool denies(const struct ent_round *round)
{
	return round->settings.enforce == CONFIG_DENY_NEW;
}

static void look_at_vgpu(struct ent_round *round, const struct ovgpu_vgpu *vgpu)
{
	struct ent_seat *seat = ent_seat_find(round, vgpu->uuid, vgpu->tenant);
	bool open = vgpu->owner_pid != 0, wanted = open || denies(round);

	if (!seat && (!wanted || !ent_token_of(round, vgpu->tenant)))
		return;
	if (!seat) {
		seat = ent_seat_new(round, vgpu);
		if (!seat) {
			cli_note("vGPU %s: no room for its seat", vgpu->uuid);
			return;
		}
	}
	seat->seen = true;
	if (seat->open == open)
		return;
	seat->open = open;
	seat->renew = seat->borrowed ? seat->renew : round->now;
	if (open) {
		seat->since = round->now;
		seat->cap = seat->cap == ENT_REFUSED ? 0 : seat->cap;
		seat->frame_rate = seat->frame_rate == ENT_REFUSED ? 0 : seat->frame_rate;
		ent_refuse(seat, "", "");
	}
}

static int look(struct ent_round *round)
{
	struct ovgpu_vgpu **vgpus;
	struct ent_seat *seat;
	size_t count, i;
	int err;

	err = ovgpu_vgpu_list(round->cli->ovgpu, &vgpus, &count);
	if (err)
		return err;
	for (i = 0; i < count; i++)
		if (vgpus[i]->tenant[0])
			look_at_vgpu(round, vgpus[i]);
	ovgpu_free(vgpus);
	for (i = 0; i < round->count; i++) {
		seat = &round->seats[i];
		/* It is gone, or another's. */
		if (!seat->seen && seat->open) {
			seat->open = false;
			seat->renew = seat->borrowed ? seat->renew : round->now;
		}
	}
	return 0;
}

/* --------------------------------------------------------------- requests */

/* What is to be asked now; false: nothing. */
static bool due(const struct ent_round *round, const struct ent_token *token,
		struct ent_seat *seat, enum ent_call *call)
{
	if (seat->renew > round->now || ent_token_of(round, seat->pool) != token)
		return false;
	/* From now on it is a lease as any. */
	if (seat->borrowed && round->now >= seat->until - ENT_LAST)
		seat->borrowed = 0;
	if (!seat->id[0]) {
		*call = seat->open || seat->borrowed || seat->asked ? ENT_ASK : ENT_TRY;
		return *call == ENT_ASK || (denies(round) && seat->seen);
	}
	*call = seat->open || seat->borrowed ? ENT_RENEW : ENT_RETURN;
	return true;
}

static void note_asked(const struct ent_round *round, struct ent_seat *seat, int64_t sent)
{
	/* It may be an earlier answer that was lost, of a longer lease. */
	int64_t until = sent + PATIENCE + ent_ttl(round, seat);

	if (!seat->asked || until > seat->asked_until)
		seat->asked_until = until;
	seat->asked = true;
}

/* Without a place to note them, seats are not asked for. Those that are there go on. */
static size_t renewals(struct ent_round *round, struct ent_request *requests, size_t count)
{
	size_t kept = 0, i;

	for (i = 0; i < count; i++) {
		if (requests[i].call != ENT_ASK) {
			requests[kept++] = requests[i];
			continue;
		}
		requests[i].seat->asked = false;
		snprintf(requests[i].message, sizeof(requests[i].message),
			 "/" ENT_STATE " can't be written");
		ent_answer(round, &requests[i], round->now);
	}
	return kept;
}

/*
 * One batch, until the time is up. Returns how many were asked, and whether all have an
 * answer.
 */
static size_t ask_some(struct ent_round *round, const struct ent_token *token, int64_t until,
		       bool *answered)
{
	struct ent_request requests[BATCH] = { 0 };
	size_t count = 0, i;
	int64_t sent;

	for (i = 0; i < round->count && count < BATCH; i++) {
		requests[count].seat = &round->seats[i];
		count += due(round, token, &round->seats[i], &requests[count].call);
	}
	if (!count)
		return 0;
	look_at_clocks(round);
	sent = round->now;
	/* If the answer is lost, the seat is still to be returned some day. */
	for (i = 0; i < count; i++)
		if (requests[i].call == ENT_ASK)
			note_asked(round, requests[i].seat, sent);
	if (ent_save(round))
		count = renewals(round, requests, count);
	ent_ask(round, token, requests, count, until);
	look_at_clocks(round);
	*answered = true;
	for (i = 0; i < count; i++) {
		*answered &= requests[i].status != 0;
		ent_answer(round, &requests[i], sent);
	}
	return count;
}

/* The rest waits as long as those that got no answer. */
static void put_off(struct ent_round *round, const struct ent_token *token)
{
	struct ent_request request = { .message = "there was no answer for another vGPU" };
	size_t i;

	for (i = 0; i < round->count; i++)
		if (due(round, token, &round->seats[i], &request.call)) {
			request.seat = &round->seats[i];
			ent_answer(round, &request, round->now);
		}
}

static void ask_all(struct ent_round *round, const struct ent_token *token)
{
	bool answered = true;
	int64_t until = round->now + PATIENCE;
	size_t most = PASSES * (round->count / BATCH + 1);

	/* Others want to be asked, too: the rest is for the next round. */
	while (most-- && answered && round->now < until &&
	       ask_some(round, token, until, &answered))
		;
	if (!answered)
		put_off(round, token);
}

/* A token that is not good for anything asks nobody. */
static void refuse_all(struct ent_round *round, const struct ent_token *token)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (ent_token_of(round, round->seats[i].pool) == token) {
			ent_refuse(&round->seats[i], token->reason, token->message);
			round->seats[i].renew = round->now + ENT_LOOK;
		}
}

/* ------------------------------------------------------------- consequences */

static void tell(const struct ent_seat *seat, enum ent_state state)
{
	cli_note("vGPU %s of %s: %s%s%s%s%s", seat->uuid, shown(seat->pool).text,
		 ent_state_name(state), seat->reason[0] ? ": " : "", seat->reason,
		 seat->message[0] ? ": " : "", seat->message);
}

/* Whether a file is no token today, and nobody knows whose seats it is about. */
static bool is_unsure(const struct ent_round *round)
{
	size_t i;

	for (i = 0; i < round->token_count; i++)
		if (!round->tokens[i].pool[0])
			return true;
	return false;
}

/* The vGPU is another tenant's now, whose seat says what ceilings it has. */
static struct ent_seat *successor(struct ent_round *round, const struct ent_seat *seat)
{
	struct ent_seat *next;
	size_t i;

	for (i = 0; i < round->count; i++) {
		next = &round->seats[i];
		if (next != seat && (next->open || (next->seen && denies(round))) &&
		    !strcmp(next->uuid, seat->uuid))
			return next;
	}
	return NULL;
}

/* Whether the seat is still one to look after. */
static bool act(struct ent_round *round, struct ent_seat *seat)
{
	enum ent_state state = ent_state_of(round, seat);
	bool counted = ent_token_of(round, seat->pool) ||
		       (!is_over(round, seat) && is_unsure(round));
	bool closed = state == ENT_ADMITTED || state == ENT_DENIED;
	struct ent_seat *next;

	if (closed && !(denies(round) && seat->seen))
		counted = false;
	if (!counted || state == ENT_RETURNED) {
		next = successor(round, seat);
		if (next)
			ent_hand_over(seat, next);
		else
			ent_lift(round, seat);
	}
	if (!counted)
		return false;
	if (state != ENT_RETURNED)
		ent_limit(round, seat, state);
	/* That one can be opened is no news, unless it could not. */
	if (seat->told != (int)state && (state != ENT_ADMITTED || seat->told == ENT_DENIED))
		tell(seat, state);
	seat->told = (int)state;
	return true;
}

/* On all seats of a token; NULL: on those that none is for. */
static void act_on(struct ent_round *round, const struct ent_token *token)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (ent_token_of(round, round->seats[i].pool) == token)
			round->seats[i].kept = act(round, &round->seats[i]);
}

/**
 * ent_round - a round
 * @round: of ent_begin(), with the lock
 *
 * Return: 0 or a negative errno: the vGPUs can't be looked at, or what became of it
 * can't be written down.
 */
int ent_round(struct ent_round *round)
{
	size_t i, kept = 0;
	int err;

	err = look(round);
	if (err)
		return err;
	act_on(round, NULL);
	for (i = 0; i < round->token_count; i++) {
		struct ent_token *token = &round->tokens[i];

		if (token->reason[0])
			refuse_all(round, token);
		else if (token->url_count)
			ask_all(round, token);
		else
			ent_local(round, token);
		look_at_clocks(round);
		/* Nobody waits for the servers of others. */
		act_on(round, token);
	}
	for (i = 0; i < round->count; i++)
		if (round->seats[i].kept)
			round->seats[kept++] = round->seats[i];
	round->count = kept;
	return ent_save(round);
}
