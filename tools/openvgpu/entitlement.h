/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entitlement.h - seats of a quota that hosts share: doc/entitlement.md
 *
 * Between two rounds everything is in a file, so that the agent can end at any
 * moment, and a command can make a round of its own.
 */
#ifndef ENTITLEMENT_H
#define ENTITLEMENT_H

#include "cli.h"
#include "config.h"

#define ENT_FOLDER	"etc/openvgpu/entitlement"
#define ENT_STATE_FOLDER "var/lib/openvgpu"
#define ENT_STATE	ENT_STATE_FOLDER "/entitlement.json"
#define ENT_CURL	ENT_STATE_FOLDER "/entitlement.curl"

#define ENT_TOKEN_MAX	4096	/* characters */
#define ENT_TOKENS_MAX	64
#define ENT_URLS_MAX	8
#define ENT_URL_SIZE	256
#define ENT_ID_SIZE	33
#define ENT_SEATS_MAX	4096
#define ENT_ANY_POOL	"*"
#define ENT_DAYS_MAX	DAYS_MAX	/* of a lease */

#define ENT_PATIENT	INT64_MAX
#define ENT_LOOK	60	/* s between two rounds at most */
#define ENT_DAY		86400
#define ENT_LAST	3600	/* of a lease that is borrowed */
#define ENT_REFUSED	UINT32_MAX
#define ENT_LOCAL	"local"	/* the lease of a quota in the token */
#define ENT_ENDED	INT64_MIN	/* the end of a lease that is over */

/* enum ent_state - how a vGPU stands */
enum ent_state {
	ENT_LEASED,	/* it has a seat */
	ENT_GRACE,	/* it will lose it, or its ease, unless somebody does something */
	ENT_LIMITED,	/* it has none */
	ENT_RETURNED,	/* it needs none, and the server does not know yet */
	ENT_ADMITTED,	/* it is closed, and can be opened; these two with deny-new only */
	ENT_DENIED,	/* it is closed, and there is no seat for it */
};

/**
 * struct ent_token - a file that says of which pool seats can be had
 * @file: its name
 * @text: what the server is shown
 * @pool: whose seats; ENT_ANY_POOL: all tenants'
 * @host: the only host that it is for; empty: any
 * @issued: seconds since 1970
 * @expires: the same
 * @urls: of servers
 * @url_count: how many; 0: the quota stands in the token itself
 * @vgpus: that quota
 * @reason: why it can't be used, as the server would say it; empty: it can
 * @message: the same for people
 */
struct ent_token {
	char file[OVGPU_NAME_SIZE + 8];
	char text[ENT_TOKEN_MAX + 1];
	char pool[OVGPU_NAME_SIZE];
	char host[OVGPU_NAME_SIZE];
	int64_t issued;
	int64_t expires;
	char urls[ENT_URLS_MAX][ENT_URL_SIZE];
	unsigned int url_count;
	unsigned int vgpus;
	char reason[32];
	char message[256];
};

/**
 * struct ent_seat - a vGPU that needs a seat, has one, or gives it back
 * @uuid: vGPU
 * @pool: its tenant
 * @series: letter of its type
 * @framebuffer_mib: what it has
 * @compute_slices: likewise, for itself
 * @id: of the lease; empty: none
 * @expires: when that ends
 * @renew: when the server is asked next
 * @since: when it was opened
 * @open: it is
 * @asked: the server may have given a seat, and its answer was lost
 * @asked_until: such a seat is over then
 * @borrowed: days that it keeps the seat, also closed; 0: it does not
 * @until: when these are over
 * @failures: how often in a row the server was away
 * @reason: why it has no seat, or will not have it for long; empty: all is well
 * @message: the same for people
 * @noticed: the agent has written its notice
 * @cap: ceiling that the agent has put there; 0: none; ENT_REFUSED: it has none as long
 *	as it is open
 * @frame_rate: the same
 * @barred: the agent has written that nobody may open it
 * @told: its state when that was in the log last
 * @seen: its vGPU is there and its tenant's, in this round
 * @kept: it is still one to look after, at the end of this round
 *
 * Times are seconds of CLOCK_BOOTTIME, so whoever sets the clock ends no lease.
 */
struct ent_seat {
	char uuid[OVGPU_UUID_SIZE];
	char pool[OVGPU_NAME_SIZE];
	char series[2];
	uint64_t framebuffer_mib;
	uint64_t compute_slices;
	char id[ENT_ID_SIZE];
	int64_t expires;
	int64_t renew;
	int64_t since;
	bool open;
	bool asked;
	int64_t asked_until;
	unsigned int borrowed;
	int64_t until;
	unsigned int failures;
	char reason[32];
	char message[256];
	bool noticed;
	unsigned int cap;
	unsigned int frame_rate;
	bool barred;
	int told;
	bool seen;
	bool kept;
};

/**
 * struct ent_round - a look at all vGPUs, and what follows from it
 * @cli: the run
 * @settings: of the configuration file
 * @host: what the server knows this host as
 * @tokens: there are
 * @token_count: their number
 * @seats: array
 * @count: their number
 * @saved: the seats, as the file has them; NULL: it has not
 * @written: when the file of the state was written, s of CLOCK_BOOTTIME; 0: never
 * @now: s of CLOCK_BOOTTIME
 * @today: s since 1970
 */
struct ent_round {
	const struct cli *cli;
	struct config_entitlement settings;
	char host[OVGPU_NAME_SIZE];
	struct ent_token *tokens;
	size_t token_count;
	struct ent_seat *seats;
	size_t count;
	char *saved;
	int64_t written;
	int64_t now;
	int64_t today;
};

/* enum ent_call - what the server is asked for */
enum ent_call {
	ENT_ASK,
	ENT_RENEW,
	ENT_RETURN,
	ENT_TRY,	/* whether there would be a seat */
};

/**
 * struct ent_request - something that the server is asked
 * @call: what
 * @seat: of which vGPU
 * @status: of HTTP; 0: there is no answer
 * @answer: JSON; NULL: none
 * @message: why there is no answer
 */
struct ent_request {
	enum ent_call call;
	struct ent_seat *seat;
	unsigned int status;
	struct json_object *answer;
	char message[128];
};

/* entitlement_token.c */
int ent_decode(const char *text, size_t length, char *bytes);
void ent_token_read(const char *text, struct ent_token *token);
void ent_token_here(const struct ent_round *round, struct ent_token *token);
void ent_token_today(const struct ent_round *round, struct ent_token *token);
void ent_token_refuse(struct ent_token *token, const char *reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int ent_tokens_load(struct ent_round *round);
const struct ent_token *ent_token_of(const struct ent_round *round, const char *pool);

/* entitlement_state.c */
int64_t ent_uptime(void);
int ent_write(const struct cli *cli, const char *path, const char *text);
int ent_lock(const struct cli *cli, int64_t patience);
int ent_load(struct ent_round *round);
int ent_save(struct ent_round *round);
int64_t ent_number(struct json_object *object, const char *key);
const char *ent_text(struct json_object *object, const char *key);
struct ent_seat *ent_seat_find(struct ent_round *round, const char *uuid,
			       const char *pool);
struct ent_seat *ent_seat_add(struct ent_round *round, const char *uuid,
			      const char *pool);

/* entitlement_ask.c */
int64_t ent_ttl(const struct ent_round *round, const struct ent_seat *seat);
void ent_ask(const struct ent_round *round, const struct ent_token *token,
	     struct ent_request *requests, size_t count, int64_t until);

/* entitlement_answer.c */
void ent_answer(struct ent_round *round, struct ent_request *request, int64_t sent);
void ent_refuse(struct ent_seat *seat, const char *reason, const char *message);

/* entitlement_local.c */
void ent_local(struct ent_round *round, struct ent_token *token);

/* entitlement_limit.c */
void ent_limit(const struct ent_round *round, struct ent_seat *seat, enum ent_state state);
void ent_lift(const struct ent_round *round, struct ent_seat *seat);
void ent_hand_over(struct ent_seat *from, struct ent_seat *to);

/* entitlement_round.c */
void ent_name(struct ent_round *round);
int ent_begin(const struct cli *cli, struct ent_round *round);
int ent_round(struct ent_round *round);
void ent_end(struct ent_round *round);
struct ent_seat *ent_seat_new(struct ent_round *round, const struct ovgpu_vgpu *vgpu);
enum ent_state ent_state_of(const struct ent_round *round, const struct ent_seat *seat);
const char *ent_state_name(enum ent_state state);

#endif /* ENTITLEMENT_H */
