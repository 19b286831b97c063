// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_limit.c - ceilings of vGPUs without a seat
 *
 * The module knows ceilings only, and nothing of seats. The attribute notice says
 * whether they are of the agent: others' it does not touch.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "entitlement.h"

/*
 * What is there already is not written: each write is an event and a line in the log.
 * False: it is not what it should be.
 */
static bool put(const struct ent_round *round, const struct ent_seat *seat,
		enum ovgpu_vgpu_setting index, const char *value)
{
	const struct ovgpu_setting *setting = ovgpu_setting(OVGPU_VGPU, index);
	char now[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE];
	int err;

	err = ovgpu_setting_read(round->cli->ovgpu, OVGPU_VGPU, seat->uuid, setting, now,
				 sizeof(now), NULL, 0);
	/* An older module has it not, and a GPU without engines no cap. */
	if (err)
		return err == -ENOENT;
	if (!strcmp(now, value))
		return true;
	err = ovgpu_setting_write(round->cli->ovgpu, OVGPU_VGPU, seat->uuid, setting, value,
				  reason, sizeof(reason));
	if (err)
		cli_note("vGPU %s: %s=%s: %s", seat->uuid, setting->name, value,
			 reason[0] ? shown(reason).text : ovgpu_strerror(err));
	return !err;
}

static bool put_number(const struct ent_round *round, const struct ent_seat *seat,
		       enum ovgpu_vgpu_setting index, unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return put(round, seat, index, text);
}

static void notice(const struct ent_round *round, const struct ent_seat *seat,
		   char text[OVGPU_NAME_SIZE])
{
	text[0] = '\0';
	ovgpu_setting_read(round->cli->ovgpu, OVGPU_VGPU, seat->uuid,
			   ovgpu_setting(OVGPU_VGPU, OVGPU_NOTICE), text, OVGPU_NAME_SIZE, NULL, 0);
}

/*
 * The notice first, and for as long as one of the ceilings may be there: an agent that
 * is killed in between lifts by it what it has put there.
 */
static void lower(const struct ent_round *round, const struct ent_seat *seat)
{
	if (!put(round, seat, OVGPU_NOTICE, "limited"))
		return;
	put_number(round, seat, OVGPU_CAP_CEILING_PERCENT, round->settings.cap_percent);
	put_number(round, seat, OVGPU_FRAME_RATE_CEILING, round->settings.frame_rate);
}

static void raise_to(const struct ent_round *round, const struct ent_seat *seat,
		     const char *word)
{
	char now[OVGPU_NAME_SIZE];
	bool lifted = true;

	notice(round, seat, now);
	if (!strcmp(now, "limited")) {
		lifted = put_number(round, seat, OVGPU_CAP_CEILING_PERCENT, 100);
		lifted &= put_number(round, seat, OVGPU_FRAME_RATE_CEILING, 0);
	}
	if (now[0] && lifted)
		put(round, seat, OVGPU_NOTICE, word);
}

/**
 * ent_limit - ceilings and notice of a vGPU, as its state and the settings want it
 * @round: round
 * @seat: of the vGPU
 * @state: how it stands
 */
void ent_limit(const struct ent_round *round, const struct ent_seat *seat,
	       enum ent_state state)
{
	if (round->settings.limit && state == ENT_LIMITED)
		lower(round, seat);
	else
		raise_to(round, seat, round->settings.limit && state == ENT_GRACE ?
			 "grace" : "none");
}

/**
 * ent_lift - no ceilings, and no notice
 * @round: round
 * @seat: of the vGPU, which may be gone
 */
void ent_lift(const struct ent_round *round, const struct ent_seat *seat)
{
	raise_to(round, seat, "none");
}
