// SPDX-License-Identifier: GPL-2.0-only
/*
 * job.c - the execution of one packet, in slices; see job.h
 */
#include <stdlib.h>
#include <string.h>

#include "cpu/grid.h"
#include "cpu/grid_image.h"
#include "device/job.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the device's memory is little endian, and so must this machine be");

/* A chunk is part of one line and one page; small chunks cost, too. */
#define CHUNK_COST	64

/* ------------------------------------------------------------- the job */

void job_begin(struct job *job, unsigned int ring, u32 generation, u64 number)
{
	job->active = true;
	job->fetched = false;
	job->ring = (u8)ring;
	job->generation = generation;
	job->number = number;
	job->line = 0;
	job->column = 0;
}

u64 job_pc(const struct job *job)
{
	return job->grid ? grid_pc(job->grid) : 0;
}

void job_drop(struct job *job)
{
	job->active = false;
	if (job->grid)
		grid_cancel(job->grid);
}

void job_free(struct job *job)
{
	job->active = false;
	grid_destroy(job->grid);
	job->grid = NULL;
}

static void fault(struct job_slice *slice, enum refgpu_error error, u64 address, u64 where)
{
	slice->outcome = JOB_FAULTED;
	slice->error = error;
	slice->address = address;
	slice->where = where;
}

static void refused(struct job *job, const struct job_environment *environment,
		    struct job_slice *slice, u64 address)
{
	fault(slice, memory_refused_error(environment->view, REFGPU_ERROR_ADDRESS), address,
	      job->number);
}

/* ---------------------------------------------------------- FILL, COPY */

/*
 * Are all lines inside one of the two memories? Looked at before the first
 * byte is moved, so that a wrong size does no harm. packet_check() has made
 * sure that the sum does not wrap.
 */
static bool span_inside(const struct memory_view *view, u64 first, u64 bytes, u64 pitch,
			u32 lines, u64 *refused_at)
{
	u64 end = first + (lines - 1) * pitch + bytes;
	u64 start = 0, limit = view->map.limit;

	if (first >= REFGPU_SYSMEM_APERTURE) {
		start = REFGPU_SYSMEM_APERTURE;
		limit = start + view->map.pages * REFGPU_PAGE_SIZE;
	}
	if (end <= limit)
		return true;
	*refused_at = first < limit ? limit : first;
	return false;
}

static u64 to_page_end(u64 address)
{
	return REFGPU_PAGE_SIZE - address % REFGPU_PAGE_SIZE;
}

static u64 smaller(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* Account for a chunk; true when the packet is complete. */
static bool advance(struct job *job, u64 chunk, u64 bytes, u32 lines)
{
	job->column += chunk;
	if (job->column == bytes) {
		job->column = 0;
		job->line++;
	}
	return job->line == lines;
}

static void run_fill(struct job *job, const struct job_environment *environment,
		     struct job_slice *slice)
{
	const struct refgpu_fill *fill = &job->packet.fill;
	struct memory_view *view = environment->view;
	u64 left = environment->bytes;
	u64 address;

	if (!job->line && !job->column &&
	    !span_inside(view, fill->target, fill->bytes, fill->pitch, fill->lines, &address)) {
		fault(slice, REFGPU_ERROR_ADDRESS, address, job->number);
		return;
	}
	slice->outcome = JOB_MORE;
	while (left) {
		u64 chunk, i;
		u32 *target;

		address = fill->target + job->line * fill->pitch + job->column;
		chunk = smaller(fill->bytes - job->column, to_page_end(address));
		target = memory_translate(view, address, chunk, true);
		if (!target) {
			refused(job, environment, slice, address);
			return;
		}
		for (i = 0; i < chunk / 4; i++)
			target[i] = fill->pattern;
		slice->bytes_written += chunk;
		if (advance(job, chunk, fill->bytes, fill->lines)) {
			slice->outcome = JOB_DONE;
			return;
		}
		left -= smaller(left, chunk + CHUNK_COST);
	}
}

static void run_copy(struct job *job, const struct job_environment *environment,
		     struct job_slice *slice)
{
	const struct refgpu_copy *copy = &job->packet.copy;
	struct memory_view *view = environment->view;
	u64 left = environment->bytes;
	u64 from, to;

	if (!job->line && !job->column &&
	    (!span_inside(view, copy->source, copy->bytes, copy->source_pitch,
			  copy->lines, &from) ||
	     !span_inside(view, copy->target, copy->bytes, copy->target_pitch,
			  copy->lines, &from))) {
		fault(slice, REFGPU_ERROR_ADDRESS, from, job->number);
		return;
	}
	slice->outcome = JOB_MORE;
	while (left) {
		void *source, *target;
		u64 chunk;

		from = copy->source + job->line * copy->source_pitch + job->column;
		to = copy->target + job->line * copy->target_pitch + job->column;
		chunk = smaller(copy->bytes - job->column,
				smaller(to_page_end(from), to_page_end(to)));
		source = memory_translate(view, from, chunk, false);
		if (!source) {
			refused(job, environment, slice, from);
			return;
		}
		target = memory_translate(view, to, chunk, true);
		if (!target) {
			refused(job, environment, slice, to);
			return;
		}
		memmove(target, source, chunk);
		slice->bytes_read += chunk;
		slice->bytes_written += chunk;
		if (advance(job, chunk, copy->bytes, copy->lines)) {
			slice->outcome = JOB_DONE;
			return;
		}
		left -= smaller(left, chunk + CHUNK_COST);
	}
}

/* ------------------------------------------------------- small packets */

/* A word of memory that others look at while the device runs. */
static u64 *word(struct job *job, const struct job_environment *environment,
		 struct job_slice *slice, u64 address, bool write)
{
	u64 *at = memory_translate(environment->view, address, 8, write);

	if (at && (uintptr_t)at % 8) {
		/* The front end's mapping is at fault, not the guest. */
		environment->view->refusal = MEMORY_REFUSED_DMA;
		at = NULL;
	}
	if (!at)
		refused(job, environment, slice, address);
	return at;
}

static void store_word(struct job *job, const struct job_environment *environment,
		       struct job_slice *slice, u64 address, u64 value)
{
	u64 *at = word(job, environment, slice, address, true);

	if (!at)
		return;
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
	slice->bytes_written += 8;
}

static void run_semaphore(struct job *job, const struct job_environment *environment,
			  struct job_slice *slice)
{
	const struct refgpu_semaphore *semaphore = &job->packet.semaphore;
	u16 flags = semaphore->header.flags;
	u64 *at, value;
	bool holds;

	if (flags & REFGPU_SEMAPHORE_SIGNAL) {
		store_word(job, environment, slice, semaphore->address, semaphore->value);
		return;
	}
	at = word(job, environment, slice, semaphore->address, false);
	if (!at)
		return;
	value = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	slice->bytes_read += 8;
	holds = flags & REFGPU_SEMAPHORE_EQUAL ? value == semaphore->value :
						 value >= semaphore->value;
	if (!holds)
		slice->outcome = JOB_BLOCKED;
}

/* The table lies in memory; whether it can be read turns out when it is needed. */
static void run_rights(struct job *job, const struct job_environment *environment,
		       struct job_slice *slice)
{
	const struct refgpu_rights *rights = &job->packet.rights;
	u64 bytes = memory_rights_bytes(rights->vram_granules, rights->sysmem_granules);
	u64 address;

	if (rights->table &&
	    !span_inside(environment->view, rights->table, bytes, 0, 1, &address))
		fault(slice, REFGPU_ERROR_ADDRESS, address, job->number);
}

/* All packets but DISPATCH; inside a section. */
static void run_packet(struct job *job, const struct job_environment *environment,
		       struct job_slice *slice)
{
	const union packet *packet = &job->packet;

	switch (packet->header.opcode) {
	case REFGPU_OP_FILL:
		run_fill(job, environment, slice);
		break;
	case REFGPU_OP_COPY:
		run_copy(job, environment, slice);
		break;
	case REFGPU_OP_FENCE:
		if (packet->header.flags & REFGPU_FENCE_WRITE)
			store_word(job, environment, slice, packet->fence.address,
				   packet->fence.value);
		break;
	case REFGPU_OP_SEMAPHORE:
		run_semaphore(job, environment, slice);
		break;
	case REFGPU_OP_TIMESTAMP:
		store_word(job, environment, slice, packet->timestamp.address,
			   environment->time(environment->time_context));
		break;
	case REFGPU_OP_TRAP:
		fault(slice, REFGPU_ERROR_TRAP, 0, job->number);
		break;
	case REFGPU_OP_RIGHTS:
		run_rights(job, environment, slice);
		break;
	default:
		break;		/* NOP; FLIP is the heads' affair */
	}
}

/* ------------------------------------------------------------ DISPATCH */

static void run_dispatch(struct job *job, const struct job_environment *environment,
			 struct job_slice *slice)
{
	const struct grid_environment grid_environment = {
		.view = environment->view,
		.time = environment->time,
		.time_context = environment->time_context,
	};
	struct grid_result result = { 0 };
	enum grid_status status;

	if (!job->grid)
		job->grid = grid_create();
	if (!job->grid) {
		slice->outcome = JOB_MORE;	/* the host is short of memory: later */
		return;
	}
	if (!job->grid->active) {
		u32 error = grid_start(job->grid, &job->packet.dispatch, REFGPU_GROUP_SLOTS);

		if (error) {
			fault(slice, error, 0, job->number);
			return;
		}
	}
	status = grid_run(job->grid, &grid_environment, environment->instructions, &result);
	slice->instructions += result.instructions;
	slice->items += result.items_done;
	switch (status) {
	case GRID_FINISHED:
		slice->outcome = JOB_DONE;
		break;
	case GRID_UNFINISHED:
		slice->outcome = JOB_MORE;
		break;
	case GRID_FAULTED:
		fault(slice, result.fault.error, result.fault.address, result.fault.pc);
		break;
	}
}

/* True when the packet could be read and is valid. Inside a section. */
static bool fetch(struct job *job, const struct job_environment *environment,
		  struct job_slice *slice)
{
	u64 index = job->number & (environment->ring_packets - 1);
	u64 address = environment->ring_base + index * REFGPU_PACKET_SIZE;
	const void *at = memory_translate(environment->view, address, REFGPU_PACKET_SIZE, false);
	enum refgpu_error error;

	if (!at) {
		refused(job, environment, slice, address);
		return false;
	}
	memcpy(&job->packet, at, REFGPU_PACKET_SIZE);
	slice->bytes_read += REFGPU_PACKET_SIZE;
	error = packet_check(&job->packet, environment->caps);
	if (error) {
		fault(slice, error, 0, job->number);
		return false;
	}
	job->fetched = true;
	return true;
}

/* These a guest's kernel takes from its processes; the others are its own. */
static bool obeys_rights(const union packet *packet)
{
	return packet->header.opcode == REFGPU_OP_FILL ||
	       packet->header.opcode == REFGPU_OP_COPY ||
	       packet->header.opcode == REFGPU_OP_DISPATCH ||
	       packet->header.opcode == REFGPU_OP_TIMESTAMP;
}

void job_run(struct job *job, const struct job_environment *environment,
	     struct job_slice *slice)
{
	bool go = true;

	memset(slice, 0, sizeof(*slice));
	slice->outcome = JOB_DONE;

	memory_enter(environment->view);
	if (!job->fetched)
		go = fetch(job, environment, slice);
	if (go && obeys_rights(&job->packet))
		memory_restrict(environment->view, &environment->rights);
	if (go && job->packet.header.opcode != REFGPU_OP_DISPATCH)
		run_packet(job, environment, slice);
	memory_leave(environment->view);

	if (go && job->packet.header.opcode == REFGPU_OP_DISPATCH)
		run_dispatch(job, environment, slice);
	memory_restrict(environment->view, NULL);
}

/* ------------------------------------------------------ context images */

/* "RGCTX\0\0\1", the start of the header; the image of the grid follows it. */
#define IMAGE_MAGIC	0x0100005854434752ULL

struct image_header {
	u64 magic;
	u64 size;		/* of the whole image */
	u64 ring;
	u64 number;
	u64 line;
	u64 column;
	union packet packet;
};

_Static_assert(sizeof(struct image_header) + GRID_IMAGE_MAX <= REFGPU_CONTEXT_BYTES_MAX,
	       "every image must fit through the context window");

static bool is_grid(const union packet *packet)
{
	return packet->header.opcode == REFGPU_OP_DISPATCH;
}

bool job_save(struct job *job, struct context_image *image)
{
	bool started = is_grid(&job->packet) && job->grid && job->grid->active;
	u64 grid = started ? grid_image_size(job->grid) : 0;
	struct image_header header = {
		.magic = IMAGE_MAGIC,
		.size = sizeof(header) + grid,
		.ring = job->ring,
		.number = job->number,
		.line = job->line,
		.column = job->column,
		.packet = job->packet,
	};

	image->bytes = malloc(header.size);
	if (!image->bytes)
		return false;
	image->size = header.size;
	memcpy(image->bytes, &header, sizeof(header));
	if (grid)
		grid_save(job->grid, image->bytes + sizeof(header));
	job_drop(job);
	return true;
}

/* Progress that job_run() could have made itself. */
static bool progress_valid(const struct image_header *header)
{
	const union packet *packet = &header->packet;
	u64 bytes, lines;

	switch (packet->header.opcode) {
	case REFGPU_OP_FILL:
		bytes = packet->fill.bytes;
		lines = packet->fill.lines;
		if (header->column % 4)
			return false;
		break;
	case REFGPU_OP_COPY:
		bytes = packet->copy.bytes;
		lines = packet->copy.lines;
		break;
	case REFGPU_OP_DISPATCH:
		return !header->line && !header->column;
	default:
		return false;	/* others are never unfinished */
	}
	return header->line < lines && header->column < bytes;
}

bool job_load(struct job *job, const struct context_image *image)
{
	struct image_header header;
	u64 grid;

	if (image->size < sizeof(header) || image->size > REFGPU_CONTEXT_BYTES_MAX)
		return false;
	memcpy(&header, image->bytes, sizeof(header));
	if (header.magic != IMAGE_MAGIC || header.size != image->size ||
	    header.ring >= REFGPU_RINGS || header.number > UINT32_MAX ||
	    packet_check(&header.packet, REFGPU_CAP_COMPUTE | REFGPU_CAP_COPY) ||
	    !progress_valid(&header))
		return false;

	grid = image->size - sizeof(header);
	if (grid && !is_grid(&header.packet))
		return false;
	if (grid) {
		if (!job->grid)
			job->grid = grid_create();
		if (!job->grid ||
		    grid_load(job->grid, image->bytes + sizeof(header), grid))
			return false;
	}
	job_begin(job, header.ring, 0, header.number);
	job->fetched = true;
	job->packet = header.packet;
	job->line = header.line;
	job->column = header.column;
	return true;
}

void image_free(struct context_image *image)
{
	free(image->bytes);
	image->bytes = NULL;
	image->size = 0;
}
