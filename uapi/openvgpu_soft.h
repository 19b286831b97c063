/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * openvgpu_soft.h - /dev/openvgpu-soft: a process that is the engine of a software GPU
 *
 * Each open of the device is at most one GPU: a PCI function without BARs, of a
 * reference GPU's ids, whose registers are what the process says. In order:
 *
 *   1. open(O_RDWR | O_CLOEXEC), for root alone
 *   2. ioctl OPENVGPU_SOFT_CREATE: the video memory, as a file
 *   3. mmap of OPENVGPU_SOFT_DMA_BYTES at offset 0: the memory of the machine that the
 *	GPU may reach, by bus address
 *   4. a thread that reads requests and answers them
 *   5. ioctl OPENVGPU_SOFT_PLUG: the function appears, and a driver is bound
 *
 * The last close of the file removes the function, as pulling the board out does.
 *
 * Requests: read() waits for one and returns as many as there are and fit, each a
 * struct openvgpu_soft_request, in the order in which they were made. poll() works.
 * A read() of 0 bytes: the function is gone for good. With O_NONBLOCK: EAGAIN.
 *
 * A request READ must be answered within OPENVGPU_SOFT_TIMEOUT_MS, in any order, and
 * requests must be read as fast as not to fill the queue for that long: else the
 * function is gone for good. The process is late while an access of the machine has
 * waited for it longer than OPENVGPU_SOFT_LATE_MS, for an answer or for room in the
 * queue. When that adds up to OPENVGPU_SOFT_PATIENCE_MS, the function is gone, too; an
 * eighth of the time in which the process is not late is given back. Whoever answers
 * must not wait for anybody who uses a vGPU.
 *
 * All ioctls but the first two may be called from any thread at any time.
 */
#ifndef OPENVGPU_SOFT_H
#define OPENVGPU_SOFT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define OPENVGPU_SOFT_DEVICE		"openvgpu-soft"	/* in /dev */
#define OPENVGPU_SOFT_INTERFACE		1
#define OPENVGPU_SOFT_TIMEOUT_MS	1000
#define OPENVGPU_SOFT_LATE_MS		20
#define OPENVGPU_SOFT_PATIENCE_MS	10000
#define OPENVGPU_SOFT_QUEUE		64	/* requests that can wait to be read */

/**
 * struct openvgpu_soft_create - what the GPU is made of
 * @interface: OPENVGPU_SOFT_INTERFACE; of another the kernel answers EINVAL
 * @flags: 0
 * @vram_bytes: bytes of video memory, as the registers tell it, a multiple of 64 KiB
 * @vram_fd: filled in: a file of so many bytes, zero, closed on exec. Pages exist once
 *	they are touched. Its size can't be changed; holes may be punched in it, which
 *	a vGPU that is open sees only after a SCRUB of its partition or a reset
 * @reserved: 0
 *
 * EINVAL; EBUSY: this file has its GPU; ENOSPC: there can be no more. After an error there
 * is no such file, whatever was filled in.
 */
struct openvgpu_soft_create {
	__u32 interface;
	__u32 flags;
	__u64 vram_bytes;
	__s32 vram_fd;
	__u32 reserved;
};

/**
 * struct openvgpu_soft_plug - where the function is
 * @domain: filled in
 * @bus: filled in
 * @slot: filled in; its function is 0
 * @reserved: 0
 *
 * The call returns before the function is there: from another thread its mode is read,
 * which the class code goes by, and then a driver is bound and reads registers. EBUSY: it
 * is plugged in, or no PCI domain is free. ENOSPC: all slots are taken. ENXIO: there is no
 * CREATE, or the function is gone for good. EFAULT: nothing could be filled in, and the
 * function comes all the same.
 */
struct openvgpu_soft_plug {
	__u32 domain;
	__u32 bus;
	__u32 slot;
	__u32 reserved;
};

enum openvgpu_soft_kind {
	OPENVGPU_SOFT_READ	= 1,	/* of a register: to be answered */
	OPENVGPU_SOFT_WRITE	= 2,	/* of a register */
	OPENVGPU_SOFT_RESET	= 3,	/* of the function: as after power-on, video memory zero */
};

/**
 * struct openvgpu_soft_request - an access of the GPU
 * @kind: enum openvgpu_soft_kind; others are to be ignored
 * @bytes: READ and WRITE: 1, 2, 4 or 8
 * @offset: READ and WRITE: in BAR0 of a reference GPU, naturally aligned
 * @value: WRITE: the value, in the lowest bytes
 * @id: READ: for the answer
 */
struct openvgpu_soft_request {
	__u32 kind;
	__u32 bytes;
	__u64 offset;
	__u64 value;
	__u64 id;
};

/**
 * struct openvgpu_soft_answer - the answer to a READ
 * @id: of the request
 * @value: what was read, in the lowest bytes
 *
 * ENOENT: nobody waits for it, for instance because it came too late, or the request was
 * not read yet.
 */
struct openvgpu_soft_answer {
	__u64 id;
	__u64 value;
};

/*
 * The machine's memory: page n of the mapping is bus address n * 4096. A page that the
 * GPU may not reach shows a page of the file's own, without meaning; a write to one that
 * it may only read raises SIGBUS. So before an access one asks with
 * OPENVGPU_SOFT_TRANSLATE. The mapping is shared and not inherited by fork(). It may be
 * made OPENVGPU_SOFT_WINDOWS times (EMFILE), and is unmapped, moved and protected as a
 * whole only (EINVAL).
 */
#define OPENVGPU_SOFT_WINDOWS		4
#define OPENVGPU_SOFT_DMA_BYTES		(1ULL << 36)
#define OPENVGPU_SOFT_DMA_WRITE		1	/* flag: it is to be written, too */

/**
 * struct openvgpu_soft_translate - may the GPU reach that memory?
 * @bus: bus address of the first byte
 * @bytes: how much, 1 to 1 MiB
 * @flags: OPENVGPU_SOFT_DMA_WRITE or 0
 *
 * 0: all of it; EFAULT: not all, or the GPU is no bus master. It stays so until the
 * driver has been told that the GPU does not use it any more, or does not wait for that
 * any longer; then the page of the file's own is in its place. A GPU that is no bus master
 * any more must not use what it has asked about before, and the mapping shows it still.
 */
struct openvgpu_soft_translate {
	__u64 bus;
	__u32 bytes;
	__u32 flags;
};

#define OPENVGPU_SOFT_CREATE	_IOWR(0xbb, 0x20, struct openvgpu_soft_create)
#define OPENVGPU_SOFT_PLUG	_IOR(0xbb, 0x21, struct openvgpu_soft_plug)
#define OPENVGPU_SOFT_ANSWER	_IOW(0xbb, 0x22, struct openvgpu_soft_answer)
#define OPENVGPU_SOFT_TRANSLATE	_IOW(0xbb, 0x23, struct openvgpu_soft_translate)
/*
 * The argument is the vector itself, 0..REFGPU_VECTORS - 1. ENXIO: no driver listens, or
 * the GPU is no bus master: it is lost.
 */
#define OPENVGPU_SOFT_INTERRUPT	_IO(0xbb, 0x24)

#endif /* OPENVGPU_SOFT_H */
