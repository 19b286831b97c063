// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_precopy.c - vGPUs that are read while their guests work: what anybody writes
 * meanwhile comes once more, and little is left for the time that the guest stands still
 */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <sys/mman.h>

#include "admin.h"
#include "load.h"
#include "migrant.h"
#include "vm.h"

#define TYPE		"16mq"
#define SLICE		(16 * MIB)
#define GRANULE		0x10000ull
#define PATIENCE_MS	60000
#define S_STOP		VFIO_DEVICE_STATE_STOP
#define S_RUNNING	VFIO_DEVICE_STATE_RUNNING
#define S_STOP_COPY	VFIO_DEVICE_STATE_STOP_COPY
#define S_PRE_COPY	VFIO_DEVICE_STATE_PRE_COPY
#define S_PRE_COPY_P2P	VFIO_DEVICE_STATE_PRE_COPY_P2P

static void make(struct vgpu *vgpu, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		vgpu_make(&vgpu[i], TYPE);
		if (!migration_pre_copies(&vgpu[i]))
			harness_skip("this kernel or this GPU has no pre-copy");
	}
}

static uint64_t dirty_bytes(int fd)
{
	uint64_t initial, dirty;

	OK(migration_precopy_info(fd, &initial, &dirty));
	CHECK(!initial, "%llu bytes must be read first", (unsigned long long)initial);
	return dirty;
}

/* Reading goes on in the state that was entered, and ends. */
static void stop_and_drain(struct vgpu *vgpu, int fd, struct saved *saved)
{
	int none = migration_enter(vgpu, S_STOP_COPY);

	CHECK(none < 0, "another file came with STOP_COPY");
	migration_drain(fd, saved);
	migration_leave(vgpu, S_STOP);
	close(fd);
}

/* A line of its stats/migration, as its administrator reads it. */
static uint64_t counted(const struct vgpu *vgpu, const char *name)
{
	char text[TEXT_SIZE];
	const char *line;

	admin_text(admin_vgpu_path(vgpu->uuid, "stats/migration"), text);
	line = strstr(text, name);
	CHECK(line, "no %s in: %s", name, text);
	return strtoull(line + strlen(name), NULL, 10);
}

/* The module's estimates, and what there is to read. */
TEST(accounts, 0)
{
	uint64_t initial, dirty, size, first, more;
	struct vgpu vgpu[2];
	struct saved saved = { 0 };
	unsigned int i;
	int fd;

	make(vgpu, 2);
	fill_words(rt_framebuffer(vgpu[0].device, 0), SLICE, 1);
	fd = migration_enter(&vgpu[0], S_PRE_COPY);
	OK(migration_precopy_info(fd, &initial, &dirty));
	CHECK(initial > 0 && initial < GRANULE && dirty == SLICE,
	      "at first %llu bytes, then %llu are to be read", (unsigned long long)initial,
	      (unsigned long long)dirty);
	OK(migration_size(&vgpu[0], &size));
	CHECK(size >= SLICE && size < SLICE + 4 * MIB, "an estimate of %llu bytes",
	      (unsigned long long)size);
	/* What must be read first says whether the target can take it at all. */
	CHECK(migration_read(fd, &saved, initial) == (ssize_t)initial, "it can't be read");
	CHECK(dirty_bytes(fd) == SLICE, "%llu bytes are dirty then",
	      (unsigned long long)dirty_bytes(fd));
	first = migration_pre_read(fd, &saved, 2 * SLICE);
	CHECK(first >= SLICE && first < SLICE + MIB, "%llu bytes of a full slice",
	      (unsigned long long)first);
	CHECK(!dirty_bytes(fd), "%llu bytes of an idle guest", (unsigned long long)dirty_bytes(fd));
	OK(migration_size(&vgpu[0], &size));
	CHECK(size < 4 * MIB, "an estimate of %llu bytes when all was read",
	      (unsigned long long)size);
	more = saved.size;
	stop_and_drain(&vgpu[0], fd, &saved);
	more = saved.size - more;
	CHECK(more < SLICE / 50, "%llu bytes while an idle guest stood still",
	      (unsigned long long)more);
	migration_load(&vgpu[1], &saved);
	same_framebuffer(&vgpu[0], &vgpu[1], "moved");
	for (i = 0; i < 2; i++) {
		CHECK(counted(&vgpu[i], "bytes") == saved.size && !counted(&vgpu[i], "remaining"),
		      "%s: %llu bytes of %zu, %llu remain", i ? "target" : "source",
		      (unsigned long long)counted(&vgpu[i], "bytes"), saved.size,
		      (unsigned long long)counted(&vgpu[i], "remaining"));
		CHECK(counted(&vgpu[i], "slow_percent") == 100, "it was slowed down");
	}
	CHECK(counted(&vgpu[0], "rounds") && !counted(&vgpu[1], "rounds"), "%llu and %llu rounds",
	      (unsigned long long)counted(&vgpu[0], "rounds"),
	      (unsigned long long)counted(&vgpu[1], "rounds"));
	CHECK(counted(&vgpu[1], "blackout_ns"), "it stood still for no time");
}

/* Each way to write, on a granule of its own that was read already. */
TEST(each_writer, 0)
{
	static const char *const by[] = {
		"nobody", "a processor", "a trapped access", "FILL", "COPY", "a kernel",
	};
	struct vgpu vgpu[2];
	struct saved saved = { 0 };
	struct rt_ring ring;
	unsigned int i;
	uint64_t dirty;
	uint32_t word = 0x12345678;
	int fd;

	make(vgpu, 2);
	rt_framebuffer_alloc(vgpu[0].device, 4 * MIB, GRANULE);
	OK(rt_ring_create(vgpu[0].device, 0, 64, &ring));
	/* A processor that has touched the page before is noticed all the same. */
	*(volatile uint32_t *)rt_framebuffer(vgpu[0].device, 8 * MIB) = 1;
	fd = migration_enter(&vgpu[0], S_PRE_COPY);
	migration_pre_read(fd, &saved, 4 * SLICE);
	for (i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		uint64_t at = (8 + i) * MIB;

		switch (i) {
		case 1:
			*(volatile uint32_t *)rt_framebuffer(vgpu[0].device, 8 * MIB) = 2;
			break;
		case 2:
			OK(rt_region_write(vgpu[0].device, OPENVGPU_NATIVE_BAR_FRAMEBUFFER, at,
					   &word, sizeof(word)));
			break;
		case 3:
			OK(rt_fill(&ring, at, 4, 3));
			break;
		case 4:
			OK(rt_copy(&ring, at, 0, 64));
			break;
		case 5:
			OK(work_vector_add(&ring, 100, 1));
			break;
		}
		if (i >= 3) {
			OK(rt_ring_fence(&ring, 0));
			OK(rt_ring_wait(&ring, ring.fence, PATIENCE_MS));
		}
		/* Looked at every 100 ms at most. */
		usleep(150000);
		dirty = dirty_bytes(fd);
		CHECK(!i == !dirty, "%s wrote, and %llu bytes are dirty", by[i],
		      (unsigned long long)dirty);
		CHECK(dirty <= 32 * GRANULE, "%s wrote a word, and %llu bytes are dirty", by[i],
		      (unsigned long long)dirty);
		migration_pre_read(fd, &saved, 4 * SLICE);
	}
	stop_and_drain(&vgpu[0], fd, &saved);
	migration_load(&vgpu[1], &saved);
	same_framebuffer(&vgpu[0], &vgpu[1], "written by all");
}

/* A dma-buf that is gone before anybody looks: what was written through it is not. */
TEST(dmabuf_writer, 0)
{
	struct saved saved = { 0 };
	struct vgpu vgpu, target;
	struct screen screen;
	struct rt_mode mode;
	uint64_t dirty;
	void *map;
	int fd, file;

	make(&target, 1);
	screen_make(&screen, &vgpu, TYPE, "dmabuf");
	mode = screen_draw(&vgpu, 640, 480, 1);
	OK(rt_head_on(vgpu.device, 0, &mode));
	screen_dmabuf(&screen, SCREEN_PRIMARY);
	fd = migration_enter(&vgpu, S_PRE_COPY);
	migration_pre_read(fd, &saved, 4 * SLICE);
	file = screen_file(&vgpu, screen.plane.dmabuf_id);
	CHECK(file >= 0, "%s", rt_message());
	map = mmap(NULL, screen.plane.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(map != MAP_FAILED, "mapping a dma-buf: %s", strerror(errno));
	memset(map, 0x5a, screen.plane.size);
	munmap(map, screen.plane.size);
	close(file);
	/* Looked at every 100 ms at most. */
	usleep(150000);
	dirty = dirty_bytes(fd);
	CHECK(dirty >= screen.plane.size && dirty < screen.plane.size + 3 * GRANULE,
	      "%u bytes were written, and %llu are dirty", screen.plane.size,
	      (unsigned long long)dirty);
	stop_and_drain(&vgpu, fd, &saved);
	migration_load(&target, &saved);
	same_framebuffer(&vgpu, &target, "written through a dma-buf");
}

static void bus_mastering(bool on)
{
	int fd = open(admin_pci_path("config"), O_RDWR);
	uint16_t command;

	CHECK(fd >= 0 && pread(fd, &command, 2, PCI_COMMAND) == 2, "config space: %s",
	      strerror(errno));
	command = (uint16_t)(on ? command | PCI_COMMAND_MASTER : command & ~PCI_COMMAND_MASTER);
	CHECK(pwrite(fd, &command, 2, PCI_COMMAND) == 2, "config space: %s", strerror(errno));
	close(fd);
}

/*
 * A GPU that can't write to memory can't tell what it has written. It says that it is
 * done all the same; then all of it counts.
 */
TEST(unreachable, ONCE)
{
	struct saved saved = { 0 };
	struct vgpu vgpu[2];
	uint64_t dirty;
	int fd;

	make(vgpu, 2);
	vgpu_works(&vgpu[0], 1);
	fd = migration_enter(&vgpu[0], S_PRE_COPY);
	migration_pre_read(fd, &saved, 4 * SLICE);
	usleep(150000);
	CHECK(!dirty_bytes(fd), "%llu bytes of an idle guest", (unsigned long long)dirty_bytes(fd));
	bus_mastering(false);
	usleep(150000);
	dirty = dirty_bytes(fd);
	bus_mastering(true);
	CHECK(dirty == SLICE, "%llu bytes are dirty if nobody knows", (unsigned long long)dirty);
	migration_pre_read(fd, &saved, 4 * SLICE);
	stop_and_drain(&vgpu[0], fd, &saved);
	migration_load(&vgpu[1], &saved);
	same_framebuffer(&vgpu[0], &vgpu[1], "unreachable for a while");
	admin_expect(admin_gpu_path("state"), "up");
}

/* Reading falls behind a guest that writes, and stops it in the end. */
static void busy(bool writers)
{
	struct migrant migrant;
	struct vgpu vgpu[2];
	unsigned int round, i;
	uint32_t seed = 5;

	make(vgpu, 2);
	migrant_begin(&migrant, &vgpu[0], 5000, seed);
	guest_memory_follows(&vgpu[1], &migrant.memory);
	rt_framebuffer_alloc(vgpu[0].device, 8, 8);
	for (round = 0; round < 2; round++) {
		struct vgpu *from = &vgpu[round % 2], *to = &vgpu[!(round % 2)];
		struct saved saved = { 0 };
		int fd;

		fd = migration_enter(from, S_PRE_COPY);
		for (i = 0; i < 12; i++) {
			migrant_work(&migrant, second() / 20);
			migration_pre_read(fd, &saved, 4 * MIB);
			if (writers)
				fill_words(rt_framebuffer(from->device, 8 * MIB +
							  work_random(&seed) % (6 * MIB) / 4 * 4),
					   200000, seed);
			/* A VMM asks, and changes its mind. */
			if (i == 6) {
				migration_leave(from, S_PRE_COPY_P2P);
				migration_leave(from, S_PRE_COPY);
			}
		}
		stop_and_drain(from, fd, &saved);
		CHECK(!migration_try_load(to, &saved), "it can't be loaded");
		same_framebuffer(from, to, "busy");
		migration_leave(to, S_RUNNING);
		migrant_moves(&migrant, to);
		saved_free(&saved);
		OK(rt_vfio_reset(from->device));
		OK(rt_memory_decoding(from->device, true));
	}
	migrant_work(&migrant, second() / 10);
	migrant_finish(&migrant);
}

TEST(busy_engine, SLOW)
{
	busy(false);
}

TEST(busy_processors, SLOW)
{
	busy(true);
}

/* Given up, again and again: nothing is left of it. */
TEST(cancelled, 0)
{
	struct saved saved = { 0 };
	struct migrant migrant;
	struct vgpu vgpu;
	unsigned int i;
	char byte;
	int fd;

	make(&vgpu, 1);
	migrant_begin(&migrant, &vgpu, 5000, 1);
	for (i = 0; i < 12; i++) {
		fd = migration_enter(&vgpu, S_PRE_COPY);
		migrant_work(&migrant, second() / 50);
		migration_pre_read(fd, &saved, i * MIB);
		if (i % 3 == 1)
			migration_leave(&vgpu, S_PRE_COPY_P2P);
		else if (i % 3 == 2)
			migration_leave(&vgpu, S_STOP_COPY);
		migration_leave(&vgpu, S_RUNNING);
		CHECK(read(fd, &byte, 1) < 0 && errno == ENODEV, "the file goes on: %s",
		      strerror(errno));
		close(fd);
		saved_free(&saved);
	}
	migrant_finish(&migrant);
}

/* How much of the next two seconds of the GPU's clock it has the engine. */
static double share(const struct vgpu *vgpu)
{
	struct look begin = service_look(vgpu), end;

	clock_wait(vgpu, 2000000000);
	end = service_look(vgpu);
	return 100. * (double)(end.held - begin.held) / (double)(end.clock - begin.clock);
}

/*
 * It writes faster than it is read: it gets a quarter less of its engine at a time, and 5
 * percent at least, until that is given up.
 */
TEST(slowed, ONCE | SLOW)
{
	unsigned int i, percent, step = 100;
	struct saved saved = { 0 };
	uint64_t initial, dirty;
	struct load load;
	double slow, alone;
	int fd;

	scheduler_defaults();
	load_make(&load, 1, TYPE);
	if (!migration_pre_copies(&load.vgpu[0]))
		harness_skip("this kernel or this GPU has no pre-copy");
	vgpu_set(&load.vgpu[0], "migration_throttle", 1);
	load_start(&load);
	fd = migration_enter(&load.vgpu[0], S_PRE_COPY);
	for (i = 0; i < 100 && step > 5; i++) {
		fill_words(rt_framebuffer(load.vgpu[0].device, 8 * MIB), 6 * MIB, i);
		/* It looks once in that time. */
		usleep(100000);
		OK(migration_precopy_info(fd, &initial, &dirty));
		percent = (unsigned int)counted(&load.vgpu[0], "slow_percent");
		/* It may have looked while it was read, too. */
		while (step > percent)
			step = step > 6 ? step * 3 / 4 : 5;
		CHECK(step == percent, "after %u rounds it gets %u %%", i, percent);
		migration_pre_read(fd, &saved, 2 * SLICE);
		saved_free(&saved);
	}
	CHECK(step == 5, "after %u rounds it gets %u %%", i, step);
	slow = share(&load.vgpu[0]);
	CHECK(slow < 25, "it is to get 5 %%, and has %.1f %%", slow);
	migration_leave(&load.vgpu[0], S_RUNNING);
	alone = share(&load.vgpu[0]);
	CHECK(alone > 75, "it was given up, and it has %.1f %% alone", alone);
	printf("# %u rounds, 5 %%: %.1f %%, then %.1f %%\n", i, slow, alone);
	load_stop(&load);
	close(fd);
}

/* A guest that resets its vGPU in the middle of it. */
TEST(guest_resets, 0)
{
	static const enum vgpu_reset way[] = { BY_GUEST, BY_FUNCTION };
	struct vgpu vgpu[2];
	unsigned int i;

	make(vgpu, 2);
	for (i = 0; i < 2; i++) {
		struct saved saved = { 0 };
		int fd;

		fill_words(rt_framebuffer(vgpu[0].device, 0), SLICE, i);
		fd = migration_enter(&vgpu[0], S_PRE_COPY);
		migration_pre_read(fd, &saved, 2 * SLICE);
		vgpu_reset(&vgpu[0], way[i]);
		CHECK(migration_state(&vgpu[0]) == S_PRE_COPY, "the state is %s",
		      migration_state_name(migration_state(&vgpu[0])));
		vgpu_works(&vgpu[0], 1);
		stop_and_drain(&vgpu[0], fd, &saved);
		CHECK(!migration_try_load(&vgpu[1], &saved), "it can't be loaded");
		same_framebuffer(&vgpu[0], &vgpu[1], "reset");
		migration_leave(&vgpu[1], S_RUNNING);
		rt_memory_forget(vgpu[1].device);
		vgpu_works(&vgpu[1], 2);
		saved_free(&saved);
		OK(rt_vfio_reset(vgpu[0].device));
		OK(rt_memory_decoding(vgpu[0].device, true));
	}
}
