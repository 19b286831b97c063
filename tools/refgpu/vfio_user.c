// SPDX-License-Identifier: GPL-2.0-only
/* The vfio-user server: socket, messages and what they ask for. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "unix_socket.h"
#include "vfio_user_priv.h"
#include "vfio_user_proto.h"

#define VU_IO_TIMEOUT_MS	5000
/* A request carries at most one transfer; nothing else comes near it. */
#define VU_MAX_PAYLOAD		(sizeof(struct vu_region_rw) + VFIO_USER_MAX_XFER)

struct vfio_user {
	struct vfio_user_config config;
	const struct vfio_user_ops *ops;
	void *opaque;
	struct vu_dma dma;
	struct vu_irqs irqs;
	struct vfio_user_stats stats;	/* written by the serving thread only */
	int listen_fd;
	int stop_fd;
	char *path;
	uint8_t *payload;		/* of the request in hand */
	uint8_t *reply;
};

/* struct vu_msg - a request and what is to be answered */
struct vu_msg {
	struct vu_header hdr;
	size_t len;			/* of the payload */
	int fds[VFIO_USER_MAX_FDS];
	unsigned int nr_fds;
	size_t reply_len;
	int reply_fd;
};

__attribute__((format(printf, 2, 3)))
static void vu_log(struct vfio_user *vu, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (vu->ops->log)
		vu->ops->log(vu->opaque, line);
	else
		fprintf(stderr, "vfio-user: %s\n", line);
}

/* Counters are read by other threads while this one counts. */
static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool config_valid(const struct vfio_user_config *config)
{
	unsigned int i, a;

	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++)
		if (config->irqs[i] > VFIO_USER_MAX_VECTORS)
			return false;
	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		const struct vfio_user_region *r = &config->regions[i];

		if (r->nr_areas && (!r->areas || r->map_fd < 0))
			return false;
		for (a = 0; a < r->nr_areas; a++)
			if (r->areas[a].offset > r->size ||
			    r->areas[a].size > r->size - r->areas[a].offset)
				return false;
	}
	return true;
}

struct vfio_user *vfio_user_create(const struct vfio_user_config *config,
				   const struct vfio_user_ops *ops, void *opaque)
{
	struct vfio_user *vu;
	int ret;

	if (!config_valid(config) || !ops->region_read || !ops->region_write || !ops->reset) {
		errno = EINVAL;
		return NULL;
	}
	vu = calloc(1, sizeof(*vu));
	if (!vu)
		return NULL;
	vu->config = *config;
	if (!vu->config.io_timeout_ms)
		vu->config.io_timeout_ms = VU_IO_TIMEOUT_MS;
	vu->ops = ops;
	vu->opaque = opaque;
	vu->listen_fd = -1;
	ret = vu_dma_init(&vu->dma);
	if (ret) {
		free(vu);
		errno = -ret;
		return NULL;
	}
	ret = vu_irqs_init(&vu->irqs, config->irqs);
	vu->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vu->payload = malloc(VU_MAX_PAYLOAD);
	vu->reply = malloc(VU_MAX_PAYLOAD);
	if (ret || vu->stop_fd < 0 || !vu->payload || !vu->reply) {
		vfio_user_destroy(vu);
		errno = ENOMEM;
		return NULL;
	}
	return vu;
}

void vfio_user_destroy(struct vfio_user *vu)
{
	if (!vu)
		return;
	if (vu->listen_fd >= 0) {
		close(vu->listen_fd);
		unlink(vu->path);
	}
	free(vu->path);
	if (vu->stop_fd >= 0)
		close(vu->stop_fd);
	vu_irqs_fini(&vu->irqs);
	vu_dma_fini(&vu->dma);
	free(vu->payload);
	free(vu->reply);
	free(vu);
}

void vfio_user_stop(struct vfio_user *vu)
{
	const uint64_t one = 1;
	int saved = errno;
	ssize_t ret;

	/* It can fail only when the counter is full: then it is signalled already. */
	ret = write(vu->stop_fd, &one, sizeof(one));
	(void)ret;
	errno = saved;
}

/* ---- messages: reading and writing ---- */

/*
 * Wait until @fd is ready. Returns 1; 0 if the server is to stop; -ETIMEDOUT;
 * another negative errno.
 */
static int wait_ready(struct vfio_user *vu, int fd, short events, int timeout_ms)
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

/* Keep what fits of the descriptors of one read and close the rest. */
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

static void drop_fds(struct vu_msg *msg)
{
	unsigned int i;

	for (i = 0; i < msg->nr_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->nr_fds = 0;
}

/*
 * Read exactly @len bytes. @idle: waiting for a message to start, which may take
 * for ever and may end with the connection. Returns 1; 0 for the end; a negative
 * errno.
 */
static int read_full(struct vfio_user *vu, int sock, struct vu_msg *msg, void *buf,
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
			ret = wait_ready(vu, sock, POLLIN,
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

static int send_reply(struct vfio_user *vu, int sock, struct vu_msg *msg, int error)
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
			ret = wait_ready(vu, sock, POLLOUT, (int)vu->config.io_timeout_ms);
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

/* ---- messages: what they ask for. All return 0 or a negative errno. ---- */

/* Copy the fixed part of a request out of the buffer. */
static int get_args(struct vfio_user *vu, const struct vu_msg *msg, void *args, size_t len)
{
	if (msg->len < len)
		return -EINVAL;
	memcpy(args, vu->payload, len);
	return 0;
}

static void set_reply(struct vfio_user *vu, struct vu_msg *msg, const void *data, size_t len)
{
	memcpy(vu->reply, data, len);
	msg->reply_len = len;
}

/* The reply may name only what the client has named. */
static void offer(struct json_object *mine, struct json_object *theirs,
		  const char *name, struct json_object *value)
{
	if (json_object_object_get_ex(theirs, name, NULL))
		json_object_object_add(mine, name, value);
	else
		json_object_put(value);
}

static int do_version(struct vfio_user *vu, struct vu_msg *msg)
{
	struct json_object *data, *theirs = NULL, *mine, *top;
	struct vu_version ver;
	const char *text;
	size_t len;
	int ret;

	ret = get_args(vu, msg, &ver, sizeof(ver));
	if (ret)
		return ret;
	if (ver.major != VU_VERSION_MAJOR)
		return -ENOTSUP;
	ver.minor = VU_VERSION_MINOR;	/* the lowest there is, so never above theirs */
	set_reply(vu, msg, &ver, sizeof(ver));

	len = msg->len - sizeof(ver);
	if (!len)
		return 0;
	if (vu->payload[msg->len - 1] || len > VU_VERSION_DATA_MAX)
		return -EINVAL;
	data = json_tokener_parse((const char *)vu->payload + sizeof(ver));
	if (!json_object_is_type(data, json_type_object)) {
		json_object_put(data);
		return -EINVAL;
	}
	if (json_object_object_get_ex(data, "capabilities", &theirs) &&
	    json_object_is_type(theirs, json_type_object)) {
		mine = json_object_new_object();
		offer(mine, theirs, "max_msg_fds", json_object_new_int(VFIO_USER_MAX_FDS));
		offer(mine, theirs, "max_data_xfer_size", json_object_new_int(VFIO_USER_MAX_XFER));
		offer(mine, theirs, "max_dma_maps", json_object_new_int(VFIO_USER_MAX_DMA_MAPS));
		offer(mine, theirs, "pgsizes", json_object_new_int64(sysconf(_SC_PAGESIZE)));
		offer(mine, theirs, "write_multiple", json_object_new_boolean(true));
		top = json_object_new_object();
		json_object_object_add(top, "capabilities", mine);
		text = json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN);
		memcpy(vu->reply + sizeof(ver), text, strlen(text) + 1);
		msg->reply_len = sizeof(ver) + strlen(text) + 1;
		json_object_put(top);
	}
	json_object_put(data);
	return 0;
}

static int do_dma_map(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_dma_map_args a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a) || msg->nr_fds > 1)
		return -EINVAL;
	return vu_dma_map(&vu->dma, a.addr, a.size, a.flags,
			  msg->nr_fds ? msg->fds[0] : -1, a.offset);
}

static int do_dma_unmap(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_dma_unmap_args a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	if (a.flags & VFIO_DMA_UNMAP_FLAG_ALL && (a.addr || a.size))
		return -EINVAL;
	ret = vu_dma_unmap(&vu->dma, a.addr, a.size, a.flags & VFIO_DMA_UNMAP_FLAG_ALL);
	if (ret)
		return ret;
	a.argsz = sizeof(a);
	set_reply(vu, msg, &a, sizeof(a));
	return 0;
}

static int do_device_info(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_device_info a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a))
		return -EINVAL;
	a.argsz = sizeof(a);
	a.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	a.num_regions = VFIO_PCI_NUM_REGIONS;
	a.num_irqs = VFIO_PCI_NUM_IRQS;
	set_reply(vu, msg, &a, sizeof(a));
	return 0;
}

static int do_region_info(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vfio_region_info_cap_sparse_mmap sparse = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
	};
	const struct vfio_user_region *r;
	struct vfio_region_info a;
	size_t full = sizeof(a), areas;
	int ret;

	ret = get_args(vu, msg, &a, sizeof(a));
	if (ret)
		return ret;
	if (a.argsz < sizeof(a) || a.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	r = &vu->config.regions[a.index];
	areas = r->nr_areas * sizeof(*r->areas);
	if (r->nr_areas)
		full += sizeof(sparse) + areas;
	if (full > VU_MAX_PAYLOAD)
		return -E2BIG;

	ret = a.argsz < full;		/* the client has to ask again */
	a.argsz = (uint32_t)full;
	a.flags = r->size ? r->flags : 0;
	a.size = r->size;
	a.cap_offset = 0;
	a.offset = 0;
	if (r->size && r->map_fd >= 0) {
		a.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		a.offset = r->map_offset;
	}
	if (r->nr_areas) {
		a.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		/* QEMU looks at it before it asks again with more room. */
		a.cap_offset = sizeof(a);
		if (!ret) {
			sparse.nr_areas = r->nr_areas;
			memcpy(vu->reply + sizeof(a), &sparse, sizeof(sparse));
			memcpy(vu->reply + sizeof(a) + sizeof(sparse), r->areas, areas);
		}
	}
	set_reply(vu, msg, &a, sizeof(a));
	if (!ret)
		msg->reply_len = full;
	/* One descriptor is enough: not with an answer that is asked for again. */
	if (a.flags & VFIO_REGION_INFO_FLAG_MMAP && !ret)
		msg->reply_fd = r->map_fd;
	return 0;
}

static int do_irq_info(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vfio_irq_info a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a) || a.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	a.argsz = sizeof(a);
	a.count = vu->config.irqs[a.index];
	a.flags = a.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	set_reply(vu, msg, &a, sizeof(a));
	return 0;
}

static int do_set_irqs(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vfio_irq_set a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	if (a.argsz < sizeof(a))
		return -EINVAL;
	return vu_irqs_set(&vu->irqs, &a, vu->payload + sizeof(a), msg->len - sizeof(a),
			   msg->fds, msg->nr_fds);
}

static int region_check(struct vfio_user *vu, uint32_t index, uint64_t offset,
			uint32_t len, uint32_t flag)
{
	const struct vfio_user_region *r;

	if (index >= VFIO_PCI_NUM_REGIONS || !len || len > VFIO_USER_MAX_XFER)
		return -EINVAL;
	r = &vu->config.regions[index];
	if (!(r->flags & flag) || offset > r->size || len > r->size - offset)
		return -EINVAL;
	return 0;
}

static int do_region_read(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_region_rw a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	ret = region_check(vu, a.region, a.offset, a.count, VFIO_REGION_INFO_FLAG_READ);
	if (ret)
		return ret;
	count(&vu->stats.reads[a.region]);
	set_reply(vu, msg, &a, sizeof(a));
	/* A callback that fills too little must not leak the last reply. */
	memset(vu->reply + sizeof(a), 0, a.count);
	ret = vu->ops->region_read(vu->opaque, a.region, a.offset, vu->reply + sizeof(a),
				   a.count);
	msg->reply_len += a.count;
	return ret;
}

static int do_region_write(struct vfio_user *vu, struct vu_msg *msg)
{
	struct vu_region_rw a;
	int ret = get_args(vu, msg, &a, sizeof(a));

	if (ret)
		return ret;
	ret = region_check(vu, a.region, a.offset, a.count, VFIO_REGION_INFO_FLAG_WRITE);
	if (ret)
		return ret;
	if (msg->len - sizeof(a) < a.count)
		return -EINVAL;
	count(&vu->stats.writes[a.region]);
	set_reply(vu, msg, &a, sizeof(a));
	return vu->ops->region_write(vu->opaque, a.region, a.offset,
				     vu->payload + sizeof(a), a.count);
}

static int do_region_write_multi(struct vfio_user *vu, struct vu_msg *msg)
{
	uint64_t i, nr;
	int ret = get_args(vu, msg, &nr, sizeof(nr));

	if (ret)
		return ret;
	if (nr > (msg->len - sizeof(nr)) / sizeof(struct vu_write_one))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		struct vu_write_one w;
		int err;

		memcpy(&w, vu->payload + sizeof(nr) + i * sizeof(w), sizeof(w));
		err = w.count > sizeof(w.data) ? -EINVAL :
			region_check(vu, w.region, w.offset, w.count,
				     VFIO_REGION_INFO_FLAG_WRITE);
		if (!err) {
			count(&vu->stats.writes[w.region]);
			err = vu->ops->region_write(vu->opaque, w.region, w.offset, w.data,
						    w.count);
		}
		/* They are independent writes: one bad one does not undo the others. */
		if (err && !ret)
			ret = err;
	}
	set_reply(vu, msg, &nr, sizeof(nr));
	return ret;
}

static int do_reset(struct vfio_user *vu, struct vu_msg *msg)
{
	(void)msg;
	vu_irqs_clear_pending(&vu->irqs);
	vu->ops->reset(vu->opaque);
	return 0;
}

static const struct {
	int (*handle)(struct vfio_user *vu, struct vu_msg *msg);
	bool takes_fds;
} vu_commands[] = {
	[VU_VERSION] = { do_version },
	[VU_DMA_MAP] = { do_dma_map, true },
	[VU_DMA_UNMAP] = { do_dma_unmap },
	[VU_DEVICE_GET_INFO] = { do_device_info },
	[VU_DEVICE_GET_REGION_INFO] = { do_region_info },
	[VU_DEVICE_GET_IRQ_INFO] = { do_irq_info },
	[VU_DEVICE_SET_IRQS] = { do_set_irqs, true },
	[VU_REGION_READ] = { do_region_read },
	[VU_REGION_WRITE] = { do_region_write },
	[VU_DEVICE_RESET] = { do_reset },
	[VU_REGION_WRITE_MULTI] = { do_region_write_multi },
};

static int handle(struct vfio_user *vu, struct vu_msg *msg)
{
	const unsigned int nr = sizeof(vu_commands) / sizeof(vu_commands[0]);

	if (msg->hdr.command >= nr || !vu_commands[msg->hdr.command].handle)
		return -EOPNOTSUPP;
	if (msg->nr_fds && !vu_commands[msg->hdr.command].takes_fds)
		return -EINVAL;
	return vu_commands[msg->hdr.command].handle(vu, msg);
}

/* Serve one message. Returns 1; 0 when the connection is over; a negative errno. */
static int serve_one(struct vfio_user *vu, int sock, bool *negotiated)
{
	struct vu_msg msg = { .reply_fd = -1 };
	bool version;
	int ret, err;

	ret = read_full(vu, sock, &msg, &msg.hdr, sizeof(msg.hdr), true);
	if (ret <= 0)
		goto out;
	if (msg.hdr.size < sizeof(msg.hdr) || msg.hdr.size - sizeof(msg.hdr) > VU_MAX_PAYLOAD ||
	    (msg.hdr.flags & VU_FLAG_TYPE) != VU_FLAG_COMMAND) {
		vu_log(vu, "client sent a message of %u bytes, command %u, flags 0x%x: dropping it",
		       msg.hdr.size, msg.hdr.command, msg.hdr.flags);
		ret = -EPROTO;
		goto out;
	}
	msg.len = msg.hdr.size - sizeof(msg.hdr);
	ret = read_full(vu, sock, &msg, vu->payload, msg.len, false);
	if (ret <= 0)
		goto out;
	count(&vu->stats.messages);
	/* The version comes first and once; after any other start nothing is agreed. */
	version = msg.hdr.command == VU_VERSION;
	if (version == *negotiated) {
		vu_log(vu, "client sent command %u %s the version was agreed on: dropping it",
		       msg.hdr.command, *negotiated ? "after" : "before");
		ret = -EPROTO;
		goto out;
	}
	err = handle(vu, &msg);
	if (version)
		*negotiated = !err;
	if (err) {
		count(&vu->stats.errors);
		vu_log(vu, "command %u refused: %s", msg.hdr.command, strerror(-err));
	}
	if (!(msg.hdr.flags & VU_FLAG_NO_REPLY))
		ret = send_reply(vu, sock, &msg, err);
out:
	drop_fds(&msg);
	return ret;
}

int vfio_user_serve(struct vfio_user *vu, int fd)
{
	bool negotiated = false;
	int ret;

	if (vu->ops->connected)
		vu->ops->connected(vu->opaque);
	do {
		ret = wait_ready(vu, fd, POLLIN, -1);
		if (ret > 0)
			ret = serve_one(vu, fd, &negotiated);
	} while (ret > 0);
	if (ret == -ETIMEDOUT)
		vu_log(vu, "client stopped in the middle of a message: dropping it");
	close(fd);
	vu_irqs_release(&vu->irqs);
	vu_dma_unmap(&vu->dma, 0, 0, true);
	if (vu->ops->disconnected)
		vu->ops->disconnected(vu->opaque);
	return ret;
}

int vfio_user_listen(struct vfio_user *vu, const char *path)
{
	int fd = unix_listen(path, 1);

	if (fd < 0)
		return fd;
	vu->path = strdup(path);
	if (!vu->path) {
		close(fd);
		unlink(path);
		return -ENOMEM;
	}
	vu->listen_fd = fd;
	return 0;
}

int vfio_user_run(struct vfio_user *vu, int connect_timeout_ms, bool once)
{
	for (;;) {
		int fd, ret;

		ret = wait_ready(vu, vu->listen_fd, POLLIN, connect_timeout_ms);
		if (ret <= 0)
			return ret;
		fd = accept4(vu->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return -errno;
		ret = vfio_user_serve(vu, fd);
		/* What a client did wrong ends its connection, not the server. */
		if (ret && ret != -EPROTO && ret != -ETIMEDOUT)
			vu_log(vu, "connection failed: %s", strerror(-ret));
		if (once)
			return 0;
	}
}

/* ---- for the device's own threads ---- */

int vfio_user_dma_access(struct vfio_user *vu, uint64_t addr, void *buf, size_t len,
			 bool write)
{
	return vu_dma_access(&vu->dma, addr, buf, len, write);
}

void vfio_user_dma_enter(struct vfio_user *vu)
{
	pthread_rwlock_rdlock(&vu->dma.lock);
}

void vfio_user_dma_leave(struct vfio_user *vu)
{
	pthread_rwlock_unlock(&vu->dma.lock);
}

void *vfio_user_dma_pointer(struct vfio_user *vu, uint64_t addr, size_t len, bool write)
{
	return vu_dma_pointer(&vu->dma, addr, len, write);
}

void vfio_user_dma_drain(struct vfio_user *vu)
{
	pthread_rwlock_wrlock(&vu->dma.lock);
	pthread_rwlock_unlock(&vu->dma.lock);
}

int vfio_user_irq_raise(struct vfio_user *vu, unsigned int vector)
{
	return vu_irqs_raise(&vu->irqs, VFIO_PCI_MSIX_IRQ_INDEX, vector);
}

uint64_t vfio_user_irq_pending(struct vfio_user *vu, unsigned int first)
{
	return vu_irqs_pending(&vu->irqs, VFIO_PCI_MSIX_IRQ_INDEX, first);
}

void vfio_user_irq_clear_pending(struct vfio_user *vu)
{
	vu_irqs_clear_pending(&vu->irqs);
}

void vfio_user_get_stats(struct vfio_user *vu, struct vfio_user_stats *stats)
{
	unsigned int i;

	stats->messages = __atomic_load_n(&vu->stats.messages, __ATOMIC_RELAXED);
	stats->errors = __atomic_load_n(&vu->stats.errors, __ATOMIC_RELAXED);
	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		stats->reads[i] = __atomic_load_n(&vu->stats.reads[i], __ATOMIC_RELAXED);
		stats->writes[i] = __atomic_load_n(&vu->stats.writes[i], __ATOMIC_RELAXED);
	}
	pthread_mutex_lock(&vu->irqs.lock);
	stats->irqs_raised = vu->irqs.raised;
	stats->irqs_pending = vu->irqs.kept;
	pthread_mutex_unlock(&vu->irqs.lock);
	pthread_rwlock_rdlock(&vu->dma.lock);
	stats->dma_maps = vu->dma.nr;
	pthread_rwlock_unlock(&vu->dma.lock);
	stats->dma_faults = __atomic_load_n(&vu->dma.faults, __ATOMIC_RELAXED);
}
