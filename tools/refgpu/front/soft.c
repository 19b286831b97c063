// SPDX-License-Identifier: GPL-2.0-only
/*
 * soft.c - the front end for the machine that the program runs on: a GPU behind the
 * module's device, /dev/openvgpu-soft
 *
 * The kernel has the PCI side: configuration space, bus mastering, the table of
 * vectors. What arrives here are accesses of registers, and resets.
 *
 * Threads: the one that runs soft_run() opens and closes the device and serves its
 * requests. Others use the device, and the window in it, with the lock held for reading.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "front/front_end.h"
#include "openvgpu_soft.h"

#define REQUESTS	64	/* of one read(2) */

/*
 * struct soft - the GPU and its device
 * @path: of the device; "-": standard input
 * @wake: eventfd: look at @stopped and @wanted
 * @lock: @fd and @window change only with it held for writing, by the serving thread
 * @fd: the device; -1: the GPU is removed
 * @window: memory of the machine, by bus address
 * @stopped: serve no longer
 * @change: @wanted, @plugged and @error, which the control socket's thread waits for
 * @wanted: the GPU is to be plugged in
 * @plugged: it is
 * @error: with which the last try to plug it in again ended
 */
struct soft {
	struct device *dev;
	const char *path;
	int wake;
	pthread_rwlock_t lock;
	int fd;
	u8 *window;
	bool stopped;
	pthread_mutex_t change;
	pthread_cond_t changed;
	bool wanted;
	bool plugged;
	int error;
	u64 reads;
	u64 writes;
	u64 resets;
	u64 late;
	u64 interrupts;
	u64 dma_faults;
};

static struct soft the_soft = {
	.wake = -1,
	.fd = -1,
	.lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP,
	.change = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
};

static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* Say what is wrong with the device. Returns -@error. */
__attribute__((format(printf, 3, 4)))
static int complain(const struct soft *soft, int error, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "refgpu: %s: %s: %s\n", soft->path, text, strerror(error));
	return -error;
}

/* ---- operations for the device ---- */

static void op_dma_enter(void *context)
{
	pthread_rwlock_rdlock(&((struct soft *)context)->lock);
}

static void op_dma_leave(void *context)
{
	pthread_rwlock_unlock(&((struct soft *)context)->lock);
}

/*
 * The kernel takes pages away without asking: what has lost its page meanwhile is
 * without meaning, and so is its content.
 */
static void *op_dma(void *context, u64 bus, u64 length, bool write)
{
	struct soft *soft = context;
	struct openvgpu_soft_translate translate = {
		.bus = bus,
		.bytes = (u32)length,
		.flags = write ? OPENVGPU_SOFT_DMA_WRITE : 0,
	};

	if (!soft->window)
		return NULL;
	if (length != translate.bytes || ioctl(soft->fd, OPENVGPU_SOFT_TRANSLATE, &translate)) {
		count(&soft->dma_faults);
		return NULL;
	}
	return soft->window + bus;
}

static void op_irq_raise(void *context, unsigned int vector)
{
	struct soft *soft = context;

	pthread_rwlock_rdlock(&soft->lock);
	if (soft->fd >= 0 && !ioctl(soft->fd, OPENVGPU_SOFT_INTERRUPT, (unsigned long)vector))
		count(&soft->interrupts);
	pthread_rwlock_unlock(&soft->lock);
}

static const struct device_ops device_ops = {
	.dma_enter = op_dma_enter,
	.dma_leave = op_dma_leave,
	.dma = op_dma,
	.irq_raise = op_irq_raise,
	.log = log_line,
};

/* ---- plugging in and out ---- */

/*
 * Standard input is the device, and then standard output may be it, too: systemd opens
 * both at once. The GPU is there as long as anybody has it open.
 */
static int take_standard_input(void)
{
	struct stat in, out;
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool both = !fstat(STDIN_FILENO, &in) && !fstat(STDOUT_FILENO, &out) &&
		    in.st_dev == out.st_dev && in.st_ino == out.st_ino;

	if (fd >= 0 && (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
			(both && dup2(null, STDOUT_FILENO) < 0))) {
		int error = errno;

		close(fd);
		fd = -1;
		errno = error;
	}
	if (null >= 0)
		close(null);
	return fd;
}

/* The kernel's file becomes what the device has made for its video memory. */
static int adopt_memory(struct device *dev, int file)
{
	void *bytes = mmap(device_vram(dev), device_vram_bytes(dev), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_NORESERVE | MAP_FIXED, file, 0);

	return bytes == MAP_FAILED || dup3(file, device_vram_fd(dev), O_CLOEXEC) < 0 ?
		-errno : 0;
}

static int make_gpu(struct soft *soft, int fd)
{
	struct openvgpu_soft_create create = {
		.interface = OPENVGPU_SOFT_INTERFACE,
		.vram_bytes = device_vram_bytes(soft->dev),
	};
	int ret;

	if (ioctl(fd, OPENVGPU_SOFT_CREATE, &create))
		return complain(soft, errno, errno == EINVAL ?
				"this module has another interface" :
				"the module does not make a GPU");
	ret = adopt_memory(soft->dev, create.vram_fd);
	close(create.vram_fd);
	return ret ? complain(soft, -ret, "its video memory can't be mapped") : 0;
}

/* Only the kernel looks at the file from now on. Returns 0 or a negative errno. */
static int plug(struct soft *soft)
{
	struct openvgpu_soft_plug where = { 0 };
	void *window = MAP_FAILED;
	char text[64];
	int fd, ret;

	fd = strcmp(soft->path, "-") ? open(soft->path, O_RDWR | O_CLOEXEC) :
	     take_standard_input();
	if (fd < 0)
		return complain(soft, errno, errno == ENOENT ?
				"is the module openvgpu loaded?" : "can't be opened");
	ret = make_gpu(soft, fd);
	if (ret)
		goto fail;
	window = mmap(NULL, OPENVGPU_SOFT_DMA_BYTES, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (window == MAP_FAILED) {
		ret = complain(soft, errno, "memory of the machine can't be mapped");
		goto fail;
	}
	madvise(window, OPENVGPU_SOFT_DMA_BYTES, MADV_DONTFORK);
	pthread_rwlock_wrlock(&soft->lock);
	soft->fd = fd;
	soft->window = window;
	pthread_rwlock_unlock(&soft->lock);
	if (ioctl(fd, OPENVGPU_SOFT_PLUG, &where)) {
		ret = complain(soft, errno, "the GPU can't be plugged in");
		goto fail;
	}
	snprintf(text, sizeof(text), "the GPU is at %04x:%02x:%02x.0", where.domain, where.bus,
		 where.slot);
	log_line(soft, text);
	return 0;
fail:
	pthread_rwlock_wrlock(&soft->lock);
	soft->fd = -1;
	soft->window = NULL;
	pthread_rwlock_unlock(&soft->lock);
	if (window != MAP_FAILED)
		munmap(window, OPENVGPU_SOFT_DMA_BYTES);
	close(fd);
	return ret;
}

static void unplug(struct soft *soft)
{
	u8 *window;
	int fd;

	pthread_rwlock_wrlock(&soft->lock);
	window = soft->window;
	fd = soft->fd;
	soft->window = NULL;
	soft->fd = -1;
	pthread_rwlock_unlock(&soft->lock);
	if (fd < 0)
		return;
	munmap(window, OPENVGPU_SOFT_DMA_BYTES);
	close(fd);
}

/* Do what the control socket wants. */
static void change(struct soft *soft)
{
	bool wanted;
	int ret = 0;

	pthread_mutex_lock(&soft->change);
	wanted = soft->wanted;
	pthread_mutex_unlock(&soft->change);
	if (wanted != soft->plugged && wanted) {
		device_reset(soft->dev);
		ret = plug(soft);
	} else if (wanted != soft->plugged) {
		unplug(soft);
	}
	pthread_mutex_lock(&soft->change);
	soft->error = ret;
	soft->plugged = wanted && !ret;
	soft->wanted = soft->plugged;
	pthread_cond_broadcast(&soft->changed);
	pthread_mutex_unlock(&soft->change);
}

/* ---- requests of the machine ---- */

static void serve_read(struct soft *soft, const struct openvgpu_soft_request *request)
{
	struct openvgpu_soft_answer answer = { .id = request->id };

	device_read(soft->dev, request->offset, &answer.value, request->bytes);
	count(&soft->reads);
	if (ioctl(soft->fd, OPENVGPU_SOFT_ANSWER, &answer))
		count(&soft->late);
}

static void serve_one(struct soft *soft, const struct openvgpu_soft_request *request)
{
	if (request->kind == OPENVGPU_SOFT_RESET) {
		device_reset(soft->dev);
		count(&soft->resets);
	} else if (request->bytes > sizeof(request->value)) {
		log_line(soft, "a request makes no sense: the module is of another version");
	} else if (request->kind == OPENVGPU_SOFT_READ) {
		serve_read(soft, request);
	} else if (request->kind == OPENVGPU_SOFT_WRITE) {
		device_write(soft->dev, request->offset, &request->value, request->bytes);
		count(&soft->writes);
	}
}

/* Returns 0 or a negative errno: the GPU is gone. */
static int serve(struct soft *soft)
{
	struct openvgpu_soft_request requests[REQUESTS];
	ssize_t got = read(soft->fd, requests, sizeof(requests));
	size_t i;

	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 0 :
		       complain(soft, errno, "no request can be read");
	if (!got)
		return complain(soft, ENODEV, "the GPU was taken away; the kernel's log says why");
	for (i = 0; i < (size_t)got / sizeof(requests[0]); i++)
		serve_one(soft, &requests[i]);
	return 0;
}

/* ---- the control socket ---- */

static void wake(struct soft *soft)
{
	const u64 one = 1;
	ssize_t ret = write(soft->wake, &one, sizeof(one));	/* full: it is awake */

	(void)ret;
}

/* Returns 0 or a negative errno, when it is done. */
static int want(struct soft *soft, bool plugged)
{
	int ret;

	pthread_mutex_lock(&soft->change);
	soft->wanted = plugged;
	wake(soft);
	while (soft->wanted != soft->plugged &&
	       !__atomic_load_n(&soft->stopped, __ATOMIC_ACQUIRE))
		pthread_cond_wait(&soft->changed, &soft->change);
	ret = soft->error;
	pthread_mutex_unlock(&soft->change);
	return ret;
}

static void control_remove(void *opaque)
{
	const struct injection gone = { .kind = INJECT_REMOVE };
	struct soft *soft = opaque;

	device_inject(soft->dev, &gone);
	want(soft, false);
}

static int control_insert(void *opaque)
{
	return want(opaque, true);
}

static char *control_stats(void *opaque)
{
	struct soft *soft = opaque;
	char *text = NULL;
	bool plugged;

	pthread_mutex_lock(&soft->change);
	plugged = soft->plugged;
	pthread_mutex_unlock(&soft->change);
	if (asprintf(&text, "{\"register_reads\":%" PRIu64 ",\"register_writes\":%" PRIu64
		     ",\"interrupts\":%" PRIu64 ",\"dma_faults\":%" PRIu64
		     ",\"function_level_resets\":%" PRIu64 ",\"late_answers\":%" PRIu64
		     ",\"removed\":%s}",
		     __atomic_load_n(&soft->reads, __ATOMIC_RELAXED),
		     __atomic_load_n(&soft->writes, __ATOMIC_RELAXED),
		     __atomic_load_n(&soft->interrupts, __ATOMIC_RELAXED),
		     __atomic_load_n(&soft->dma_faults, __ATOMIC_RELAXED),
		     __atomic_load_n(&soft->resets, __ATOMIC_RELAXED),
		     __atomic_load_n(&soft->late, __ATOMIC_RELAXED),
		     plugged ? "false" : "true") < 0)
		return NULL;
	return text;
}

static const struct control_ops control_ops = {
	.remove = control_remove,
	.insert = control_insert,
	.front_end_stats = control_stats,
};

/* ---- start and end ---- */

static int soft_open(void *context, struct device *dev, const struct options *options)
{
	struct soft *soft = context;
	int ret;

	soft->dev = dev;
	soft->path = options->soft;
	soft->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (soft->wake < 0)
		return complain(soft, errno, "no eventfd");
	ret = plug(soft);
	soft->wanted = !ret;
	soft->plugged = !ret;
	return ret;
}

static int soft_run(void *context, const struct options *options)
{
	struct soft *soft = context;
	int ret = 0;

	(void)options;
	while (!ret && !__atomic_load_n(&soft->stopped, __ATOMIC_ACQUIRE)) {
		struct pollfd p[2] = {
			{ .fd = soft->wake, .events = POLLIN },
			{ .fd = soft->fd, .events = POLLIN },
		};
		u64 times;

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents && read(soft->wake, &times, sizeof(times)) > 0)
			change(soft);
		else if (p[1].revents)
			ret = serve(soft);
	}
	/* Nobody answers any more, so the machine need not wait for the device's end. */
	unplug(soft);
	pthread_mutex_lock(&soft->change);
	__atomic_store_n(&soft->stopped, true, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&soft->changed);
	pthread_mutex_unlock(&soft->change);
	return ret;
}

static void soft_stop(void *context)
{
	struct soft *soft = context;
	int error = errno;

	__atomic_store_n(&soft->stopped, true, __ATOMIC_RELEASE);
	wake(soft);
	errno = error;
}

static void soft_close(void *context)
{
	struct soft *soft = context;

	unplug(soft);
	if (soft->wake >= 0)
		close(soft->wake);
	soft->wake = -1;
}

const struct front_end soft_front_end = {
	.device_ops = &device_ops,
	.control_ops = &control_ops,
	.context = &the_soft,
	.open = soft_open,
	.run = soft_run,
	.stop = soft_stop,
	.close = soft_close,
};
