/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hand_over.h - GPUs that another driver has for a while
 */
#ifndef HAND_OVER_H
#define HAND_OVER_H

#include "cli.h"

#define VFIO_PCI	"vfio-pci"	/* the driver that gives devices to VMs */

/**
 * struct device_user - a process that uses a GPU through another driver
 * @pid: its number, 0: there is none
 * @name: its short name; may be empty
 */
struct device_user {
	pid_t pid;
	char name[OVGPU_NAME_SIZE];
};

/**
 * struct refusal - why something is not done
 * @text: one line
 */
struct refusal {
	char text[OVGPU_TEXT_SIZE];
};

/* device_users.c */
bool device_user_find(const struct cli *cli, const char *bdf,
		      struct device_user *user);

/* hand_over_driver.c: the driver that gets it */
enum cli_exit hand_over_driver(const struct cli *cli, const char *to,
			       const char *bdf, char *driver,
			       struct refusal *why);
enum cli_exit hand_over_check_group(const struct cli *cli, const char *bdf,
				    struct refusal *why);
void hand_over_group_json(const struct cli *cli, const char *bdf,
			  struct json_object *object);

/* hand_over_check.c */
enum cli_exit hand_over_refuse(struct refusal *why, enum cli_exit code,
			       const char *format, ...)
	__attribute__((format(printf, 3, 4)));
enum cli_exit hand_over_check_bound(const struct cli *cli,
				    const struct ovgpu_device *device,
				    struct refusal *why);
enum cli_exit hand_over_check_vgpus(const struct cli *cli, const char *bdf,
				    struct refusal *why);
bool take_back_needed(const struct cli *cli, const struct ovgpu_device *device);
enum cli_exit take_back_check(const struct cli *cli,
			      const struct ovgpu_device *device,
			      struct refusal *why);

/* handed_over.c: what other commands say of such GPUs */
struct shown gpu_missing(const struct ovgpu *ovgpu, const char *bdf);
bool gpu_is_handed_over(const struct ovgpu *ovgpu, const char *bdf);
void handed_over_note(const struct cli *cli);
struct json_object *handed_over_json(const struct cli *cli);

#endif /* HAND_OVER_H */
