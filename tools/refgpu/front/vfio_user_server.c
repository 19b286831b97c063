// SPDX-License-Identifier: GPL-2.0-only
/* The vfio-user server: its socket, one client after another, and its device's side. */
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

#include "front/unix_socket.h"
#include "front/vfio_user_command.h"
#include "front/vfio_user_msg.h"
#include "front/vfio_user_state.h"

#define VU_IO_TIMEOUT_MS	5000

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

/* Serve one message. Returns 1; 0 when the connection is over; a negative errno. */
static int serve_one(struct vfio_user *vu, int sock, bool *negotiated)
{
	struct vu_msg msg = { .reply_fd = -1 };
	bool version;
	int ret, err;

	ret = vu_msg_read(vu, sock, &msg, &msg.hdr, sizeof(msg.hdr), true);
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
	ret = vu_msg_read(vu, sock, &msg, vu->payload, msg.len, false);
	if (ret <= 0)
		goto out;
	vu_count(&vu->stats.messages);
	/* The version comes first and once; after any other start nothing is agreed. */
	version = msg.hdr.command == VU_VERSION;
	if (version == *negotiated) {
		vu_log(vu, "client sent command %u %s the version was agreed on: dropping it",
		       msg.hdr.command, *negotiated ? "after" : "before");
		ret = -EPROTO;
		goto out;
	}
	err = vu_handle(vu, &msg);
	if (version)
		*negotiated = !err;
	if (err) {
		vu_count(&vu->stats.errors);
		vu_log(vu, "command %u refused: %s", msg.hdr.command, strerror(-err));
	}
	if (!(msg.hdr.flags & VU_FLAG_NO_REPLY))
		ret = vu_msg_reply(vu, sock, &msg, err);
out:
	vu_msg_drop_fds(&msg);
	return ret;
}

int vfio_user_serve(struct vfio_user *vu, int fd)
{
	bool negotiated = false;
	int ret;

	if (vu->ops->connected)
		vu->ops->connected(vu->opaque);
	do {
		ret = vu_wait_ready(vu, fd, POLLIN, -1);
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

		ret = vu_wait_ready(vu, vu->listen_fd, POLLIN, connect_timeout_ms);
		if (ret <= 0)
			return ret;
		fd = accept4(vu->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return -errno;
		ret = vfio_user_serve(vu, fd);
		/* A client's mistake ends its connection, not the server. */
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
