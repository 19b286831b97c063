/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job.h - the execution of one packet, in slices
 *
 * A job is the packet an engine has under way for a partition. job_run() does
 * a bounded piece of it inside one memory section and returns figures for the
 * counters; registers and interrupts are the engine's concern. Between two
 * slices a job can be put into a context image and taken out again, and then
 * goes on exactly where it was.
 */
#ifndef REFGPU_JOB_H
#define REFGPU_JOB_H

#include "cpu/memory.h"
#include "device/packets.h"
#include "types.h"

struct grid;

/**
 * struct context_image - unfinished work in the context store
 * @bytes: allocated; NULL when @size is 0
 * @size: bytes
 */
struct context_image {
	u8 *bytes;
	u64 size;
};

/**
 * struct job - the packet under way
 * @active: a packet is under way
 * @ring: number of its ring
 * @generation: of the ring when it began; another one now: drop the job
 * @number: packet number, the ring's GET
 * @packet: private copy
 * @fetched: @packet is valid
 * @line: FILL, COPY: line under way
 * @column: FILL, COPY: bytes of it done
 * @grid: DISPATCH: its state; kept for the next one, job_free() frees it
 */
struct job {
	bool active;
	bool fetched;
	u8 ring;
	u32 generation;
	u64 number;
	union packet packet;
	u64 line;
	u64 column;
	struct grid *grid;
};

/**
 * struct job_environment - the surroundings a job runs in
 * @view: the partition's memory
 * @caps: REFGPU_CAP_* of the device
 * @ring_base: address of the ring's first packet
 * @ring_packets: packets in it, a power of two
 * @rights: the memory that the ring's packets may reach
 * @instructions: budget of this slice, at least 1
 * @bytes: budget of this slice, at least 1
 * @time: USER_TIMER of the partition
 * @time_context: its argument
 */
struct job_environment {
	struct memory_view *view;
	u64 caps;
	u64 ring_base;
	u64 ring_packets;
	struct memory_rights rights;
	u64 instructions;
	u64 bytes;
	u64 (*time)(void *context);
	void *time_context;
};

enum job_outcome {
	JOB_MORE,	/* run it again */
	JOB_DONE,
	JOB_BLOCKED,	/* a SEMAPHORE wait that does not hold */
	JOB_FAULTED,
};

/**
 * struct job_slice - the result of a slice
 * @outcome: how the job stands
 * @error: FAULTED: enum refgpu_error
 * @address: FAULTED: address refused
 * @where: FAULTED: program counter, or packet number
 * @instructions: retired
 * @items: work-items completed
 * @bytes_read: by FILL, COPY and the packet's own reads
 * @bytes_written: by them
 */
struct job_slice {
	enum job_outcome outcome;
	enum refgpu_error error;
	u64 address;
	u64 where;
	u64 instructions;
	u64 items;
	u64 bytes_read;
	u64 bytes_written;
};

/**
 * job_begin() - a new job; nothing is fetched yet
 * @job: not active
 * @ring: ring number
 * @generation: of the ring
 * @number: packet number
 */
void job_begin(struct job *job, unsigned int ring, u32 generation, u64 number);

/**
 * job_pc() - where a DISPATCH is
 * @job: between two slices
 *
 * Return: the next instruction of one of its work-items; 0: another packet, or none is
 * unfinished.
 */
u64 job_pc(const struct job *job);

/** job_drop() - forget the job; an inactive one is allowed */
void job_drop(struct job *job);

/** job_free() - forget the job and free all it holds */
void job_free(struct job *job);

/**
 * job_run() - do a piece of a job
 * @job: active
 * @environment: its surroundings
 * @slice: filled in
 *
 * Enters and leaves sections of the view itself.
 */
void job_run(struct job *job, const struct job_environment *environment,
	     struct job_slice *slice);

/**
 * job_save() - put a job into an image, and drop the job
 * @job: active, with its packet fetched
 * @image: empty; allocated
 *
 * Return: false without memory; then the job is unchanged.
 */
bool job_save(struct job *job, struct context_image *image);

/**
 * job_load() - take a job out of an image
 * @job: not active
 * @image: not changed
 *
 * The image may come from anywhere; every field is checked.
 *
 * Return: false when the image is not valid; then the job is not active.
 */
bool job_load(struct job *job, const struct context_image *image);

/** image_free() - free an image; an empty one is allowed */
void image_free(struct context_image *image);

#endif /* REFGPU_JOB_H */
