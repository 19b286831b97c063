/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spatial.h - the GPU instances of a GPU, as sysfs shows them; every failure ends
 * the test
 */
#ifndef SPATIAL_H
#define SPATIAL_H

#include "admin.h"

#define INSTANCES	9	/* the pool, which is 0, and numbers 1..8 */
#define POOL		0
#define VGPUS		64	/* of a GPU, at most */
#define SIZE_NAME	16

/**
 * struct geometry - how a GPU may be divided
 * @compute: compute slices
 * @memory: memory slices
 * @slice: bytes of a memory slice
 * @total: bytes of video memory
 */
struct geometry {
	unsigned int compute;
	unsigned int memory;
	uint64_t slice;
	uint64_t total;
};

/**
 * struct instance - a GPU instance
 * @name: as its administrator calls it
 * @profile: as "2g.256m"
 * @compute: mask of its compute slices
 * @queue: mask of those that work for its own queue
 * @memory_of: GPU instance that it is a part of, whose memory it has; 0: none
 * @memory_first: its first memory slice
 * @memory_slices: how many it has
 * @reserved: it stays without a vGPU
 * @members: vGPUs whose memory is in it; of a part: in its queue
 */
struct instance {
	char name[40];
	char profile[40];
	unsigned int compute;
	unsigned int queue;
	unsigned int memory_of;
	unsigned int memory_first;
	unsigned int memory_slices;
	bool reserved;
	unsigned int members;
};

/* the whole GPU */
struct geometry spatial_begin(void);
void spatial_clear(void);
void spatial_check(const char *when);
bool spatial_unavailable(const char *type, char reason[TEXT_SIZE]);

/* names */
void size_name(uint64_t bytes, char name[SIZE_NAME]);
void profile_name(const struct geometry *geometry, unsigned int compute,
		  unsigned int memory, char name[2 * SIZE_NAME]);
unsigned int default_memory(const struct geometry *geometry, unsigned int compute);

/* instances */
const char *instance_path(unsigned int id, const char *name);
bool instance_read(unsigned int id, struct instance *instance);
unsigned int instance_count(void);
unsigned int instances_read(struct instance instance[INSTANCES]);
void instances_unchanged(const struct instance before[INSTANCES], const char *when);
int instance_try(const char *profile, const char *name);
unsigned int instance_reserve(const char *profile, const char *name);
void instance_remove(unsigned int id);

/* vGPUs */
int type_available(const char *type);
uint64_t vgpu_offset(const struct vgpu *vgpu);
unsigned int instance_of(const char *uuid);
unsigned int queue_of(const char *uuid);
void expect_slices_told(const struct vgpu *vgpu, const char *when);
void refused(int got, int error, const char *what, const char *const words[],
	     unsigned int count);
void refused_type(const char *type, int error, const char *const words[],
		  unsigned int count);

#define REFUSED(type, error, ...) \
	do { \
		static const char *const refused_words[] = { __VA_ARGS__ }; \
		refused_type(type, error, refused_words, \
			     sizeof(refused_words) / sizeof(refused_words[0])); \
	} while (0)

#endif /* SPATIAL_H */
