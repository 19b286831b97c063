// SPDX-License-Identifier: GPL-2.0-only
/*
 * stale.c - guest memory is given back when the GPU reaches it no more, in every
 * way in which a vGPU loses it
 *
 * The GPU writes to a page of guest memory all the time, and stops when it is
 * asked to let go of the page, or reset. In half of these tests nobody can ask
 * it, because its registers do not answer or its link has failed; then only its
 * bus mastering keeps the page from harm.
 */
#include <stdio.h>

#include "admin.h"
#include "canary.h"
#include "link.h"

#define SLOW_PAGES	1000

/**
 * struct victim - a vGPU to whose guest's memory the GPU writes
 * @vgpu: the vGPU
 * @memory: one page, and where the vGPU sees it
 * @address: where the vGPU sees it
 * @canary: watches it
 */
struct victim {
	struct vgpu vgpu;
	struct rt_memory memory;
	uint64_t address;
	struct canary canary;
};

/* Whatever a test before has left. */
static void revive(void)
{
	char state[TEXT_SIZE];

	inject("stale count=0");
	inject("mute count=0");
	admin_text(admin_gpu_path("state"), state);
	if (!strcmp(state, "up"))
		return;
	admin_rebind();
	OK(host_init());
}

static void victim_make(struct victim *victim)
{
	struct vgpu *vgpu = &victim->vgpu;
	char command[64];

	vgpu_make(vgpu, "64mq");
	OK(rt_memory_alloc(vgpu->device, RT_PAGE_SIZE, &victim->memory));
	OK(rt_memory_map(vgpu->device, &victim->memory, true, &victim->address));
	canary_begin(&victim->canary, victim->memory.cpu, victim->memory.bytes);
	snprintf(command, sizeof(command), "stale partition=%llu",
		 (unsigned long long)host_attribute(vgpu->uuid, "partition"));
	inject(command);
	canary_wait_broken(&victim->canary);
}

/* The memory itself stays, for the canary. */
static void victim_unmap(struct victim *victim)
{
	OK(rt_space_unmap(victim->memory.space, victim->memory.page[0],
			  victim->memory.bytes));
	victim->memory.space = NULL;
}

static void victim_close(struct victim *victim)
{
	vgpu_close(&victim->vgpu);
	victim->memory.space = NULL;
}

static void works_again(void)
{
	struct vgpu vgpu;

	vgpu_make(&vgpu, "64mq");
	vgpu_works(&vgpu, 1);
	vgpu_remove(&vgpu);
}

/* ------------------------------------------------------ the GPU can be asked */

TEST(unmapped_by_guest, 0)
{
	struct victim victim;

	revive();
	victim_make(&victim);
	OK(rt_memory_unmap(victim.vgpu.device, &victim.memory, victim.address));
	canary_end(&victim.canary, "unmapping by the guest");
}

TEST(unmapped_by_vmm, 0)
{
	struct victim victim;

	revive();
	victim_make(&victim);
	victim_unmap(&victim);
	canary_end(&victim.canary, "unmapping by the VMM");
}

static const char *const ways[] = {
	[BY_GUEST] = "a reset by the guest",
	[BY_FUNCTION] = "a function-level reset",
	[BY_VMM] = "a reset by the VMM",
};

TEST(reset, 0)
{
	struct victim victim;
	unsigned int way;

	revive();
	for (way = BY_GUEST; way <= BY_VMM; way++) {
		victim_make(&victim);
		vgpu_reset(&victim.vgpu, way);
		canary_end(&victim.canary, ways[way]);
		rt_memory_free(&victim.memory);
		vgpu_remove(&victim.vgpu);
	}
}

TEST(closed, 0)
{
	struct victim victim;

	revive();
	victim_make(&victim);
	victim_close(&victim);
	canary_end(&victim.canary, "close");
}

TEST(gpu_reset, ONCE | SLOW)
{
	struct victim victim;

	revive();
	victim_make(&victim);
	admin_set(admin_pci_path("reset"), "1");
	canary_end(&victim.canary, "a reset of the GPU");
	works_again();
}

/* -------------------------------------------------------- nobody can ask it */

/* That nothing was written has a meaning only if the GPU still tries to. */
static void still_tries(void)
{
	static char answer[65536];

	OK(host_control(answer, sizeof(answer), "stats"));
	CHECK(strstr(answer, "\"stale_pages\":1,"),
	      "the GPU has been reset: nothing can be seen of its memory");
}

/* Whether the GPU is up after its recovery; otherwise it is dead. */
static bool recovered(void)
{
	uint64_t end = rt_now_ns() + 20 * second();
	char state[TEXT_SIZE];

	do {
		CHECK(rt_now_ns() < end, "the recovery does not end");
		usleep(20000);
		admin_text(admin_gpu_path("state"), state);
	} while (!strcmp(state, "reset"));
	return !strcmp(state, "up");
}

/* A vGPU that takes the kernel a while to bring to rest. */
static void slow_make(struct vgpu *vgpu)
{
	struct rt_memory memory;
	size_t i;

	vgpu_make(vgpu, "64mq");
	OK(rt_memory_alloc(vgpu->device, SLOW_PAGES * RT_PAGE_SIZE, &memory));
	for (i = 0; i < memory.pages; i++)
		OK(rt_map_pages(vgpu->device, &memory.page[i], 1, i, true));
}

/* The link is reset soon; until then the GPU goes on. */
TEST(fatal_link_error, ONCE | SLOW)
{
	struct victim victim;
	struct vgpu slow;

	revive();
	victim_make(&victim);
	/* Its turn comes after the victim's, so that the reset is not too soon. */
	slow_make(&slow);
	link_error(UNCOR_DATA_LINK, 0);
	canary_wait_unpinned("a fatal error of the link");
	admin_wait_state("up");
	canary_end(&victim.canary, "a fatal error of the link");
	works_again();
}

/*
 * An error that is not fatal, but the registers do not answer. Some kernels reset
 * the link then; others do not, and the GPU is lost.
 */
TEST(link_error_and_mute, ONCE | SLOW)
{
	struct victim victim;

	revive();
	victim_make(&victim);
	inject("mute");
	link_error(UNCOR_TIMEOUT, 0);
	canary_wait_unpinned("an error of the link");
	if (!recovered())
		still_tries();
	canary_end(&victim.canary, "an error of the link");
	victim_close(&victim);
	revive();
	works_again();
}

/* Before anybody has noticed that it does not answer. */
TEST(mute, ONCE | SLOW)
{
	static const char *const what[] = {
		"unmapping by the VMM of a GPU that does not answer",
		"a reset of a GPU that does not answer",
		"closing a GPU that does not answer",
	};
	struct victim victim;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		revive();
		victim_make(&victim);
		inject("mute");
		switch (i) {
		case 0:
			victim_unmap(&victim);
			break;
		case 1:
			vgpu_reset(&victim.vgpu, BY_VMM);
			break;
		default:
			victim_close(&victim);
		}
		canary_wait_unpinned(what[i]);
		admin_wait_state("dead");
		still_tries();
		canary_end(&victim.canary, what[i]);
		if (victim.vgpu.device)
			victim_close(&victim);
		OK(host_remove(victim.vgpu.uuid));
	}
	revive();
	works_again();
}

/* Its driver has given it up while the guest has memory there. */
static void die(struct victim *victim)
{
	struct rt_ring ring;
	uint64_t stop;

	revive();
	victim_make(victim);
	/* Somebody looks at a GPU that works. */
	OK(rt_ring_create(victim->vgpu.device, 0, 64, &ring));
	OK(work_spin(&ring, &stop));
	inject("mute");
	admin_wait_state("dead");
}

TEST(dead_unmapped_by_vmm, ONCE | SLOW)
{
	struct victim victim;

	die(&victim);
	victim_unmap(&victim);
	still_tries();
	canary_end(&victim.canary, "unmapping by the VMM of a dead GPU");
}

TEST(dead_reset, ONCE | SLOW)
{
	struct victim victim;

	die(&victim);
	vgpu_reset(&victim.vgpu, BY_VMM);
	still_tries();
	canary_end(&victim.canary, "a reset of a dead GPU");
}

TEST(dead_closed, ONCE | SLOW)
{
	struct victim victim;

	die(&victim);
	victim_close(&victim);
	still_tries();
	canary_end(&victim.canary, "closing a dead GPU");
}

/* It answers again, and writes, before the driver has reset it. */
TEST(dead_rebound, ONCE | SLOW)
{
	struct victim victim;

	die(&victim);
	victim_close(&victim);
	canary_wait_unpinned("closing a dead GPU");
	still_tries();
	inject("mute count=0");
	admin_rebind();
	OK(host_init());
	canary_end(&victim.canary, "binding the driver to a dead GPU");
	works_again();
}

TEST(dead_unloaded, ONCE | SLOW)
{
	struct victim victim;

	die(&victim);
	victim_close(&victim);
	CHECK(admin_unload(), "rmmod with a dead GPU");
	still_tries();
	canary_end(&victim.canary, "removing the module");
	inject("mute count=0");
	admin_load();
	works_again();
}
