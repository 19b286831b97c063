// SPDX-License-Identifier: GPL-2.0-only
/*
 * isolation.c - a hostile guest tries everything; the neighbour notices nothing
 *
 * Three vGPUs lie side by side: before, the attacker, behind. The two others
 * hold canaries in their slices, in guest memory they have mapped, and in their
 * registers. The attacker's own VM has canaries in memory that it did not map,
 * beside a page that it did.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "../kernels/kernels.h"
#include "vm.h"

#define TYPE		"16mq"
#define SLICE		(16 * MIB)
#define GUEST_PAGES	16
#define MAPPED_FIRST	4	/* of the attacker's memory: these are writable ... */
#define MAPPED_PAGES	2
#define READ_FIRST	8	/* ... these are read-only, the others not mapped */
#define READ_PAGES	2

/**
 * struct victim - a neighbour with canaries
 * @vgpu: its vGPU
 * @memory: guest memory, mapped into its aperture
 * @scratch: value of its SCRATCH register
 */
struct victim {
	struct vgpu vgpu;
	struct rt_memory memory;
	uint64_t scratch;
};

static void set_canary(struct victim *victim, uint32_t seed)
{
	uint64_t at;

	fill_words(rt_framebuffer(victim->vgpu.device, 0), SLICE, seed);
	OK(rt_memory_alloc(victim->vgpu.device, GUEST_PAGES * RT_PAGE_SIZE,
			   &victim->memory));
	OK(rt_memory_map(victim->vgpu.device, &victim->memory, true, &at));
	fill_words(victim->memory.cpu, victim->memory.bytes, ~seed);
	/* The page list of the map command lies in the framebuffer. */
	fill_words(rt_framebuffer(victim->vgpu.device, 0), RT_PAGE_SIZE, seed);
	victim->scratch = 0x1234567800000000ULL | seed;
	rt_user_write(victim->vgpu.device, REFGPU_USER_SCRATCH, victim->scratch);
	rt_user_write(victim->vgpu.device, REFGPU_USER_INTR_ENABLE,
		      REFGPU_INTR_ERROR);
}

static void check_canary(struct victim *victim, uint32_t seed, const char *when)
{
	struct rt_device *device = victim->vgpu.device;
	uint64_t value;
	long at;

	at = differing_word(rt_framebuffer(device, 0), SLICE, seed);
	CHECK(at < 0, "%s: byte 0x%lx of the neighbour's slice changed", when,
	      at * 4);
	at = differing_word(victim->memory.cpu, victim->memory.bytes, ~seed);
	CHECK(at < 0, "%s: byte 0x%lx of the neighbour's memory changed", when,
	      at * 4);
	value = rt_user_read(device, REFGPU_USER_SCRATCH);
	CHECK(value == victim->scratch, "%s: the neighbour's SCRATCH is 0x%llx",
	      when, (unsigned long long)value);
	value = rt_user_read(device, REFGPU_USER_INTR_ENABLE);
	CHECK(value == REFGPU_INTR_ERROR,
	      "%s: the neighbour's INTR_ENABLE is 0x%llx", when,
	      (unsigned long long)value);
	value = rt_user_read(device, REFGPU_USER_ERROR);
	CHECK(!value, "%s: the neighbour's ERROR is %llu", when,
	      (unsigned long long)value);
	value = rt_control_read(device, OPENVGPU_NATIVE_MAPPED);
	CHECK(value == GUEST_PAGES, "%s: %llu pages of the neighbour are mapped",
	      when, (unsigned long long)value);
	CHECK(!host_stat(victim->vgpu.uuid, "resets") &&
	      !host_stat(victim->vgpu.uuid, "faults"),
	      "%s: the neighbour was reset %llu times, faulted %llu times", when,
	      (unsigned long long)host_stat(victim->vgpu.uuid, "resets"),
	      (unsigned long long)host_stat(victim->vgpu.uuid, "faults"));
}

struct scene {
	struct victim before, behind;
	struct vgpu attacker;
	struct rt_memory memory;
	uint64_t addresses[64];
	unsigned int count;
};

static void add_address(struct scene *scene, uint64_t address)
{
	CHECK(scene->count < 64, "too many addresses");
	scene->addresses[scene->count++] = address;
}

static void map_attacker_memory(struct scene *scene)
{
	struct rt_device *device = scene->attacker.device;

	OK(rt_map_pages(device, scene->memory.page + MAPPED_FIRST, MAPPED_PAGES,
			16, true));
	OK(rt_map_pages(device, scene->memory.page + READ_FIRST, READ_PAGES,
			32, false));
	memset(device->aperture_used + 16, 1, MAPPED_PAGES);
	memset(device->aperture_used + 32, 1, READ_PAGES);
}

static void set_scene(struct scene *scene)
{
	uint64_t before, own, behind, aperture = REFGPU_SYSMEM_APERTURE;

	memset(scene, 0, sizeof(*scene));
	vgpu_make(&scene->before.vgpu, TYPE);
	vgpu_make(&scene->attacker, TYPE);
	vgpu_make(&scene->behind.vgpu, TYPE);
	before = host_attribute(scene->before.vgpu.uuid, "framebuffer_offset");
	own = host_attribute(scene->attacker.uuid, "framebuffer_offset");
	behind = host_attribute(scene->behind.vgpu.uuid, "framebuffer_offset");
	set_canary(&scene->before, 0xb4b4b4b4);
	set_canary(&scene->behind, 0xa5a5a5a5);
	OK(rt_memory_alloc(scene->attacker.device, GUEST_PAGES * RT_PAGE_SIZE,
			   &scene->memory));
	fill_words(scene->memory.cpu, scene->memory.bytes, 0xcccc);
	map_attacker_memory(scene);

	/* Around the limit, and where the neighbours really are. */
	add_address(scene, SLICE - 4);
	add_address(scene, SLICE - 64);
	add_address(scene, SLICE);
	add_address(scene, SLICE + 4);
	add_address(scene, SLICE + 0x10000);
	add_address(scene, before - own);
	add_address(scene, behind - own);
	add_address(scene, before);
	add_address(scene, behind);
	add_address(scene, own);
	add_address(scene, own + SLICE);
	add_address(scene, (uint64_t)-4096);
	add_address(scene, (uint64_t)-64);
	add_address(scene, (uint64_t)-4);
	add_address(scene, UINT64_MAX);
	add_address(scene, 1ULL << 63);
	add_address(scene, (1ULL << 63) - 64);
	add_address(scene, 1ULL << 32);
	add_address(scene, (1ULL << 32) - 4);
	add_address(scene, 1ULL << 30);
	add_address(scene, (1ULL << 30) - 64);
	/* The aperture: its ends, holes, and the read-only pages. */
	add_address(scene, aperture - 4);
	add_address(scene, aperture);
	add_address(scene, aperture + 15 * RT_PAGE_SIZE);
	add_address(scene, aperture + 16 * RT_PAGE_SIZE - 32);
	add_address(scene, aperture + 18 * RT_PAGE_SIZE - 32);
	add_address(scene, aperture + 18 * RT_PAGE_SIZE);
	add_address(scene, aperture + 32 * RT_PAGE_SIZE);
	add_address(scene, aperture + 33 * RT_PAGE_SIZE);
	add_address(scene, aperture +
		    scene->attacker.device->aperture_pages * RT_PAGE_SIZE - 4);
	add_address(scene, aperture +
		    scene->attacker.device->aperture_pages * RT_PAGE_SIZE);
	add_address(scene, aperture * 2);
	/* Guest-physical and host-physical looking ones. */
	add_address(scene, scene->memory.page[0]);
	add_address(scene, aperture + scene->memory.page[0]);
	add_address(scene, 0xfee00000);
	add_address(scene, 3);
	add_address(scene, SLICE - 1);
}

static void check_scene(struct scene *scene, const char *when)
{
	uint32_t *words = scene->memory.cpu;
	unsigned int page, i;

	for (page = 0; page < GUEST_PAGES; page++) {
		if (page >= MAPPED_FIRST && page < MAPPED_FIRST + MAPPED_PAGES)
			continue;
		for (i = page * 1024; i < (page + 1) * 1024; i++)
			CHECK(words[i] == (0xcccc ^ i * 2654435761u),
			      "%s: page %u of guest memory, %s, changed", when,
			      page, page >= READ_FIRST &&
			      page < READ_FIRST + READ_PAGES ? "read-only" :
							       "not mapped");
	}
	check_canary(&scene->before, 0xb4b4b4b4, when);
	check_canary(&scene->behind, 0xa5a5a5a5, when);
}

static void end_scene(struct scene *scene)
{
	/* The attacker can still be used by somebody honest. */
	vgpu_reset(&scene->attacker, BY_VMM);
	vgpu_works(&scene->attacker, 1);
	vgpu_works(&scene->before.vgpu, 2);
	vgpu_works(&scene->behind.vgpu, 3);
}

/* Runs one packet on a fresh ring; how it ends does not matter here. */
static void run_packet(struct scene *scene, const void *packet)
{
	struct rt_device *device = scene->attacker.device;
	uint64_t mark = device->framebuffer_next, end;
	struct rt_ring ring;
	uint64_t status;

	if (rt_ring_create(device, 0, 4, &ring))
		harness_failed(__FILE__, __LINE__, "opcode %u: no new ring: %s",
			       *(const uint16_t *)packet, rt_message());
	OK(rt_ring_submit(&ring, packet));
	rt_ring_doorbell(&ring);
	end = rt_now_ns() + 3000000000ULL;
	do {
		status = rt_ring_register(&ring, REFGPU_RING_STATUS);
		CHECK(rt_now_ns() < end, "opcode %u still runs after 3 s",
		      *(const uint16_t *)packet);
	} while (status == REFGPU_RING_BUSY);
	rt_ring_destroy(&ring);
	device->framebuffer_next = mark;
}

static void attack_memory_packets(struct scene *scene)
{
	static const uint64_t lengths[] = { 4, 64, 4096, 65536, SLICE,
					    1ULL << 40, UINT64_MAX - 3 };
	uint64_t good = 8 * MIB;
	unsigned int i, j;

	for (i = 0; i < scene->count; i++) {
		uint64_t at = scene->addresses[i];

		for (j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			struct refgpu_fill fill = {
				.header.opcode = REFGPU_OP_FILL,
				.target = at, .bytes = lengths[j], .lines = 1,
				.pattern = 0xdeadbeef,
			};
			struct refgpu_copy to = {
				.header.opcode = REFGPU_OP_COPY,
				.source = good, .target = at,
				.bytes = lengths[j], .lines = 1,
			};
			struct refgpu_copy from = {
				.header.opcode = REFGPU_OP_COPY,
				.source = at, .target = good,
				.bytes = lengths[j] > 65536 ? 65536 : lengths[j],
				.lines = 1,
			};

			run_packet(scene, &fill);
			run_packet(scene, &to);
			run_packet(scene, &from);
		}
	}
}

/* Lines and pitches that walk out of the slice, or around 2^64. */
static void attack_pitches(struct scene *scene)
{
	static const uint64_t pitches[] = {
		0, SLICE, SLICE - 4, 1ULL << 30, 1ULL << 32, 1ULL << 62,
		1ULL << 63, (uint64_t)-4096, (uint64_t)-SLICE, UINT64_MAX,
	};
	static const uint32_t lines[] = { 2, 3, 4096, 0xffffffff };
	unsigned int i, j;

	for (i = 0; i < sizeof(pitches) / sizeof(pitches[0]); i++)
		for (j = 0; j < sizeof(lines) / sizeof(lines[0]); j++) {
			struct refgpu_fill fill = {
				.header.opcode = REFGPU_OP_FILL,
				.target = 8 * MIB, .bytes = 64,
				.pitch = pitches[i], .lines = lines[j],
				.pattern = 0xdeadbeef,
			};
			struct refgpu_copy copy = {
				.header.opcode = REFGPU_OP_COPY,
				.source = 8 * MIB, .target = 9 * MIB,
				.bytes = 64, .source_pitch = 64,
				.target_pitch = pitches[i], .lines = lines[j],
			};

			/* No pitch and many lines is legal, and endless here. */
			if (!pitches[i] && lines[j] > 4096)
				continue;
			run_packet(scene, &fill);
			run_packet(scene, &copy);
		}
}

static void attack_other_packets(struct scene *scene)
{
	unsigned int i, opcode, flag;

	for (i = 0; i < scene->count; i++) {
		uint64_t at = scene->addresses[i];
		struct refgpu_fence fence = {
			.header = { .opcode = REFGPU_OP_FENCE,
				    .flags = REFGPU_FENCE_WRITE },
			.value = 0xdeadbeefdeadbeef, .address = at,
		};
		struct refgpu_semaphore semaphore = {
			.header = { .opcode = REFGPU_OP_SEMAPHORE,
				    .flags = REFGPU_SEMAPHORE_SIGNAL },
			.address = at, .value = 0xdeadbeefdeadbeef,
		};
		struct refgpu_timestamp timestamp = {
			.header.opcode = REFGPU_OP_TIMESTAMP, .address = at,
		};
		struct refgpu_flip flip = {
			.header.opcode = REFGPU_OP_FLIP, .head = i, .base = at,
		};

		run_packet(scene, &fence);
		run_packet(scene, &semaphore);
		semaphore.header.flags = 0;
		semaphore.value = UINT64_MAX;
		run_packet(scene, &semaphore);
		run_packet(scene, &timestamp);
		run_packet(scene, &flip);
	}
	for (opcode = 0; opcode < 12; opcode++)
		for (flag = 0; flag < 16; flag++) {
			struct refgpu_fence packet = {
				.header = { .opcode = (uint16_t)opcode,
					    .flags = (uint16_t)(1u << flag),
					    .reserved = flag },
				.value = 0xdeadbeefdeadbeef,
				.address = SLICE + 64 * flag,
				.reserved = { 1, 2, 3, 4, 5 },
			};

			run_packet(scene, &packet);
		}
}

/* Programs: code, stack, argument and stores that point outside. */
static void attack_dispatch(struct scene *scene)
{
	struct rt_device *device = scene->attacker.device;
	struct vector_add_argument argument = { .count = 64 };
	uint64_t code, at;
	unsigned int i;

	OK(rt_kernel_load(device, "vector_add", &code));
	at = rt_framebuffer_alloc(device, sizeof(argument), 64);
	for (i = 0; i < scene->count; i++) {
		struct refgpu_dispatch packet = {
			.header.opcode = REFGPU_OP_DISPATCH,
			.code = code, .argument = at,
			.grid = { 1, 1, 1 }, .group = { 64, 1, 1 },
		};

		argument.a = 8 * MIB;
		argument.b = 8 * MIB;
		argument.sum = scene->addresses[i];
		memcpy(rt_framebuffer(device, at), &argument, sizeof(argument));
		run_packet(scene, &packet);
		/* Reads: nothing may come back that was not there. */
		argument.a = scene->addresses[i];
		argument.sum = 9 * MIB;
		memcpy(rt_framebuffer(device, at), &argument, sizeof(argument));
		run_packet(scene, &packet);
		packet.argument = scene->addresses[i];
		run_packet(scene, &packet);
		packet.code = scene->addresses[i];
		run_packet(scene, &packet);
		packet.code = code;
		packet.argument = at;
		packet.stack = scene->addresses[i];
		packet.stack_bytes = 1024;
		run_packet(scene, &packet);
		packet.grid[0] = 0xffffffff;
		packet.grid[1] = 0xffffffff;
		packet.group[0] = (uint16_t)scene->addresses[i];
		packet.group[1] = 0xffff;
		run_packet(scene, &packet);
	}
}

TEST(memory_packets, SLOW)
{
	struct scene scene;

	set_scene(&scene);
	attack_memory_packets(&scene);
	check_scene(&scene, "FILL and COPY");
	attack_pitches(&scene);
	check_scene(&scene, "lines and pitches");
	end_scene(&scene);
}

TEST(other_packets, SLOW)
{
	struct scene scene;

	set_scene(&scene);
	attack_other_packets(&scene);
	check_scene(&scene, "FENCE, SEMAPHORE, TIMESTAMP, FLIP, reserved bits");
	attack_dispatch(&scene);
	check_scene(&scene, "DISPATCH");
	end_scene(&scene);
}

/* A slice of zeros stays zeros: nothing of a neighbour is copied in. */
TEST(nothing_leaks_in, SLOW)
{
	struct rt_device *device;
	struct scene scene;
	volatile uint32_t *words;
	unsigned int i, j;

	set_scene(&scene);
	device = scene.attacker.device;
	words = rt_framebuffer(device, 8 * MIB);
	for (i = 0; i < scene.count; i++) {
		struct refgpu_copy copy = {
			.header.opcode = REFGPU_OP_COPY,
			.source = scene.addresses[i], .target = 8 * MIB,
			.bytes = 4096, .lines = 1,
		};

		memset((void *)words, 0, 4096);
		run_packet(&scene, &copy);
		for (j = 0; j < 1024; j++) {
			/* The pages the attacker was given are its own. */
			bool own = scene.addresses[i] >= REFGPU_SYSMEM_APERTURE &&
				   scene.addresses[i] < REFGPU_SYSMEM_APERTURE +
				   64 * RT_PAGE_SIZE;

			if (own || !words[j])
				continue;
			CHECK(scene.addresses[i] < SLICE,
			      "a copy from 0x%llx brought 0x%x",
			      (unsigned long long)scene.addresses[i], words[j]);
		}
	}
	end_scene(&scene);
}

/* Ring registers with addresses outside. */
TEST(rings, SLOW)
{
	static const uint64_t sizes[] = { 0, 1, 2, 3, 64, 65536, 65537, 1ULL << 32,
					  UINT64_MAX };
	struct rt_device *device;
	struct scene scene;
	unsigned int i, j, base = REFGPU_USER_RING(2);

	set_scene(&scene);
	device = scene.attacker.device;
	for (i = 0; i < scene.count; i++)
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			rt_user_write(device, base + REFGPU_RING_CONTROL, 0);
			rt_user_write(device, base + REFGPU_RING_BASE,
				      scene.addresses[i]);
			rt_user_write(device, base + REFGPU_RING_PACKETS, sizes[j]);
			rt_user_write(device, base + REFGPU_RING_CONTROL, 1);
			rt_user_write(device, base + REFGPU_RING_DOORBELL,
				      j & 1 ? 2 : 0xffffffff);
		}
	usleep(50000);
	check_scene(&scene, "rings outside the slice");
	end_scene(&scene);
}

/* Every register of the user page, with every kind of value. */
static void odd_accesses(struct rt_device *device, unsigned int at, uint64_t value)
{
	volatile char *map = device->region[4].map;
	uint16_t word;

	if (map) {
		*(volatile uint32_t *)(map + at) = (uint32_t)value;
		*(volatile uint32_t *)(map + at + 4) = (uint32_t)value;
		*(volatile uint8_t *)(map + at + 1) = (uint8_t)value;
		*(volatile uint16_t *)(map + at + 3) = (uint16_t)value;
		(void)*(volatile uint16_t *)(map + at + 5);
		return;
	}
	/* A software GPU: nobody may map it. */
	rt_region_write(device, 4, at, &value, 4);
	rt_region_write(device, 4, at + 4, &value, 4);
	rt_region_write(device, 4, at + 1, &value, 1);
	rt_region_write(device, 4, at + 3, &value, 2);
	rt_region_read(device, 4, at + 5, &word, sizeof(word));
}

TEST(user_page, SLOW)
{
	static const uint64_t values[] = { 0, 1, UINT64_MAX, SLICE, 1ULL << 40 };
	struct rt_device *device;
	struct scene scene;
	unsigned int i, at;

	set_scene(&scene);
	device = scene.attacker.device;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (at = 0; at < REFGPU_USER_PAGE_SIZE;
		     at += at < 0x5100 ? 8 : 1096) {
			rt_user_write(device, at, values[i]);
			odd_accesses(device, at, values[i]);
		}
	usleep(50000);
	check_scene(&scene, "all registers of the user page");
	end_scene(&scene);
}

/* Every register of the control page, RESET and MAP_COMMAND among them. */
TEST(control_page, SLOW)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 77, UINT64_MAX, SLICE - 8, SLICE, 1ULL << 40,
		1ULL << 63, 0xfffff000, 4095,
	};
	struct rt_device *device;
	struct scene scene;
	unsigned int i, at;
	uint32_t seed = 11;

	set_scene(&scene);
	device = scene.attacker.device;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (at = 0; at < OPENVGPU_NATIVE_CONTROL_SIZE;
		     at += at < 0x200 ? 8 : 504) {
			rt_control_write(device, at, values[i]);
			rt_control_write32(device, at + 4, (uint32_t)values[i]);
			rt_control_write32(device, at, (uint32_t)values[i]);
		}
	/* A storm on the registers that do something. */
	for (i = 0; i < 3000; i++) {
		static const unsigned int offsets[] = {
			OPENVGPU_NATIVE_MAP_LIST, OPENVGPU_NATIVE_MAP_FIRST,
			OPENVGPU_NATIVE_MAP_PAGES, OPENVGPU_NATIVE_MAP_COMMAND,
			OPENVGPU_NATIVE_EVENT_ENABLE, OPENVGPU_NATIVE_EVENT_STATUS,
			OPENVGPU_NATIVE_MAP_COMMAND, OPENVGPU_NATIVE_RESET,
		};
		unsigned int which = work_random(&seed) % 8;

		if (which == 7 && work_random(&seed) % 16)
			continue;
		rt_control_write(device, offsets[which],
				 which == 3 || which == 6 ?
				 1 + work_random(&seed) % 3 :
				 work_random(&seed) % 3 ?
				 work_random(&seed) % 64 :
				 values[work_random(&seed) % 13]);
	}
	usleep(100000);
	check_scene(&scene, "all registers of the control page");
	end_scene(&scene);
}

/* What a guest's kernel keeps from its processes, by a table of rights. */
TEST(rights, 0)
{
	struct refgpu_rights rights = {
		.header.opcode = REFGPU_OP_RIGHTS,
		.vram_granules = SLICE / REFGPU_RIGHTS_GRANULE,
	};
	const uint64_t granule = REFGPU_RIGHTS_GRANULE;
	uint64_t own, secret, value;
	struct rt_device *device;
	struct rt_ring ring;
	struct vgpu vgpu;
	uint32_t *words;

	vgpu_make(&vgpu, TYPE);
	device = vgpu.device;
	value = rt_user_read(device, REFGPU_USER_CAPS);
	CHECK(value & REFGPU_CAP_RIGHTS, "capabilities 0x%llx", (unsigned long long)value);
	OK(rt_ring_create(device, 0, 16, &ring));
	rights.table = rt_framebuffer_alloc(device, granule, granule);
	own = rt_framebuffer_alloc(device, granule, granule);
	secret = rt_framebuffer_alloc(device, granule, granule);
	words = rt_framebuffer(device, secret);
	words[0] = 0x5ec2e7;
	((volatile uint64_t *)rt_framebuffer(device, rights.table))
		[own / granule / REFGPU_RIGHTS_A_WORD] =
		3ULL << own / granule % REFGPU_RIGHTS_A_WORD * 2;
	OK(rt_ring_submit(&ring, &rights));
	OK(rt_fill(&ring, own, granule, 7));
	OK(rt_ring_finish(&ring, 5000));
	OK(rt_copy(&ring, own, secret, 4));
	CHECK(rt_ring_finish(&ring, 5000) == -EIO, "what is not permitted was read");
	value = rt_ring_register(&ring, REFGPU_RING_ERROR_ADDRESS);
	CHECK(rt_ring_register(&ring, REFGPU_RING_ERROR) == REFGPU_ERROR_ADDRESS &&
	      value == secret, "refused at 0x%llx", (unsigned long long)value);
	value = *(uint32_t *)rt_framebuffer(device, own);
	CHECK(value == 7, "0x%llx was copied", (unsigned long long)value);
	vgpu_reset(&vgpu, BY_GUEST);
	value = rt_user_read(device, REFGPU_USER_RING(0) + REFGPU_RING_RIGHTS);
	CHECK(!value, "a reset leaves the table 0x%llx", (unsigned long long)value);
	vgpu_works(&vgpu, 1);
}

/* Another process opens a vGPU after the first one: everything is clean. */
TEST(next_owner, SLOW)
{
	unsigned int ring, offset;
	struct rt_memory memory;
	struct rt_device *device;
	struct vgpu vgpu;
	struct rt_ring rings[2];
	uint64_t value, at;
	pid_t child;
	int round;

	OK(host_create_any(TYPE, vgpu.uuid));
	for (round = 0; round < 3; round++) {
		child = fork();
		if (!child) {
			vgpu_open(&vgpu);
			device = vgpu.device;
			fill_words(rt_framebuffer(device, 0), SLICE, 0x5ec2e7);
			rt_user_write(device, REFGPU_USER_SCRATCH, 0x5ec2e7);
			rt_control_write(device, OPENVGPU_NATIVE_MAP_FIRST, 0x5ec2e7);
			rt_control_write(device, OPENVGPU_NATIVE_EVENT_ENABLE, 1);
			OK(rt_memory_alloc(device, 16 * RT_PAGE_SIZE, &memory));
			OK(rt_memory_map(device, &memory, true, &at));
			OK(rt_ring_create(device, 0, 16, &rings[0]));
			OK(work_spin(&rings[0], &at));
			OK(rt_ring_create(device, 1, 16, &rings[1]));
			usleep(20000);
			if (round == 1)
				kill(getpid(), 9);
			_exit(0); /* without a word to the device */
		}
		if (round == 1)
			while (waitpid(child, NULL, 0) != child)
				;
		else
			wait_child(child, "the first owner");
		vgpu_open(&vgpu);
		device = vgpu.device;
		for (at = 0; at < SLICE; at += 8) {
			value = *(volatile uint64_t *)rt_framebuffer(device, at);
			CHECK(!value, "round %d: the slice holds 0x%llx at 0x%llx",
			      round, (unsigned long long)value,
			      (unsigned long long)at);
		}
		value = rt_user_read(device, REFGPU_USER_SCRATCH);
		CHECK(!value, "round %d: SCRATCH is 0x%llx", round,
		      (unsigned long long)value);
		value = rt_user_read(device, REFGPU_USER_BUSY_NS);
		CHECK(!value, "round %d: BUSY_NS is %llu", round,
		      (unsigned long long)value);
		for (ring = 0; ring < REFGPU_RINGS; ring++)
			for (offset = 0; offset <= REFGPU_RING_PC; offset += 8) {
				value = rt_user_read(device,
						     REFGPU_USER_RING(ring) + offset);
				CHECK(!value, "round %d: ring %u register 0x%x is 0x%llx",
				      round, ring, offset,
				      (unsigned long long)value);
			}
		for (offset = OPENVGPU_NATIVE_EVENT_STATUS;
		     offset <= OPENVGPU_NATIVE_MAPPED; offset += 8) {
			/* These are of its type. */
			if (offset == OPENVGPU_NATIVE_HEADS ||
			    offset == OPENVGPU_NATIVE_HEAD_MAX)
				continue;
			value = rt_control_read(device, offset);
			CHECK(!value, "round %d: control register 0x%x is 0x%llx",
			      round, offset, (unsigned long long)value);
		}
		/* The former owner's memory cannot be reached. */
		OK(rt_ring_create(device, 0, 16, &rings[0]));
		OK(rt_copy(&rings[0], 8 * MIB, REFGPU_SYSMEM_APERTURE, 64));
		CHECK(rt_ring_finish(&rings[0], 5000) == -EIO,
		      "round %d: the system-memory table is not empty", round);
		vgpu_close(&vgpu);
	}
}

/* The slice itself gets a new owner by remove and create. */
TEST(next_vgpu, ONCE)
{
	struct vgpu vgpu;
	uint64_t value, at;
	int round;

	for (round = 0; round < 3; round++) {
		vgpu_make(&vgpu, TYPE);
		for (at = 0; at < SLICE; at += RT_PAGE_SIZE) {
			value = *(volatile uint64_t *)rt_framebuffer(vgpu.device, at);
			CHECK(!value, "round %d: the slice holds 0x%llx at 0x%llx",
			      round, (unsigned long long)value,
			      (unsigned long long)at);
		}
		fill_words(rt_framebuffer(vgpu.device, 0), SLICE, 0x0ddba11);
		vgpu_remove(&vgpu);
	}
}
