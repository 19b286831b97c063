/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instance.h - what the commands for GPU instances share with others
 */
#ifndef INSTANCE_H
#define INSTANCE_H

#include "cli.h"

/* objects.c */
struct json_object *instance_json(const struct ovgpu_instance *instance);
struct json_object *instance_queues_json(const struct cli *cli,
					 const struct ovgpu_instance *instance);
struct json_object *instances_json(const struct cli *cli, const char *bdf);

/* profile.c */
const struct ovgpu_profile *profile_find(struct ovgpu_profile *const *profiles,
					 size_t count, const char *text,
					 struct suggestion *suggestion);
const struct ovgpu_profile *profile_find_mig(struct ovgpu_profile *const *profiles,
					     size_t count, const char *text);
bool profile_is_mig(const char *text, unsigned int *compute, uint64_t *memory);
bool instance_name_valid(const char *name);
int division_of(const struct cli *cli, const struct ovgpu_instance *instance,
		char *text, size_t size);
struct shown show_slices(uint32_t mask);
struct shown show_range(unsigned int first, unsigned int count);

/* instance.c */
enum cli_exit instance_gpu(const struct cli *cli, char *bdf);
enum cli_exit fail_not_divisible(const struct cli *cli, const char *bdf, int err);

#endif /* INSTANCE_H */
