/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of the vfio-user protocol. */
#ifndef REFGPU_VFIO_USER_COMMAND_H
#define REFGPU_VFIO_USER_COMMAND_H

struct vfio_user;
struct vu_msg;

/*
 * Do what the request in @vu asks for and prepare the reply. Returns 0 or the
 * negative errno that the client gets.
 */
int vu_handle(struct vfio_user *vu, struct vu_msg *msg);

#endif /* REFGPU_VFIO_USER_COMMAND_H */
