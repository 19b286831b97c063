// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial_hostile.c - what a hostile vGPU costs its neighbours in other instances
 *
 * Nothing, by the GPU's counters and clock: an engine that has work for one vGPU
 * alone works without a pause, and one that two share goes on taking turns. How fast
 * this machine is plays no part.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "hostile.h"
#include "load.h"
#include "spatial.h"
#include "watch.h"

#define MS		1000000UL
#define WINDOW_NS	(600 * MS)
#define LEAST		0.99
#define TURNS		5

/**
 * struct scene - victims, and where the attacker will be
 * @alone: each has an engine of its own: the pool's, and that of an instance
 * @before: what they were given before
 * @sharing: two in an instance
 * @runs: that these were given before
 * @companion: in the attacker's instance
 */
struct scene {
	struct load alone[2];
	struct look before[2];
	struct load sharing;
	uint64_t runs[2];
	struct load companion;
};

static const char *const name_of[] = { "in the pool", "in an instance" };

static void scene_set(struct scene *scene)
{
	unsigned int i;

	spatial_begin();
	scheduler_defaults();
	load_make(&scene->alone[0], 1, "64mq");
	load_make(&scene->alone[1], 1, "1-128mq");
	load_make(&scene->sharing, 2, "2-64mq");
	load_make(&scene->companion, 1, "3-128mq");
	load_start(&scene->alone[0]);
	load_start(&scene->alone[1]);
	load_start(&scene->sharing);
	load_start(&scene->companion);
	/* From here on they have the engine. */
	for (i = 0; i < 2; i++) {
		vgpu_wait_state(scene->alone[i].vgpu[0].uuid, "running");
		while (!host_stat(scene->alone[i].vgpu[0].uuid, "resident_ns"))
			usleep(1000);
	}
}

static void scene_begin(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		scene->before[i] = service_look(&scene->alone[i].vgpu[0]);
		scene->runs[i] = host_stat(scene->sharing.vgpu[i].uuid, "slices");
	}
}

/* Nobody has lost anything since scene_begin(). */
static void scene_stands(struct scene *scene, const char *beside)
{
	uint64_t turns[2], end = rt_now_ns() + 30 * second();
	struct look before, after;
	double part[2], off;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		before = scene->before[i];
		after = service_look(&scene->alone[i].vgpu[0]);
		part[i] = (double)(after.held - before.held) /
			(double)(after.clock - before.clock);
		off = (double)(after.width + before.width) /
			(double)(after.clock - before.clock);
		CHECK(part[i] >= LEAST - off,
		      "beside %s a vGPU alone %s was at work for %.2f %% of the time (%.2f points uncertain)",
		      beside, name_of[i], 100 * part[i], 100 * off);
		CHECK(after.runs == before.runs,
		      "beside %s a vGPU alone %s was given the engine %lu times more",
		      beside, name_of[i], after.runs - before.runs);
		vgpu_unharmed(&scene->alone[i].vgpu[0], name_of[i]);
	}
	for (i = 0; i < 2; i++) {
		/* However slow the machine is, they go on. */
		while (turns[i] = host_stat(scene->sharing.vgpu[i].uuid, "slices") -
				  scene->runs[i], turns[i] < TURNS) {
			CHECK(rt_now_ns() < end,
			      "beside %s one of two that share had %lu turns", beside,
			      turns[i]);
			usleep(10000);
		}
		vgpu_unharmed(&scene->sharing.vgpu[i], "one of two that share");
	}
	printf("# beside %-15s: pool %.2f %%, instance %.2f %% of the clock; %lu and %lu turns of two that share\n",
	       beside, 100 * part[0], 100 * part[1], turns[0], turns[1]);
	fflush(stdout);
}

static void scene_end(struct scene *scene)
{
	static const unsigned int equal[] = { 1, 1 };

	load_stop(&scene->alone[0]);
	load_stop(&scene->alone[1]);
	load_stop(&scene->sharing);
	load_stop(&scene->companion);
	load_expect_shares(&scene->sharing, equal, 20 * MS);
}

/* How an attacker shows that it is at work. */
struct attack {
	const char *name;
	void (*run)(const char *uuid);
	const char *counter;
	uint64_t enough;
};

static pid_t attack_begin(const struct attack *attack, char uuid[UUID_LENGTH + 1])
{
	uint64_t end = rt_now_ns() + 20 * second();
	pid_t child;

	OK(host_create_any("3-128mq", uuid));
	child = fork();
	if (!child)
		attack->run(uuid);
	while (host_stat(uuid, attack->counter) < attack->enough) {
		CHECK(rt_now_ns() < end, "%s: the attacker does not come to work",
		      attack->name);
		usleep(5000);
	}
	return child;
}

static void attack_end(pid_t child, const char *uuid)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	OK(host_remove(uuid));
}

/* Storms of everything that a guest can make a storm of. */
TEST(storms_cost_nobody, ONCE | SLOW)
{
	static const struct attack attacks[] = {
		{ "a good one", hostile_not, "slices", 2 },
		{ "endless kernels", hostile_endless, "slices", 2 },
		{ "doorbells", hostile_doorbells, "doorbells", 100 },
		{ "rings", hostile_rings, "doorbells", 100 },
		{ "faults", hostile_faults, "slices", 2 },
		{ "resets", hostile_resets, "resets", 3 },
	};
	char uuid[UUID_LENGTH + 1];
	static struct scene scene;
	unsigned int i;
	pid_t child;

	scene_set(&scene);
	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		child = attack_begin(&attacks[i], uuid);
		CHECK(instance_of(uuid) == instance_of(scene.companion.vgpu[0].uuid),
		      "the attacker is in instance %u, its companion is not",
		      instance_of(uuid));
		scene_begin(&scene);
		clock_wait(&scene.alone[0].vgpu[0], WINDOW_NS);
		scene_stands(&scene, attacks[i].name);
		attack_end(child, uuid);
	}
	scene_end(&scene);
	spatial_check("after storms");
}

/* Who hears of a hang hears where it was. */
static void expect_told(int events, const char *uuid, unsigned int id)
{
	char text[TEXT_SIZE], wanted[40];

	snprintf(wanted, sizeof(wanted), "OPENVGPU_INSTANCE=%u", id);
	do {
		CHECK(uevents_next(events, uuid, text), "nobody is told of a hang");
	} while (!strstr(text, "OPENVGPU_EVENT=fault"));
	CHECK(strstr(text, wanted), "a hang in instance %u is told as: %s", id, text);
}

/*
 * An engine that hangs. While the module waits for its vGPU to stop, and resets it,
 * the other instances go on, and then the others of its own.
 */
TEST(hangs_cost_nobody, ONCE | SLOW)
{
	static const struct attack good = { "a hang", hostile_not, "slices", 2 };
	unsigned int round, id;
	char uuid[UUID_LENGTH + 1], number[32];
	static struct scene scene;
	uint64_t busy, end, turns = 0;
	struct vgpu vgpu;
	pid_t child;
	int events;

	need_control();
	scene_set(&scene);
	id = instance_of(scene.companion.vgpu[0].uuid);
	/* Long enough to see that the others do not wait for it, on a slow machine. */
	snprintf(number, sizeof(number), "%lu", (harness_slow_kernel() ? 4000 : 1000) * 1000UL);
	admin_set(instance_path(id, "preempt_timeout_us"), number);
	for (round = 0; round < 3; round++) {
		child = attack_begin(&good, uuid);
		memcpy(vgpu.uuid, uuid, sizeof(vgpu.uuid));
		events = uevents_listen();
		scene_begin(&scene);
		hang(&vgpu);
		end = rt_now_ns() + 60 * second();
		while (!host_stat(uuid, "faults")) {
			CHECK(rt_now_ns() < end, "a vGPU that hangs is not reset");
			turns = host_stat(scene.sharing.vgpu[0].uuid, "slices") -
				scene.runs[0];
			usleep(5000);
		}
		CHECK(turns >= TURNS,
		      "until a vGPU that hangs was reset, one elsewhere had %lu turns", turns);
		scene_stands(&scene, "a hang");
		expect_told(events, uuid, id);
		close(events);
		CHECK(instance_of(uuid) == id, "who hung is in instance %u", instance_of(uuid));
		busy = host_stat(scene.companion.vgpu[0].uuid, "busy_ns");
		while (host_stat(scene.companion.vgpu[0].uuid, "busy_ns") < busy + 50 * MS) {
			CHECK(rt_now_ns() < end, "its instance does not go on after a hang");
			usleep(5000);
		}
		vgpu_unharmed(&scene.companion.vgpu[0], "who shares with one that hangs");
		attack_end(child, uuid);
	}
	scene_end(&scene);
}

/* The VMM of one is killed, again and again: the others go on. */
TEST(kills_cost_nobody, ONCE | SLOW)
{
	static const struct attack good = { "kills", hostile_endless, "slices", 2 };
	char uuid[UUID_LENGTH + 1];
	static struct scene scene;
	struct vgpu vgpu = { 0 };
	unsigned int round;
	pid_t child;

	scene_set(&scene);
	scene_begin(&scene);
	for (round = 0; round < 5; round++) {
		child = attack_begin(&good, uuid);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		memcpy(vgpu.uuid, uuid, sizeof(vgpu.uuid));
		vgpu_open(&vgpu);
		vgpu_works(&vgpu, round);
		vgpu_remove(&vgpu);
	}
	scene_stands(&scene, "kills");
	vgpu_unharmed(&scene.companion.vgpu[0], "who shares with one that is killed");
	scene_end(&scene);
}
