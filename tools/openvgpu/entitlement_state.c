// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_state.c - what is known of seats, in a file
 *
 * Its times are of CLOCK_BOOTTIME, which begins anew with the machine. Over that the
 * time of the day has to do: a lease lasts as much shorter as that says, and none
 * that it says was written in the future.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entitlement.h"

#define LOCK	ENT_STATE_FOLDER "/entitlement.lock"

/**
 * ent_number - a number of a JSON object
 * @object: object
 * @key: its name
 *
 * Return: the number; 0: there is none.
 */
int64_t ent_number(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
}

/**
 * ent_text - a text of a JSON object
 * @object: object
 * @key: its name
 *
 * Return: the text; empty: there is none.
 */
const char *ent_text(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static bool flag(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

/**
 * ent_uptime - the clock of leases
 *
 * Return: s of CLOCK_BOOTTIME.
 */
int64_t ent_uptime(void)
{
	return (int64_t)(cli_now(CLOCK_BOOTTIME) / 1000000000);
}

/**
 * ent_write - write a file that only root reads: all of it, or nothing
 * @cli: the run
 * @path: of the file, below the root
 * @text: what to write
 *
 * Return: 0 or a negative errno.
 */
int ent_write(const struct cli *cli, const char *path, const char *text)
{
	int root = ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), fd, err = 0;
	size_t length = strlen(text);
	char new[PATH_MAX];

	snprintf(new, sizeof(new), "%s.new", path);
	fd = openat(root, new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		err = -EIO;
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(root, new, root, path))
		err = -errno;
	if (err)
		unlinkat(root, new, 0);
	return err;
}

/**
 * ent_lock - one at a time makes a round
 * @cli: the run
 * @patience: s that it may take; ENT_PATIENT: as long as it takes
 *
 * Return: a descriptor to close after it, or a negative errno: -EBUSY when patience
 * ended.
 */
int ent_lock(const struct cli *cli, int64_t patience)
{
	int64_t began = ent_uptime();
	int root = ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), fd, err;

	if (mkdirat(root, ENT_STATE_FOLDER, 0755) && errno != EEXIST)
		return -errno;
	fd = openat(root, LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, patience == ENT_PATIENT ? LOCK_EX : LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? -EBUSY : errno == EINTR ? 0 : -EIO;
		if (err == -EIO || ent_uptime() - began >= patience) {
			close(fd);
			return err ?: -EBUSY;
		}
		if (err)
			usleep(100000);
	}
	return fd;
}

/**
 * ent_seat_find - the seat of a vGPU
 * @round: with seats
 * @uuid: vGPU
 * @pool: tenant
 *
 * Return: the seat; NULL: there is none.
 */
struct ent_seat *ent_seat_find(struct ent_round *round, const char *uuid, const char *pool)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (!strcmp(round->seats[i].uuid, uuid) && !strcmp(round->seats[i].pool, pool))
			return &round->seats[i];
	return NULL;
}

/**
 * ent_seat_add - a vGPU needs a seat
 * @round: receives it
 * @uuid: vGPU
 * @pool: tenant
 *
 * Pointers to other seats are not good any more.
 *
 * Return: the seat; NULL: there is no memory, or there are too many.
 */
struct ent_seat *ent_seat_add(struct ent_round *round, const char *uuid, const char *pool)
{
	struct ent_seat *seats, *seat;

	if (round->count == ENT_SEATS_MAX)
		return NULL;
	seats = reallocarray(round->seats, round->count + 1, sizeof(*seats));
	if (!seats)
		return NULL;
	round->seats = seats;
	seat = &seats[round->count++];
	memset(seat, 0, sizeof(*seat));
	snprintf(seat->uuid, sizeof(seat->uuid), "%s", uuid);
	snprintf(seat->pool, sizeof(seat->pool), "%s", pool);
	seat->told = -1;
	return seat;
}

static void boot_id(const struct cli *cli, char id[OVGPU_NAME_SIZE])
{
	ovgpu_read(cli->ovgpu, OVGPU_PROC, id, OVGPU_NAME_SIZE, "sys/kernel/random/boot_id");
}

static int64_t moved(int64_t time, int64_t by)
{
	int64_t sum;

	return time == ENT_ENDED || __builtin_add_overflow(time, by, &sum) ? ENT_ENDED : sum;
}

static void read_seat(struct ent_round *round, struct json_object *object, int64_t by,
		      bool same_boot)
{
	char uuid[OVGPU_UUID_SIZE];
	struct ent_seat *seat;

	if (ovgpu_uuid_parse(ent_text(object, "vgpu"), uuid) || !ent_text(object, "pool")[0])
		return;
	seat = ent_seat_add(round, uuid, ent_text(object, "pool"));
	if (!seat)
		return;
	snprintf(seat->id, sizeof(seat->id), "%s", ent_text(object, "id"));
	snprintf(seat->series, sizeof(seat->series), "%s", ent_text(object, "series"));
	snprintf(seat->reason, sizeof(seat->reason), "%s", ent_text(object, "reason"));
	snprintf(seat->message, sizeof(seat->message), "%s", ent_text(object, "message"));
	seat->framebuffer_mib = ent_number(object, "framebuffer_mib");
	seat->compute_slices = ent_number(object, "compute_slices");
	seat->expires = moved(ent_number(object, "expires"), by);
	/* What was to be asked later is asked at once: the clock may have been wrong. */
	seat->renew = same_boot ? ent_number(object, "renew") : 0;
	seat->since = moved(ent_number(object, "since"), by);
	seat->open = flag(object, "open");
	seat->asked = flag(object, "asked");
	seat->asked_until = moved(ent_number(object, "asked_until"), by);
	seat->borrowed = (unsigned int)ent_number(object, "borrowed");
	seat->until = moved(ent_number(object, "until"), by);
	seat->failures = (unsigned int)ent_number(object, "failures");
	seat->noticed = flag(object, "noticed");
	seat->cap = (unsigned int)ent_number(object, "cap");
	seat->frame_rate = (unsigned int)ent_number(object, "frame_rate");
	seat->barred = flag(object, "barred");
	seat->told = same_boot ? (int)ent_number(object, "told") : -1;
}

static void read_state(struct ent_round *round, struct json_object *object)
{
	int64_t boottime = ent_number(object, "boottime"), today = ent_number(object, "today");
	struct json_object *seats = NULL;
	char id[OVGPU_NAME_SIZE];
	bool same_boot;
	int64_t by = 0;
	size_t i;

	boot_id(round->cli, id);
	same_boot = !strcmp(id, ent_text(object, "boot_id"));
	round->written = boottime;
	if (!same_boot) {
		/* How long ago it was, off and on together. */
		by = round->today < today ? ENT_ENDED :
		     round->now - boottime - (round->today - today);
		round->written = 0;
	}
	json_object_object_get_ex(object, "seats", &seats);
	if (!json_object_is_type(seats, json_type_array))
		return;
	if (same_boot)
		round->saved = strdup(json_object_to_json_string_ext(seats,
								     JSON_C_TO_STRING_PLAIN));
	for (i = 0; i < json_object_array_length(seats); i++)
		read_seat(round, json_object_array_get_idx(seats, i), by, same_boot);
}

/**
 * ent_load - what is known of seats
 * @round: receives it
 *
 * What can't be understood is forgotten: the server gives each vGPU the seat again
 * that it has.
 *
 * Return: 0, or -EACCES.
 */
int ent_load(struct ent_round *round)
{
	struct json_object *object;
	char wrong[OVGPU_TEXT_SIZE];
	int fd, err;

	fd = ovgpu_open_file(round->cli->ovgpu, OVGPU_ROOT, ENT_STATE);
	if (fd < 0)
		return fd == -EACCES ? fd : 0;
	err = json_read(fd, ENT_SEATS_MAX * 1024, &object, wrong, sizeof(wrong));
	close(fd);
	if (err) {
		cli_note("/" ENT_STATE " %s: it is begun anew", wrong);
		return 0;
	}
	read_state(round, object);
	json_object_put(object);
	return 0;
}

static struct json_object *seat_json(const struct ent_seat *seat)
{
	struct json_object *object = json_object_new_object();

	json_set_text(object, "vgpu", seat->uuid);
	json_set_text(object, "pool", seat->pool);
	json_set_text(object, "id", seat->id);
	json_set_text(object, "series", seat->series);
	json_set_text(object, "reason", seat->reason);
	json_set_text(object, "message", seat->message);
	json_set_number(object, "framebuffer_mib", seat->framebuffer_mib);
	json_set_number(object, "compute_slices", seat->compute_slices);
	json_set(object, "expires", json_object_new_int64(seat->expires));
	json_set(object, "renew", json_object_new_int64(seat->renew));
	json_set(object, "since", json_object_new_int64(seat->since));
	json_set(object, "open", json_object_new_boolean(seat->open));
	json_set(object, "asked", json_object_new_boolean(seat->asked));
	json_set(object, "asked_until", json_object_new_int64(seat->asked_until));
	json_set_number(object, "borrowed", seat->borrowed);
	json_set(object, "until", json_object_new_int64(seat->until));
	json_set_number(object, "failures", seat->failures);
	json_set(object, "noticed", json_object_new_boolean(seat->noticed));
	json_set_number(object, "cap", seat->cap);
	json_set_number(object, "frame_rate", seat->frame_rate);
	json_set(object, "barred", json_object_new_boolean(seat->barred));
	json_set(object, "told", json_object_new_int64(seat->told));
	return object;
}

/* Now and then also what is the same: of when it is says whether there is an agent. */
static bool is_saved(const struct ent_round *round, const char *seats)
{
	return round->saved && !strcmp(round->saved, seats) && round->written &&
	       round->now >= round->written && round->now < round->written + ENT_LOOK;
}

/**
 * ent_save - write down what is known of seats: all of it, or nothing
 * @round: with seats
 *
 * Return: 0 or a negative errno.
 */
int ent_save(struct ent_round *round)
{
	struct json_object *object, *seats = json_object_new_array();
	char id[OVGPU_NAME_SIZE];
	const char *text;
	size_t i;
	int err;

	for (i = 0; i < round->count; i++)
		json_object_array_add(seats, seat_json(&round->seats[i]));
	text = json_object_to_json_string_ext(seats, JSON_C_TO_STRING_PLAIN);
	if (is_saved(round, text)) {
		json_object_put(seats);
		return 0;
	}
	free(round->saved);
	round->saved = strdup(text);
	object = json_start();
	boot_id(round->cli, id);
	json_set_text(object, "boot_id", id);
	json_set(object, "boottime", json_object_new_int64(round->now));
	json_set(object, "today", json_object_new_int64(round->today));
	json_set(object, "seats", seats);
	err = ent_write(round->cli, ENT_STATE,
			json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	round->written = err ? 0 : round->now;
	return err;
}
