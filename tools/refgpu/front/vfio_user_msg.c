// SPDX-License-Identifier: GPL-2.0-only
/* Messages of the vfio-user server: from the socket and back to it. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/vfio_user_msg.h"
#include "front/vfio_user_state.h"

int vu_wait_ready(struct vfio_user *vu, int fd, short events, int timeout_ms)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = events },
		{ .fd = vu->stop_fd, .events = POLLIN },
	};
	int ret;

	do {
		ret = poll(p, 2, timeout_ms);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIMEDOUT;
	return p[1].revents ? 0 : 1;
}

/* Keep as many descriptors of one read as fit and close the rest. */
static void take_fds(struct vu_msg *msg, struct msghdr *mh)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(mh); cmsg; cmsg = CMSG_NXTHDR(mh, cmsg)) {
		size_t i, nr;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		nr = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < nr; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
			if (msg->nr_fds < VFIO_USER_MAX_FDS)
				msg->fds[msg->nr_fds++] = fd;
			else
				close(fd);
		}
	}
}

void vu_msg_drop_fds(struct vu_msg *msg)
{
	unsigned int i;

	for (i = 0; i < msg->nr_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->nr_fds = 0;
}

int vu_msg_read(struct vfio_user *vu, int sock, struct vu_msg *msg, void *buf,
		size_t len, bool idle)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * VFIO_USER_MAX_FDS)];
		struct cmsghdr align;
	} control;
	size_t done = 0;

	while (done < len) {
		struct iovec iov = { (char *)buf + done, len - done };
		struct msghdr mh = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.buf,
			.msg_controllen = sizeof(control.buf),
		};
		bool start = idle && !done;
		ssize_t n;
		int ret;

		n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			ret = vu_wait_ready(vu, sock, POLLIN,
					    start ? -1 : (int)vu->config.io_timeout_ms);
			if (ret <= 0)
				return ret;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ECONNRESET && start ? 0 : -errno;
		if (!n)
			return start ? 0 : -EPROTO;
		/* Where descriptors did not fit the kernel has closed them. */
		take_fds(msg, &mh);
		if (mh.msg_flags & MSG_CTRUNC)
			return -EPROTO;
		done += (size_t)n;
	}
	return 1;
}

int vu_msg_reply(struct vfio_user *vu, int sock, struct vu_msg *msg, int error)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct vu_header hdr = {
		.id = msg->hdr.id,
		.command = msg->hdr.command,
		.size = (uint32_t)(sizeof(hdr) + (error ? 0 : msg->reply_len)),
		.flags = VU_FLAG_REPLY | (error ? VU_FLAG_ERROR : 0),
		.error = (uint32_t)-error,
	};
	struct iovec iov[2] = {
		{ &hdr, sizeof(hdr) },
		{ vu->reply, hdr.size - sizeof(hdr) },
	};
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };

	if (!error && msg->reply_fd >= 0) {
		struct cmsghdr *cmsg = &control.align;

		memset(&control, 0, sizeof(control));
		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &msg->reply_fd, sizeof(int));
	}
	while (iov[0].iov_len + iov[1].iov_len) {
		ssize_t n = sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
		size_t part;
		int ret;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ret = vu_wait_ready(vu, sock, POLLOUT, (int)vu->config.io_timeout_ms);
			if (ret <= 0)
				return ret;
			continue;
		}
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET ? 0 : -errno;
		mh.msg_control = NULL;
		mh.msg_controllen = 0;
		part = (size_t)n < iov[0].iov_len ? (size_t)n : iov[0].iov_len;
		iov[0].iov_base = (char *)iov[0].iov_base + part;
		iov[0].iov_len -= part;
		iov[1].iov_base = (char *)iov[1].iov_base + ((size_t)n - part);
		iov[1].iov_len -= (size_t)n - part;
	}
	return 1;
}
