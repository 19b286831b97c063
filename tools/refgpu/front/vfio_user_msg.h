/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of the vfio-user server: from the socket and back to it. */
#ifndef REFGPU_VFIO_USER_MSG_H
#define REFGPU_VFIO_USER_MSG_H

#include <stdbool.h>
#include <stddef.h>

#include "front/vfio_user.h"
#include "front/vfio_user_proto.h"

/*
 * struct vu_msg - a request and its reply
 * @len: bytes of payload
 * @fds: descriptors that came with it, -1 where one was taken over
 * @reply_len: bytes of the reply's payload
 * @reply_fd: descriptor to send with the reply, -1 for none
 */
struct vu_msg {
	struct vu_header hdr;
	size_t len;
	int fds[VFIO_USER_MAX_FDS];
	unsigned int nr_fds;
	size_t reply_len;
	int reply_fd;
};

/*
 * The first three return 1, 0 when the connection is over or the server is to
 * stop, or a negative errno.
 */

/* Wait until @fd is ready; @timeout_ms is -1 for ever, -ETIMEDOUT when it is over. */
int vu_wait_ready(struct vfio_user *vu, int fd, short events, int timeout_ms);

/*
 * Read exactly @len bytes and take the descriptors that come with them. With @idle
 * the first byte may take for ever, and the connection may end before it.
 */
int vu_msg_read(struct vfio_user *vu, int sock, struct vu_msg *msg, void *buf,
		size_t len, bool idle);

/* Send the reply in @vu, or only @error, a negative errno, if that is not 0. */
int vu_msg_reply(struct vfio_user *vu, int sock, struct vu_msg *msg, int error);

/* Close the descriptors that were not taken over. */
void vu_msg_drop_fds(struct vu_msg *msg);

#endif /* REFGPU_VFIO_USER_MSG_H */
