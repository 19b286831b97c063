/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soft_kernel.h - a made-up module behind /dev/openvgpu-soft: requests are packets of a
 * socket, calls of the front end are the linker's --wrap
 */
#ifndef UNIT_SOFT_KERNEL_H
#define UNIT_SOFT_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/front_end.h"
#include "openvgpu_soft.h"
#include "refgpu_hw.h"
#include "unit.h"

#define DEVICE		"/dev/made-up"
#define VRAM		REFGPU_VRAM_MIN
#define MACHINE		(1u << 20)	/* bytes of memory that the GPU may reach, from MEMORY on */
#define MEMORY		0x40000u
#define READ_ONLY	0x80000u	/* from here on */

/*
 * struct kernel - what is made up
 * @lock: all that the program's threads change
 * @program: the program's end of the device; -1: it is closed
 * @machine: the other end
 * @vram: the video memory
 * @memory: of the machine, as the window shows it from bus address 0 on
 * @refuse: a call that fails
 * @error: with this
 * @answer: the last one, while @answered
 */
static struct kernel {
	pthread_mutex_t lock;
	pthread_cond_t change;
	int program;
	int machine;
	u8 *vram;
	u8 *memory;
	int memory_fd;
	bool mapped;
	bool created;
	bool plugged;
	unsigned long refuse;
	int error;
	struct openvgpu_soft_answer answer;
	bool answered;
	unsigned int interrupts[REFGPU_VECTORS];
} kernel = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.change = PTHREAD_COND_INITIALIZER,
};

/* ---- the linker's names ---- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__real_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t length);
int __wrap_munmap(void *at, size_t length);

static int is_device(int fd)
{
	int same;

	pthread_mutex_lock(&kernel.lock);
	same = fd >= 0 && fd == kernel.program;
	pthread_mutex_unlock(&kernel.lock);
	return same;
}

int __wrap_open(const char *path, int flags, ...)
{
	int ends[2];

	if (strcmp(path, DEVICE))
		return __real_open(path, flags);
	ck_assert_int_eq(flags, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pthread_mutex_lock(&kernel.lock);
	kernel.program = ends[0];
	kernel.machine = ends[1];
	kernel.created = false;
	kernel.plugged = false;
	pthread_mutex_unlock(&kernel.lock);
	return ends[0];
}

int __wrap_close(int fd)
{
	if (is_device(fd)) {
		pthread_mutex_lock(&kernel.lock);
		kernel.program = -1;
		kernel.plugged = false;
		pthread_cond_broadcast(&kernel.change);
		pthread_mutex_unlock(&kernel.lock);
	}
	return __real_close(fd);
}

static int do_create(struct openvgpu_soft_create *create)
{
	ck_assert_uint_eq(create->interface, OPENVGPU_SOFT_INTERFACE);
	ck_assert_uint_eq(create->flags | create->reserved, 0);
	ck_assert_uint_eq(create->vram_bytes, VRAM);
	if (kernel.created)
		return -EBUSY;
	if (kernel.vram)
		__real_munmap(kernel.vram, VRAM);
	create->vram_fd = memfd_create("kernel", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(create->vram_fd, VRAM), 0);
	kernel.vram = __real_mmap(NULL, VRAM, PROT_READ | PROT_WRITE, MAP_SHARED,
				  create->vram_fd, 0);
	kernel.created = true;
	return 0;
}

static int do_plug(struct openvgpu_soft_plug *plug)
{
	if (!kernel.created || kernel.plugged || !kernel.mapped)
		return -ENXIO;
	plug->domain = 0xf000;
	kernel.plugged = true;
	pthread_cond_broadcast(&kernel.change);
	return 0;
}

static int do_translate(const struct openvgpu_soft_translate *translate)
{
	bool write = translate->flags & OPENVGPU_SOFT_DMA_WRITE;

	return translate->bytes && translate->bytes <= MACHINE && translate->bus >= MEMORY &&
	       translate->bus <= MACHINE - translate->bytes &&
	       !(write && translate->bus + translate->bytes > READ_ONLY) ? 0 : -EFAULT;
}

static int do_call(unsigned long request, void *argument)
{
	if (request == kernel.refuse)
		return -kernel.error;
	switch (request) {
	case OPENVGPU_SOFT_CREATE:
		return do_create(argument);
	case OPENVGPU_SOFT_PLUG:
		return do_plug(argument);
	case OPENVGPU_SOFT_ANSWER:
		ck_assert(!kernel.answered);
		kernel.answer = *(struct openvgpu_soft_answer *)argument;
		kernel.answered = true;
		pthread_cond_broadcast(&kernel.change);
		return 0;
	case OPENVGPU_SOFT_TRANSLATE:
		return do_translate(argument);
	case OPENVGPU_SOFT_INTERRUPT:
		ck_assert_uint_lt((unsigned long)argument, REFGPU_VECTORS);
		kernel.interrupts[(unsigned long)argument]++;
		pthread_cond_broadcast(&kernel.change);
		return 0;
	default:
		ck_abort_msg("call 0x%lx", request);
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;
	int error;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	ck_assert_msg(is_device(fd), "call 0x%lx of a file that is no device", request);
	pthread_mutex_lock(&kernel.lock);
	error = do_call(request, argument);
	pthread_mutex_unlock(&kernel.lock);
	errno = -error;
	return error ? -1 : 0;
}

/* The window, of which only the beginning is ever looked at. */
void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	void *window;

	if (!is_device(fd))
		return __real_mmap(at, length, protection, flags, fd, offset);
	ck_assert_uint_eq(length, OPENVGPU_SOFT_DMA_BYTES);
	ck_assert_int_eq(offset, 0);
	window = __real_mmap(NULL, MACHINE, protection, MAP_SHARED, kernel.memory_fd, 0);
	pthread_mutex_lock(&kernel.lock);
	kernel.mapped = true;
	pthread_mutex_unlock(&kernel.lock);
	return window;
}

int __wrap_munmap(void *at, size_t length)
{
	if (length != OPENVGPU_SOFT_DMA_BYTES)
		return __real_munmap(at, length);
	pthread_mutex_lock(&kernel.lock);
	kernel.mapped = false;
	pthread_mutex_unlock(&kernel.lock);
	return __real_munmap(at, MACHINE);
}

#endif /* UNIT_SOFT_KERNEL_H */
