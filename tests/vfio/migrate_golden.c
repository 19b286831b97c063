// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_golden.c - what former versions saved is loaded, and its guest goes on
 *
 * The folder OPENVGPU_STREAMS has files of each version and personality, named after
 * both. This version's are written to the folder OPENVGPU_STREAMS_OUT.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "bochs_guest.h"
#include "head.h"
#include "migration.h"
#include "screen.h"

#define TYPE		"16mq"
#define BOCHS_TYPE	"16mb"
#define PATIENCE_MS	60000
#define SCRATCH		0x1122334455667788ull
#define PAGES		5u

/* What the guest keeps for itself, at the beginning of its second MiB. */
struct note {
	uint64_t stop;		/* of its endless job, on ring 0 */
	uint64_t semaphore;	/* which ring 1 waits for, until it is 5 */
	uint64_t fence[2];	/* where the rings store their fences */
	uint64_t address;	/* of its memory */
	struct rt_mode mode;	/* on head 1 */
	uint32_t crc;		/* of it */
	uint64_t timer;
};

static struct note *note_of(const struct vgpu *vgpu)
{
	return rt_framebuffer(vgpu->device, MIB);
}

/* All kinds of state, in few granules. */
static void make_guest(struct vgpu *vgpu)
{
	struct refgpu_semaphore wait = {
		.header = { .opcode = REFGPU_OP_SEMAPHORE }, .value = 5,
	};
	struct rt_ring ring[2];
	struct rt_memory memory;
	struct note *note;

	vgpu_make(vgpu, TYPE);
	need_migration(vgpu);
	note = note_of(vgpu);
	rt_user_write(vgpu->device, REFGPU_USER_SCRATCH, SCRATCH);
	rt_user_write(vgpu->device, REFGPU_USER_INTR_ENABLE, 3);
	OK(rt_memory_alloc(vgpu->device, PAGES * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(vgpu->device, &memory, true, &note->address));
	note->mode = screen_draw(vgpu, 96, 64, 3);
	OK(rt_head_on(vgpu->device, 1, &note->mode));
	note->crc = rt_frame_crc(vgpu->device, &note->mode, NULL);
	OK(rt_ring_create(vgpu->device, 0, 64, &ring[0]));
	OK(rt_ring_create(vgpu->device, 1, 64, &ring[1]));
	wait.address = rt_framebuffer_alloc(vgpu->device, 8, 8);
	note->semaphore = wait.address;
	note->fence[0] = ring[0].fence_address;
	note->fence[1] = ring[1].fence_address;
	OK(rt_ring_submit(&ring[1], &wait));
	OK(rt_fill(&ring[1], note->address + RT_PAGE_SIZE, RT_PAGE_SIZE, 0xfeed));
	OK(rt_ring_fence(&ring[1], 0));
	OK(work_spin(&ring[0], &note->stop));
	usleep(200000);
	note->timer = rt_user_read(vgpu->device, REFGPU_USER_TIMER);
}

static void await_fence(const struct vgpu *vgpu, unsigned int ring)
{
	volatile uint64_t *fence = rt_framebuffer(vgpu->device, note_of(vgpu)->fence[ring]);
	uint64_t end = rt_now_ns() + PATIENCE_MS * 1000000ull;

	while (*fence != 1) {
		CHECK(rt_now_ns() < end, "ring %u: fence %llu, status %llu, error %llu", ring,
		      (unsigned long long)*fence,
		      (unsigned long long)rt_user_read(vgpu->device, REFGPU_USER_RING(ring) +
						       REFGPU_RING_STATUS),
		      (unsigned long long)rt_user_read(vgpu->device, REFGPU_USER_RING(ring) +
						       REFGPU_RING_ERROR));
		usleep(1000);
	}
}

static void guest_goes_on(const char *name, const struct saved *saved)
{
	struct rt_memory memory;
	struct note *note;
	struct vgpu vgpu;
	uint64_t value;
	uint32_t crc;

	vgpu_make(&vgpu, TYPE);
	/* The same address in each VM: it is the first. */
	OK(rt_memory_alloc(vgpu.device, PAGES * RT_PAGE_SIZE, &memory));
	migration_load(&vgpu, saved);
	note = note_of(&vgpu);
	value = rt_user_read(vgpu.device, REFGPU_USER_SCRATCH);
	CHECK(value == SCRATCH, "%s: SCRATCH is 0x%llx", name, (unsigned long long)value);
	value = rt_user_read(vgpu.device, REFGPU_USER_TIMER);
	CHECK(value >= note->timer, "%s: its clock went back", name);
	value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_MAPPED);
	CHECK(value == PAGES, "%s: %llu pages are mapped", name, (unsigned long long)value);
	OK(rt_head_crc(vgpu.device, 1, &crc, PATIENCE_MS));
	CHECK(crc == note->crc, "%s: a frame of CRC 0x%08x, not 0x%08x", name, crc, note->crc);
	*(volatile uint64_t *)rt_framebuffer(vgpu.device, note->semaphore) = 5;
	/* Looked at when a doorbell rings; PUT stays. */
	rt_user_write(vgpu.device, REFGPU_USER_RING(1) + REFGPU_RING_DOORBELL,
		      rt_user_read(vgpu.device, REFGPU_USER_RING(1) + REFGPU_RING_PUT));
	/* The job that has the engine comes first. */
	work_stop(vgpu.device, note->stop);
	await_fence(&vgpu, 0);
	await_fence(&vgpu, 1);
	CHECK(((uint32_t *)memory.cpu)[RT_PAGE_SIZE / 4] == 0xfeed, "%s: guest memory has 0x%x",
	      name, ((uint32_t *)memory.cpu)[RT_PAGE_SIZE / 4]);
	no_faults(&vgpu, name);
	vgpu_remove(&vgpu);
}

/* ---------------------------------------------------------- personality bochs */

#define LINES		64u
#define PITCH		(96u * 4)
#define BIG_PIXELS	0xbebebebeu

static void make_bochs_guest(struct vgpu *vgpu)
{
	bochs_make(vgpu, BOCHS_TYPE);
	need_migration(vgpu);
	fill_words(rt_framebuffer(vgpu->device, 0), LINES * PITCH, 7);
	bochs_mode(vgpu, PITCH / 4, LINES, 32);
	bochs_blank(vgpu, false);
	bochs_set(vgpu, DISPI_Y_OFFSET, 10);
	bochs_write(vgpu, BOCHS_BYTE_ORDER, 4, BIG_PIXELS);
	/* An index was written to the attribute controller; its data comes next. */
	bochs_read(vgpu, BOCHS_PORT_STATUS, 1);
	bochs_write(vgpu, BOCHS_PORT_ATTRIBUTE, 1, 0x33);
}

static void bochs_guest_goes_on(const char *name, const struct saved *saved)
{
	struct vgpu vgpu;

	bochs_make(&vgpu, BOCHS_TYPE);
	migration_load(&vgpu, saved);
	CHECK(differing_word(rt_framebuffer(vgpu.device, 0), LINES * PITCH, 7) < 0,
	      "%s: another picture", name);
	CHECK(bochs_get(&vgpu, DISPI_Y_OFFSET) == 10, "%s: it begins at line %u", name,
	      bochs_get(&vgpu, DISPI_Y_OFFSET));
	CHECK(bochs_read(&vgpu, BOCHS_BYTE_ORDER, 4) == BIG_PIXELS, "%s: byte order 0x%llx", name,
	      (unsigned long long)bochs_read(&vgpu, BOCHS_BYTE_ORDER, 4));
	bochs_plane(&vgpu, FOURCC_BX24, PITCH / 4, LINES, PITCH);
	/* This is the data: the picture is not blanked by it. */
	bochs_write(&vgpu, BOCHS_PORT_ATTRIBUTE, 1, 0);
	bochs_plane(&vgpu, FOURCC_BX24, PITCH / 4, LINES, PITCH);
	vgpu_remove(&vgpu);
}

/* -------------------------------------------------------------------- streams */

static const struct personality {
	const char *name;
	void (*make_guest)(struct vgpu *vgpu);
	void (*goes_on)(const char *name, const struct saved *saved);
} personalities[] = {
	{ "native-" TYPE, make_guest, guest_goes_on },
	{ "bochs-" BOCHS_TYPE, make_bochs_guest, bochs_guest_goes_on },
};

#define PERSONALITIES	(sizeof(personalities) / sizeof(personalities[0]))

static void read_stream(const char *path, struct saved *saved)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	memset(saved, 0, sizeof(*saved));
	migration_drain(fd, saved);
	close(fd);
}

static void write_stream(const char *path, const struct saved *saved)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write(fd, saved->bytes, saved->size) == (ssize_t)saved->size, "%s: %s",
	      path, strerror(errno));
	close(fd);
}

TEST(this_version, ONCE)
{
	const char *folder = getenv("OPENVGPU_STREAMS_OUT");
	struct saved saved;
	struct vgpu vgpu;
	unsigned int i;
	char path[512];

	for (i = 0; i < PERSONALITIES; i++) {
		personalities[i].make_guest(&vgpu);
		migration_save(&vgpu, &saved);
		vgpu_remove(&vgpu);
		personalities[i].goes_on("this version", &saved);
		if (folder) {
			snprintf(path, sizeof(path), "%s/%s", folder, personalities[i].name);
			write_stream(path, &saved);
		}
		saved_free(&saved);
	}
}

/* The one whose name is at the end of a file's. */
static const struct personality *personality_of(const char *file)
{
	size_t length;
	unsigned int i;

	for (i = 0; i < PERSONALITIES; i++) {
		length = strlen(personalities[i].name);
		if (strlen(file) > length &&
		    !strcmp(file + strlen(file) - length, personalities[i].name))
			return &personalities[i];
	}
	harness_failed(__FILE__, __LINE__, "%s: no such personality", file);
}

TEST(former_versions, ONCE | SLOW)
{
	const char *folder = getenv("OPENVGPU_STREAMS");
	struct dirent *entry;
	struct saved saved;
	unsigned int count = 0;
	char path[512];
	DIR *dir;

	if (!folder)
		harness_skip("OPENVGPU_STREAMS is not set");
	dir = opendir(folder);
	CHECK(dir, "%s: %s", folder, strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		read_stream(path, &saved);
		personality_of(entry->d_name)->goes_on(entry->d_name, &saved);
		saved_free(&saved);
		count++;
	}
	closedir(dir);
	if (!count)
		harness_skip("no version was released yet");
}
