// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate.c - vGPUs that stop, go on, and go over to others: states, registers, and
 * guests that notice nothing
 */
#include <linux/pci_regs.h>
#include <stdio.h>

#include "admin.h"
#include "bochs_guest.h"
#include "migrant.h"
#include "vm.h"

#define TYPE		"16mq"
#define PATIENCE_MS	60000
#define S_STOP		VFIO_DEVICE_STATE_STOP
#define S_RUNNING	VFIO_DEVICE_STATE_RUNNING
#define S_RUNNING_P2P	VFIO_DEVICE_STATE_RUNNING_P2P
#define S_PRE_COPY	VFIO_DEVICE_STATE_PRE_COPY

static void make_pair(struct vgpu pair[2], const char *type)
{
	vgpu_make(&pair[0], type);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], type);
}

/* ------------------------------------------------------------------ the offer */

TEST(offered, 0)
{
	static const char *const open_words[] = { "migration", "process" };
	const uint64_t least = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P;
	uint64_t flags = 0, bytes = 0;
	struct vgpu vgpu;
	int fd;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	OK(migration_flags(&vgpu, &flags));
	CHECK((flags & least) == least && !(flags & ~(least | VFIO_MIGRATION_PRE_COPY)),
	      "flags 0x%llx", (unsigned long long)flags);
	CHECK(migration_state(&vgpu) == S_RUNNING, "it is born in %s",
	      migration_state_name(migration_state(&vgpu)));
	admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/migration"), "[auto] stop_copy off");
	admin_refused(admin_vgpu_path(vgpu.uuid, "openvgpu/migration"), "off", EBUSY,
		      open_words, 2);

	vgpu_close(&vgpu);
	admin_refused(admin_vgpu_path(vgpu.uuid, "openvgpu/migration"), "perhaps", EINVAL,
		      NULL, 0);
	admin_set(admin_vgpu_path(vgpu.uuid, "openvgpu/migration"), "stop_copy");
	admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/migration"), "auto [stop_copy] off");
	vgpu_open(&vgpu);
	OK(migration_flags(&vgpu, &flags));
	CHECK(flags == least, "stop_copy: flags 0x%llx", (unsigned long long)flags);
	CHECK(migration_set(&vgpu, S_PRE_COPY, &fd) == -EINVAL,
	      "stop_copy: it is in %s", migration_state_name(migration_state(&vgpu)));

	vgpu_close(&vgpu);
	admin_set(admin_vgpu_path(vgpu.uuid, "openvgpu/migration"), "off");
	vgpu_open(&vgpu);
	CHECK(migration_flags(&vgpu, &flags) < 0 || !flags, "off: flags 0x%llx",
	      (unsigned long long)flags);
	CHECK(migration_set(&vgpu, S_STOP, &fd) < 0, "off: it can be stopped");
	CHECK(migration_size(&vgpu, &bytes) < 0, "off: %llu bytes", (unsigned long long)bytes);
	vgpu_works(&vgpu, 1);
}

/* ------------------------------------------------------------ stop and go on */

/* A VM that is paused: its engine stands still, and so does its clock. */
TEST(pause, 0)
{
	volatile uint32_t *counter;
	struct migrant migrant;
	struct rt_ring spin;
	struct vgpu vgpu;
	int64_t went_on;
	unsigned int i;
	uint32_t count;
	uint64_t stop;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	migrant_begin(&migrant, &vgpu, 2000, 1);
	OK(rt_ring_create(vgpu.device, 3, 64, &spin));
	OK(work_spin(&spin, &stop));
	/* What it counts in. */
	counter = rt_framebuffer(vgpu.device, stop - 64);
	for (i = 0; i < 3; i++) {
		migrant_work(&migrant, second() / 5);
		migration_leave(&vgpu, i == 1 ? S_RUNNING_P2P : S_STOP);
		went_on = (int64_t)rt_user_read(vgpu.device, REFGPU_USER_TIMER);
		count = *counter;
		/* What the guest's processors do meanwhile is not lost. */
		if (i == 1)
			jobs_submit(&migrant.jobs);
		usleep(1500000);
		CHECK(*counter == count, "the engine of a paused VM computes on");
		migration_leave(&vgpu, S_RUNNING);
		went_on = (int64_t)rt_user_read(vgpu.device, REFGPU_USER_TIMER) - went_on;
		CHECK(went_on > -500000000 && went_on < 1000000000,
		      "the clock of a VM that was paused for 1.5 s went on by %lld ms",
		      (long long)went_on / 1000000);
	}
	for (i = 0; *counter == count; i++) {
		CHECK(i < 10000, "the job that was paused does not go on");
		usleep(1000);
	}
	work_stop(vgpu.device, stop);
	OK(rt_ring_wait(&spin, spin.fence, PATIENCE_MS));
	migrant_finish(&migrant);
}

/* ------------------------------------------------------------- registers move */

struct registers {
	uint8_t config[256];
	uint64_t user[0x2000 / 8];
	uint64_t head[2][0x70 / 8];
	uint64_t control[OPENVGPU_NATIVE_MAPPED / 8 + 1];
};

/* Those that time or the GPU changes, and those that say who it is. */
static bool changes(unsigned int offset)
{
	return offset == REFGPU_USER_TIMER || offset == REFGPU_USER_BUSY_NS ||
	       offset == REFGPU_USER_SLICES;
}

static void read_registers(struct vgpu *vgpu, struct registers *registers)
{
	unsigned int offset, head;

	OK(rt_config_read(vgpu->device, 0, registers->config, 256));
	for (offset = 0; offset < sizeof(registers->user); offset += 8)
		registers->user[offset / 8] = changes(offset) ? 0 :
			rt_user_read(vgpu->device, offset);
	for (head = 0; head < 2; head++)
		for (offset = 0; offset < 0x70; offset += 8)
			registers->head[head][offset / 8] =
				offset == REFGPU_HEAD_VBLANK_COUNT ||
				offset == REFGPU_HEAD_VBLANK_TIME ? 0 :
				rt_head_read(vgpu->device, head, offset);
	for (offset = 0; offset < sizeof(registers->control); offset += 8)
		registers->control[offset / 8] = rt_control_read(vgpu->device, offset);
}

static void same_registers(const struct registers *a, const struct registers *b)
{
	unsigned int i, head;

	for (i = 0; i < 256; i++)
		CHECK(a->config[i] == b->config[i], "config space: byte 0x%x is 0x%x, not 0x%x",
		      i, b->config[i], a->config[i]);
	for (i = 0; i < sizeof(a->user) / 8; i++)
		CHECK(a->user[i] == b->user[i], "user page: 0x%x is 0x%llx, not 0x%llx", 8 * i,
		      (unsigned long long)b->user[i], (unsigned long long)a->user[i]);
	for (head = 0; head < 2; head++)
		for (i = 0; i < sizeof(a->head[0]) / 8; i++)
			CHECK(a->head[head][i] == b->head[head][i],
			      "head %u: 0x%x is 0x%llx, not 0x%llx", head, 8 * i,
			      (unsigned long long)b->head[head][i],
			      (unsigned long long)a->head[head][i]);
	for (i = 0; i < sizeof(a->control) / 8; i++)
		CHECK(a->control[i] == b->control[i],
		      "control page: 0x%x is 0x%llx, not 0x%llx", 8 * i,
		      (unsigned long long)b->control[i], (unsigned long long)a->control[i]);
}

/* A guest that has written whatever can be written. */
static void write_registers(struct vgpu *vgpu)
{
	static const struct refgpu_packet_header trap = { .opcode = REFGPU_OP_TRAP };
	struct rt_cursor cursor = { .width = 32, .height = 16, .x = -3, .y = 5 };
	uint8_t packet[REFGPU_PACKET_SIZE] = { 0 };
	struct rt_device *device = vgpu->device;
	uint32_t line = 0xab, size = 0x10;
	struct rt_memory memory;
	struct rt_ring ring[3];
	struct rt_mode mode;
	uint64_t address;
	unsigned int i;

	OK(rt_config_write(device, PCI_INTERRUPT_LINE, &line, 1));
	OK(rt_config_write(device, PCI_CACHE_LINE_SIZE, &size, 1));
	rt_user_write(device, REFGPU_USER_SCRATCH, 0x1122334455667788);
	rt_user_write(device, REFGPU_USER_INTR_ENABLE, 0x01010103);
	OK(rt_memory_alloc(device, 5 * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(device, &memory, false, &address));
	for (i = 0; i < 3; i++)
		OK(rt_ring_create(device, i, 64u << i, &ring[i]));
	for (i = 0; i < 7; i++)
		OK(rt_ring_fence(&ring[0], 0));
	OK(rt_ring_fence(&ring[0], REFGPU_FENCE_INTERRUPT));
	OK(rt_ring_wait(&ring[0], ring[0].fence, PATIENCE_MS));
	/* One is stopped by an error, and has packets behind it. */
	memcpy(packet, &trap, sizeof(trap));
	OK(rt_ring_submit(&ring[1], packet));
	OK(rt_ring_fence(&ring[1], 0));
	for (i = 0; rt_ring_register(&ring[1], REFGPU_RING_STATUS) != REFGPU_RING_STOPPED; i++) {
		CHECK(i < 5000, "a TRAP does not stop its ring");
		usleep(1000);
	}
	mode = screen_draw(vgpu, 160, 120, 3);
	cursor.base = rt_framebuffer_alloc(device, 32 * 16 * 4, 64);
	fill_words(rt_framebuffer(device, cursor.base), 32 * 16 * 4, 4);
	for (i = 0; i < 2; i++)
		OK(rt_head_on(device, i, &mode));
	rt_head_cursor(device, 1, &cursor);
	rt_head_write(device, 1, REFGPU_HEAD_CURSOR_HOTSPOT, 0x0000000400000003);
	rt_control_write(device, OPENVGPU_NATIVE_EVENT_ENABLE, OPENVGPU_NATIVE_EVENT_MAP);
	rt_control_write(device, OPENVGPU_NATIVE_FRAMEBUFFER_USED, 12345678);
	rt_control_write(device, OPENVGPU_NATIVE_GUEST_DRIVER,
			 OPENVGPU_NATIVE_DRIVER(1, 2, 3, OPENVGPU_NATIVE_INTERFACE(1, 0),
						OPENVGPU_NATIVE_INTERFACE(1, 2)));
	rt_control_write(device, OPENVGPU_NATIVE_MAP_LIST, 0x123450);
	rt_control_write(device, OPENVGPU_NATIVE_MAP_FIRST, 17);
	rt_control_write(device, OPENVGPU_NATIVE_MAP_PAGES, 19);
	/* A frame with all that. */
	OK(rt_head_wait_vblank(device, 1, 2, PATIENCE_MS));
}

TEST(registers, 0)
{
	struct registers before, after;
	struct rt_memory memory;
	struct vgpu pair[2];
	struct saved saved;
	uint64_t status;

	make_pair(pair, TYPE);
	/* What is mapped was the guest's; the other VM has it, too. */
	OK(rt_memory_alloc(pair[1].device, 5 * RT_PAGE_SIZE, &memory));
	write_registers(&pair[0]);
	migration_leave(&pair[0], S_STOP);
	read_registers(&pair[0], &before);
	migration_save(&pair[0], &saved);
	CHECK(!migration_try_load(&pair[1], &saved), "it can't be loaded");
	read_registers(&pair[1], &after);
	same_registers(&before, &after);
	same_framebuffer(&pair[0], &pair[1], "loaded");
	migration_leave(&pair[1], S_RUNNING);
	status = rt_user_read(pair[1].device, REFGPU_USER_INTR_STATUS);
	CHECK(status & REFGPU_INTR_FENCE && status & REFGPU_INTR_ERROR, "INTR_STATUS is 0x%llx",
	      (unsigned long long)status);
	OK(rt_head_wait_vblank(pair[1].device, 1, 2, PATIENCE_MS));
	vgpu_reset(&pair[1], BY_GUEST);
	vgpu_works(&pair[1], 1);
}

/* What was pending, or on its way, is raised on the other side; no more is not. */
TEST(interrupts, 0)
{
	struct vgpu pair[2];
	struct saved saved;
	int user, control;

	make_pair(pair, TYPE);
	rt_user_write(pair[0].device, REFGPU_USER_INTR_ENABLE, 1);
	rt_control_write(pair[0].device, OPENVGPU_NATIVE_EVENT_ENABLE, 0);
	{
		struct rt_ring ring;

		OK(rt_ring_create(pair[0].device, 0, 64, &ring));
		OK(rt_ring_fence(&ring, REFGPU_FENCE_INTERRUPT));
		OK(rt_ring_wait(&ring, ring.fence, PATIENCE_MS));
	}
	migration_save(&pair[0], &saved);
	CHECK(!migration_try_load(&pair[1], &saved), "it can't be loaded");
	user = vgpu_eventfd(&pair[1], VFIO_PCI_MSIX_IRQ_INDEX, 0);
	control = vgpu_eventfd(&pair[1], VFIO_PCI_MSIX_IRQ_INDEX, 1);
	/* A virtual CPU that does not run takes no harm from one that comes early. */
	migration_leave(&pair[1], S_RUNNING);
	CHECK(eventfd_count(user, 5000), "the interrupt was lost");
	CHECK(!eventfd_count(control, 100), "an interrupt that nothing asked for");
	rt_user_write(pair[1].device, REFGPU_USER_INTR_STATUS, ~0ULL);
}

/* ------------------------------------------------------------------ busy guests */

/* The guest goes over to the other of the two; the first is empty afterwards. */
static void move(struct migrant *migrant, struct vgpu *to)
{
	struct vgpu *from = migrant->vgpu;
	struct saved saved;

	migration_save(from, &saved);
	migration_load(to, &saved);
	migrant_moves(migrant, to);
	saved_free(&saved);
	/* The VM it came from ends; here it waits for the way back. */
	OK(rt_vfio_reset(from->device));
	OK(rt_memory_decoding(from->device, true));
}

static void move_about(struct vgpu pair[2], unsigned int moves)
{
	uint32_t seed = (uint32_t)rt_now_ns();
	struct migrant migrant;
	unsigned int i;

	migrant_begin(&migrant, &pair[0], 5000, seed);
	migrant_chains(&migrant);
	guest_memory_follows(&pair[1], &migrant.memory);
	printf("# seed %u\n", seed);
	for (i = 1; i <= moves; i++) {
		migrant_work(&migrant, work_random(&seed) % (second() / 5));
		move(&migrant, &pair[i % 2]);
	}
	migrant_work(&migrant, second() / 5);
	migrant_finish(&migrant);
	CHECK(migrant.jobs.checked > moves && migrant.looked > moves && migrant.flipped > moves,
	      "%llu jobs, %llu copies and %llu flips in %u moves",
	      (unsigned long long)migrant.jobs.checked, (unsigned long long)migrant.looked,
	      (unsigned long long)migrant.flipped, moves);
}

static unsigned int moves(void)
{
	const char *count = getenv("OPENVGPU_MOVES");

	return count ? (unsigned int)atoi(count) : 20;
}

TEST(busy, SLOW)
{
	struct vgpu pair[2];

	make_pair(pair, TYPE);
	move_about(pair, moves());
}

TEST(busy_between_gpus, ONCE | SLOW)
{
	struct vgpu pair[2];

	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	choose_other_gpu(TYPE);
	vgpu_make(&pair[1], TYPE);
	move_about(pair, moves());
}

/* In the middle of a kernel, and at a semaphore: both end on the other side. */
TEST(unfinished, 0)
{
	struct refgpu_semaphore wait = {
		.header = { .opcode = REFGPU_OP_SEMAPHORE }, .value = 5,
	};
	struct rt_ring spin, semaphore;
	volatile uint32_t *counter;
	struct vgpu pair[2];
	struct saved saved;
	uint32_t count;
	uint64_t stop;

	make_pair(pair, TYPE);
	OK(rt_ring_create(pair[0].device, 0, 64, &spin));
	OK(rt_ring_create(pair[0].device, 1, 64, &semaphore));
	wait.address = rt_framebuffer_alloc(pair[0].device, 8, 8);
	OK(rt_ring_submit(&semaphore, &wait));
	OK(rt_ring_fence(&semaphore, 0));
	OK(work_spin(&spin, &stop));
	usleep(100000);
	migration_save(&pair[0], &saved);
	migration_load(&pair[1], &saved);
	guest_follows(&pair[0], &pair[1]);
	spin.device = pair[1].device;
	semaphore.device = pair[1].device;
	counter = rt_framebuffer(pair[1].device, stop - 64);
	count = *counter;
	usleep(200000);
	CHECK(*counter != count && !rt_ring_reached(&spin, spin.fence),
	      "the endless job counts from %u to %u, and has %sended", count, *counter,
	      rt_ring_reached(&spin, spin.fence) ? "" : "not ");
	CHECK(!rt_ring_reached(&semaphore, semaphore.fence), "nobody has signalled");
	work_stop(pair[1].device, stop);
	OK(rt_ring_wait(&spin, spin.fence, PATIENCE_MS));
	CHECK(rt_ring_register(&semaphore, REFGPU_RING_STATUS) == REFGPU_RING_BLOCKED,
	      "nobody has signalled, and the ring has status %llu",
	      (unsigned long long)rt_ring_register(&semaphore, REFGPU_RING_STATUS));
	/* Memory is looked at again when a doorbell rings. */
	*(volatile uint64_t *)rt_framebuffer(pair[1].device, wait.address) = 5;
	rt_ring_doorbell(&semaphore);
	OK(rt_ring_wait(&semaphore, semaphore.fence, PATIENCE_MS));
	no_faults(&pair[1], "the target");
}

/* A vGPU that nobody has used, and one that was full of something else. */
TEST(replaced, 0)
{
	struct vgpu pair[2];
	struct saved saved;
	uint64_t bytes;

	make_pair(pair, TYPE);
	vgpu_works(&pair[1], 1);
	fill_words(rt_framebuffer(pair[1].device, 10 * MIB), 4 * MIB, 2);
	migration_save(&pair[0], &saved);
	CHECK(saved.size < MIB, "an empty vGPU took %zu bytes", saved.size);
	migration_load(&pair[1], &saved);
	same_framebuffer(&pair[0], &pair[1], "an empty one");
	CHECK(!rt_control_read(pair[1].device, OPENVGPU_NATIVE_MAPPED), "it has %llu pages",
	      (unsigned long long)rt_control_read(pair[1].device, OPENVGPU_NATIVE_MAPPED));
	vgpu_works(&pair[1], 3);
	OK(migration_size(&pair[1], &bytes));
	CHECK(bytes >= 64 * 1024 && bytes < (16 + 4) * MIB, "%llu bytes would be moved",
	      (unsigned long long)bytes);
	no_faults(&pair[1], "the target");
}

/* What an administrator has set, and what was counted, is that of the host. */
TEST(settings_stay, 0)
{
	static const struct {
		const char *name;
		unsigned int source, target;
	} set[] = {
		{ "openvgpu/weight", 700, 30 },
		{ "openvgpu/cap_percent", 90, 55 },
		{ "openvgpu/cap_ceiling_percent", 80, 45 },
		{ "openvgpu/frame_rate_limit", 50, 25 },
		{ "openvgpu/frame_rate_ceiling", 40, 20 },
		{ "openvgpu/timeslice_us", 4000, 6000 },
		{ "openvgpu/migration_throttle", 1, 0 },
		{ "openvgpu/frozen", 0, 1 },
	};
	uint64_t resets, faults;
	volatile uint32_t *counter;
	struct vgpu pair[2];
	struct saved saved;
	struct rt_ring ring;
	unsigned int i;
	uint32_t count;
	uint64_t stop;

	make_pair(pair, TYPE);
	vgpu_reset(&pair[0], BY_GUEST);
	for (i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		admin_set_number(admin_vgpu_path(pair[0].uuid, set[i].name), set[i].source);
		admin_set_number(admin_vgpu_path(pair[1].uuid, set[i].name), set[i].target);
	}
	admin_set(admin_vgpu_path(pair[0].uuid, "openvgpu/tenant"), "blue");
	admin_set(admin_vgpu_path(pair[0].uuid, "openvgpu/notice"), "limited");
	admin_set(admin_vgpu_path(pair[1].uuid, "openvgpu/tenant"), "green");
	admin_set(admin_vgpu_path(pair[1].uuid, "openvgpu/notice"), "grace");
	OK(rt_ring_create(pair[0].device, 0, 64, &ring));
	OK(work_spin(&ring, &stop));
	resets = host_stat(pair[1].uuid, "resets");
	faults = host_stat(pair[1].uuid, "faults");
	migration_save(&pair[0], &saved);
	migration_load(&pair[1], &saved);
	guest_follows(&pair[0], &pair[1]);
	for (i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		admin_expect_number(admin_vgpu_path(pair[0].uuid, set[i].name), set[i].source);
		admin_expect_number(admin_vgpu_path(pair[1].uuid, set[i].name), set[i].target);
	}
	admin_expect(admin_vgpu_path(pair[1].uuid, "openvgpu/tenant"), "green");
	admin_expect(admin_vgpu_path(pair[1].uuid, "openvgpu/notice"), "none [grace] limited");
	CHECK(host_stat(pair[1].uuid, "resets") == resets &&
	      host_stat(pair[1].uuid, "faults") == faults, "it counts %llu resets and %llu faults",
	      (unsigned long long)host_stat(pair[1].uuid, "resets"),
	      (unsigned long long)host_stat(pair[1].uuid, "faults"));
	/* And in force: the guest was not frozen where it was. */
	counter = rt_framebuffer(pair[1].device, stop - 64);
	count = *counter;
	usleep(300000);
	CHECK(*counter == count, "a guest computes on a vGPU that is frozen");
	admin_set_number(admin_vgpu_path(pair[1].uuid, "openvgpu/frozen"), 0);
	work_stop(pair[1].device, stop);
	ring.device = pair[1].device;
	OK(rt_ring_wait(&ring, ring.fence, PATIENCE_MS));
	no_faults(&pair[1], "the target");
}

/* A VM that is saved while it is paused: what is left is no time that it would lose. */
TEST(size_of_a_paused_one, 0)
{
	uint64_t running, stopped;
	struct saved saved;
	struct vgpu vgpu;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	fill_words(rt_framebuffer(vgpu.device, 0), 16 * MIB, 1);
	OK(migration_size(&vgpu, &running));
	CHECK(running >= 16 * MIB, "%llu bytes while it runs", (unsigned long long)running);
	migration_leave(&vgpu, S_STOP);
	OK(migration_size(&vgpu, &stopped));
	CHECK(stopped && stopped <= MIB, "%llu bytes while it stands still",
	      (unsigned long long)stopped);
	migration_save(&vgpu, &saved);
	CHECK(saved.size >= 16 * MIB, "it was saved in %zu bytes", saved.size);
	migration_leave(&vgpu, S_RUNNING);
	OK(migration_size(&vgpu, &running));
	CHECK(running >= 16 * MIB, "%llu bytes when it runs again", (unsigned long long)running);
}

/* ------------------------------------------------------ the bochs personality */

TEST(bochs, 0)
{
	static const char type[] = "16mb";
	uint8_t before[256], after[256];
	struct vgpu pair[2];
	struct saved saved;
	unsigned int i;
	uint16_t value;

	for (i = 0; i < 2; i++)
		bochs_make(&pair[i], type);
	need_migration(&pair[0]);
	fill_words(rt_framebuffer(pair[0].device, 0), 800 * 600 * 4, 7);
	bochs_mode(&pair[0], 800, 600, 32);
	bochs_blank(&pair[0], false);
	bochs_set(&pair[0], DISPI_Y_OFFSET, 10);
	bochs_write(&pair[0], BOCHS_BYTE_ORDER, 4, 0xbebebebe);
	/* An index was written to the attribute controller; its data comes next. */
	bochs_read(&pair[0], BOCHS_PORT_STATUS, 1);
	bochs_write(&pair[0], BOCHS_PORT_ATTRIBUTE, 1, 0x33);
	OK(rt_config_read(pair[0].device, 0, before, sizeof(before)));
	migration_save(&pair[0], &saved);
	migration_load(&pair[1], &saved);
	OK(rt_config_read(pair[1].device, 0, after, sizeof(after)));
	CHECK(!memcmp(before, after, sizeof(before)), "config space is another one");
	for (i = DISPI_ID; i <= DISPI_MEMORY_64K; i++) {
		value = bochs_get(&pair[1], i);
		CHECK(value == bochs_get(&pair[0], i), "register %u is 0x%x, not 0x%x", i, value,
		      bochs_get(&pair[0], i));
	}
	CHECK(bochs_read(&pair[1], BOCHS_BYTE_ORDER, 4) == 0xbebebebe, "byte order 0x%llx",
	      (unsigned long long)bochs_read(&pair[1], BOCHS_BYTE_ORDER, 4));
	same_framebuffer(&pair[0], &pair[1], "bochs");
	bochs_plane(&pair[1], FOURCC_BX24, 800, 600, 3200);
	/* This is the data: the picture is not blanked by it. */
	bochs_write(&pair[1], BOCHS_PORT_ATTRIBUTE, 1, 0);
	bochs_plane(&pair[1], FOURCC_BX24, 800, 600, 3200);
}
