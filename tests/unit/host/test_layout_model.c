// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_layout_model.c - layouts compared with a model that tries all there is
 *
 * The model knows the rules, and nothing of how a layout is searched for: it tries
 * every place for every block that may move. What it says must be what happens, over
 * all orders in which profiles can be asked for, and over random histories.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "place/layout.h"
#include "unit.h"

#define HISTORIES	100000
#define STEPS		16
#define FILL		24
#define UNITS_MAX	(1u << LAYOUT_LEVELS)

/* ------------------------------------------------------------------- the model */

/* A space as a row of units, and what is still to be put into it. */
struct row {
	unsigned int units;
	bool taken[UNITS_MAX];
	unsigned int waiting;
	unsigned int length[LAYOUT_VGPUS + LAYOUT_INSTANCES + 1];
};

static void fill(struct row *row, unsigned int first, unsigned int length)
{
	for (unsigned int i = first; i < first + length; i++)
		row->taken[i] = true;
}

static bool is_free(const struct row *row, unsigned int first, unsigned int length)
{
	for (unsigned int i = first; i < first + length; i++) {
		if (row->taken[i])
			return false;
	}
	return true;
}

static unsigned int count_free(const struct row *row)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < row->units; i++)
		n += !row->taken[i];
	return n;
}

/* Whether all that waits fits in some way: each is tried everywhere. */
static bool fits(struct row *row, unsigned int from)
{
	unsigned int length;

	if (from == row->waiting)
		return true;
	length = row->length[from];
	for (unsigned int first = 0; first < row->units; first += length) {
		if (!is_free(row, first, length))
			continue;
		fill(row, first, length);
		if (fits(row, from + 1))
			return true;
		memset(&row->taken[first], 0, length);
	}
	return false;
}

static unsigned int unit_count(const struct layout *layout)
{
	return 1u << layout->levels;
}

static unsigned int instance_units(const struct layout *layout, unsigned int number)
{
	return unit_count(layout) / layout->memory_slices *
	       layout->instance[number].profile.memory;
}

static unsigned int instance_first(const struct layout *layout, unsigned int number)
{
	return unit_count(layout) / layout->memory_slices *
	       layout->instance[number].memory_first;
}

static bool lives(const struct layout *layout, unsigned int number)
{
	return number && layout->instance[number].profile.compute;
}

static bool instance_open(const struct layout *layout, unsigned int number)
{
	for (unsigned int i = 0; i < layout->vgpus; i++) {
		if (layout->vgpu[i].used && !layout->vgpu[i].closed &&
		    layout->vgpu[i].instance == number)
			return true;
	}
	return false;
}

static void put(struct row *row, unsigned int first, unsigned int length, bool movable)
{
	if (movable)
		row->length[row->waiting++] = length;
	else
		fill(row, first, length);
}

/* All blocks of the space of @number; as they lie if @still, else without what can move. */
static void make_row(const struct layout *layout, unsigned int number, bool still,
		     struct row *row)
{
	unsigned int base = number ? instance_first(layout, number) : 0;

	memset(row, 0, sizeof(*row));
	row->units = number ? instance_units(layout, number) : unit_count(layout);
	row->taken[0] = !number && layout->reserved;
	for (unsigned int i = 0; i < layout->vgpus; i++) {
		const struct layout_vgpu *vgpu = &layout->vgpu[i];

		if (vgpu->used && vgpu->instance == number)
			put(row, vgpu->first - base, unit_count(layout) >> vgpu->level,
			    vgpu->closed && !still);
	}
	for (unsigned int i = 1; !number && i < LAYOUT_INSTANCES; i++) {
		if (lives(layout, i))
			put(row, instance_first(layout, i), instance_units(layout, i),
			    !still && !instance_open(layout, i));
	}
}

static enum layout_refusal model_room(const struct layout *layout, unsigned int number,
				      unsigned int length)
{
	struct row row;

	make_row(layout, number, true, &row);
	if (count_free(&row) < length)
		return LAYOUT_NO_MEMORY;
	/* The request goes first: what is large is tried early. */
	make_row(layout, number, false, &row);
	row.length[row.waiting] = row.length[0];
	row.length[0] = length;
	row.waiting++;
	return fits(&row, 0) ? LAYOUT_OK : LAYOUT_IN_THE_WAY;
}

static unsigned int plain_count(const struct layout *layout)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < layout->vgpus; i++)
		n += layout->vgpu[i].used && !layout->vgpu[i].instance;
	return n;
}

static unsigned int compute_left(const struct layout *layout)
{
	unsigned int left = layout->compute_slices;

	for (unsigned int i = 1; i < LAYOUT_INSTANCES; i++)
		left -= layout->instance[i].profile.compute;
	return left;
}

static enum layout_refusal model_reserve(const struct layout *layout,
					 struct layout_profile profile)
{
	unsigned int left = compute_left(layout), plain = plain_count(layout);
	unsigned int keep = plain ? 1 : 0;

	if (layout->pool_min > keep)
		keep = layout->pool_min;
	if (profile.compute > left)
		return LAYOUT_NO_COMPUTE;
	if (plain && layout->pool_fixed)
		return LAYOUT_POOL_FIXED;
	if (profile.compute + keep > left)
		return LAYOUT_POOL_NEEDED;
	return model_room(layout, LAYOUT_POOL,
			  unit_count(layout) / layout->memory_slices * profile.memory);
}

static enum layout_refusal model_add(const struct layout *layout,
				     struct layout_profile profile, unsigned int level)
{
	unsigned int length = unit_count(layout) >> level, used = 0;
	enum layout_refusal refusal;
	bool in_the_way = false;

	for (unsigned int i = 0; i < layout->vgpus; i++)
		used += layout->vgpu[i].used;
	if (used == layout->vgpus)
		return LAYOUT_NO_PARTITION;
	if (!profile.compute) {
		if (layout->compute_slices && !compute_left(layout))
			return LAYOUT_POOL_EMPTY;
		if (lives(layout, 8))
			return LAYOUT_POOL_LENT;
		return model_room(layout, LAYOUT_POOL, length);
	}
	for (unsigned int i = 1; i < LAYOUT_INSTANCES; i++) {
		if (!lives(layout, i) ||
		    layout->instance[i].profile.compute != profile.compute ||
		    layout->instance[i].profile.memory != profile.memory)
			continue;
		refusal = model_room(layout, i, length);
		if (!refusal)
			return LAYOUT_OK;
		if (refusal == LAYOUT_IN_THE_WAY)
			in_the_way = true;
	}
	refusal = model_reserve(layout, profile);
	return refusal && in_the_way ? LAYOUT_IN_THE_WAY : refusal;
}

/* ------------------------------------------------------- what holds at any time */

static void check_invariants(const struct layout *layout)
{
	bool taken[UNITS_MAX] = { layout->reserved };
	unsigned int mask = 0;

	for (unsigned int n = 1; n < LAYOUT_INSTANCES; n++) {
		const struct layout_instance *in = &layout->instance[n];

		if (!lives(layout, n))
			continue;
		unit_assert((unsigned int)__builtin_popcount(in->compute) == in->profile.compute,
			    "instance %u: mask 0x%x, not %u slices", n, in->compute,
			    in->profile.compute);
		unit_assert(!(mask & in->compute) && !(in->compute >> layout->compute_slices),
			    "instance %u: mask 0x%x, others 0x%x", n, in->compute, mask);
		mask |= in->compute;
		unit_assert(in->memory_first % in->profile.memory == 0 &&
			    in->memory_first + in->profile.memory <= (int)layout->memory_slices,
			    "instance %u: %u memory slices from %u", n, in->profile.memory,
			    in->memory_first);
		for (unsigned int i = 0; i < instance_units(layout, n); i++) {
			bool *unit = &taken[instance_first(layout, n) + i];

			unit_assert(!*unit, "instance %u overlaps another", n);
			*unit = true;
		}
		unit_assert(in->reserved || layout_members(layout, n),
			    "instance %u has no vGPU and is not reserved", n);
	}
	unit_assert(!lives(layout, 8) || !plain_count(layout),
		    "instance 8 and plain vGPUs have the same run-control block");
	unit_assert(!plain_count(layout) || !layout->compute_slices ||
		    compute_left(layout), "plain vGPUs, and no compute slice");
	/* The memory of instances is for their vGPUs. */
	for (unsigned int n = 1; n < LAYOUT_INSTANCES; n++) {
		if (lives(layout, n))
			memset(&taken[instance_first(layout, n)], 0,
			       instance_units(layout, n));
	}
	for (unsigned int i = 0; i < layout->vgpus; i++) {
		const struct layout_vgpu *vgpu = &layout->vgpu[i];
		unsigned int length = unit_count(layout) >> vgpu->level, n = vgpu->instance;

		if (!vgpu->used)
			continue;
		unit_assert(vgpu->first % length == 0 &&
			    vgpu->first + length <= unit_count(layout),
			    "vGPU %u: %u units from %u", i, length, vgpu->first);
		for (unsigned int j = vgpu->first; j < vgpu->first + length; j++) {
			unit_assert(!taken[j], "vGPU %u overlaps another", i);
			taken[j] = true;
		}
		unit_assert(!n || lives(layout, n), "vGPU %u is in no instance", i);
		for (unsigned int k = 1; k < LAYOUT_INSTANCES; k++) {
			unsigned int at = lives(layout, k) ? instance_first(layout, k) : 0;
			bool inside = lives(layout, k) && vgpu->first >= at &&
				      vgpu->first < at + instance_units(layout, k);

			unit_assert(inside == (k == n), "vGPU %u of instance %u lies %s %u", i,
				    n, inside ? "in" : "outside", k);
		}
	}
}

/* Open vGPUs stay where they are, and the caller hears of all others that don't. */
static void check_moves(const struct layout *before, const struct layout *after,
			const struct layout_change *change)
{
	for (unsigned int i = 0; i < before->vgpus; i++) {
		const struct layout_vgpu *old = &before->vgpu[i], *new = &after->vgpu[i];
		bool moved = old->used && new->used && old->first != new->first;

		unit_assert(moved == (change->moved_vgpus >> i & 1),
			    "vGPU %u: from unit %u to %u, said: %d", i, old->first, new->first,
			    (int)(change->moved_vgpus >> i & 1));
		unit_assert(!moved || old->closed, "vGPU %u is open and moved", i);
		unit_assert(!old->used || !new->used ||
			    (old->instance == new->instance && old->level == new->level &&
			     old->closed == new->closed), "vGPU %u is another now", i);
	}
	for (unsigned int n = 1; n < LAYOUT_INSTANCES; n++) {
		const struct layout_instance *old = &before->instance[n],
					     *new = &after->instance[n];
		bool both = lives(before, n) && lives(after, n);

		unit_assert((both && old->memory_first != new->memory_first) ==
			    (change->moved_instances >> n & 1),
			    "instance %u: from slice %u to %u, said: %d", n, old->memory_first,
			    new->memory_first, (int)(change->moved_instances >> n & 1));
		unit_assert(!both || old->compute == new->compute,
			    "instance %u got other compute slices", n);
	}
}

/* ------------------------------------------------------------ all orders there are */

/*
 * Asks for every default profile after every sequence of them: what fits by its sums
 * has to be created. Counts the sequences.
 */
static unsigned int all_orders(const struct layout *before, unsigned int compute,
			       unsigned int memory, bool reserve)
{
	unsigned int sequences = 1;

	for (unsigned int c = 1; c <= before->compute_slices; c++) {
		struct layout layout = *before;
		unsigned int m = layout_default_memory(&layout, c);
		struct layout_profile profile = { .compute = c, .memory = m };
		bool sums = compute + c <= layout.compute_slices &&
			    memory + m <= layout.memory_slices;
		enum layout_refusal refusal, model;
		struct layout_change change;

		model = model_reserve(&layout, profile);
		refusal = reserve ? layout_reserve(&layout, profile, &change) :
				    layout_add(&layout, profile,
					       layout_profile_level(&layout, profile),
					       &change);
		unit_assert(refusal == model && (refusal == LAYOUT_OK) == sums,
			    "%ug.%u with %u compute and %u memory slices taken: %u, model %u, by sums %d",
			    c, m, compute, memory, refusal, model, sums);
		check_invariants(&layout);
		if (!refusal)
			sequences += all_orders(&layout, compute + c, memory + m, reserve);
	}
	return sequences;
}

START_TEST(test_all_orders)
{
	unsigned int slices = 7 + _i / 2;
	struct layout layout;
	unsigned int n;

	ck_assert(layout_init(&layout, 1 << 20, 6, false, 64, slices, 8));
	n = all_orders(&layout, 0, 0, _i % 2);
	printf("layout_model: %u/8 GPU: %u sequences of profiles\n", slices, n);
	/* Of 1 and 2 memory slices alone there are 34 that fill the GPU. */
	ck_assert_uint_gt(n, 34);
}
END_TEST

/* --------------------------------------------------------------- random histories */

static const struct gpu {
	unsigned int levels, vgpus, compute, memory;
	bool reserved;
} gpus[] = {
	{ 3, 8, 8, 8, false },
	{ 3, 8, 7, 8, false },
	{ 4, 16, 8, 8, false },
	{ 4, 16, 7, 8, false },
	{ 4, 6, 8, 8, false },
	{ 4, 16, 4, 4, false },
	{ 4, 16, 2, 8, true },
	{ 4, 15, 0, 0, true },
	/* Too large for the model, which says nothing then. */
	{ 6, 64, 8, 8, false },
	{ 6, 64, 7, 8, false },
};

struct history {
	struct unit_random random;
	struct layout layout;
	unsigned int created, refused[LAYOUT_OCCUPIED + 1], moves;
};

static unsigned int below(struct history *history, unsigned int n)
{
	return unit_random(&history->random) % n;
}

static void choose_shape(struct history *history, struct layout_profile *profile,
			 unsigned int *level)
{
	const struct layout *layout = &history->layout;
	unsigned int compute;

	do {
		/* Mostly little, so that much is in use. */
		compute = below(history, 1 + below(history, layout->compute_slices + 1));
		*level = layout->levels - below(history, 1 + below(history, layout->levels + 1));
	} while (!layout_offers(layout, compute, *level));
	*profile = layout_profile_for(layout, compute, *level);
}

static unsigned int count_adds(struct layout layout, struct layout_profile profile,
			       unsigned int level)
{
	struct layout_change change;
	unsigned int n = 0;

	while (layout_add(&layout, profile, level, &change) == LAYOUT_OK)
		n++;
	return n;
}

/* The number in available_instances is a promise. */
static void check_available(struct history *history)
{
	struct layout before = history->layout;
	struct layout_profile profile;
	unsigned int level, promised, got;

	choose_shape(history, &profile, &level);
	promised = layout_available(&history->layout, profile, level);
	unit_assert(!memcmp(&before, &history->layout, sizeof(before)),
		    "a question changed the layout");
	got = count_adds(history->layout, profile, level);
	unit_assert(promised == got, "%ug.%u level %u: %u promised, %u created",
		    profile.compute, profile.memory, level, promised, got);
}

static void ask(struct history *history, bool reserve)
{
	struct layout *layout = &history->layout, before = *layout;
	enum layout_refusal refusal, model;
	struct layout_profile profile;
	struct layout_change change;
	unsigned int level;

	choose_shape(history, &profile, &level);
	if (reserve && !profile.compute)
		return;
	refusal = reserve ? layout_reserve(layout, profile, &change) :
			    layout_add(layout, profile, level, &change);
	if (layout->levels < LAYOUT_LEVELS) {
		model = reserve ? model_reserve(&before, profile) :
				  model_add(&before, profile, level);
		unit_assert(refusal == model, "%ug.%u level %u: %u, model %u",
			    profile.compute, profile.memory, level, refusal, model);
	}
	if (refusal) {
		history->refused[refusal]++;
		unit_assert(!memcmp(&before, layout, sizeof(before)),
			    "refused (%u), but the layout is another now", refusal);
		return;
	}
	history->created++;
	history->moves += change.moved_vgpus || change.moved_instances;
	check_moves(&before, layout, &change);
}

static void take_away(struct history *history, unsigned int i)
{
	struct layout *layout = &history->layout, before = *layout;
	unsigned int n = 1 + i % (LAYOUT_INSTANCES - 1);
	struct layout_change change;

	if (layout->vgpu[i].used) {
		layout_remove(layout, i, &change);
		unit_assert(change.removed ==
			    (lives(&before, before.vgpu[i].instance) &&
			     !lives(layout, before.vgpu[i].instance)),
			    "vGPU %u went, said of its instance: %d", i, change.removed);
	} else {
		layout_release(layout, n, &change);
	}
	check_moves(&before, layout, &change);
}

static void take_all_numbers(struct layout *layout)
{
	struct layout_profile profile = { .compute = 1, .memory = 1 };
	struct layout_change change;

	while (layout_reserve(layout, profile, &change) == LAYOUT_OK)
		;
}

/* As after a long time: small vGPUs all over the place, some of them open. */
static void fragment(struct history *history)
{
	struct layout *layout = &history->layout;
	unsigned int opens = 1 + below(history, 8);

	for (unsigned int i = 0; i < layout->vgpus && i < FILL; i++)
		ask(history, false);
	for (unsigned int i = 0; i < layout->vgpus; i++) {
		if (below(history, 3))
			take_away(history, i);
		else if (layout->vgpu[i].used)
			layout_set_closed(layout, i, below(history, opens));
	}
}

static void step(struct history *history)
{
	struct layout *layout = &history->layout;
	unsigned int i = below(history, layout->vgpus);

	switch (below(history, 16)) {
	case 0:
		layout->pool_min = below(history, 4) ? 0 :
				   below(history, layout->compute_slices + 1);
		layout->pool_fixed = !below(history, 8);
		break;
	case 1:
		ask(history, true);
		break;
	case 2 ... 4:
		take_away(history, i);
		break;
	case 5 ... 8:
		/* Mostly of those that exist: low partitions are given first. */
		i /= 1 + below(history, 8);
		if (layout->vgpu[i].used)
			layout_set_closed(layout, i, !below(history, 3));
		break;
	default:
		ask(history, false);
		break;
	}
	check_invariants(layout);
}

START_TEST(test_random_histories)
{
	const unsigned int kinds = sizeof(gpus) / sizeof(gpus[0]);
	struct history history = { .random = { unit_seed("layout_model") + _i } };

	for (unsigned int n = 0; n < HISTORIES / 2; n++) {
		const struct gpu *gpu = &gpus[n % kinds];
		unsigned int steps = gpu->levels == LAYOUT_LEVELS ? 2 * STEPS : STEPS;

		ck_assert(layout_init(&history.layout, 1 << 20, gpu->levels, gpu->reserved,
				      gpu->vgpus, gpu->compute, gpu->memory));
		if (!below(&history, 8))
			take_all_numbers(&history.layout);
		else
			fragment(&history);
		while (steps--)
			step(&history);
		check_available(&history);
	}
	printf("layout_model: %u created, %u of them after moves; refused:", history.created,
	       history.moves);
	for (unsigned int i = 1; i <= LAYOUT_OCCUPIED; i++)
		printf(" %u", history.refused[i]);
	printf("\n");
	/* A test that never comes to a refusal would prove nothing. */
	for (unsigned int i = LAYOUT_NO_PARTITION; i <= LAYOUT_IN_THE_WAY; i++)
		ck_assert_msg(history.refused[i], "refusal %u never happened", i);
	ck_assert_uint_gt(history.moves, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout_model");
	TCase *tcase = tcase_create("layout_model");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, test_all_orders, 0, 4);
	tcase_add_loop_test(tcase, test_random_histories, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite, "layout_model");
}
