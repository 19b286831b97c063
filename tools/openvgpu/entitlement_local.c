// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_local.c - a quota in the token itself, for hosts without a network
 *
 * It is of one host. What signs tokens is checked here, by openssl and the public key
 * beside the token; its time is the time of the day.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "entitlement.h"
#include "program.h"

#define KEY		ENT_FOLDER "/token.pub"
#define DATA		ENT_STATE_FOLDER "/entitlement.data"
#define SIGNATURE	ENT_STATE_FOLDER "/entitlement.sig"
#define HALF		32	/* bytes of a number of ES256 */
#define EARLY_MAX	300	/* s that clocks may differ, as the server has it */
#define PATIENCE_MS	10000
#define KEY_MAX		4096	/* bytes of it */
#define VERIFIED_MAX	8

/* enum verdict - on a token */
enum verdict {
	GOOD,
	FORGED,		/* or of no use today */
	UNKNOWN,	/* nobody could tell */
};

/* One of both numbers, as DER has them. Returns its length. */
static int put_number(unsigned char *der, const unsigned char *number)
{
	int skip = 0, pad;

	while (skip < HALF - 1 && !number[skip])
		skip++;
	pad = number[skip] >> 7;
	der[0] = 2;
	der[1] = (unsigned char)(HALF - skip + pad);
	der[2] = 0;
	memcpy(der + 2 + pad, number + skip, HALF - skip);
	return 2 + HALF - skip + pad;
}

static bool write_file(const struct ent_round *round, const char *path, const void *bytes,
		       size_t length)
{
	int root = ovgpu_dirfd(round->cli->ovgpu, OVGPU_ROOT);
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, bytes, length) == (ssize_t)length;

	if (fd >= 0)
		close(fd);
	return good;
}

/* What was good stays good, without a run of openssl each round. */
static struct verified {
	char text[ENT_TOKEN_MAX + 1];
	char key[KEY_MAX];
} verified[VERIFIED_MAX];

static bool is_verified(const char *text, const char *key)
{
	size_t i;

	for (i = 0; i < VERIFIED_MAX; i++)
		if (!strcmp(verified[i].text, text) && !strcmp(verified[i].key, key))
			return true;
	return false;
}

static void remember(const char *text, const char *key)
{
	static unsigned int next;

	strcpy(verified[next].text, text);
	strcpy(verified[next].key, key);
	next = (next + 1) % VERIFIED_MAX;
}

/* What openssl says; only one of its answers is that somebody has made it up. */
static enum verdict ask_openssl(const struct ent_round *round, const struct ent_token *token)
{
	const char *from = strrchr(token->text, '.');
	unsigned char der[2 + 2 * (HALF + 3)];
	char path[PATH_MAX], key[PATH_MAX], data[PATH_MAX], signature[PATH_MAX], said[256];
	unsigned char numbers[ENT_TOKEN_MAX];
	char *argv[9] = {
		(char *)"openssl", (char *)"dgst", (char *)"-sha256", (char *)"-verify", key,
		(char *)"-signature", signature, data, NULL
	};
	int length, root = ovgpu_dirfd(round->cli->ovgpu, OVGPU_ROOT), err = -EIO;

	if (ent_decode(from + 1, strlen(from + 1), (char *)numbers) != 2 * HALF)
		return FORGED;
	if (!program_find(round->cli->root, "openssl", path, sizeof(path)))
		return UNKNOWN;
	length = put_number(der + 2, numbers);
	length += put_number(der + 2 + length, numbers + HALF);
	der[0] = 0x30;
	der[1] = (unsigned char)length;
	snprintf(key, sizeof(key), "%s/" KEY, round->cli->root);
	snprintf(data, sizeof(data), "%s/" DATA, round->cli->root);
	snprintf(signature, sizeof(signature), "%s/" SIGNATURE, round->cli->root);
	if (write_file(round, DATA, token->text, from - token->text) &&
	    write_file(round, SIGNATURE, der, length + 2))
		err = program_run(path, argv, said, sizeof(said), PATIENCE_MS);
	unlinkat(root, DATA, 0);
	unlinkat(root, SIGNATURE, 0);
	if (err == 1 && strcasestr(said, "Verification failure"))
		return FORGED;
	return err ? UNKNOWN : GOOD;
}

static enum verdict check_signature(const struct ent_round *round, const struct ent_token *token)
{
	enum verdict verdict;
	char key[KEY_MAX];

	if (ovgpu_read(round->cli->ovgpu, OVGPU_ROOT, key, sizeof(key), KEY) || !key[0])
		return UNKNOWN;
	if (is_verified(token->text, key))
		return GOOD;
	verdict = ask_openssl(round, token);
	if (verdict == GOOD)
		remember(token->text, key);
	return verdict;
}

/* Whether the token is good today. */
static enum verdict check(const struct ent_round *round, struct ent_token *token)
{
	enum verdict verdict;

	if (!token->host[0]) {
		ent_token_refuse(token, "token-host",
				 "a token with a quota is for one host: make it with --host");
		return FORGED;
	}
	verdict = check_signature(round, token);
	if (verdict == FORGED)
		ent_token_refuse(token, "token-forged",
				 "openssl says it is not signed with the key of /" KEY);
	else if (verdict == UNKNOWN)
		ent_token_refuse(token, "check-failed",
				 "openssl can't say whether it is signed with the key of /" KEY);
	if (verdict != GOOD)
		return verdict;
	ent_token_today(round, token);
	if (!token->reason[0] && token->issued > round->today + EARLY_MAX)
		ent_token_refuse(token, "token-early",
				 "it is of the future: this host's clock is behind");
	return token->reason[0] ? FORGED : GOOD;
}

/* Nobody loses a seat, and who has none waits as for a server that is away. */
static void leave(const struct ent_round *round, const struct ent_token *token,
		  struct ent_seat *seat)
{
	seat->renew = round->now + ENT_LOOK;
	if (!seat->open) {
		seat->id[0] = '\0';
		seat->failures = 1;
		ent_refuse(seat, token->reason, token->message);
	} else if (seat->id[0] || !seat->reason[0]) {
		seat->failures = !seat->id[0];
		ent_refuse(seat, token->reason, token->message);
	}
}

/**
 * ent_local - give out the seats that a token has
 * @round: round
 * @token: without a server
 */
void ent_local(struct ent_round *round, struct ent_token *token)
{
	enum verdict verdict = check(round, token);
	bool good = verdict == GOOD;
	struct ent_seat *seat;
	unsigned int used = 0;
	char text[128];
	size_t i;
	int pass;

	/* First those that have one; of closed ones, only whether there would be one. */
	for (pass = 0; pass < 3; pass++)
		for (i = 0; i < round->count; i++) {
			seat = &round->seats[i];
			if (ent_token_of(round, seat->pool) != token ||
			    pass != (!seat->open ? 2 : !strcmp(seat->id, ENT_LOCAL) ? 0 : 1))
				continue;
			if (verdict == UNKNOWN) {
				leave(round, token, seat);
				continue;
			}
			seat->id[0] = '\0';
			seat->asked = false;
			seat->failures = 0;
			seat->renew = round->now + ENT_LOOK;
			if (!good) {
				ent_refuse(seat, token->reason, token->message);
				continue;
			}
			if (used == token->vgpus) {
				snprintf(text, sizeof(text), "the token is for %u vGPUs at a time",
					 token->vgpus);
				ent_refuse(seat, "pool-full", text);
				continue;
			}
			ent_refuse(seat, "", "");
			if (!seat->open)
				continue;
			used++;
			strcpy(seat->id, ENT_LOCAL);
			seat->expires = round->now + token->expires - round->today;
		}
}
