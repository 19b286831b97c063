// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_processor.c - a processor of KVM that stores to the framebuffer while it is read
 *
 * Each store is a page fault then, which KVM has the module serve, and ends the VM if the
 * page is gone when it looks.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "migration.h"

#define TYPE		"64mq"
#define SLICE		(64 * MIB)
#define CODE		0x1000u		/* addresses of the guest */
#define FRAMEBUFFER	0x10000000u
#define ROUNDS		60u		/* the module collects once in each */
#define CR0_PROTECTED	1u

/* Stores to each granule of the framebuffer, and again, for ever. */
static const uint8_t program[] = {
	0xbe, 0x00, 0x00, 0x00, 0x10,		/* again: mov esi, FRAMEBUFFER */
	0x89, 0x06,				/* next: mov [esi], eax */
	0x40,					/* inc eax */
	0x81, 0xc6, 0x00, 0x00, 0x01, 0x00,	/* add esi, 64 KiB */
	0x81, 0xfe, 0x00, 0x00, 0x00, 0x14,	/* cmp esi, its end */
	0x72, 0xef,				/* jb next */
	0xeb, 0xe8,				/* jmp again */
};

/**
 * struct processor - one that runs the program
 * @fd: KVM's
 * @run: its page
 * @thread: runs it
 * @stopped: without being told
 * @error: of KVM_RUN; 0: none
 */
struct processor {
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool stopped;
	int error;
};

static void wake(int signal)
{
	(void)signal;
}

static void *run(void *argument)
{
	struct processor *processor = argument;
	int error = ioctl(processor->fd, KVM_RUN, 0) ? errno : 0;

	if (error != EINTR) {
		processor->error = error;
		__atomic_store_n(&processor->stopped, true, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void memory(int vm, uint32_t slot, uint64_t address, void *at, uint64_t bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = address, .memory_size = bytes,
		.userspace_addr = (uintptr_t)at,
	};

	CHECK(!ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "memory: %s", strerror(errno));
}

/* 32 bits, all addresses as they are. */
static void flat(int fd)
{
	struct kvm_regs registers = { .rip = CODE, .rflags = 2 };
	struct kvm_segment segment = {
		.limit = ~0u, .type = 11, .present = 1, .db = 1, .s = 1, .g = 1, .selector = 8,
	};
	struct kvm_sregs system;

	CHECK(!ioctl(fd, KVM_GET_SREGS, &system), "KVM_GET_SREGS: %s", strerror(errno));
	system.cr0 |= CR0_PROTECTED;
	system.cs = segment;
	segment.type = 3;
	segment.selector = 16;
	system.ds = segment;
	system.es = segment;
	system.ss = segment;
	CHECK(!ioctl(fd, KVM_SET_SREGS, &system), "KVM_SET_SREGS: %s", strerror(errno));
	CHECK(!ioctl(fd, KVM_SET_REGS, &registers), "KVM_SET_REGS: %s", strerror(errno));
}

static void start(struct processor *processor, struct vgpu *vgpu)
{
	struct sigaction action = { .sa_handler = wake };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;
	uint8_t *code;

	if (kvm < 0)
		harness_skip("/dev/kvm: %s", strerror(errno));
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	CHECK(vm >= 0, "KVM_CREATE_VM: %s", strerror(errno));
	code = mmap(NULL, CODE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(code != MAP_FAILED, "memory: %s", strerror(errno));
	memcpy(code, program, sizeof(program));
	memory(vm, 0, CODE, code, CODE);
	memory(vm, 1, FRAMEBUFFER, rt_framebuffer(vgpu->device, 0), SLICE);
	processor->fd = ioctl(vm, KVM_CREATE_VCPU, 0);
	CHECK(processor->fd >= 0, "KVM_CREATE_VCPU: %s", strerror(errno));
	processor->run = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
			      PROT_READ | PROT_WRITE, MAP_SHARED, processor->fd, 0);
	CHECK(processor->run != MAP_FAILED, "its page: %s", strerror(errno));
	flat(processor->fd);
	sigaction(SIGUSR1, &action, NULL);
	CHECK(!pthread_create(&processor->thread, NULL, run, processor), "no thread");
}

static void stop(struct processor *processor)
{
	__atomic_store_n(&processor->run->immediate_exit, 1, __ATOMIC_RELAXED);
	pthread_kill(processor->thread, SIGUSR1);
	pthread_join(processor->thread, NULL);
}

TEST(stores, SLOW)
{
	struct processor processor = { 0 };
	struct saved saved = { 0 };
	uint64_t initial, dirty;
	struct vgpu vgpu[2];
	unsigned int round;
	int fd;

	for (round = 0; round < 2; round++) {
		vgpu_make(&vgpu[round], TYPE);
		if (!migration_pre_copies(&vgpu[round]))
			harness_skip("this kernel or this GPU has no pre-copy");
	}
	start(&processor, &vgpu[0]);
	fd = migration_enter(&vgpu[0], VFIO_DEVICE_STATE_PRE_COPY);
	for (round = 0; round < ROUNDS; round++) {
		if (__atomic_load_n(&processor.stopped, __ATOMIC_ACQUIRE))
			break;
		migration_pre_read(fd, &saved, 2 * MIB);
		usleep(110000);
		OK(migration_precopy_info(fd, &initial, &dirty));
	}
	stop(&processor);
	CHECK(!processor.stopped, "round %u: the processor has stopped: %s, exit reason %u",
	      round, strerror(processor.error), processor.run->exit_reason);
	CHECK(migration_enter(&vgpu[0], VFIO_DEVICE_STATE_STOP_COPY) < 0, "another file came");
	migration_drain(fd, &saved);
	migration_leave(&vgpu[0], VFIO_DEVICE_STATE_STOP);
	close(fd);
	migration_load(&vgpu[1], &saved);
	same_framebuffer(&vgpu[0], &vgpu[1], "stored by a processor");
	saved_free(&saved);
}
