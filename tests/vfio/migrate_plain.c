// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_plain.c - vGPUs of any family and personality that are saved and loaded
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "migration.h"
#include "plain.h"

#define S_ERROR		VFIO_DEVICE_STATE_ERROR
#define S_STOP		VFIO_DEVICE_STATE_STOP
#define S_RUNNING	VFIO_DEVICE_STATE_RUNNING
#define S_STOP_COPY	VFIO_DEVICE_STATE_STOP_COPY
#define S_RESUMING	VFIO_DEVICE_STATE_RESUMING
#define S_RUNNING_P2P	VFIO_DEVICE_STATE_RUNNING_P2P
#define S_PRE_COPY	VFIO_DEVICE_STATE_PRE_COPY
#define S_PRE_COPY_P2P	VFIO_DEVICE_STATE_PRE_COPY_P2P

/* ------------------------------------------------------------------ the states */

static bool in_pre_copy(unsigned int state)
{
	return state == S_PRE_COPY || state == S_PRE_COPY_P2P;
}

/* What VFIO promises a VMM, linux/vfio.h; nothing leads out of pre-copy but itself. */
static bool reachable(unsigned int from, unsigned int to)
{
	if (from == S_ERROR || to == S_ERROR)
		return false;
	return from != S_STOP_COPY || !in_pre_copy(to);
}

/* A file comes with each new transfer, and with no other change. */
static bool file_comes(unsigned int from, unsigned int to)
{
	if (from == to)
		return false;
	if (to == S_STOP_COPY)
		return !in_pre_copy(from);
	return to == S_RESUMING || (in_pre_copy(to) && !in_pre_copy(from));
}

TEST(every_pair_of_states, SLOW)
{
	unsigned int from, to, now;
	int first, second, error;
	struct vgpu vgpu;
	bool pre_copies;

	plain_make(&vgpu, plain_type());
	need_migration(&vgpu);
	pre_copies = migration_pre_copies(&vgpu);
	for (from = 1; from < STATES; from++) {
		if (in_pre_copy(from) && !pre_copies)
			continue;
		for (to = 0; to <= STATES; to++) {
			bool can = to < STATES && reachable(from, to) &&
				   (pre_copies || !in_pre_copy(to));

			first = migration_enter(&vgpu, from);
			error = migration_set(&vgpu, to, &second);
			now = migration_state(&vgpu);
			CHECK(error == (can ? 0 : -EINVAL), "%s to %s: %s",
			      migration_state_name(from), migration_state_name(to),
			      error ? strerror(-error) : "accepted");
			CHECK(now == (can ? to : from), "%s to %s: it is in %s",
			      migration_state_name(from), migration_state_name(to),
			      migration_state_name(now));
			CHECK((second >= 0) == (can && file_comes(from, to)),
			      "%s to %s: a file %s", migration_state_name(from),
			      migration_state_name(to),
			      second >= 0 ? "came" : "is missing");
			if (second >= 0)
				close(second);
			if (first >= 0)
				close(first);
			OK(rt_vfio_reset(vgpu.device));
			now = migration_state(&vgpu);
			CHECK(now == S_RUNNING, "after a reset in %s it is in %s",
			      migration_state_name(to), migration_state_name(now));
		}
	}
	OK(rt_memory_decoding(vgpu.device, true));
	plain_works(&vgpu, 1);
	no_faults(&vgpu, "a vGPU that changed its state");
}

/* A file is dead once its state was left, and says so to all that have it. */
TEST(files_end, 0)
{
	unsigned int i;
	struct vgpu vgpu;
	uint8_t byte;
	int fd, error;

	plain_make(&vgpu, plain_type());
	need_migration(&vgpu);
	for (i = 0; i < 4; i++) {
		bool load = i & 1;

		fd = migration_enter(&vgpu, load ? S_RESUMING : S_STOP_COPY);
		CHECK(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE, "it can be sought");
		CHECK(pread(fd, &byte, 1, 0) < 0 && (errno == ESPIPE || errno == EBADF),
		      "pread: %s", strerror(errno));
		if (load)
			error = read(fd, &byte, 1) < 0 ? errno : 0;
		else
			error = write(fd, &byte, 1) < 0 ? errno : 0;
		CHECK(error == EBADF || error == EINVAL, "%s: %s",
		      load ? "reading what is loaded" : "writing what is saved",
		      strerror(error));
		if (i < 2)
			migration_leave(&vgpu, S_RUNNING);
		else
			OK(rt_vfio_reset(vgpu.device));
		errno = 0;
		error = load ? write(fd, &byte, 1) < 0 : read(fd, &byte, 1) < 0;
		CHECK(error && errno == ENODEV, "after the end: %s", strerror(errno));
		close(fd);
	}
	fd = migration_enter(&vgpu, S_STOP_COPY);
	vgpu_close(&vgpu);
	CHECK(read(fd, &byte, 1) < 0 && errno == ENODEV, "of a closed vGPU: %s",
	      strerror(errno));
	close(fd);
	plain_open(&vgpu);
	CHECK(migration_state(&vgpu) == S_RUNNING, "opened again it is in %s",
	      migration_state_name(migration_state(&vgpu)));
	plain_works(&vgpu, 2);
}

/*
 * What a VMM has mapped is its vGPU's memory, also once that has been emptied: a family
 * may have given other pages to it, and the former ones to anybody.
 */
TEST(emptied_beneath_a_mapping, 0)
{
	struct vgpu vgpu;
	uint64_t word;
	long at;
	int fd;

	plain_make(&vgpu, plain_type());
	need_migration(&vgpu);
	plain_mark(&vgpu, 1);
	fd = migration_enter(&vgpu, S_RESUMING);
	at = plain_nonzero(&vgpu);
	CHECK(at < 0, "the mapping shows what was at 0x%lx before", at);
	plain_mark(&vgpu, 2);
	word = plain_read(&vgpu, vgpu.device->framebuffer, 0, 8);
	CHECK(word == *(volatile uint64_t *)rt_framebuffer(vgpu.device, 0),
	      "the mapping is not the framebuffer, where there is 0x%llx",
	      (unsigned long long)word);
	close(fd);
	OK(rt_vfio_reset(vgpu.device));
	OK(rt_memory_decoding(vgpu.device, true));
	plain_works(&vgpu, 3);
	no_faults(&vgpu, "a vGPU that was emptied");
}

/* ----------------------------------------------------------------- what it says */

#define DIGITS_MAX	4096

static void read_hello(const struct vgpu *vgpu, char digits[DIGITS_MAX])
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/openvgpu/migration_hello",
		 vgpu->uuid);
	OK(host_read(path, digits, DIGITS_MAX));
}

/* Who asks beforehand is told what the stream will say, also before it is opened. */
TEST(hello_beforehand, ONCE)
{
	char closed[DIGITS_MAX], open[DIGITS_MAX], written[DIGITS_MAX];
	struct saved saved;
	struct vgpu vgpu;
	size_t i, size, record;

	OK(host_create_any(plain_type(), vgpu.uuid));
	read_hello(&vgpu, closed);
	plain_open(&vgpu);
	need_migration(&vgpu);
	read_hello(&vgpu, open);
	CHECK(!strcmp(open, closed), "closed it says %s, open %s", closed, open);
	migration_save(&vgpu, &saved);
	size = strlen(open) / 2;
	CHECK(size > 16 && size < saved.size, "it has %zu bytes, the stream %zu", size,
	      saved.size);
	for (i = 0; i < size; i++)
		sprintf(written + 2 * i, "%02x", saved.bytes[i]);
	CHECK(!strcmp(open, written), "it says %s, the stream %s", open, written);
	/* That is the whole record, and nothing more. */
	record = 16 + saved.bytes[8] + 256u * saved.bytes[9];
	CHECK(size == record, "it has %zu bytes, the first record %zu", size, record);
	saved_free(&saved);
}

/* --------------------------------------------------------------------- moves */

static void config_bytes(struct vgpu *vgpu, uint8_t bytes[256])
{
	OK(rt_config_read(vgpu->device, 0, bytes, 256));
}

/* All of one is the other's; afterwards that one is as good as new. */
static void move(struct vgpu *from, struct vgpu *to, uint32_t seed)
{
	uint32_t line = seed & 0xff, address = 0xfe000000 | (seed & 1) << 26;
	uint8_t before[256], after[256];
	struct saved saved;
	unsigned int i;

	plain_mark(from, seed);
	OK(rt_config_write(from->device, PCI_INTERRUPT_LINE, &line, 1));
	OK(rt_config_write(from->device, PCI_BASE_ADDRESS_0, &address, 4));
	config_bytes(from, before);
	migration_save(from, &saved);
	migration_load(to, &saved);
	config_bytes(to, after);
	for (i = 0; i < 256; i++)
		CHECK(before[i] == after[i], "config space: byte 0x%x is 0x%x, not 0x%x", i,
		      after[i], before[i]);
	CHECK(plain_is_marked(to, seed), "the framebuffer is another one");
	OK(rt_vfio_reset(from->device));
	OK(rt_memory_decoding(from->device, true));
	saved_free(&saved);
}

TEST(moved, 0)
{
	struct vgpu pair[2];
	unsigned int i;

	for (i = 0; i < 2; i++)
		plain_make(&pair[i], plain_type());
	need_migration(&pair[0]);
	for (i = 0; i < 4; i++)
		move(&pair[i % 2], &pair[!(i % 2)], i + 1);
	for (i = 0; i < 2; i++) {
		plain_works(&pair[i], i);
		no_faults(&pair[i], "a vGPU that moved");
	}
}

/* To another GPU: of the same kind, or of any if the guest does not know it. */
TEST(to_another_gpu, ONCE)
{
	const char *type = plain_type();
	struct vgpu pair[2];
	unsigned int i;

	plain_make(&pair[0], type);
	need_migration(&pair[0]);
	choose_other_gpu(type);
	plain_make(&pair[1], type);
	for (i = 0; i < 4; i++)
		move(&pair[i % 2], &pair[!(i % 2)], i + 1);
	for (i = 0; i < 2; i++)
		plain_works(&pair[i], i);
}
