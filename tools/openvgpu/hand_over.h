/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hand_over.h - GPUs that another driver has for a while
 */
#ifndef HAND_OVER_H
#define HAND_OVER_H

#include "cli.h"

/**
 * struct device_user - a process that uses a GPU through another driver
 * @pid: its number, 0: there is none
 * @name: its short name; may be empty
 */
struct device_user {
	pid_t pid;
	char name[OVGPU_NAME_SIZE];
};

/* device_users.c */
bool device_user_find(const struct cli *cli, const char *bdf,
		      struct device_user *user);

/* hand_over_driver.c: the driver that gets it */
enum cli_exit hand_over_driver(const struct cli *cli, const char *bdf,
			       char *driver);
enum cli_exit hand_over_check_group(const struct cli *cli, const char *bdf);
void hand_over_group_json(const struct cli *cli, const char *bdf,
			  struct json_object *object);

/* handed_over.c: what other commands say of such GPUs */
struct shown gpu_missing(const struct ovgpu *ovgpu, const char *bdf);
bool gpu_is_handed_over(const struct ovgpu *ovgpu, const char *bdf);
void handed_over_note(const struct cli *cli);
struct json_object *handed_over_json(const struct cli *cli);

#endif /* HAND_OVER_H */
