/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm.h - a VMM that does anything: what its steps share
 */
#ifndef FUZZ_VMM_H
#define FUZZ_VMM_H

#include "stuck.h"
#include "vgpu.h"

#define VMM_DEVICES	3	/* vGPUs of one VMM */
#define VMM_MAPS	8	/* of each thread */
#define VMM_FILES	8
#define VMM_RAM_PAGES	256u	/* guest memory */
#define VMM_RAM_BYTES	(VMM_RAM_PAGES * RT_PAGE_SIZE)
#define VMM_IOVA	0x100000000ULL	/* where it is mapped at first */
#define VMM_STUCK_PAGES	64u	/* behind it: memory that does not arrive */
#define VMM_STUCK_BYTES	(VMM_STUCK_PAGES * RT_PAGE_SIZE)

/* What a thread can do. The names are for the summary. */
#define VMM_STEPS(STEP)								\
	STEP(info) STEP(irqs) STEP(reset) STEP(plane) STEP(dmabuf)		\
	STEP(unknown_ioctl) STEP(read) STEP(write) STEP(config) STEP(mmap)	\
	STEP(munmap) STEP(mremap) STEP(madvise) STEP(mprotect) STEP(touch)	\
	STEP(fork) STEP(dma_map) STEP(dma_unmap) STEP(guest_memory)		\
	STEP(mailbox) STEP(stream) STEP(user_page) STEP(head) STEP(dispi)	\
	STEP(reopen) STEP(transport)

#define VMM_STEP_NUMBER(name)	VMM_##name,
enum vmm_step {
	VMM_STEPS(VMM_STEP_NUMBER)
	VMM_STEP_COUNT
};

/**
 * struct vmm_count - how often a step was tried, and did what was asked
 */
struct vmm_count {
	uint64_t tried;
	uint64_t done;
};

/**
 * struct vmm - a VMM
 * @transport: group or iommufd
 * @space: address space of its VM
 * @device: its vGPUs, @count of them
 * @count: at least 1
 * @ram: guest memory; a thread may have unmapped it
 * @ram_file: what it consists of
 * @stuck: more of it, which does not arrive; @stuck.cpu is NULL: none
 * @put: packets written, by vGPU and ring
 * @counts: of all VMMs
 */
struct vmm {
	enum rt_transport transport;
	struct rt_space *space;
	struct rt_device *device[VMM_DEVICES];
	unsigned int count;
	uint8_t *ram;
	int ram_file;
	struct stuck stuck;
	uint32_t put[VMM_DEVICES][REFGPU_RINGS];
	struct vmm_count *counts;
};

/**
 * struct vmm_map - memory that a thread mapped
 * @at: NULL: none
 * @bytes: of it
 */
struct vmm_map {
	uint8_t *at;
	size_t bytes;
};

/**
 * struct actor - a thread of a VMM
 * @vmm: whose
 * @random: state of its random numbers
 * @map: what it mapped
 * @file: dma-bufs and eventfds; -1: none
 * @buffer: for arguments
 */
struct actor {
	struct vmm *vmm;
	uint64_t random;
	struct vmm_map map[VMM_MAPS];
	int file[VMM_FILES];
	uint8_t buffer[65536];
};

void vmm_catch_signals(void);
bool vmm_load(volatile void *at, uint64_t *value);
bool vmm_store(volatile void *at, uint64_t value);
uint64_t vmm_random(struct actor *actor);
uint64_t vmm_below(struct actor *actor, uint64_t limit);
const char *vmm_step_name(enum vmm_step step);
void vmm_step(struct actor *actor);
void vmm_administer(struct actor *actor, const char uuid[][UUID_LENGTH + 1], unsigned int vgpus,
		    const char *type);
void vmm_undo_administrator(const char uuid[][UUID_LENGTH + 1], unsigned int vgpus,
			    const char *type);
void vmm_stream(struct actor *actor, unsigned int which);

#endif /* FUZZ_VMM_H */
