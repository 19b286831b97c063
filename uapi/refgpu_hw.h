/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * refgpu_hw.h - the hardware interface of refgpu, the reference GPU
 *
 * This header is the contract between the device (tools/refgpu), the host
 * driver (kernel/host/family/refgpu) and every guest driver. doc/refgpu.md is
 * the programming manual; a test checks that its register tables and this
 * file agree. Whoever changes a value here changes the hardware: don't.
 *
 * Access: every register is 64 bits wide, naturally aligned, little endian.
 * 4-byte accesses to either half are allowed and act on that half; other
 * sizes, and offsets that name no register, read 0 and drop writes. A write
 * with side effects acts when its low half (or the whole) is written.
 *
 * Register comments read: ACCESS RESET-VALUE description, where ACCESS is
 * RO, RW, WO, or W1C (write one to clear).
 *
 * Trust: a user page is safe to map into a guest whole. Everything else in
 * BAR0, the privileged aliases of the user pages included, is for the host.
 */
#ifndef REFGPU_HW_H
#define REFGPU_HW_H

#include <linux/types.h>

/* ------------------------------------------------------------------ PCI */

#define REFGPU_PCI_VENDOR_ID		0x1234
#define REFGPU_PCI_DEVICE_ID		0x5247	/* a whole GPU */
#define REFGPU_PCI_DEVICE_ID_VGPU	0x5248	/* one vGPU, native personality */
#define REFGPU_PCI_SUBSYSTEM_ID		0x0001
#define REFGPU_PCI_CLASS		0x030200 /* 3D controller; in mode mixed, and of every vGPU */
#define REFGPU_PCI_CLASS_GRAPHICS	0x038000 /* display controller; in mode graphics */
#define REFGPU_PCI_CLASS_COMPUTE	0x120000 /* processing accelerator; in mode compute */
#define REFGPU_PCI_REVISION		0x01

#define REFGPU_BAR_REGISTERS		0	/* 64-bit, 16 MiB, not prefetchable */
#define REFGPU_BAR_VRAM			2	/* 64-bit, prefetchable, power of two >= VRAM */
#define REFGPU_BAR_MSIX			4	/* 64-bit, 8 KiB: table at 0, PBA at 4 KiB */

#define REFGPU_BAR_REGISTERS_SIZE	0x1000000ULL
#define REFGPU_BAR_MSIX_SIZE		0x2000
#define REFGPU_MSIX_TABLE_OFFSET	0x0000
#define REFGPU_MSIX_PBA_OFFSET		0x1000

/* MSI-X: vectors 0..63 belong to the partitions, the rest to the host. */
#define REFGPU_VECTOR_PARTITION(p)	(p)
#define REFGPU_VECTOR_EVENT		64	/* a record was added to the event ring */
#define REFGPU_VECTOR_FAULT		65	/* the fault ring is not empty */
#define REFGPU_VECTORS			66

/* --------------------------------------------------------------- limits */

#define REFGPU_PARTITIONS		64
#define REFGPU_RUN_CONTROLS		8
#define REFGPU_RINGS			4	/* rings a partition */
#define REFGPU_HEADS			4	/* heads a partition */
#define REFGPU_SLICES			8	/* compute slices, and memory slices */
#define REFGPU_GROUP_SLOTS		8	/* work-groups of one dispatch in flight, at most */
#define REFGPU_GROUP_ITEMS_MAX		256	/* work-items a work-group */
#define REFGPU_VRAM_MIN			(64ULL << 20)
#define REFGPU_VRAM_MAX			(64ULL << 30)
#define REFGPU_VRAM_ALIGN		0x10000ULL /* granule of partition base and limit */
#define REFGPU_PAGE_SHIFT		12	/* page of the system-memory table */
#define REFGPU_PAGE_SIZE		(1ULL << REFGPU_PAGE_SHIFT)
#define REFGPU_SYSMEM_PAGES_MAX		(1U << 20) /* entries of a system-memory table: 4 GiB */
#define REFGPU_RING_PACKETS_MIN		2
#define REFGPU_RING_PACKETS_MAX		65536
#define REFGPU_EDID_SIZE		256

/* ------------------------------------------------------------ BAR0 map */

#define REFGPU_GLOBAL			0x000000
#define REFGPU_RUN_CONTROL(i)		(0x010000 + (i) * 0x1000)
#define REFGPU_PARTITION(p)		(0x040000 + (p) * 0x400)
#define REFGPU_FAULT			0x060000
#define REFGPU_CONTEXT			0x070000
#define REFGPU_COUNTERS(p)		(0x0c0000 + (p) * 0x100)
#define REFGPU_USER_PAGE(p)		(0x400000 + (p) * 0x10000)
#define REFGPU_USER_PAGE_SIZE		0x10000
/*
 * Privileged alias of a user page: the same registers, but all of them are
 * plain storage that the host may write: no doorbell rings, no bit clears
 * itself. It is how a vGPU is saved and restored. Write it only while the
 * partition is frozen, or disabled.
 */
#define REFGPU_USER_ALIAS(p)		(0x800000 + (p) * 0x10000)

/* --------------------------------------------------------- global block */

#define REFGPU_GLOBAL_ID		0x000	/* RO 0x0055504746455200 REFGPU_ID */
#define REFGPU_GLOBAL_VERSION		0x008	/* RO 0x00010001 major in bits 31:16, minor in 15:0 */
#define REFGPU_GLOBAL_CAPS		0x010	/* RO - REFGPU_CAP_* */
#define REFGPU_GLOBAL_VRAM_SIZE		0x018	/* RO - bytes of video memory */
#define REFGPU_GLOBAL_BOARD		0x020	/* RO - board code, up to 8 ASCII characters */
#define REFGPU_GLOBAL_TIMER		0x028	/* RO - nanoseconds, monotonic, never reset by RESET */
#define REFGPU_GLOBAL_RESET		0x030	/* RW 0 write 1: reset the whole device; reads 1 until done */
#define REFGPU_GLOBAL_PENDING		0x038	/* RO 0 bit p: partition p has work it could do now */
#define REFGPU_GLOBAL_EVENT_BASE	0x040	/* RW 0 bus address of the event ring, 4 KiB aligned; 0: none */
#define REFGPU_GLOBAL_EVENT_RECORDS	0x048	/* RW 0 records in it, a power of two, 16..65536 */
#define REFGPU_GLOBAL_EVENT_PUT		0x050	/* RO 0 sequence number of the next record */
#define REFGPU_GLOBAL_SWITCH_NS		0x058	/* RW - fixed cost of a context load and of a save, nanoseconds */
#define REFGPU_GLOBAL_SWITCH_BYTES	0x060	/* RW - context store bandwidth, bytes a microsecond; 0: infinite */
#define REFGPU_GLOBAL_BAD_ACCESS	0x068	/* RO 0 accesses that named no register */
#define REFGPU_GLOBAL_SLICES		0x070	/* RO - slices the device has: compute mask bits 7:0, memory mask 15:8, each from bit 0 on */
#define REFGPU_GLOBAL_SCRATCH		0x078	/* RW 0 storage without meaning */
#define REFGPU_GLOBAL_MODE		0x080	/* RO - enum refgpu_mode in force; CAP_MODE */
#define REFGPU_GLOBAL_NEXT_MODE		0x088	/* RW - the mode from the next reset of the function on; no reset changes it; CAP_MODE */

#define REFGPU_ID			0x0055504746455200ULL /* "\0REFGPU\0" */
/*
 * A minor version adds registers and bits, each with a capability. Without it the
 * register reads 0 and drops writes, and the bit can't be set.
 */
#define REFGPU_VERSION			0x00010001
#define REFGPU_VERSION_1_0		0x00010000

#define REFGPU_CAP_COMPUTE		(1ULL << 0) /* DISPATCH */
#define REFGPU_CAP_COPY			(1ULL << 1) /* COPY, FILL */
#define REFGPU_CAP_HEADS		(1ULL << 2) /* heads and FLIP */
#define REFGPU_CAP_SYSMEM		(1ULL << 3) /* system-memory tables */
#define REFGPU_CAP_SPATIAL		(1ULL << 4) /* run-control blocks 1..7 work, slices count, RC_BUSY_NS, RC_IDLE_NS */
#define REFGPU_CAP_DIRTY		(1ULL << 5) /* dirty tracking */
#define REFGPU_CAP_CONTEXT		(1ULL << 6) /* context window */
#define REFGPU_CAP_VIRTUAL_CLOCK	(1ULL << 7) /* TIMER advances by retired work */
#define REFGPU_CAP_RIGHTS		(1ULL << 8) /* RIGHTS, RING_RIGHTS* */
#define REFGPU_CAP_BUSY			(1ULL << 9) /* USER_BUSY_NS */
#define REFGPU_CAP_LINGER_NS		(1ULL << 10) /* RC_LINGER_NS */
#define REFGPU_CAP_PENDING_ONCE		(1ULL << 11) /* PARTITION_PENDING_ONCE */
#define REFGPU_CAP_PC			(1ULL << 12) /* RING_PC */
#define REFGPU_CAP_SHARED_MEMORY	(1ULL << 13) /* RC_SLICES_SHARED */
#define REFGPU_CAP_MODE			(1ULL << 14) /* GLOBAL_MODE, GLOBAL_NEXT_MODE; USER_CAPS has not this bit */

/*
 * What the function is for. A reset of the function (function level, of the slot, or
 * being plugged in) takes NEXT_MODE; GLOBAL_RESET does not. The mode decides the class
 * code, and in mode compute there is no CAP_HEADS. BARs are the same in all modes.
 */
enum refgpu_mode {
	REFGPU_MODE_MIXED	= 0,
	REFGPU_MODE_GRAPHICS	= 1,
	REFGPU_MODE_COMPUTE	= 2,
};

/* --------------------------------------------------- run-control blocks */

/*
 * A run-control block owns some compute and memory slices and holds at most
 * one resident partition. Every accepted RUN ends with exactly one run-end
 * event, whatever happens (but for a hung engine: then PARTITION_RESET of
 * the resident partition ends it).
 *
 * With CAP_SPATIAL the blocks work side by side, each at the speed of its
 * slices, and a slice belongs to one block at most. RC_SLICES can be written
 * while the block is EMPTY. Other writes are dropped, and those that name a
 * slice that the device does not have, or that another block has: read it back.
 *
 * With CAP_SHARED_MEMORY blocks may have the same memory slices if RC_SLICES_SHARED is
 * set in all of them and their memory masks are equal. They share the speed of that
 * memory in proportion to their compute slices.
 *
 * Memory slice m is the video memory from m * S to (m + 1) * S, the last one to
 * its end; S is VRAM_SIZE / slices, rounded down to VRAM_ALIGN.
 */
#define REFGPU_RC_SLICES		0x00	/* RW - compute mask bits 7:0, memory mask 15:8, RC_SLICES_SHARED; block 0 resets to GLOBAL_SLICES, others to 0 */
#define REFGPU_RC_RUN			0x08	/* WO 0 REFGPU_RUN(): make a partition resident and run it */
#define REFGPU_RC_PREEMPT		0x10	/* WO 0 any value: stop and save the resident partition */
#define REFGPU_RC_STATE			0x18	/* RO 0xff00 state bits 7:0, resident partition bits 15:8 (0xff: none) */
#define REFGPU_RC_EVENT			0x20	/* W1C 0 last run-end: bit 63 valid, reason 7:0, partition 15:8, sequence 47:16; write bit 63 to clear */
#define REFGPU_RC_RUN_NS		0x28	/* RO 0 how long the last run lasted: load end to stop, nanoseconds */
#define REFGPU_RC_SWITCH_NS		0x30	/* RO 0 what its load and save took, nanoseconds */
#define REFGPU_RC_SEQUENCE		0x38	/* RO 0 number of RUNs accepted */
#define REFGPU_RC_LINGER_NS		0x40	/* RW 0 a run with REFGPU_RUN_LINGER ends when it is out of work for so long, nanoseconds; 0: it does not */
#define REFGPU_RC_BUSY_NS		0x48	/* RO 0 time in state RUNNING since the device's reset, nanoseconds; CAP_SPATIAL */
#define REFGPU_RC_IDLE_NS		0x50	/* RO 0 time in EMPTY, LINGERING and IDLE_SLOT, likewise; the rest are loads and saves; CAP_SPATIAL */

#define REFGPU_RC_SLICES_SHARED		(1ULL << 16) /* other blocks may have this memory mask, too; CAP_SHARED_MEMORY */

/**
 * REFGPU_RUN - value for REFGPU_RC_RUN
 * @partition: 0..63, or REFGPU_RUN_NONE for an idle slot that lasts its quantum
 * @flags: REFGPU_RUN_* flags
 * @quantum_ns: the run stops itself after this long; 0: no quantum, and
 *              not allowed for an idle slot. At most 2^48 - 1.
 */
#define REFGPU_RUN(partition, flags, quantum_ns) \
	((__u64)(partition) | (__u64)(flags) << 8 | (__u64)(quantum_ns) << 16)
#define REFGPU_RUN_NONE			0xff
/*
 * Stay resident when out of work; the run ends by quantum, PREEMPT or RC_LINGER_NS,
 * which is taken when RUN is written.
 */
#define REFGPU_RUN_LINGER		0x01

enum refgpu_rc_state {
	REFGPU_RC_EMPTY		= 0,	/* nothing resident: RUN is accepted */
	REFGPU_RC_LOADING	= 1,
	REFGPU_RC_RUNNING	= 2,
	REFGPU_RC_LINGERING	= 3,	/* resident, out of work */
	REFGPU_RC_SAVING	= 4,
	REFGPU_RC_IDLE_SLOT	= 5,	/* RUN(NONE) */
};

enum refgpu_run_end {
	REFGPU_END_IDLE		= 1,	/* out of work */
	REFGPU_END_QUANTUM	= 2,	/* quantum used up */
	REFGPU_END_PREEMPTED	= 3,	/* PREEMPT */
	REFGPU_END_RESET	= 4,	/* the partition was reset or disabled while resident */
	REFGPU_END_FROZEN	= 5,	/* the partition was frozen while resident */
	REFGPU_END_REJECTED	= 6,	/* RUN not possible: block busy, partition disabled, frozen, resident elsewhere, or not on these slices */
};

/* ----------------------------------------------------------- event ring */

/*
 * The device writes records to host memory and then raises VECTOR_EVENT.
 * The driver consumes records while the sequence number is the one it
 * expects, so that it reads no register; an event can be lost only if the
 * driver falls a whole ring behind, or by injection. RC_EVENT and PENDING
 * are the truth, events a hint. Records are little endian.
 */

/**
 * struct refgpu_event - one record of the event ring
 * @sequence: record n of the device's life carries n + 1; written last, and 0 while
 *	the record is being written
 * @type: enum refgpu_event_type
 * @partition: the partition meant; 0xff: none
 * @run_control: the run-control block meant; 0xff: none
 * @reason: run end: enum refgpu_run_end
 * @time: global TIMER, nanoseconds
 * @run_ns: run end: how long it ran, nanoseconds
 * @switch_ns: run end: what load and save took, nanoseconds
 */
struct refgpu_event {
	__le32 sequence;
	__u8 type;
	__u8 partition;
	__u8 run_control;
	__u8 reason;
	__le64 time;
	__le64 run_ns;
	__le64 switch_ns;
};

enum refgpu_event_type {
	REFGPU_EVENT_RUN_END	= 1,
	REFGPU_EVENT_PENDING	= 2,	/* a partition that is not resident got work */
	REFGPU_EVENT_DONE	= 3,	/* a partition command (reset, scrub, invalidate...) completed */
	REFGPU_EVENT_MEMORY	= 4,	/* uncorrectable memory error */
};

/* ------------------------------------------------------ partition table */

#define REFGPU_PARTITION_CONTROL	0x00	/* RW 0 REFGPU_PARTITION_* bits */
#define REFGPU_PARTITION_STATUS		0x08	/* RO 0 REFGPU_PARTITION_IS_* bits */
#define REFGPU_PARTITION_VRAM_BASE	0x10	/* RW 0 first byte in video memory, multiple of VRAM_ALIGN */
#define REFGPU_PARTITION_VRAM_LIMIT	0x18	/* RW 0 bytes, multiple of VRAM_ALIGN */
#define REFGPU_PARTITION_SLICES		0x20	/* RW - compute mask 7:0, memory mask 15:8 it may run on; resets to GLOBAL_SLICES */
#define REFGPU_PARTITION_TIMER_OFFSET	0x28	/* RW 0 added to every timer the partition reads, signed nanoseconds */
#define REFGPU_PARTITION_SYSMEM_BASE	0x30	/* RW 0 bus address of the system-memory table, 4 KiB aligned */
#define REFGPU_PARTITION_SYSMEM_PAGES	0x38	/* RW 0 entries in it; 0: no system memory */
#define REFGPU_PARTITION_RESET		0x40	/* RW 0 write 1: reset; reads 1 until done */
#define REFGPU_PARTITION_SCRUB		0x48	/* RW 0 write 1: zero slice and context store; reads 1 until done */
#define REFGPU_PARTITION_INVALIDATE	0x50	/* RW 0 write 1: forget the entries named below; reads 1 until done */
#define REFGPU_PARTITION_INVALIDATE_FIRST 0x58	/* RW 0 first system-memory page */
#define REFGPU_PARTITION_INVALIDATE_PAGES 0x60	/* RW 0 number of pages */
#define REFGPU_PARTITION_DIRTY_CONTROL	0x68	/* RW 0 bit 0 track; granule log2 in bits 15:8, 12..21 */
#define REFGPU_PARTITION_DIRTY_FIRST	0x70	/* RW 0 first granule to fetch, multiple of 64 */
#define REFGPU_PARTITION_DIRTY_COUNT	0x78	/* RW 0 granules to fetch, multiple of 64 */
#define REFGPU_PARTITION_DIRTY_TARGET	0x80	/* RW 0 bus address that receives the bitmap, 8-byte aligned */
#define REFGPU_PARTITION_DIRTY_FETCH	0x88	/* RW 0 write 1: copy the bits out and clear them; reads 1 until done */
#define REFGPU_PARTITION_HEADS		0x90	/* RW 0 heads the partition has, 0..4 */
#define REFGPU_PARTITION_HEAD_MAX	0x98	/* RW 0 largest mode: width 31:0, height 63:32 */
#define REFGPU_PARTITION_FLIP_NS	0xa0	/* RW 0 least time between two flips of a head; 0: vblank only */

#define REFGPU_PARTITION_ENABLE		(1ULL << 0) /* 0: registers hold reset values, nothing runs */
#define REFGPU_PARTITION_FREEZE		(1ULL << 1) /* doorbells latch, nothing runs, no interrupt is raised */
#define REFGPU_PARTITION_PENDING_ONCE	(1ULL << 2) /* no second PENDING event before a RUN names the partition, or RESET */

#define REFGPU_PARTITION_IS_RESIDENT	(1ULL << 0)
#define REFGPU_PARTITION_IS_PENDING	(1ULL << 1) /* as in GLOBAL_PENDING */
#define REFGPU_PARTITION_IS_SAVED	(1ULL << 2) /* the context store holds unfinished work */
#define REFGPU_PARTITION_IS_STOPPED	(1ULL << 3) /* at least one ring stopped by an error */

/*
 * Slice: VRAM_BASE, VRAM_LIMIT, SYSMEM_* and SLICES may be written only while
 * ENABLE is 0; later writes are dropped. A write that would reach beyond the
 * video memory is dropped too.
 *
 * RESET clears user page, rings, heads, context store and dirty bits, not the
 * partition entry. INVALIDATE completes when no access that used one of the
 * old entries is under way; it and RESET complete whatever the engines do.
 *
 * A system-memory table is an array of SYSMEM_PAGES 64-bit entries in host
 * memory: bus address of a 4 KiB page | REFGPU_SYSMEM_* bits. The host
 * fills entries at any time without notice, and sends INVALIDATE after it
 * has cleared some.
 */
#define REFGPU_SYSMEM_VALID		(1ULL << 0)
#define REFGPU_SYSMEM_WRITE		(1ULL << 1)
#define REFGPU_SYSMEM_ADDRESS		0x000ffffffffff000ULL

/* ----------------------------------------------------------- fault ring */

#define REFGPU_FAULT_PUT		0x000	/* RO 0 number of faults recorded */
#define REFGPU_FAULT_GET		0x008	/* RW 0 number of faults consumed by the driver */
#define REFGPU_FAULT_DROPPED		0x010	/* RO 0 faults not recorded because the ring was full */
#define REFGPU_FAULT_RECORD(n)		(0x1000 + ((n) % REFGPU_FAULT_RECORDS) * 32) /* four words, below */
#define REFGPU_FAULT_RECORDS		256

#define REFGPU_FAULT_WORD_SOURCE	0x00	/* RO 0 enum refgpu_error 7:0, partition 15:8, ring 23:16 */
#define REFGPU_FAULT_WORD_ADDRESS	0x08	/* RO 0 address refused, as the partition named it */
#define REFGPU_FAULT_WORD_WHERE		0x10	/* RO 0 program counter, or packet number */
#define REFGPU_FAULT_WORD_TIME		0x18	/* RO 0 global TIMER */

/* ------------------------------------------------------- context window */

/*
 * Context images live in a device-private store that no BAR shows. The
 * partition must be frozen or disabled, and resident nowhere.
 */
#define REFGPU_CONTEXT_PARTITION	0x00	/* RW 0 whose image */
#define REFGPU_CONTEXT_BYTES		0x08	/* RO 0 size of its image now; 0: no unfinished work */
#define REFGPU_CONTEXT_OFFSET		0x10	/* RW 0 first byte of the image to move, multiple of 8 */
#define REFGPU_CONTEXT_LENGTH		0x18	/* RW 0 bytes to move, multiple of 8, at most 64 KiB */
#define REFGPU_CONTEXT_TARGET		0x20	/* RW 0 bus address */
#define REFGPU_CONTEXT_COMMAND		0x28	/* RW 0 REFGPU_CONTEXT_*; reads 0 when done */
#define REFGPU_CONTEXT_RESULT		0x30	/* RO 0 0, or enum refgpu_error of the last command */

#define REFGPU_CONTEXT_FETCH		1	/* image to host memory */
#define REFGPU_CONTEXT_STORE		2	/* host memory to image; OFFSET 0 starts a new image */
#define REFGPU_CONTEXT_COMMIT		3	/* check the stored image and make it the partition's */
#define REFGPU_CONTEXT_BYTES_MAX	(1U << 20)
#define REFGPU_CONTEXT_LENGTH_MAX	0x10000

/* ------------------------------------------------------------- counters */

#define REFGPU_COUNTER_BUSY_NS		0x00	/* RO 0 executing packets */
#define REFGPU_COUNTER_RESIDENT_NS	0x08	/* RO 0 resident, load end to stop */
#define REFGPU_COUNTER_WAIT_NS		0x10	/* RO 0 pending and not resident */
#define REFGPU_COUNTER_SWITCHES		0x18	/* RO 0 times made resident */
#define REFGPU_COUNTER_SWITCH_NS	0x20	/* RO 0 loads and saves */
#define REFGPU_COUNTER_PREEMPT_MAX_NS	0x28	/* RO 0 longest PREEMPT or quantum end to stop */
#define REFGPU_COUNTER_PACKETS		0x30	/* RO 0 packets completed */
#define REFGPU_COUNTER_DOORBELLS	0x38	/* RO 0 doorbells rung */
#define REFGPU_COUNTER_FENCES		0x40	/* RO 0 fences signalled */
#define REFGPU_COUNTER_ITEMS		0x48	/* RO 0 work-items completed */
#define REFGPU_COUNTER_INSTRUCTIONS	0x50	/* RO 0 instructions retired */
#define REFGPU_COUNTER_BYTES_READ	0x58	/* RO 0 bytes read by FILL, COPY and packets' own reads */
#define REFGPU_COUNTER_BYTES_WRITTEN	0x60	/* RO 0 bytes written by them */
#define REFGPU_COUNTER_FAULTS		0x68	/* RO 0 errors that stopped a ring */
#define REFGPU_COUNTER_INTERRUPTS	0x70	/* RO 0 interrupts raised */
#define REFGPU_COUNTER_VBLANKS		0x78	/* RO 0 vertical blanks of enabled heads */
#define REFGPU_COUNTER_FLIPS		0x80	/* RO 0 flips completed */
#define REFGPU_COUNTER_CLEAR		0x88	/* WO 0 any value: zero this partition's counters */

/* ------------------------------------------------------------ user page */

#define REFGPU_USER_ID			0x0000	/* RO 0x0055504746455200 REFGPU_ID; 0 while the partition is disabled */
#define REFGPU_USER_VERSION		0x0008	/* RO 0x00010001 REFGPU_VERSION */
#define REFGPU_USER_CAPS		0x0010	/* RO - REFGPU_CAP_* */
#define REFGPU_USER_TIMER		0x0018	/* RO - nanoseconds, with the partition's offset */
#define REFGPU_USER_VRAM_SIZE		0x0020	/* RO - bytes of the slice */
#define REFGPU_USER_SYSMEM_PAGES	0x0028	/* RO - pages of the system-memory aperture */
#define REFGPU_USER_INTR_STATUS		0x0030	/* W1C 0 REFGPU_INTR_* */
#define REFGPU_USER_INTR_ENABLE		0x0038	/* RW 0 a status bit raises the vector only if set here */
#define REFGPU_USER_ERROR		0x0040	/* W1C 0 enum refgpu_error of the last partition-wide error; any write clears */
#define REFGPU_USER_SLICES		0x0048	/* RO - slices the partition may use */
#define REFGPU_USER_SCRATCH		0x0050	/* RW 0 storage without meaning */
#define REFGPU_USER_BUSY_NS		0x0058	/* RO 0 time that engines spent on the partition's packets, nanoseconds; CAP_BUSY */

#define REFGPU_USER_RING(r)		(0x1000 + (r) * 0x100)
#define REFGPU_USER_HEAD(h)		(0x4000 + (h) * 0x400)

/* The vector is raised when a bit that is enabled goes from 0 to 1. */
#define REFGPU_INTR_FENCE		(1ULL << 0) /* a FENCE packet with the interrupt flag */
#define REFGPU_INTR_ERROR		(1ULL << 1) /* a ring stopped, or USER_ERROR was set */
#define REFGPU_INTR_VBLANK(h)		(1ULL << (8 + (h)))
#define REFGPU_INTR_FLIP(h)		(1ULL << (16 + (h)))
#define REFGPU_INTR_HOTPLUG(h)		(1ULL << (24 + (h))) /* EDID changed */

/* ---- rings */

#define REFGPU_RING_BASE		0x00	/* RW 0 address of the first packet, 64-byte aligned */
#define REFGPU_RING_PACKETS		0x08	/* RW 0 packets in the ring, a power of two */
#define REFGPU_RING_CONTROL		0x10	/* RW 0 bit 0 enable; 0 to 1 zeroes GET, PUT, FENCE, STATUS, ERROR, RIGHTS, PC */
#define REFGPU_RING_DOORBELL		0x18	/* WO 0 new PUT: packets submitted so far, 32 bits, free running */
#define REFGPU_RING_PUT			0x20	/* RO 0 packets submitted */
#define REFGPU_RING_GET			0x28	/* RO 0 packets completed */
#define REFGPU_RING_FENCE		0x30	/* RO 0 value of the last FENCE packet completed */
#define REFGPU_RING_STATUS		0x38	/* RO 0 enum refgpu_ring_status */
#define REFGPU_RING_ERROR		0x40	/* RO 0 enum refgpu_error that stopped it */
#define REFGPU_RING_ERROR_ADDRESS	0x48	/* RO 0 address refused */
#define REFGPU_RING_ERROR_WHERE		0x50	/* RO 0 program counter, or packet number */
#define REFGPU_RING_RIGHTS		0x58	/* RO 0 address of the table of rights in force; 0: none, all is permitted; CAP_RIGHTS */
#define REFGPU_RING_RIGHTS_VRAM		0x60	/* RO 0 granules of video memory in it; CAP_RIGHTS */
#define REFGPU_RING_RIGHTS_SYSMEM	0x68	/* RO 0 granules of system memory in it; CAP_RIGHTS */
#define REFGPU_RING_PC			0x70	/* RO 0 program counter of the DISPATCH under way; 0: none is; CAP_PC */

/*
 * BASE and PACKETS may be written only while the ring is disabled. Clearing
 * CONTROL drops the packet under way at the next instruction or page; the
 * ring reads REFGPU_RING_DISABLED when that has happened.
 */
enum refgpu_ring_status {
	REFGPU_RING_DISABLED	= 0,
	REFGPU_RING_IDLE	= 1,	/* GET == PUT */
	REFGPU_RING_BUSY	= 2,	/* has packets it could execute */
	REFGPU_RING_BLOCKED	= 3,	/* at a SEMAPHORE wait that does not hold */
	REFGPU_RING_STOPPED	= 4,	/* by RING_ERROR, until disabled */
};

enum refgpu_error {
	REFGPU_ERROR_NONE		= 0,
	REFGPU_ERROR_OPCODE		= 1,	/* no such packet */
	REFGPU_ERROR_PACKET		= 2,	/* field out of range, or reserved bits set */
	REFGPU_ERROR_ADDRESS		= 3,	/* packet names memory the partition does not have */
	REFGPU_ERROR_DOORBELL		= 4,	/* PUT further than a ring ahead of GET */
	REFGPU_ERROR_RING		= 5,	/* ring base or size not valid */
	REFGPU_ERROR_TRAP		= 6,	/* TRAP packet */
	REFGPU_ERROR_INSTRUCTION	= 7,	/* illegal instruction, ECALL */
	REFGPU_ERROR_BREAKPOINT		= 8,	/* EBREAK */
	REFGPU_ERROR_FETCH		= 9,	/* instruction address outside, or misaligned */
	REFGPU_ERROR_LOAD		= 10,	/* load address outside */
	REFGPU_ERROR_STORE		= 11,	/* store address outside, or read-only */
	REFGPU_ERROR_MISALIGNED		= 12,	/* atomic not aligned */
	REFGPU_ERROR_BARRIER		= 13,	/* barrier that some work-item of the group can't reach */
	REFGPU_ERROR_RESET		= 14,	/* the host reset the partition */
	REFGPU_ERROR_HANG		= 15,	/* ... because it did not yield in time */
	REFGPU_ERROR_DMA		= 16,	/* host memory did not answer */
	REFGPU_ERROR_MEMORY		= 17,	/* uncorrectable video memory error */
	REFGPU_ERROR_CONTEXT		= 18,	/* context image not valid */
};

/* ---- heads */

#define REFGPU_HEAD_CONTROL		0x000	/* RW 0 bit 0 enable, bit 1 cursor enable */
#define REFGPU_HEAD_BASE		0x008	/* RW 0 address of the first pixel, 64-byte aligned, video memory */
#define REFGPU_HEAD_PITCH		0x010	/* RW 0 bytes a line, multiple of 64 */
#define REFGPU_HEAD_FORMAT		0x018	/* RW 0 DRM fourcc: XR24 or AR24 */
#define REFGPU_HEAD_SIZE		0x020	/* RW 0 width 31:0, height 63:32 */
#define REFGPU_HEAD_CURSOR_BASE		0x028	/* RW 0 address of the cursor, AR24, pitch = 4 * width */
#define REFGPU_HEAD_CURSOR_SIZE		0x030	/* RW 0 width 31:0, height 63:32, at most 256 */
#define REFGPU_HEAD_CURSOR_POSITION	0x038	/* RW 0 x 31:0, y 63:32, signed */
#define REFGPU_HEAD_CURSOR_HOTSPOT	0x040	/* RW 0 x 31:0, y 63:32 */
#define REFGPU_HEAD_FLIP		0x048	/* RW 0 address to show from the next vblank on; reads the pending one, 0: none */
#define REFGPU_HEAD_VBLANK_COUNT	0x050	/* RO 0 vertical blanks since enabled */
#define REFGPU_HEAD_VBLANK_TIME		0x058	/* RO 0 time of the last one, USER_TIMER scale */
#define REFGPU_HEAD_CRC			0x060	/* RO 0 CRC-32 (IEEE) of the last frame's visible pixels, line by line, with cursor */
#define REFGPU_HEAD_STATUS		0x068	/* RO 0 bit 0 active, bit 1 flip pending, bit 2 mode refused */
#define REFGPU_HEAD_EDID_BYTES		0x070	/* RO 0 0: nothing connected; host writes it through the alias */
#define REFGPU_HEAD_EDID		0x200	/* RO 0 256 bytes; host writes them through the alias */
#define REFGPU_HEAD_REFRESH_HZ		60

/* -------------------------------------------------------------- addresses */

/*
 * One address space for packets, harts and heads: video memory of the slice
 * from 0, the system-memory aperture from REFGPU_SYSMEM_APERTURE. An access
 * never crosses from one to the other.
 */
#define REFGPU_SYSMEM_APERTURE		(1ULL << 40)

/* --------------------------------------------------------------- packets */

enum refgpu_opcode {
	REFGPU_OP_NOP		= 0,
	REFGPU_OP_FILL		= 1,
	REFGPU_OP_COPY		= 2,
	REFGPU_OP_DISPATCH	= 3,
	REFGPU_OP_FENCE		= 4,
	REFGPU_OP_SEMAPHORE	= 5,
	REFGPU_OP_TIMESTAMP	= 6,
	REFGPU_OP_FLIP		= 7,
	REFGPU_OP_TRAP		= 8,
	REFGPU_OP_RIGHTS	= 9,	/* CAP_RIGHTS */
};

#define REFGPU_PACKET_SIZE		64

/* Bits of a packet's flags. All others must be 0. */
#define REFGPU_FENCE_INTERRUPT		(1U << 0) /* FENCE: raise REFGPU_INTR_FENCE */
#define REFGPU_FENCE_WRITE		(1U << 1) /* FENCE: also store value at address */
#define REFGPU_SEMAPHORE_SIGNAL		(1U << 0) /* SEMAPHORE: store value; else wait */
#define REFGPU_SEMAPHORE_EQUAL		(1U << 1) /* wait until equal; else until memory >= value, unsigned */
#define REFGPU_FLIP_WAIT		(1U << 0) /* FLIP: complete at the vblank; else at once */

/**
 * struct refgpu_packet_header - first 8 bytes of every packet
 * @opcode: enum refgpu_opcode
 * @flags: of that opcode
 * @reserved: 0
 */
struct refgpu_packet_header {
	__u16 opcode;
	__u16 flags;
	__u32 reserved;
};

/**
 * struct refgpu_fill - fill lines of memory with a 32-bit pattern
 * @header: opcode FILL
 * @target: address, multiple of 4
 * @bytes: bytes a line, multiple of 4, at least 4
 * @pitch: bytes from one line to the next; ignored for one line
 * @lines: number of lines, at least 1
 * @pattern: what to store
 * @reserved: 0
 */
struct refgpu_fill {
	struct refgpu_packet_header header;
	__u64 target;
	__u64 bytes;
	__u64 pitch;
	__u32 lines;
	__u32 pattern;
	__u64 reserved[3];
};

/**
 * struct refgpu_copy - copy lines of memory; overlapping ones in no set order
 * @header: opcode COPY
 * @source: address
 * @target: address
 * @bytes: bytes a line, at least 1
 * @source_pitch: bytes from one source line to the next
 * @target_pitch: bytes from one target line to the next
 * @lines: number of lines, at least 1
 * @reserved: 0
 */
struct refgpu_copy {
	struct refgpu_packet_header header;
	__u64 source;
	__u64 target;
	__u64 bytes;
	__u64 source_pitch;
	__u64 target_pitch;
	__u32 lines;
	__u32 reserved[3];
};

/**
 * struct refgpu_dispatch - run a grid of work-items
 * @header: opcode DISPATCH
 * @code: address of the first instruction, multiple of 4
 * @argument: passed to every work-item in a0
 * @stack: lowest address of the stacks; item i of the group in group slot s
 *	   gets sp = stack + (s * items_a_group + i + 1) * stack_bytes
 * @stack_bytes: bytes a work-item, multiple of 16; 0: sp is 0
 * @grid: work-groups in x, y, z, each at least 1
 * @group: work-items a group in x, y, z, each at least 1, product at most
 *	   REFGPU_GROUP_ITEMS_MAX
 * @reserved: 0
 *
 * A work-item is an RV64IMF hart (with the A extension's 32-bit
 * instructions). It starts at @code with a0 = @argument, ra =
 * REFGPU_EXIT_ADDRESS, all other registers 0, and ends by jumping to
 * REFGPU_EXIT_ADDRESS, which is what a C function's return does.
 */
struct refgpu_dispatch {
	struct refgpu_packet_header header;
	__u64 code;
	__u64 argument;
	__u64 stack;
	__u32 stack_bytes;
	__u32 grid[3];
	__u16 group[3];
	__u16 reserved[5];
};

/**
 * struct refgpu_fence - report that everything before it on its ring is done
 * @header: opcode FENCE
 * @value: goes to RING_FENCE, and to @address with FENCE_WRITE
 * @address: multiple of 8
 * @reserved: 0
 */
struct refgpu_fence {
	struct refgpu_packet_header header;
	__u64 value;
	__u64 address;
	__u64 reserved[5];
};

/**
 * struct refgpu_semaphore - signal, or wait for, a 64-bit value in memory
 * @header: opcode SEMAPHORE
 * @address: multiple of 8
 * @value: see the flags
 * @reserved: 0
 *
 * A wait that does not hold blocks its ring. It is looked at again when any
 * ring of the partition executes a SEMAPHORE signal, and at any doorbell.
 */
struct refgpu_semaphore {
	struct refgpu_packet_header header;
	__u64 address;
	__u64 value;
	__u64 reserved[5];
};

/**
 * struct refgpu_timestamp - store USER_TIMER in memory
 * @header: opcode TIMESTAMP
 * @address: multiple of 8
 * @reserved: 0
 */
struct refgpu_timestamp {
	struct refgpu_packet_header header;
	__u64 address;
	__u64 reserved[6];
};

/**
 * struct refgpu_flip - show another framebuffer from the next vblank on
 * @header: opcode FLIP
 * @head: 0..3
 * @reserved0: 0
 * @base: address of the first pixel, as in HEAD_FLIP
 * @reserved: 0
 */
struct refgpu_flip {
	struct refgpu_packet_header header;
	__u32 head;
	__u32 reserved0;
	__u64 base;
	__u64 reserved[5];
};

/*
 * Rights: two bits for each granule of the partition's memory. A table of
 * rights is an array of 64-bit words, 32 granules a word, lowest bits first:
 * the words of video memory from granule 0 on, then, beginning with a word of
 * their own, those of the system-memory aperture. Granules beyond those that
 * the table has are not permitted. WRITE without READ permits nothing.
 */
#define REFGPU_RIGHTS_GRANULE		0x10000ULL
#define REFGPU_RIGHTS_A_WORD		32	/* granules that have their bits in one word */
#define REFGPU_RIGHTS_READ		1ULL
#define REFGPU_RIGHTS_WRITE		2ULL
#define REFGPU_RIGHTS_VRAM_MAX		(REFGPU_VRAM_MAX / REFGPU_RIGHTS_GRANULE)
#define REFGPU_RIGHTS_SYSMEM_MAX \
	(REFGPU_SYSMEM_PAGES_MAX * REFGPU_PAGE_SIZE / REFGPU_RIGHTS_GRANULE)

/**
 * struct refgpu_rights - which memory later packets of the ring may reach
 * @header: opcode RIGHTS
 * @table: address of the table, multiple of 8; 0: no table, all is permitted
 * @vram_granules: granules of video memory that the table has, at most
 *	REFGPU_RIGHTS_VRAM_MAX
 * @sysmem_granules: granules of system memory that the table has, at most
 *	REFGPU_RIGHTS_SYSMEM_MAX; both are 0 without a table
 * @reserved: 0
 *
 * FILL, COPY, DISPATCH and TIMESTAMP obey the table, from the next packet of the
 * ring on. All else that the ring does is privileged: fetching packets, FENCE,
 * SEMAPHORE, FLIP, and RIGHTS itself.
 */
struct refgpu_rights {
	struct refgpu_packet_header header;
	__u64 table;
	__u64 vram_granules;
	__u64 sysmem_granules;
	__u64 reserved[4];
};

/* ----------------------------------------------------------------- harts */

/* ra at the start of a work-item; jumping there ends it. */
#define REFGPU_EXIT_ADDRESS		0xfffffffffffffffcULL

/* Read-only CSRs of a work-item (beside fflags, frm, fcsr, cycle, time, instret). */
#define REFGPU_CSR_GLOBAL_ID(d)		(0xcc0 + (d)) /* d: 0 x, 1 y, 2 z */
#define REFGPU_CSR_LOCAL_ID(d)		(0xcc4 + (d))
#define REFGPU_CSR_GROUP_ID(d)		(0xcc8 + (d))
#define REFGPU_CSR_GRID(d)		(0xccc + (d)) /* work-groups in that direction */
#define REFGPU_CSR_GROUP(d)		(0xcd0 + (d)) /* work-items a group */

/* custom-0, all other fields 0: wait until every item of the group is here. */
#define REFGPU_INSTRUCTION_BARRIER	0x0000000b

#endif /* REFGPU_HW_H */
