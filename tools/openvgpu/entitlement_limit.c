// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_limit.c - ceilings and admission of vGPUs without a seat
 *
 * The module knows these only, and nothing of seats. The state says which of them the
 * agent has put there, and the attribute notice that it has: others' it does not touch.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entitlement.h"

static const struct ovgpu_setting *setting_of(enum ovgpu_vgpu_setting index)
{
	return ovgpu_setting(OVGPU_VGPU, index);
}

static int get(const struct ent_round *round, const struct ent_seat *seat,
	       enum ovgpu_vgpu_setting index, char text[OVGPU_NAME_SIZE])
{
	return ovgpu_setting_read(round->cli->ovgpu, OVGPU_VGPU, seat->uuid, setting_of(index),
				  text, OVGPU_NAME_SIZE, NULL, 0);
}

static int put(const struct ent_round *round, const struct ent_seat *seat,
	       enum ovgpu_vgpu_setting index, const char *value)
{
	char reason[OVGPU_TEXT_SIZE];
	int err;

	err = ovgpu_setting_write(round->cli->ovgpu, OVGPU_VGPU, seat->uuid, setting_of(index),
				  value, reason, sizeof(reason));
	if (err)
		cli_note("vGPU %s: %s=%s: %s", seat->uuid, setting_of(index)->name, value,
			 reason[0] ? shown(reason).text : ovgpu_strerror(err));
	return err;
}

static int put_number(const struct ent_round *round, const struct ent_seat *seat,
		      enum ovgpu_vgpu_setting index, unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return put(round, seat, index, text);
}

/* What is there already is not written: each write is an event and a line in the log. */
static bool put_notice(const struct ent_round *round, const struct ent_seat *seat,
		       const char *word)
{
	char now[OVGPU_NAME_SIZE];
	int err = get(round, seat, OVGPU_NOTICE, now);

	if (err)
		return err == -ENOENT;
	return !strcmp(now, word) || !put(round, seat, OVGPU_NOTICE, word);
}

/*
 * struct ceiling - one of both
 * @index: the attribute
 * @free: its value without a ceiling
 * @wanted: for a vGPU without a seat
 * @ours: what the agent has put there; 0: nothing; ENT_REFUSED: it can't
 */
struct ceiling {
	enum ovgpu_vgpu_setting index;
	unsigned int free;
	unsigned int wanted;
	unsigned int *ours;
};

/* What is there; false: an older module has it not, and a GPU without engines no cap. */
static bool get_ceiling(const struct ent_round *round, const struct ent_seat *seat,
			const struct ceiling *ceiling, unsigned int *now, int *err)
{
	char text[OVGPU_NAME_SIZE];

	*err = get(round, seat, ceiling->index, text);
	*now = (unsigned int)strtoul(text, NULL, 10);
	return !*err;
}

/* A stricter one of the administrator's stays, and is never lifted. */
static void lower_one(const struct ent_round *round, const struct ent_seat *seat,
		      const struct ceiling *ceiling)
{
	unsigned int now;
	int err;

	if (*ceiling->ours == ENT_REFUSED || !get_ceiling(round, seat, ceiling, &now, &err))
		return;
	if (now != *ceiling->ours)
		*ceiling->ours = 0;
	if (now == ceiling->wanted ||
	    (now != ceiling->free && now < ceiling->wanted && !*ceiling->ours))
		return;
	err = put_number(round, seat, ceiling->index, ceiling->wanted);
	if (!err || err == -EOPNOTSUPP)
		*ceiling->ours = err ? ENT_REFUSED : ceiling->wanted;
}

/* Whether there is none of the agent's any more. */
static bool lift_one(const struct ent_round *round, const struct ent_seat *seat,
		     const struct ceiling *ceiling)
{
	unsigned int now;
	int err;

	if (!*ceiling->ours || *ceiling->ours == ENT_REFUSED)
		return true;
	if (!get_ceiling(round, seat, ceiling, &now, &err) && err != -ENOENT)
		return false;
	if (!err && now == *ceiling->ours &&
	    put_number(round, seat, ceiling->index, ceiling->free))
		return false;
	*ceiling->ours = 0;
	return true;
}

static void both(const struct ent_round *round, struct ent_seat *seat,
		 struct ceiling ceilings[2])
{
	ceilings[0] = (struct ceiling) {
		OVGPU_CAP_CEILING_PERCENT, 100, round->settings.cap_percent, &seat->cap
	};
	ceilings[1] = (struct ceiling) {
		OVGPU_FRAME_RATE_CEILING, 0, round->settings.frame_rate, &seat->frame_rate
	};
}

static bool is_refused(const struct ent_round *round, const struct ent_seat *seat)
{
	char now[OVGPU_NAME_SIZE];

	return !get(round, seat, OVGPU_ADMISSION, now) && !strcmp(now, "refuse");
}

/*
 * Killed before that was written down, or all of it was lost: by the notice, the
 * ceilings are the agent's if they are those that it puts there, and so is the admission.
 */
static void recognize(const struct ent_round *round, struct ent_seat *seat)
{
	char now[OVGPU_NAME_SIZE];

	if (round->settings.enforce == CONFIG_OBSERVE || seat->noticed ||
	    get(round, seat, OVGPU_NOTICE, now))
		return;
	seat->noticed = strcmp(now, "none");
	if (strcmp(now, "limited"))
		return;
	seat->cap = round->settings.cap_percent;
	seat->frame_rate = round->settings.frame_rate;
	seat->barred = is_refused(round, seat);
}

/*
 * The notice first, and for as long as one of the ceilings may be there: an agent that
 * is killed in between lifts by it what it has put there.
 */
static void lower(const struct ent_round *round, struct ent_seat *seat)
{
	struct ceiling ceilings[2];
	int i;

	if (!put_notice(round, seat, "limited"))
		return;
	seat->noticed = true;
	both(round, seat, ceilings);
	for (i = 0; i < 2; i++)
		lower_one(round, seat, &ceilings[i]);
}

static bool lift_both(const struct ent_round *round, struct ent_seat *seat)
{
	struct ceiling ceilings[2];
	bool lifted = true;
	int i;

	both(round, seat, ceilings);
	for (i = 0; i < 2; i++)
		lifted &= lift_one(round, seat, &ceilings[i]);
	return lifted;
}

/* One that an administrator refuses is left alone. */
static void bar(const struct ent_round *round, struct ent_seat *seat)
{
	if (!put_notice(round, seat, "limited"))
		return;
	seat->noticed = true;
	lift_both(round, seat);
	if (!is_refused(round, seat))
		seat->barred = !put(round, seat, OVGPU_ADMISSION, "refuse");
}

/* Whether the agent refuses nobody any more. */
static bool unbar(const struct ent_round *round, struct ent_seat *seat)
{
	if (seat->barred && is_refused(round, seat) &&
	    put(round, seat, OVGPU_ADMISSION, "allow"))
		return false;
	seat->barred = false;
	return true;
}

static void raise_to(const struct ent_round *round, struct ent_seat *seat, const char *word)
{
	bool lifted = lift_both(round, seat);

	lifted &= unbar(round, seat);
	if (!lifted || (!seat->noticed && !strcmp(word, "none")))
		return;
	if (put_notice(round, seat, word))
		seat->noticed = strcmp(word, "none");
}

/**
 * ent_limit - ceilings, admission and notice of a vGPU, as its state and the settings
 * want it
 * @round: round
 * @seat: of the vGPU
 * @state: how it stands
 */
void ent_limit(const struct ent_round *round, struct ent_seat *seat, enum ent_state state)
{
	enum config_enforce enforce = round->settings.enforce;
	const char *word = "none";

	recognize(round, seat);
	if (enforce != CONFIG_OBSERVE && state == ENT_GRACE)
		word = "grace";
	/* It stays open, and once it is closed it can't be opened. */
	if (enforce == CONFIG_DENY_NEW && state == ENT_LIMITED)
		word = "limited";
	if (enforce == CONFIG_LIMIT && state == ENT_LIMITED)
		lower(round, seat);
	else if (enforce == CONFIG_DENY_NEW && state == ENT_DENIED)
		bar(round, seat);
	else
		raise_to(round, seat, word);
}

/**
 * ent_lift - no ceilings, no notice, and anybody may open it
 * @round: round
 * @seat: of the vGPU, which may be gone
 */
void ent_lift(const struct ent_round *round, struct ent_seat *seat)
{
	recognize(round, seat);
	raise_to(round, seat, "none");
}

/**
 * ent_hand_over - ceilings, admission and notice are looked after for another seat of the vGPU
 * @from: seat
 * @to: the other one
 */
void ent_hand_over(struct ent_seat *from, struct ent_seat *to)
{
	to->cap = to->cap ?: from->cap;
	to->frame_rate = to->frame_rate ?: from->frame_rate;
	to->barred |= from->barred;
	to->noticed |= from->noticed;
	from->cap = 0;
	from->frame_rate = 0;
	from->barred = false;
	from->noticed = false;
}
