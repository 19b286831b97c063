// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * plan.c - where GPU instances and vGPUs would get their place, and what would
 * move for them or is in their way
 *
 * The module's own placement is asked about a copy of what there is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "placement.h"

/**
 * struct planner - a plan being made
 * @placement: as it would be after the requests before
 * @steps: of the plan
 * @count: their number
 * @err: -ENOMEM: it ran out
 */
struct planner {
	struct ovgpu_placement placement;
	struct ovgpu_plan_step *steps;
	size_t count;
	int err;
};

/**
 * struct request - what is to get a place
 * @number: which, from 0
 * @name: with its full name
 * @profile: of the GPU instance; its compute is 0: a plain vGPU
 * @vgpu: it is a vGPU, else a GPU instance
 * @level: size of the vGPU
 * @valid: there is such a type or profile
 */
struct request {
	unsigned int number;
	char name[OVGPU_NAME_SIZE];
	struct layout_profile profile;
	bool vgpu;
	unsigned int level;
	bool valid;
};

static enum layout_refusal ask(struct layout *layout,
			       const struct request *request,
			       struct layout_change *change)
{
	return request->vgpu ?
	       layout_add(layout, request->profile, request->level, change) :
	       layout_reserve(layout, request->profile, change);
}

static uint64_t slice_size(const struct layout *layout)
{
	return layout->size / layout->memory_slices;
}

static struct ovgpu_plan_step *add(struct planner *planner,
				   enum ovgpu_plan_kind kind,
				   const struct request *request)
{
	struct ovgpu_plan_step *step;

	step = reallocarray(planner->steps, planner->count + 1, sizeof(*step));
	if (!step) {
		planner->err = -ENOMEM;
		return NULL;
	}
	planner->steps = step;
	step += planner->count++;
	memset(step, 0, sizeof(*step));
	step->kind = kind;
	step->request = request->number;
	strcpy(step->name, request->name);
	return step;
}

/* ------------------------------------------------------------ what is asked */

/* "4g", "4g.512m", or a type. */
static void read_request(const struct planner *planner, const char *text,
			 struct request *request)
{
	const struct layout *layout = &planner->placement.layout;
	const struct ovgpu_type *type = NULL;
	unsigned int compute;
	uint64_t memory;
	size_t i;

	request->valid = false;
	snprintf(request->name, sizeof(request->name), "%s", text);
	if (ovgpu_profile_parse(text, &compute, &memory)) {
		if (compute > layout->compute_slices ||
		    memory % slice_size(layout) || memory > layout->size)
			return;
		request->valid = true;
		request->vgpu = false;
		request->profile.compute = compute;
		request->profile.memory = memory ?
			memory / slice_size(layout) :
			layout_default_memory(layout, compute);
		if (!memory)
			ovgpu_profile_name(layout, request->profile,
					   request->name, sizeof(request->name));
		return;
	}
	if (ovgpu_type_parse(text, request->name))
		return;
	for (i = 0; i < planner->placement.type_count && !type; i++)
		if (!strcmp(planner->placement.types[i]->id, request->name))
			type = planner->placement.types[i];
	if (!type || !type->framebuffer)
		return;
	request->valid = true;
	request->vgpu = true;
	request->level = 0;
	while (layout->size >> request->level > type->framebuffer)
		request->level++;
	request->profile = layout_profile_for(layout, type->compute_slices,
					      request->level);
}

/* ---------------------------------------------------------------- refusals */

static unsigned long long mib(uint64_t bytes)
{
	return bytes >> 20;
}

static uint64_t size_of(const struct layout *layout,
			const struct request *request)
{
	return request->vgpu ? layout->size >> request->level :
	       slice_size(layout) * request->profile.memory;
}

static void say_why(const struct layout *layout, const struct request *request,
		    enum layout_refusal refusal, struct ovgpu_plan_step *step)
{
	unsigned int pool = layout_pool_compute(layout);
	unsigned int plain = layout_members(layout, LAYOUT_POOL);
	const char *s = plain == 1 ? "" : "s";
	char *text = step->reason;
	size_t size = sizeof(step->reason);

	step->err = -ENOSPC;
	switch (refusal) {
	case LAYOUT_NO_PARTITION:
		step->err = -EUSERS;
		snprintf(text, size, "all %u partitions are taken", layout->vgpus);
		break;
	case LAYOUT_NO_COMPUTE:
		snprintf(text, size, "it needs %u compute slice%s, and %u %s free",
			 request->profile.compute,
			 request->profile.compute == 1 ? "" : "s", pool,
			 pool == 1 ? "is" : "are");
		break;
	case LAYOUT_POOL_NEEDED:
		step->err = -EBUSY;
		if (layout->pool_min)
			snprintf(text, size,
				 "it needs %u of the pool's %u compute slices, and pool_slices_min is %u",
				 request->profile.compute, pool, layout->pool_min);
		else
			snprintf(text, size,
				 "it needs all compute slices that the pool has (%u), which has %u vGPU%s",
				 pool, plain, s);
		break;
	case LAYOUT_POOL_FIXED:
		step->err = -EPERM;
		snprintf(text, size,
			 "the pool has %u vGPU%s, and its policy fixed_share promises that what they get does not change",
			 plain, s);
		break;
	case LAYOUT_POOL_EMPTY:
		snprintf(text, size, "GPU instances have all compute slices");
		break;
	case LAYOUT_POOL_LENT:
		snprintf(text, size, "GPU instance %u has the pool's part of the hardware",
			 LAYOUT_INSTANCES - 1);
		break;
	case LAYOUT_NO_MEMORY:
		snprintf(text, size, "it needs %llu MiB of video memory, and %llu MiB are free",
			 mib(size_of(layout, request)),
			 mib(layout_free_bytes(layout, LAYOUT_POOL)));
		break;
	case LAYOUT_IN_THE_WAY:
		snprintf(text, size,
			 "%llu MiB are free, but not %llu MiB in one piece, since open vGPUs lie in the way",
			 mib(layout_free_bytes(layout, LAYOUT_POOL)),
			 mib(size_of(layout, request)));
		break;
	default:
		step->err = -EINVAL;
		snprintf(text, size, "the GPU has no such profile or type");
		break;
	}
}

/* --------------------------------------------------------------- obstacles */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* Whether an open vGPU keeps the bytes from @first on from getting free. */
static bool keeps(const struct layout *layout, unsigned int vgpu,
		  const struct request *request, uint64_t first, uint64_t size)
{
	const struct layout_vgpu *v = &layout->vgpu[vgpu];
	const struct layout_instance *in = &layout->instance[v->instance];
	uint64_t slice = slice_size(layout);

	if (!v->used || v->closed)
		return false;
	/* A seat in its own GPU instance needs only its block to be free. */
	if (v->instance == LAYOUT_POOL ||
	    (request->vgpu &&
	     !memcmp(&in->profile, &request->profile, sizeof(in->profile))))
		return overlap(layout_offset(layout, vgpu),
			       layout->size >> v->level, first, size);
	return overlap(in->memory_first * slice, in->profile.memory * slice,
		       first, size);
}

/*
 * The open vGPUs without which the request would fit, a bit for each: those of the
 * place where they have the least memory.
 */
static uint64_t find_obstacles(const struct layout *layout,
			       const struct request *request)
{
	uint64_t size = size_of(layout, request), first, bytes, least = 0;
	uint64_t best = 0, closed;
	struct layout_change change;
	unsigned int i;

	for (first = 0; first < layout->size; first += size) {
		struct layout copy = *layout;

		closed = 0;
		bytes = 0;
		for (i = 0; i < layout->vgpus; i++)
			if (keeps(layout, i, request, first, size)) {
				closed |= UINT64_C(1) << i;
				bytes += layout->size >> layout->vgpu[i].level;
				layout_set_closed(&copy, i, true);
			}
		if (closed && (!best || bytes < least) &&
		    ask(&copy, request, &change) == LAYOUT_OK) {
			best = closed;
			least = bytes;
		}
	}
	return best;
}

static void refuse(struct planner *planner, const struct request *request,
		   enum layout_refusal refusal)
{
	const struct layout *layout = &planner->placement.layout;
	struct ovgpu_plan_step *step = add(planner, OVGPU_PLAN_REFUSE, request);
	uint64_t obstacles;
	unsigned int i;

	if (step)
		say_why(layout, request, refusal, step);
	obstacles = refusal == LAYOUT_IN_THE_WAY ?
		    find_obstacles(layout, request) : 0;
	for (i = 0; obstacles; i++, obstacles >>= 1) {
		if (!(obstacles & 1))
			continue;
		step = add(planner, OVGPU_PLAN_OBSTACLE, request);
		if (!step)
			return;
		strcpy(step->uuid, planner->placement.uuid[i]);
		step->instance = layout->vgpu[i].instance;
		step->offset = layout_offset(layout, i);
		step->size = layout->size >> layout->vgpu[i].level;
	}
}

/* ---------------------------------------------------------------- placement */

static void move_instance(struct planner *planner, const struct request *request,
			  const struct layout *before, unsigned int id)
{
	const struct layout *layout = &planner->placement.layout;
	struct ovgpu_plan_step *step =
		add(planner, OVGPU_PLAN_MOVE_INSTANCE, request);

	if (!step)
		return;
	step->instance = id;
	step->compute_mask = layout->instance[id].compute;
	step->compute_mask_before = before->instance[id].compute;
	step->offset = layout->instance[id].memory_first * slice_size(layout);
	step->offset_before =
		before->instance[id].memory_first * slice_size(layout);
	step->size = layout->instance[id].profile.memory * slice_size(layout);
}

static void move_vgpu(struct planner *planner, const struct request *request,
		      const struct layout *before, unsigned int vgpu)
{
	const struct layout *layout = &planner->placement.layout;
	struct ovgpu_plan_step *step = add(planner, OVGPU_PLAN_MOVE_VGPU, request);

	if (!step)
		return;
	strcpy(step->uuid, planner->placement.uuid[vgpu]);
	step->instance = layout->vgpu[vgpu].instance;
	step->compute_mask = layout->instance[step->instance].compute;
	step->offset = layout_offset(layout, vgpu);
	step->offset_before = layout_offset(before, vgpu);
	step->size = layout->size >> layout->vgpu[vgpu].level;
}

/* Tells of what layout_add() or layout_reserve() did to a layout. */
static void place(struct planner *planner, const struct request *request,
		  const struct layout *before, const struct layout_change *change)
{
	const struct layout *layout = &planner->placement.layout;
	struct ovgpu_plan_step *step;
	unsigned int i;

	for (i = 1; i < LAYOUT_INSTANCES; i++)
		if (change->moved_instances >> i & 1)
			move_instance(planner, request, before, i);
	for (i = 0; i < layout->vgpus; i++)
		if (change->moved_vgpus >> i & 1 &&
		    !(change->moved_instances >> layout->vgpu[i].instance & 1))
			move_vgpu(planner, request, before, i);
	step = add(planner, OVGPU_PLAN_PLACE, request);
	if (!step)
		return;
	step->instance = change->instance;
	step->made = change->made;
	step->compute_mask = layout->instance[change->instance].compute;
	step->size = size_of(layout, request);
	step->offset = request->vgpu ? layout_offset(layout, change->vgpu) :
		       layout->instance[change->instance].memory_first *
		       slice_size(layout);
}

/**
 * ovgpu_instance_plan - what would happen if GPU instances and vGPUs were created
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @requests: what would be created, one after the other: profiles, as "4g.512m" or
 *	"4g", which has the memory that goes with it; or types, as "2-256mc"
 * @request_count: their number
 * @steps: the result, in the order of the requests, to be given to ovgpu_free()
 * @count: their number
 *
 * Changes nothing. It is as the module would do it now; a moment later it may be
 * different.
 *
 * Return: 0, also when requests are refused; -ENOENT when there is no such GPU,
 * -EOPNOTSUPP when it is not divisible, -EPROTO when what the module says is not
 * understood, or another negative errno.
 */
int ovgpu_instance_plan(const struct ovgpu *ovgpu, const char *bdf,
			const char *const *requests, size_t request_count,
			struct ovgpu_plan_step ***steps, size_t *count)
{
	struct planner planner = { .count = 0 };
	struct layout *layout = &planner.placement.layout;
	enum layout_refusal refusal;
	struct layout_change change;
	struct request request;
	struct layout before;
	size_t i;
	int err;

	*steps = NULL;
	*count = 0;
	err = ovgpu_placement_read(ovgpu, bdf, &planner.placement);
	if (err)
		return err;
	for (i = 0; i < request_count && !planner.err; i++) {
		request.number = i;
		read_request(&planner, requests[i], &request);
		before = *layout;
		refusal = request.valid ? ask(layout, &request, &change) :
			  LAYOUT_BAD_PROFILE;
		if (refusal)
			refuse(&planner, &request, refusal);
		else
			place(&planner, &request, &before, &change);
	}
	ovgpu_free(planner.placement.types);
	err = planner.err;
	if (!err) {
		*steps = ovgpu_list_pack(planner.steps, planner.count,
					 sizeof(*planner.steps));
		if (*steps)
			*count = planner.count;
		else
			err = -ENOMEM;
	}
	free(planner.steps);
	return err;
}
