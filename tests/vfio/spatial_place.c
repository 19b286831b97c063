// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial_place.c - what is created on a GPU that is divided: all that can be named is
 * there, and what is said to be available is
 */
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>

#include "plain.h"
#include "spatial.h"

#define TYPES_MAX	128
#define OPEN_MAX	4	/* at a time, in a random history */

static char types[TYPES_MAX][32];
static int type_count;

static struct geometry begin(void)
{
	struct geometry geometry = spatial_begin();

	type_count = host_types(types, TYPES_MAX);
	CHECK(type_count > 0 && type_count < TYPES_MAX, "%d types: %s", type_count,
	      rt_message());
	return geometry;
}

/* The profile of a spatial type's instances: its memory slices. */
static unsigned int memory_of(const struct geometry *geometry, const char *type)
{
	unsigned int memory = default_memory(geometry, host_type_compute(type));
	unsigned int own = (unsigned int)(host_type_bytes(type) / geometry->slice);

	return own > memory ? own : memory;
}

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* ------------------------------------------------------------------- types */

static void expect_type(const struct geometry *geometry, unsigned int compute,
			uint64_t bytes, char series)
{
	char size[SIZE_NAME], type[32], path[PATH_MAX], text[512], wanted[64];
	int i;

	size_name(bytes, size);
	/* Gibibytes have no letter in types. */
	size[strcspn(size, "g")] = 0;
	snprintf(type, sizeof(type), "%u-%s%c", compute, size, series);
	for (i = 0; i < type_count && strcmp(types[i], type); i++)
		;
	CHECK(i < type_count, "there is no type openvgpu-%s", type);
	CHECK(memory_of(geometry, type) <= geometry->memory, "%s has no room", type);
	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-%s/name",
		 host_gpu(), type);
	OK(host_read(path, text, sizeof(text)));
	for (i = 0; size[i]; i++)
		if (size[i] >= 'a')
			size[i] = (char)(size[i] - 'a' + 'A');
	snprintf(wanted, sizeof(wanted), "-%u-%s%c", compute, size,
		 series - 'a' + 'A');
	CHECK(!strncmp(text, "OpenVGPU ", 9) && strlen(text) > strlen(wanted) &&
	      !strcmp(text + strlen(text) - strlen(wanted), wanted),
	      "%s: its name is '%s'", type, text);
}

/* A type for each number of compute slices and each size that is worth it. */
TEST(types, ONCE)
{
	struct geometry geometry = begin();
	unsigned int compute, wanted = 0;
	uint64_t bytes;
	int i;

	for (compute = 1; compute <= geometry.compute; compute++) {
		bytes = default_memory(&geometry, compute) * geometry.slice / 8;
		for (; bytes <= geometry.total; bytes *= 2, wanted += 2) {
			expect_type(&geometry, compute, bytes, 'q');
			expect_type(&geometry, compute, bytes, 'c');
		}
	}
	for (i = 0; i < type_count; i++)
		wanted -= host_type_compute(types[i]) != 0;
	CHECK(!wanted, "%d types with compute slices more than there should be",
	      -(int)wanted);
}

/* How many of a type an empty GPU holds. */
static int capacity(const struct geometry *geometry, const char *type)
{
	unsigned int compute = host_type_compute(type);
	unsigned int memory = memory_of(geometry, type);
	uint64_t seats = memory * geometry->slice / host_type_bytes(type);

	return (int)smaller(VGPUS, (unsigned int)seats *
			    smaller(geometry->compute / compute,
				    geometry->memory / memory));
}

/* N read, N creates succeed, the next one fails and says why; at the end all is pool. */
TEST(fill_with_each, ONCE | SLOW)
{
	static char uuid[VGPUS][UUID_LENGTH + 1];
	struct geometry geometry = begin();
	int i, j, count, wanted;

	for (j = 0; j < type_count; j++) {
		/* Series c and q are placed alike. */
		if (!host_type_compute(types[j]) || strchr(types[j], 'c'))
			continue;
		count = type_available(types[j]);
		wanted = capacity(&geometry, types[j]);
		CHECK(count == wanted, "%s: %d available on an empty GPU, not %d",
		      types[j], count, wanted);
		/* What is said of an empty GPU was looked at; these take long. */
		if (count > 16 && (harness_slow_kernel() || count < VGPUS))
			continue;
		if (count > 4 && host_type_compute(types[j]) % 2 == 0)
			continue;
		for (i = 0; i < count; i++) {
			OK(host_create_any(types[j], uuid[i]));
			CHECK(i % 8 || type_available(types[j]) == count - i - 1,
			      "%s: %d available after %d of %d creates", types[j],
			      type_available(types[j]), i + 1, count);
		}
		spatial_check(types[j]);
		REFUSED(types[j], count == VGPUS ? EUSERS : ENOSPC, "");
		for (i = 0; i < count; i++)
			OK(host_remove(uuid[i]));
		CHECK(!instance_count(), "%s: %u instances are left without a vGPU",
		      types[j], instance_count());
		CHECK(type_available(types[j]) == count, "%s: %d available, before %d",
		      types[j], type_available(types[j]), count);
	}
}

/* ---------------------------------------------------------------- profiles */

/* A set of instances, by their compute slices, each with its default memory. */
struct set {
	unsigned int count;
	unsigned int compute[INSTANCES];
};

static unsigned int sets_tried;

static bool fits(const struct geometry *geometry, const struct set *set,
		 unsigned int more)
{
	unsigned int compute = more, memory = more ? default_memory(geometry, more) : 0;
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		compute += set->compute[i];
		memory += default_memory(geometry, set->compute[i]);
	}
	return compute <= geometry->compute && memory <= geometry->memory;
}

static void shuffle(struct set *set, uint32_t *seed)
{
	unsigned int i, j, compute;

	for (i = set->count; i > 1; i--) {
		j = work_random(seed) % i;
		compute = set->compute[i - 1];
		set->compute[i - 1] = set->compute[j];
		set->compute[j] = compute;
	}
}

/* All of it can be made, and the smallest that does not fit beside it can't. */
static void try_set(const struct geometry *geometry, const struct set *set)
{
	unsigned int i, more, id[INSTANCES];
	char name[40], profile[2 * SIZE_NAME];
	struct instance instance;
	int error;

	for (i = 0; i < set->count; i++) {
		profile_name(geometry, set->compute[i],
			     default_memory(geometry, set->compute[i]), profile);
		snprintf(name, sizeof(name), "set-%u", i);
		id[i] = instance_reserve(profile, name);
		CHECK(instance_read(id[i], &instance) &&
		      !strcmp(instance.profile, profile) && instance.reserved,
		      "instance %u of profile %s is a %s", id[i], profile,
		      instance.profile);
	}
	spatial_check("a set of profiles");
	for (more = 1; more <= geometry->compute && fits(geometry, set, more); more++)
		;
	if (more <= geometry->compute) {
		profile_name(geometry, more, default_memory(geometry, more), profile);
		error = instance_try(profile, NULL);
		CHECK(error == -ENOSPC || error == -EUSERS,
		      "%s beside %u instances that leave no room for it: %s", profile,
		      set->count, error ? strerror(-error) : "made");
	}
	for (i = 0; i < set->count; i++)
		instance_remove(id[i]);
	sets_tried++;
}

/* Every set that goes on with profiles that are not larger than the last. */
static void try_sets(const struct geometry *geometry, struct set *set, uint32_t *seed)
{
	unsigned int largest = set->count ? set->compute[set->count - 1] :
		geometry->compute;
	struct set order = *set;
	unsigned int compute;

	shuffle(&order, seed);
	try_set(geometry, &order);
	for (compute = largest; compute; compute--) {
		if (!fits(geometry, set, compute))
			continue;
		set->compute[set->count++] = compute;
		try_sets(geometry, set, seed);
		set->count--;
	}
}

/* Whatever set of profiles fits can be made, in any order: each set in one of them. */
TEST(profile_sets, ONCE | SLOW)
{
	struct geometry geometry = begin();
	struct set set = { 0 };
	uint32_t seed = 13;

	try_sets(&geometry, &set, &seed);
	printf("# %u sets of profiles on %u/%u slices\n", sets_tried, geometry.compute,
	       geometry.memory);
}

/* --------------------------------------------------------- random histories */

/**
 * struct history - what has been done to the GPU
 * @seed: of what is done next
 * @count: vGPUs there are
 * @vgpu: they
 * @at: where those lie that are open
 * @opened: how many are
 * @created: how often that was tried, and done
 * @refused: how often not
 */
struct history {
	uint32_t seed;
	unsigned int count;
	struct vgpu vgpu[VGPUS];
	uint64_t at[VGPUS];
	unsigned int opened;
	unsigned int created;
	unsigned int refused;
};

static unsigned int any(struct history *history, unsigned int count)
{
	return work_random(&history->seed) % count;
}

/* One that the runtime can open. */
static const char *any_type(struct history *history)
{
	const char *type;

	do {
		type = types[any(history, (unsigned int)type_count)];
	} while (!strchr("qc", type[strlen(type) - 1]));
	return type;
}

static void some_create(struct history *history)
{
	const char *type = any_type(history), *other = any_type(history);
	struct vgpu *vgpu = &history->vgpu[history->count];
	int promised, error;

	/* Rather a small one: large ones leave no room for a history. */
	if (host_type_bytes(other) < host_type_bytes(type))
		type = other;
	promised = type_available(type);

	if (history->count == VGPUS)
		return;
	memset(vgpu, 0, sizeof(*vgpu));
	error = host_create_any(type, vgpu->uuid);
	CHECK(!error == (promised > 0), "%d of %s promised, create: %s", promised, type,
	      error ? strerror(-error) : "done");
	CHECK(!error || error == -ENOSPC || error == -EUSERS || error == -EBUSY,
	      "creating %s: %s", type, strerror(-error));
	history->created += !error;
	history->refused += !!error;
	if (error)
		return;
	CHECK((instance_of(vgpu->uuid) != POOL) == (host_type_compute(type) != 0),
	      "a new %s is in instance %u", type, instance_of(vgpu->uuid));
	history->count++;
}

static void some_remove(struct history *history)
{
	unsigned int i = any(history, history->count);
	struct vgpu *vgpu = &history->vgpu[i];

	if (vgpu->device) {
		vgpu_close(vgpu);
		history->opened--;
	}
	OK(host_remove(vgpu->uuid));
	history->count--;
	*vgpu = history->vgpu[history->count];
	history->at[i] = history->at[history->count];
}

static void some_open_or_close(struct history *history)
{
	unsigned int i = any(history, history->count);
	struct vgpu *vgpu = &history->vgpu[i];

	if (vgpu->device) {
		vgpu_close(vgpu);
		history->opened--;
	} else if (history->opened < OPEN_MAX) {
		plain_open(vgpu);
		history->at[i] = vgpu_offset(vgpu);
		history->opened++;
	}
}

static void some_instance(struct history *history, const struct geometry *geometry)
{
	unsigned int id = 1 + any(history, INSTANCES - 1), compute;
	char profile[2 * SIZE_NAME];
	struct instance instance;

	if (instance_read(id, &instance)) {
		admin_set(instance_path(id, "reserved"), instance.reserved ? "0" : "1");
		return;
	}
	compute = 1 + any(history, geometry->compute);
	profile_name(geometry, compute, default_memory(geometry, compute), profile);
	instance_try(profile, NULL);
}

static void step(struct history *history, const struct geometry *geometry)
{
	unsigned int kind = any(history, 100);

	if (kind < 45 || !history->count)
		some_create(history);
	else if (kind < 58)
		some_remove(history);
	else if (kind < 83)
		some_open_or_close(history);
	else if (kind < 95)
		some_instance(history, geometry);
	else
		admin_set_number(admin_gpu_path("pool_slices_min"),
				 any(history, 4) ? 0 : any(history, geometry->compute));
}

static void check_open(const struct history *history)
{
	unsigned int i;

	for (i = 0; i < history->count; i++)
		CHECK(!history->vgpu[i].device ||
		      vgpu_offset(&history->vgpu[i]) == history->at[i],
		      "an open vGPU lies at 0x%llx, was at 0x%llx",
		      (unsigned long long)vgpu_offset(&history->vgpu[i]),
		      (unsigned long long)history->at[i]);
}

/* So many as are said to be available can be created, and no more. */
static void check_promise(struct history *history, const char *type)
{
	static char uuid[VGPUS + 1][UUID_LENGTH + 1];
	int promised = type_available(type), i, error;

	for (i = 0; i < promised; i++) {
		error = host_create_any(type, uuid[i]);
		CHECK(!error, "creating number %d of %d of %s: %s; %u vGPUs, %u open",
		      i + 1, promised, type, strerror(-error), history->count,
		      history->opened);
	}
	error = host_create_any(type, uuid[promised]);
	CHECK(error, "%d of %s were promised, one more was created; %u vGPUs, %u open",
	      promised, type, history->count, history->opened);
	CHECK(error == -ENOSPC || error == -EUSERS || error == -EBUSY,
	      "one more than %d of %s: %s", promised, type, strerror(-error));
	check_open(history);
	if (promised && !any(history, 8))
		spatial_check(type);
	while (i--)
		OK(host_remove(uuid[i]));
}

/* why_unavailable names those types of which none is available, and no others. */
static void check_reasons(void)
{
	char reason[TEXT_SIZE];
	int i;

	for (i = 0; i < type_count; i++)
		CHECK(spatial_unavailable(types[i], reason) == !type_available(types[i]),
		      "%d of %s are available, why_unavailable says '%s'",
		      type_available(types[i]), types[i],
		      spatial_unavailable(types[i], reason) ? reason : "nothing");
}

/* After each of 250 short histories, on each of two GPUs, what is said to be available is. */
TEST(histories, ONCE | SLOW)
{
	unsigned int histories = harness_slow_kernel() ? 40 : 250, h, i, most = 0;
	struct history history = { .seed = 1234 };
	struct geometry geometry = begin();

	for (h = 0; h < histories; h++) {
		for (i = any(&history, 4); i < 4; i++)
			step(&history, &geometry);
		check_open(&history);
		check_promise(&history, any_type(&history));
		if (h % 25 == 0) {
			spatial_check("a random history");
			check_reasons();
		}
		if (history.count > most)
			most = history.count;
	}
	while (history.count)
		some_remove(&history);
	spatial_clear();
	printf("# %u histories, up to %u vGPUs, %u created, %u refused\n", histories, most,
	       history.created, history.refused);
}

/* ------------------------------------------------------------------- races */

/* Creates until it is refused; the exit status is how many it got. */
static void create_all(const char *type)
{
	char uuid[UUID_LENGTH + 1];
	int got, error;

	for (got = 0; got <= VGPUS; got++) {
		error = host_create_any(type, uuid);
		if (error == -ENOSPC || error == -EUSERS)
			_exit(got);
		CHECK(!error, "creating %s beside others: %s", type, strerror(-error));
	}
	_exit(101);
}

static void race_for(const char *type)
{
	int i, promised = type_available(type), got = 0, status;
	pid_t child[6];

	CHECK(promised, "none of %s is available", type);
	for (i = 0; i < 6; i++) {
		child[i] = fork();
		if (!child[i])
			create_all(type);
	}
	for (i = 0; i < 6; i++) {
		waitpid(child[i], &status, 0);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 100 &&
		      (WEXITSTATUS(status) != 1 || promised),
		      "a creator of %s failed with status 0x%x", type, status);
		got += WEXITSTATUS(status);
	}
	CHECK(got == promised && host_count() == (unsigned int)promised,
	      "%d of %s promised, %d created, %u exist", promised, type, got,
	      host_count());
	spatial_check(type);
	OK(host_clean());
	CHECK(!instance_count(), "%u instances are left without a vGPU", instance_count());
}

/* Creators from several processes get what was promised to one, and no more. */
TEST(racing_creators, ONCE | SLOW)
{
	static const char *const raced[] = { "1-16mq", "1-128mc", "2-64mq", "3-128mq" };
	unsigned int i;

	begin();
	for (i = 0; i < sizeof(raced) / sizeof(raced[0]); i++)
		race_for(raced[i]);
}
