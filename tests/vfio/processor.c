// SPDX-License-Identifier: GPL-2.0-only
/*
 * processor.c - a VM's processor, under KVM, that writes to each page of the framebuffer
 * while its pages are taken out
 *
 * For a page of a device KVM has the fault handled, and then looks for the page. If it
 * is gone again, KVM_RUN fails with EFAULT ("kvm run failed Bad address") and the VM has
 * ended, unless the fault let go of the lock of the address space: then KVM begins anew.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "migration.h"
#include "vgpu.h"

#define TYPE		"16mq"
#define SLICE		(16 * MIB)
#define MEMORY		0x10000ull	/* of the VM, from address 0 on */
#define CODE		0x1000
#define ROUNDS		0x2000	/* how often it has been through the framebuffer */
#define FRAMEBUFFER	0x10000000u
#define RUN_BYTES	0x1000	/* beginning of struct kvm_run; the rest is not used */
#define TIMES		500	/* without the retry, 54 were enough */

/**
 * struct processor - the VM
 * @vm: its file
 * @fd: file of the processor
 * @run: shared with KVM
 * @memory: of the VM
 * @thread: runs it
 * @end: it is to end
 * @error: errno that ended it, 0: none
 * @reason: KVM_EXIT_*: why it came back for good
 * @at: address of its instruction then
 * @address: if that was KVM_EXIT_MMIO, of the access
 */
struct processor {
	int vm;
	int fd;
	struct kvm_run *run;
	uint8_t *memory;
	pthread_t thread;
	atomic_bool end;
	atomic_int error;
	unsigned int reason;
	uint64_t at;
	uint64_t address;
};

/* 32 bits, no paging: writes another word to each page, counts, and begins anew. */
static const uint8_t program[] = {
	0xbf, 0x00, 0x00, 0x00, 0x10,			/* mov $FRAMEBUFFER, %edi */
	0x89, 0x07,					/* mov %eax, (%edi) */
	0x40,						/* inc %eax */
	0x81, 0xc7, 0x00, 0x10, 0x00, 0x00,		/* add $4096, %edi */
	0x81, 0xff, 0x00, 0x00, 0x00, 0x11,		/* cmp $FRAMEBUFFER + SLICE, %edi */
	0x72, 0xef,					/* jb: to the second one */
	0xff, 0x05, 0x00, 0x20, 0x00, 0x00,		/* incl ROUNDS */
	0xeb, 0xe2,					/* jmp: to the first one */
};

static void ignore(int signal) { (void)signal; }

static void *processor_thread(void *data)
{
	struct processor *processor = data;
	struct kvm_regs regs = { 0 };

	while (!processor->end) {
		if (!ioctl(processor->fd, KVM_RUN, 0)) {
			ioctl(processor->fd, KVM_GET_REGS, &regs);
			processor->at = regs.rip;
			processor->address = processor->run->mmio.phys_addr;
			processor->reason = processor->run->exit_reason;
			processor->error = EPROTO;
		} else if (errno != EINTR && errno != EAGAIN) {
			processor->error = errno;
		}
		if (processor->error)
			break;
	}
	return NULL;
}

static void flat(struct kvm_segment *segment, unsigned int type)
{
	*segment = (struct kvm_segment){
		.limit = 0xffffffff, .selector = 8, .type = (uint8_t)type, .present = 1,
		.db = 1, .s = 1, .g = 1,
	};
}

static void add_memory(struct processor *processor, unsigned int slot, uint64_t address,
		       uint64_t bytes, volatile void *where)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = address, .memory_size = bytes,
		.userspace_addr = (uint64_t)where,
	};

	CHECK(!ioctl(processor->vm, KVM_SET_USER_MEMORY_REGION, &region),
	      "memory of the VM: %m");
}

static void processor_start(struct processor *processor, struct vgpu *vgpu)
{
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	struct sigaction action = { .sa_handler = ignore };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	memset(processor, 0, sizeof(*processor));
	CHECK(kvm >= 0, "/dev/kvm: %m");
	processor->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	CHECK(processor->vm >= 0, "KVM_CREATE_VM: %m");
	/* Without, the processor comes back for what an APIC does. */
	CHECK(!ioctl(processor->vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP: %m");
	processor->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(processor->memory != MAP_FAILED, "mmap: %m");
	memcpy(processor->memory + CODE, program, sizeof(program));
	add_memory(processor, 0, 0, MEMORY, processor->memory);
	add_memory(processor, 1, FRAMEBUFFER, SLICE, rt_framebuffer(vgpu->device, 0));
	processor->fd = ioctl(processor->vm, KVM_CREATE_VCPU, 0);
	CHECK(processor->fd >= 0, "KVM_CREATE_VCPU: %m");
	processor->run = mmap(NULL, RUN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			      processor->fd, 0);
	CHECK(processor->run != MAP_FAILED, "mmap of the processor: %m");
	CHECK(!ioctl(processor->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS: %m");
	flat(&sregs.cs, 11);	/* code, read, accessed */
	flat(&sregs.ds, 3);	/* data, written, accessed */
	sregs.es = sregs.ds;
	sregs.ss = sregs.ds;
	sregs.cr0 |= 1;		/* protected mode */
	CHECK(!ioctl(processor->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS: %m");
	CHECK(!ioctl(processor->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS: %m");
	close(kvm);
	sigaction(SIGUSR1, &action, NULL);
	CHECK(!pthread_create(&processor->thread, NULL, processor_thread, processor),
	      "no thread");
}

static uint32_t rounds(const struct processor *processor)
{
	return *(volatile uint32_t *)(processor->memory + ROUNDS);
}

/* It runs, and goes through the framebuffer once more. */
static void goes_on(const struct processor *processor, unsigned int times)
{
	uint32_t before = rounds(processor);

	while (rounds(processor) == before) {
		CHECK(!processor->error,
		      "the VM ended when its pages had been taken out %u times: KVM_RUN: %s, exit %u at 0x%llx, MMIO at 0x%llx",
		      times, strerror(processor->error), processor->reason,
		      (unsigned long long)processor->at,
		      (unsigned long long)processor->address);
		usleep(1000);
	}
}

static void processor_end(struct processor *processor)
{
	processor->end = true;
	/* It may be between the question and KVM_RUN. */
	processor->run->immediate_exit = 1;
	pthread_kill(processor->thread, SIGUSR1);
	pthread_join(processor->thread, NULL);
	close(processor->fd);
	close(processor->vm);
}

static void unharmed(struct vgpu *vgpu, void (*take_out)(struct vgpu *vgpu))
{
	struct processor processor;
	unsigned int i;

	processor_start(&processor, vgpu);
	goes_on(&processor, 0);
	for (i = 0; i < TIMES && !processor.error; i++)
		take_out(vgpu);
	goes_on(&processor, i);
	processor_end(&processor);
}

static void begin_copy(struct vgpu *vgpu)
{
	int fd = migration_enter(vgpu, VFIO_DEVICE_STATE_PRE_COPY);

	migration_leave(vgpu, VFIO_DEVICE_STATE_RUNNING);
	close(fd);
}

/* What tells who writes to a framebuffer that is copied. */
TEST(while_copied, SLOW)
{
	struct vgpu vgpu;

	vgpu_make(&vgpu, TYPE);
	if (!migration_pre_copies(&vgpu))
		harness_skip("this kernel or this GPU has no pre-copy");
	unharmed(&vgpu, begin_copy);
}

static void reset(struct vgpu *vgpu)
{
	vgpu_reset(vgpu, BY_GUEST);
}

/* Another processor of the guest resets its vGPU. */
TEST(while_reset, SLOW)
{
	struct vgpu vgpu;

	vgpu_make(&vgpu, TYPE);
	unharmed(&vgpu, reset);
}

/* What it wrote to the end arrives. */
TEST(copied, SLOW)
{
	struct processor processor;
	struct saved saved = { 0 };
	struct vgpu vgpu[2];
	unsigned int i;
	int fd;

	for (i = 0; i < 2; i++)
		vgpu_make(&vgpu[i], TYPE);
	if (!migration_pre_copies(&vgpu[0]))
		harness_skip("this kernel or this GPU has no pre-copy");
	processor_start(&processor, &vgpu[0]);
	fd = migration_enter(&vgpu[0], VFIO_DEVICE_STATE_PRE_COPY);
	for (i = 0; i < 20; i++) {
		goes_on(&processor, i);
		migration_pre_read(fd, &saved, 2 * MIB);
	}
	goes_on(&processor, i);
	processor_end(&processor);
	CHECK(migration_enter(&vgpu[0], VFIO_DEVICE_STATE_STOP_COPY) < 0,
	      "another file came with STOP_COPY");
	migration_drain(fd, &saved);
	migration_leave(&vgpu[0], VFIO_DEVICE_STATE_STOP);
	close(fd);
	migration_load(&vgpu[1], &saved);
	same_framebuffer(&vgpu[0], &vgpu[1], "written by a processor");
	saved_free(&saved);
}
