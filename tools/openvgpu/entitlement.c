// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement.c - openvgpu entitlement: the agent, and what people ask and tell it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "entitlement.h"

#define COLUMNS		5
#define SECOND		UINT64_C(1000000000)	/* ns */
#define PATIENCE	60	/* s that a command waits for the agent */
#define STALE		(3 * ENT_LOOK)	/* s: no agent writes any more */

static enum cli_exit fail_state(const struct cli *cli, int err)
{
	return cli_fail(cli, cli_exit_of_errno(err), "cannot look after seats in /%s: %s%s",
			ENT_STATE_FOLDER, ovgpu_strerror(err),
			err == -EACCES ? ": run as root" : "");
}

/* ------------------------------------------------------------------- agent */

/* s until something is to be asked, or looked at. */
static int64_t pause_of(const struct ent_round *round)
{
	int64_t wait = ENT_LOOK;
	size_t i;

	for (i = 0; i < round->count; i++)
		if (round->seats[i].renew - round->now < wait)
			wait = round->seats[i].renew - round->now;
	return wait > 1 ? wait : 1;
}

static int one_round(const struct cli *cli, int64_t *wait)
{
	int lock = ent_lock(cli, ENT_PATIENT), err;
	struct ent_round round;

	*wait = ENT_LOOK;
	if (lock < 0)
		return lock;
	err = ent_begin(cli, &round);
	err = err ?: ent_round(&round);
	if (!err)
		*wait = pause_of(&round);
	ent_end(&round);
	close(lock);
	return err;
}

/*
 * Whether there is something to look at; which vGPUs these are a round finds out by
 * itself. Notices are the agent's own.
 */
static bool drain(struct ovgpu_events *events)
{
	struct ovgpu_event *event;
	bool seen = false;
	int err;

	while (!(err = ovgpu_events_next(events, &event)) || err == -ENOBUFS) {
		seen |= err || event->kind != OVGPU_EVENT_NOTICE;
		if (!err)
			ovgpu_free(event);
	}
	return seen || err != -EAGAIN;
}

/* Until the next round; false: the agent is to end. */
static bool rest(struct ovgpu_events *events, int signals, int64_t wait)
{
	uint64_t now = cli_now(CLOCK_MONOTONIC);
	enum cli_waited waited;

	/* Whatever happens, that much is left of the processor. */
	waited = cli_wait(-1, signals, now + SECOND);
	while (waited != WAITED_END && !drain(events)) {
		waited = cli_wait(ovgpu_events_fd(events), signals, now + wait * SECOND);
		if (waited == WAITED_TIME)
			break;
	}
	return waited != WAITED_END;
}

/**
 * command_entitlement_agent - look after the seats of this host's vGPUs
 * @cli: the run; once: one round
 *
 * Return: exit status.
 */
enum cli_exit command_entitlement_agent(struct cli *cli)
{
	struct ovgpu_events *events = NULL;
	int signals, err;
	int64_t wait;

	if (cli->once) {
		err = one_round(cli, &wait);
		return err ? fail_state(cli, err) : CLI_OK;
	}
	err = ovgpu_events_open(&events);
	if (err)
		return cli_fail_errno(cli, err, "follow the kernel's events");
	signals = cli_end_signals();
	do {
		err = one_round(cli, &wait);
		/* A full disk, or a module that is loaded anew: it goes on. */
		if (err)
			fail_state(cli, err);
	} while (rest(events, signals, wait));
	ovgpu_events_close(events);
	return CLI_OK;
}

/* ------------------------------------------------------------------ status */

static bool is_stale(const struct ent_round *round)
{
	return !round->written || round->now - round->written > STALE;
}

static int64_t lasts(const struct ent_round *round, const struct ent_seat *seat)
{
	return seat->id[0] && seat->expires > round->now ? seat->expires - round->now : 0;
}

static struct json_object *token_json(const struct ent_token *token)
{
	struct json_object *object = json_object_new_object(), *urls = json_object_new_array();
	unsigned int i;

	for (i = 0; i < token->url_count; i++)
		json_object_array_add(urls, json_text(token->urls[i]));
	json_set_text(object, "file", token->file);
	json_set_text(object, "pool", token->pool);
	json_set(object, "host", token->host[0] ? json_text(token->host) : NULL);
	json_set(object, "expires", json_object_new_int64(token->expires));
	json_set(object, "urls", urls);
	json_set(object, "vgpus", token->vgpus ? json_object_new_int64(token->vgpus) : NULL);
	json_set(object, "reason", token->reason[0] ? json_text(token->reason) : NULL);
	json_set(object, "message", token->message[0] ? json_text(token->message) : NULL);
	return object;
}

static struct json_object *seat_json(const struct ent_round *round, const struct ent_seat *seat)
{
	struct json_object *object = json_object_new_object();

	json_set_text(object, "uuid", seat->uuid);
	json_set_text(object, "tenant", seat->pool);
	json_set_text(object, "state", ent_state_name(ent_state_of(round, seat)));
	json_set_number(object, "expires_in", lasts(round, seat));
	json_set_number(object, "borrowed_days", seat->borrowed);
	json_set(object, "reason", seat->reason[0] ? json_text(seat->reason) : NULL);
	json_set(object, "message", seat->message[0] ? json_text(seat->message) : NULL);
	return object;
}

static void print_json(const struct ent_round *round)
{
	struct json_object *object = json_start(), *tokens = json_object_new_array();
	struct json_object *vgpus = json_object_new_array();
	size_t i;

	json_set_text(object, "host", round->host);
	json_set_text(object, "enforce", !round->token_count ? "off" :
		      config_enforce_name(round->settings.enforce));
	json_set(object, "agent", json_object_new_boolean(!is_stale(round)));
	for (i = 0; i < round->token_count; i++)
		json_object_array_add(tokens, token_json(&round->tokens[i]));
	json_set(object, "tokens", tokens);
	for (i = 0; i < round->count; i++)
		json_object_array_add(vgpus, seat_json(round, &round->seats[i]));
	json_set(object, "vgpus", vgpus);
	json_print(object);
}

static void print_text(const struct ent_round *round)
{
	static const char *const meanings[] = {
		[CONFIG_OBSERVE] = "vGPUs without a seat are only told of",
		[CONFIG_LIMIT] = "vGPUs without a seat have ceilings",
		[CONFIG_DENY_NEW] = "vGPUs without a seat can't be opened",
	};
	enum config_enforce enforce = round->settings.enforce;
	struct table table = { 0 };
	struct shown why, ends;
	size_t i;

	printf("host %s, %s: %s\n", round->host,
	       round->token_count ? config_enforce_name(enforce) : "off",
	       round->token_count ? meanings[enforce] : "there is no token in /" ENT_FOLDER);
	if (round->token_count && is_stale(round))
		puts("no agent looks after seats: systemctl enable --now openvgpu-entitlement");
	for (i = 0; i < round->token_count; i++)
		if (round->tokens[i].reason[0])
			printf("token %s: %s: %s\n", shown(round->tokens[i].file).text,
			       round->tokens[i].reason, round->tokens[i].message);
	table_row(&table, COLUMNS, "UUID", "TENANT", "STATE", "ENDS-IN", "WHY");
	for (i = 0; i < round->count; i++) {
		const struct ent_seat *seat = &round->seats[i];

		ends = show_time(lasts(round, seat) * SECOND);
		snprintf(why.text, sizeof(why.text), "%s%s%s", seat->reason[0] ? seat->reason : "-",
			 seat->message[0] ? ": " : "", seat->message);
		table_row(&table, COLUMNS, seat->uuid, seat->pool,
			  ent_state_name(ent_state_of(round, seat)),
			  lasts(round, seat) ? ends.text : "-", why.text);
	}
	table_print(&table);
	table_free(&table);
}

/* Of all that is not well, the worst. */
static enum cli_exit verdict(const struct ent_round *round)
{
	enum cli_exit code = round->token_count && is_stale(round) ? CLI_FAILURE : CLI_OK;
	size_t i;

	for (i = 0; i < round->token_count; i++)
		if (round->tokens[i].reason[0])
			code = CLI_FAILURE;
	for (i = 0; i < round->count; i++) {
		enum ent_state state = ent_state_of(round, &round->seats[i]);

		if (state == ENT_LIMITED || state == ENT_DENIED)
			return CLI_NO_CAPACITY;
		if (state == ENT_GRACE)
			code = CLI_FAILURE;
	}
	return code;
}

/**
 * command_entitlement_status - print how vGPUs of tenants stand
 * @cli: the run
 *
 * Return: exit status: 5 when one has no seat, 1 when something else is not well.
 */
enum cli_exit command_entitlement_status(struct cli *cli)
{
	enum cli_exit code;
	struct ent_round round;
	int err;

	err = ent_begin(cli, &round);
	if (err) {
		ent_end(&round);
		return fail_state(cli, err);
	}
	if (cli->json)
		print_json(&round);
	else
		print_text(&round);
	code = verdict(&round);
	ent_end(&round);
	return code;
}

/* ---------------------------------------------------------- borrow, return */

/* The seat of a vGPU, made when it has none yet. */
static struct ent_seat *seat_of(struct ent_round *round, const struct ovgpu_vgpu *vgpu)
{
	struct ent_seat *seat = ent_seat_find(round, vgpu->uuid, vgpu->tenant);

	return seat ?: ent_seat_new(round, vgpu);
}

/* After a round: whether the server did what was asked. */
static enum cli_exit told(const struct cli *cli, const struct ent_round *round,
			  const char *uuid, const struct ent_seat *seat, bool good)
{
	struct json_object *object;

	if (!good)
		return cli_fail(cli, seat && !strcmp(seat->reason, "pool-full") ?
				CLI_NO_CAPACITY : CLI_FAILURE, "%s: %s",
				seat && seat->reason[0] ? seat->reason : "server-away",
				seat && seat->message[0] ? seat->message : "it was not asked");
	if (!cli->json) {
		puts(uuid);
		return CLI_OK;
	}
	object = json_start();
	json_set(object, "vgpu", seat ? seat_json(round, seat) : NULL);
	json_print(object);
	return CLI_OK;
}

/* What is borrowed already stays so, and needs no server. */
static void take_back(struct ent_seat *seat, const struct ent_seat *before)
{
	seat->borrowed = before->borrowed;
	seat->until = before->until;
	if (!before->borrowed || strcmp(seat->id, before->id) || seat->expires != before->expires)
		return;
	seat->renew = before->renew;
	seat->failures = before->failures;
	ent_refuse(seat, before->reason, before->message);
}

static enum cli_exit borrow_for(const struct cli *cli, struct ent_round *round,
				const struct ovgpu_vgpu *vgpu)
{
	const struct ent_token *token = ent_token_of(round, vgpu->tenant);
	struct ent_seat *seat, before;
	enum cli_exit code;
	bool good;
	int err;

	if (!vgpu->tenant[0] || !token || !token->url_count)
		return cli_fail(cli, CLI_FAILURE, "vGPU %s needs no server: %s", vgpu->uuid,
				!vgpu->tenant[0] ? "it has no tenant" : !token ?
				"its tenant has no token" : "the quota stands in the token");
	seat = seat_of(round, vgpu);
	if (!seat)
		return fail_state(cli, -ENOMEM);
	before = *seat;
	seat->borrowed = cli->days;
	seat->until = round->now + cli->days * ENT_DAY;
	seat->renew = round->now;
	err = ent_round(round);
	seat = ent_seat_find(round, vgpu->uuid, vgpu->tenant);
	good = !err && seat && seat->id[0] && !seat->reason[0] &&
	       seat->expires > seat->until - ENT_LAST;
	code = err ? fail_state(cli, err) : told(cli, round, vgpu->uuid, seat, good);
	if (seat && !good) {
		take_back(seat, &before);
		ent_save(round);
	}
	return code;
}

static enum cli_exit borrow(const struct cli *cli, struct ent_round *round, const char *uuid)
{
	struct ovgpu_vgpu *vgpu;
	enum cli_exit code;
	int err;

	err = ovgpu_vgpu_get(cli->ovgpu, uuid, &vgpu);
	if (err)
		return cli_fail_vgpu(cli, err, uuid);
	code = borrow_for(cli, round, vgpu);
	ovgpu_free(vgpu);
	return code;
}

/* The vGPU may be gone, or another tenant's. */
static struct ent_seat *borrowed_by(struct ent_round *round, const char *uuid)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (round->seats[i].borrowed && !strcmp(round->seats[i].uuid, uuid))
			return &round->seats[i];
	return NULL;
}

static enum cli_exit give_back(const struct cli *cli, struct ent_round *round, const char *uuid)
{
	struct ent_seat *seat = borrowed_by(round, uuid);
	char pool[OVGPU_NAME_SIZE];
	int err;

	if (!seat)
		return cli_fail(cli, CLI_NOT_FOUND, "vGPU %s has borrowed no seat", uuid);
	strcpy(pool, seat->pool);
	seat->borrowed = 0;
	seat->renew = round->now;
	err = ent_round(round);
	seat = ent_seat_find(round, uuid, pool);
	return err ? fail_state(cli, err) : told(cli, round, uuid, seat, !seat || !seat->reason[0]);
}

static enum cli_exit with_uuid(struct cli *cli,
			       enum cli_exit (*run)(const struct cli *cli, struct ent_round *round,
						    const char *uuid))
{
	char uuid[OVGPU_UUID_SIZE];
	struct ent_round round;
	enum cli_exit code;
	int err, lock;

	if (!cli_uuid(cli, cli->argument, uuid, &code))
		return code;
	lock = ent_lock(cli, PATIENCE);
	if (lock == -EBUSY)
		return cli_fail(cli, CLI_BUSY,
				"the agent has been asking servers for %d s: try again later",
				PATIENCE);
	if (lock < 0)
		return fail_state(cli, lock);
	err = ent_begin(cli, &round);
	code = err ? fail_state(cli, err) : run(cli, &round, uuid);
	ent_end(&round);
	close(lock);
	return code;
}

/**
 * command_entitlement_borrow - keep a seat for days without a server
 * @cli: the run; its argument is a vGPU
 *
 * Return: exit status.
 */
enum cli_exit command_entitlement_borrow(struct cli *cli)
{
	if (!cli->days)
		return cli_fail(cli, CLI_USAGE, "--days is missing: 1 to %d", ENT_DAYS_MAX);
	return with_uuid(cli, borrow);
}

/**
 * command_entitlement_return - a borrowed seat is one as any again
 * @cli: the run; its argument is a vGPU
 *
 * Return: exit status.
 */
enum cli_exit command_entitlement_return(struct cli *cli)
{
	return with_uuid(cli, give_back);
}
