/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - pools and leases: what is kept, and what may be decided about it
 *
 * Time is an argument, in seconds of a clock that stands still while nothing can
 * be written (clock.h). A decision is one transaction, on the disk before it is
 * answered.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "openvgpu_settings.h"

#define STORE_NAME_SIZE		(OPENVGPU_NAME_MAX + 1)	/* of pools, hosts and series */
#define STORE_ID_SIZE		33	/* 128 random bits in hexadecimal digits */
#define STORE_UUID_SIZE		37

/* They bound what the database can hold, and no sum of them overflows. */
#define STORE_POOLS_MAX		4096
#define STORE_SERIES_MAX	16	/* with limits of their own, in one pool */
#define STORE_VGPUS_MAX		1000000
#define STORE_AMOUNT_MAX	(INT64_C(1) << 40)

#define LEASE_TTL_MIN		600
#define LEASE_TTL_DEFAULT	86400
#define LEASE_TTL_MAX		(90 * 86400)

/*
 * Times are whole seconds, rounded down. So much later than the time to live that
 * its host counts a lease ends here, so that it never ends before it does there.
 */
#define LEASE_GRACE		1

/* Of leases that end at a time, so many are told one by one. */
#define EXPIRED_TOLD		20

/** enum measure - what a pool is counted in */
enum measure {
	MEASURE_VGPUS,
	MEASURE_FRAMEBUFFER,	/* MiB */
	MEASURE_SLICES,		/* compute slices */
	MEASURES,
};

#define NO_LIMIT	(-1)

/**
 * struct limits - the most that may be leased at a time
 * @series: of which vGPUs; empty: of all
 * @most: of each measure, or NO_LIMIT
 */
struct limits {
	char series[STORE_NAME_SIZE];
	int64_t most[MEASURES];
};

/**
 * struct pool - a tenant's quota
 * @name: of the tenant
 * @whole: for all its vGPUs; the number of vGPUs always has a limit
 * @series: for those of some series, beside @whole
 * @series_count: how many
 */
struct pool {
	char name[STORE_NAME_SIZE];
	struct limits whole;
	struct limits series[STORE_SERIES_MAX];
	unsigned int series_count;
};

/**
 * struct lease - one seat: an open vGPU
 * @id: told to whoever asks in the name of the same host and vGPU, which tokens that are
 *	for one host keep others from
 * @pool: whose quota it counts against
 * @host: where the vGPU is
 * @vgpu: its UUID; a vGPU of a host has one lease in a pool, however often asked for
 * @series: of its type, as "q"
 * @amount: what it counts, one vGPU
 * @ttl: seconds from a grant or a renewal until it ends by itself
 * @expires: time at which it does, LEASE_GRACE later than its host thinks
 */
struct lease {
	char id[STORE_ID_SIZE];
	char pool[STORE_NAME_SIZE];
	char host[STORE_NAME_SIZE];
	char vgpu[STORE_UUID_SIZE];
	char series[STORE_NAME_SIZE];
	int64_t amount[MEASURES];
	int64_t ttl;
	int64_t expires;
};

/**
 * struct usage - a limit, and how much of it is leased
 * @pool: name of the pool
 * @limits: of the pool, or of one of its series
 * @used: now
 */
struct usage {
	char pool[STORE_NAME_SIZE];
	struct limits limits;
	int64_t used[MEASURES];
};

/** enum verdict - how a decision ended */
enum verdict {
	STORE_OK,
	STORE_FITS,		/* it would be STORE_OK, and nothing has changed */
	STORE_FULL,		/* a limit would be exceeded */
	STORE_NO_POOL,
	STORE_NO_LEASE,		/* it has ended, or never was */
	STORE_TOO_MANY,		/* pools */
	STORE_FAILED,		/* the database; store_error() says how */
};

/**
 * struct refusal - why a lease was refused with STORE_FULL
 * @usage: the limit, and what of it is leased
 * @measure: what there is too little of
 * @asked: how much more was asked for
 */
struct refusal {
	struct usage usage;
	enum measure measure;
	int64_t asked;
};

struct store;
typedef void (*store_lease_fn)(void *data, const struct lease *lease);
typedef void (*store_expiry_fn)(void *data, const struct lease *leases, unsigned int told,
				unsigned int count);
typedef void (*store_usage_fn)(void *data, const struct usage *usage);

/* store.c */
struct store *store_open(const char *path, char *wrong, unsigned int size);
void store_close(struct store *store);
const char *store_error(const struct store *store);
int64_t store_now(const struct store *store);
void store_on_expiry(struct store *store, store_expiry_fn fn, void *data);
enum verdict store_tick(struct store *store, int64_t now);

/* store_pool.c */
enum verdict store_put_pool(struct store *store, int64_t now, const struct pool *pool,
			    bool *created);
enum verdict store_usage(struct store *store, int64_t now, const char *pool,
			 store_usage_fn fn, void *data);

/* store_lease.c */
enum verdict store_lease(struct store *store, int64_t now, struct lease *lease,
			 struct refusal *refusal);
enum verdict store_try(struct store *store, int64_t now, struct lease *lease,
		       struct refusal *refusal);
enum verdict store_renew(struct store *store, int64_t now, const char *pool,
			 const char *host, const char *id, int64_t ttl, struct lease *lease);
enum verdict store_return(struct store *store, int64_t now, const char *pool,
			  const char *host, const char *id, struct lease *lease);
enum verdict store_leases(struct store *store, int64_t now, const char *pool, const char *after,
			  unsigned int most, store_lease_fn fn, void *data);

#endif /* STORE_H */
