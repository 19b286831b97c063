/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * folder.h - a database of a test, in memory where the machine has such a folder
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "unit.h"

static char folder[64], database[96];

static inline void folder_make(void)
{
	snprintf(folder, sizeof(folder), "%s/openvgpu-entitled.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(database, sizeof(database), "%s/store.db", folder);
}

static inline void folder_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static inline struct store *folder_open(void)
{
	char wrong[256] = "";
	struct store *store = store_open(database, wrong, sizeof(wrong));

	ck_assert_msg(store, "the database does not open: %s", wrong);
	return store;
}

/** made_pool() - a pool with limits for all its vGPUs */
static inline struct pool made_pool(const char *name, int64_t vgpus, int64_t framebuffer,
				    int64_t slices)
{
	struct pool pool = { .whole.most = { vgpus, framebuffer, slices } };

	snprintf(pool.name, sizeof(pool.name), "%s", name);
	return pool;
}

/** made_lease() - what host @host asks for its vGPU @vgpu; the id is new */
static inline struct lease made_lease(const char *pool, unsigned int host, unsigned int vgpu)
{
	static unsigned int number;
	struct lease lease = { .amount = { 1, 256, 0 }, .ttl = LEASE_TTL_MIN, .series = "q" };

	snprintf(lease.id, sizeof(lease.id), "%08x%08x%016x", getpid(), ++number, 0);
	snprintf(lease.pool, sizeof(lease.pool), "%s", pool);
	snprintf(lease.host, sizeof(lease.host), "host-%03u", host);
	snprintf(lease.vgpu, sizeof(lease.vgpu), "00000000-0000-4000-8000-%012x", vgpu);
	return lease;
}

#endif /* FOLDER_H */
