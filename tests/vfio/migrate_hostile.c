// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_hostile.c - streams that are damaged, forged or for another vGPU, and VMMs
 * whose memory does not arrive: each is refused with a sentence or does harm to its own
 * guest, and nobody else notices
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "admin.h"
#include "bochs_guest.h"
#include "forge.h"
#include "migrant.h"
#include "vm.h"

#define TYPE		"16mq"
#define BOUND_NS	(10 * second())
#define S_STOP		VFIO_DEVICE_STATE_STOP
#define S_RUNNING	VFIO_DEVICE_STATE_RUNNING
#define S_STOP_COPY	VFIO_DEVICE_STATE_STOP_COPY
#define S_RESUMING	VFIO_DEVICE_STATE_RESUMING
#define S_PRE_COPY	VFIO_DEVICE_STATE_PRE_COPY

/* A guest with a bit of everything, and what it is; the other VM has its memory, too. */
static void save_guest(struct vgpu *vgpu, struct vgpu *other, struct saved *saved)
{
	struct migrant migrant;

	migrant_begin(&migrant, vgpu, 20000, 1);
	guest_memory_follows(other, &migrant.memory);
	migrant_work(&migrant, second() / 10);
	migration_save(vgpu, saved);
}

/* Its VMM resets it, and it is as good as new. */
static void as_good_as_new(struct vgpu *vgpu, const char *after)
{
	unsigned int state;

	OK(rt_vfio_reset(vgpu->device));
	state = migration_state(vgpu);
	CHECK(state == S_RUNNING, "%s, reset: it is in %s", after, migration_state_name(state));
	OK(rt_memory_decoding(vgpu->device, true));
}

/* ------------------------------------------------------------ damaged streams */

static void refused(struct vgpu *vgpu, const struct saved *saved, const char *what,
		    size_t where)
{
	int error = migration_try_load(vgpu, saved);
	unsigned int state = migration_state(vgpu);

	CHECK(error == -EBADMSG || error == -EINVAL || error == -E2BIG, "%s at %zu of %zu: %s",
	      what, where, saved->size, error ? strerror(-error) : "accepted");
	CHECK(state == S_RESUMING, "%s at %zu: it is in %s", what, where,
	      migration_state_name(state));
	as_good_as_new(vgpu, what);
}

TEST(damaged, SLOW)
{
	uint32_t seed = (uint32_t)rt_now_ns();
	struct forge_record record = { 0 };
	struct saved saved, other;
	struct vgpu pair[2];
	unsigned int i;
	size_t at;

	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], TYPE);
	save_guest(&pair[0], &pair[1], &saved);
	printf("# seed %u, %zu bytes\n", seed, saved.size);
	for (i = 0; i < 25; i++) {
		other = forge_copy(&saved);
		at = work_random(&seed) % saved.size;
		other.bytes[at] ^= (uint8_t)(1u << i % 8);
		refused(&pair[1], &other, "another bit", at);
		saved_free(&other);
	}
	/* Cut anywhere, and between records. */
	for (i = 0; i < 10; i++) {
		other = forge_copy(&saved);
		other.size = 1 + work_random(&seed) % (saved.size - 1);
		refused(&pair[1], &other, "cut", other.size);
		saved_free(&other);
	}
	for (i = 0; forge_next(&saved, &record); i++) {
		if (!record.at || (!strcmp(record.tag, "VRAM") && i > 2))
			continue;
		other = forge_copy(&saved);
		other.size = record.at;
		refused(&pair[1], &other, "cut between records", other.size);
		saved_free(&other);
	}
	/* Something behind the end: it is not loaded. */
	other = forge_copy(&saved);
	other.bytes = realloc(other.bytes, other.size + 1);
	other.bytes[other.size++] = 0;
	refused(&pair[1], &other, "more", other.size);
	/* The source still has all of it. */
	migration_leave(&pair[0], S_RUNNING);
	no_faults(&pair[0], "the source");
	migration_load(&pair[1], &saved);
	no_faults(&pair[1], "the target");
}

/* ------------------------------------------------------------- forged streams */

static const char *const forged[] = { "CONF", "MONI", "PERS", "FAMI", "CTXT", "PINS", "CORE" };

#define FORGED	(sizeof(forged) / sizeof(forged[0]))

static void forge(struct saved *saved, uint32_t *seed)
{
	unsigned int changes = 1 + work_random(seed) % 3, offset;
	const char *tag = forged[work_random(seed) % FORGED];
	struct forge_record record;

	if (!forge_find(saved, tag, &record) || !record.bytes)
		return;
	while (changes--) {
		uint8_t *byte;

		/* Where numbers are, more often than in what they count. */
		offset = work_random(seed) % record.bytes;
		if (work_random(seed) & 1)
			offset %= 64;
		byte = saved->bytes + record.at + FORGE_HEADER + offset;
		*byte = work_random(seed) & 1 ? 0xff : (uint8_t)work_random(seed);
	}
	forge_seal(saved, &record);
}

/* Right checksums and wrong contents: the guest may break, the host may not. */
TEST(forged, SLOW)
{
	uint64_t end = rt_now_ns() + 4 * second();
	unsigned int accepted = 0, refusals = 0;
	uint32_t seed = (uint32_t)rt_now_ns();
	struct saved saved, other;
	struct vgpu pair[2], neighbour;
	struct jobs jobs;

	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], TYPE);
	vgpu_make(&neighbour, TYPE);
	jobs_create(&jobs, neighbour.device, 2000, 1);
	save_guest(&pair[0], &pair[1], &saved);
	printf("# seed %u, %zu bytes\n", seed, saved.size);
	while (rt_now_ns() < end) {
		int error;

		other = forge_copy(&saved);
		forge(&other, &seed);
		error = migration_try_load(&pair[1], &other);
		if (error) {
			refusals++;
		} else {
			accepted++;
			migration_leave(&pair[1], S_RUNNING);
			/* Its rings run whatever they hold now. */
			usleep(5000);
		}
		as_good_as_new(&pair[1], error ? "refused" : "accepted");
		saved_free(&other);
		jobs_keep(&jobs, 8);
	}
	printf("# %u accepted, %u refused\n", accepted, refusals);
	jobs_finish(&jobs);
	vgpu_unharmed(&neighbour, "the neighbour");
	vgpu_works(&pair[1], 1);
	admin_expect(admin_gpu_path("state"), "up");
}

/*
 * The second monitor has more bytes than any EDID: that is refused, and nothing of it
 * is left when the vGPU is saved again, which would tell what lies behind it.
 */
TEST(forged_monitor, 0)
{
	static const uint32_t bytes[] = { 257, 4096, UINT32_MAX };
	struct forge_record before, after;
	struct saved saved, other, again;
	struct vgpu pair[2];
	unsigned int i;
	uint32_t first;

	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], TYPE);
	migration_save(&pair[0], &saved);
	CHECK(forge_find(&saved, "MONI", &before), "there are no monitors");
	memcpy(&first, saved.bytes + before.at + FORGE_HEADER, sizeof(first));
	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		other = forge_copy(&saved);
		forge_number(&other, "MONI", 4 + first, 4, bytes[i]);
		refused(&pair[1], &other, "a monitor too large", before.at);
		migration_save(&pair[1], &again);
		CHECK(forge_find(&again, "MONI", &after) && after.bytes == before.bytes,
		      "saved again, the monitors have %u bytes, not %u", after.bytes,
		      before.bytes);
		migration_leave(&pair[1], S_RUNNING);
		saved_free(&again);
		saved_free(&other);
	}
	vgpu_works(&pair[1], 1);
}

/* --------------------------------------------------------- the guest's memory */

/* A VM whose memory is not what it was: its guest's pages can't be mapped. */
TEST(other_memory, 0)
{
	struct migrant migrant;
	struct vgpu pair[2];
	struct saved saved;
	int error;

	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], TYPE);
	migrant_begin(&migrant, &pair[0], 2000, 1);
	migrant_work(&migrant, second() / 20);
	migration_save(&pair[0], &saved);
	error = migration_try_load(&pair[1], &saved);
	CHECK(error < 0, "a vGPU was loaded whose memory is not there");
	CHECK(migration_state(&pair[1]) == S_RESUMING, "it is in %s",
	      migration_state_name(migration_state(&pair[1])));
	/* So the source goes on, as if nothing had happened. */
	migration_leave(&pair[0], S_RUNNING);
	migrant_finish(&migrant);
	/* And the target can take it, once it is. */
	as_good_as_new(&pair[1], "refused");
	guest_memory_follows(&pair[1], &migrant.memory);
	migration_save(&pair[0], &saved);
	migration_load(&pair[1], &saved);
	migrant_moves(&migrant, &pair[1]);
	migrant_work(&migrant, second() / 20);
	migrant_finish(&migrant);
}

/* A VMM that may not lock as much as the guest has mapped hears of it while it writes. */
TEST(limit_of_locked_memory, 0)
{
	static const char words[] =
		"migration refused: 64 pages of guest memory are over the VMM's limit of";
	struct rt_memory memory;
	struct vgpu pair[2];
	struct saved saved;
	char reason[512];
	uint64_t address;
	int error;

	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], TYPE);
	OK(rt_memory_alloc(pair[0].device, 64 * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(pair[0].device, &memory, true, &address));
	/* VFIO asks when a VMM gives it memory. */
	lock_at_most(16);
	guest_memory_follows(&pair[1], &memory);
	migration_save(&pair[0], &saved);
	error = migration_try_load(&pair[1], &saved);
	CHECK(error == -EDQUOT, "it may lock 16 pages, and 64 are mapped: %s",
	      error ? strerror(-error) : "accepted");
	OK(host_last_error(reason, sizeof(reason)));
	CHECK(strstr(reason, words), "last_error: %s", reason);
	/* The source goes on; both have the same limit here. */
	migration_leave(&pair[0], S_RUNNING);
	OK(rt_memory_unmap(pair[0].device, &memory, address));
	vgpu_works(&pair[0], 1);
	as_good_as_new(&pair[1], "refused");
	vgpu_works(&pair[1], 2);
}

/* ------------------------------------------------------------- another vGPU */

/* last_error says it in these words, and the source is what it was. */
static void incompatible(struct vgpu *target, const struct saved *saved, const char *words)
{
	char reason[512];
	int error = migration_try_load(target, saved);

	OK(host_last_error(reason, sizeof(reason)));
	CHECK(error == -EINVAL, "%s: %s", words, error ? strerror(-error) : "accepted");
	CHECK(strstr(reason, words), "not \"%s\": %s", words, reason);
	as_good_as_new(target, words);
}

TEST(incompatible_types, 0)
{
	struct vgpu source, target;
	struct saved saved;

	vgpu_make(&source, "32mq");
	need_migration(&source);
	migration_save(&source, &saved);
	vgpu_make(&target, TYPE);
	incompatible(&target, &saved,
		     "migration refused: the source has 32 MiB, this vGPU 16: create openvgpu-32mq");
	vgpu_remove(&target);
	bochs_make(&target, "32mb");
	incompatible(&target, &saved,
		     "migration refused: the source has personality native, this vGPU bochs: write native to its openvgpu/personality");
	migration_leave(&source, S_RUNNING);
	vgpu_works(&source, 1);
}

/* The source as it might have been. */
TEST(incompatible_sources, 0)
{
	static const struct {
		unsigned int offset, bytes;
		uint64_t value;
		const char *words;
	} hello[] = {
		{ 8, 8, 0x6568746f, "the source has personality othe" },
		{ 24, 8, 0x6c616572, "the source's GPU is of family real, this one of refgpu" },
		{ 40, 8, 0x41, "the source's GPU is a A, this one a REFGPU" },
		{ 104, 4, 1, "the source has personality native, this vGPU native" },
		{ 108, 4, 0x00010009, "the source's hardware has version 1.9, this GPU" },
		{ 108, 4, 0x00020000, "the source's hardware has version 2.0, this GPU" },
		{ 112, 4, 0x00010063, "the source's control page has version 1.99, this host's" },
		{ 116, 8, 1ull << 63, "this GPU lacks capabilities 0x8000000000000000" },
		{ 140, 8, 0x1000, "the source's user page has 4096 bytes, this vGPU's" },
		{ 148, 8, 5, "the source's aperture has 5 pages, this vGPU's" },
		{ 156, 4, 3, "the source has 3 heads, this vGPU 2" },
		{ 160, 4, 4000, "the source's largest mode is 4000x" },
		{ 168, 4, 7, "the source has 7 interrupt vectors, this vGPU 2" },
		{ 172, 4, 2, "the source has 2 compute and" },
		{ 180 + 2, 1, 0x77, "the configuration spaces differ at 0x02" },
		{ 436 + 0x3c, 1, 0, "the configuration spaces differ at 0x3c" },
	};
	struct vgpu source, target;
	struct saved saved, other;
	unsigned int i;

	vgpu_make(&source, TYPE);
	need_migration(&source);
	migration_save(&source, &saved);
	for (i = 0; i < sizeof(hello) / sizeof(hello[0]); i++) {
		other = forge_copy(&saved);
		forge_number(&other, "HELO", hello[i].offset, hello[i].bytes, hello[i].value);
		vgpu_make(&target, TYPE);
		incompatible(&target, &other, hello[i].words);
		vgpu_remove(&target);
		saved_free(&other);
	}
	vgpu_make(&target, TYPE);
	migration_load(&target, &saved);
	vgpu_works(&target, 1);
}

/* A VMM that is refused again and again: the log has had enough, last_error has not. */
TEST(newest_refusal, 0)
{
	uint64_t before, heads = 100;
	struct vgpu source, target;
	struct saved saved;
	char words[64];

	vgpu_make(&source, TYPE);
	need_migration(&source);
	migration_save(&source, &saved);
	vgpu_make(&target, TYPE);
	before = host_stat(target.uuid, "suppressed_lines");
	do {
		CHECK(heads < 1000, "all of %llu refusals were in the log",
		      (unsigned long long)heads - 100);
		forge_number(&saved, "HELO", 156, 4, ++heads);
		snprintf(words, sizeof(words), "the source has %llu heads, this vGPU 2",
			 (unsigned long long)heads);
		incompatible(&target, &saved, words);
	} while (host_stat(target.uuid, "suppressed_lines") == before);
}

/* The first record is of this version, and a minor one has a field behind those known here. */
static struct saved of_version(const struct saved *saved, uint16_t version)
{
	struct saved other = forge_copy(saved);
	struct forge_record hello = { 0 }, end;
	uint8_t *behind;
	uint64_t bytes;

	CHECK(forge_next(&other, &hello) && !strcmp(hello.tag, "HELO"), "it begins with %s",
	      hello.tag);
	other.bytes = realloc(other.bytes, other.size + 8);
	CHECK(other.bytes, "no %zu bytes of memory", other.size + 8);
	behind = other.bytes + FORGE_HEADER + hello.bytes;
	memmove(behind + 8, behind, other.size - FORGE_HEADER - hello.bytes);
	memset(behind, 0x77, 8);
	other.size += 8;
	hello.bytes += 8;
	other.bytes[4] = (uint8_t)version;
	other.bytes[5] = (uint8_t)(version >> 8);
	other.bytes[8] = (uint8_t)hello.bytes;
	other.bytes[9] = (uint8_t)(hello.bytes >> 8);
	forge_seal(&other, &hello);
	CHECK(forge_find(&other, "DONE", &end), "it has no end");
	memcpy(&bytes, other.bytes + end.at + FORGE_HEADER + 8, 8);
	forge_number(&other, "DONE", 8, 8, bytes + 8);
	return other;
}

/* A module that is newer than that of the other host. */
TEST(newer_sources, 0)
{
	struct vgpu source, target;
	struct saved saved, other;

	vgpu_make(&source, TYPE);
	need_migration(&source);
	migration_save(&source, &saved);
	vgpu_make(&target, TYPE);
	other = of_version(&saved, 0x200);
	incompatible(&target, &other,
		     "of version 2.0 is not known here: update openvgpu on this host");
	saved_free(&other);
	other = of_version(&saved, 0x101);
	migration_load(&target, &other);
	vgpu_works(&target, 1);
}

/* ------------------------------------------------------ memory that does not come */

/* Pages that nobody fills. */
static void *missing_memory(size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *memory;

	if (fd < 0)
		harness_skip("userfaultfd: %s", strerror(errno));
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	area.range.start = (uintptr_t)memory;
	area.range.len = bytes;
	CHECK(!ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &area),
	      "userfaultfd: %s", strerror(errno));
	return memory;
}

static void bounded(uint64_t begin, const char *what)
{
	uint64_t took = rt_now_ns() - begin;

	CHECK(took < BOUND_NS, "%s took %llu ms", what, (unsigned long long)took / 1000000);
}

/* In its own process: reads or writes what does not arrive. */
static void run_stuck(const char *uuid, unsigned int state, const int ready[2])
{
	struct vgpu vgpu;
	void *memory;
	int fd;

	memcpy(vgpu.uuid, uuid, sizeof(vgpu.uuid));
	vgpu_open(&vgpu);
	memory = missing_memory(MIB);
	fd = migration_enter(&vgpu, state);
	pipe_send(ready);
	if (state == S_RESUMING)
		(void)!write(fd, memory, MIB);
	else
		(void)!read(fd, memory, MIB);
	harness_failed(__FILE__, __LINE__, "memory that nobody filled has arrived");
}

static void stuck(unsigned int state)
{
	struct vgpu vgpu, pair[2];
	struct saved saved;
	uint64_t begin;
	int ready[2];
	pid_t vm;

	OK(host_create_any(TYPE, vgpu.uuid));
	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK))
		harness_skip("this kernel has no userfaultfd");
	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	vm = fork();
	if (!vm)
		run_stuck(vgpu.uuid, state, ready);
	pipe_await(ready);
	usleep(300000);
	/* Other tenants come, compute and go, and move. */
	begin = rt_now_ns();
	vgpu_make(&pair[0], TYPE);
	vgpu_make(&pair[1], TYPE);
	vgpu_works(&pair[0], 1);
	vgpu_reset(&pair[0], BY_GUEST);
	migration_save(&pair[0], &saved);
	migration_load(&pair[1], &saved);
	bounded(begin, "a neighbour's move");
	begin = rt_now_ns();
	admin_set(admin_gpu_path("scheduler"), "equal_share");
	admin_set(admin_gpu_path("scheduler"), "best_effort");
	bounded(begin, "changing the policy");
	begin = rt_now_ns();
	admin_set(admin_pci_path("reset"), "1");
	bounded(begin, "resetting the GPU");
	admin_expect(admin_gpu_path("state"), "up");
	CHECK(host_exists(vgpu.uuid), "the vGPU is gone");
	begin = rt_now_ns();
	vm_kill(vm);
	bounded(begin, "ending the VMM");
	begin = rt_now_ns();
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
	vgpu_remove(&vgpu);
	bounded(begin, "the next VM");
}

TEST(stuck_reader, ONCE | SLOW)
{
	stuck(S_STOP_COPY);
}

TEST(stuck_writer, ONCE | SLOW)
{
	stuck(S_RESUMING);
}

/* ------------------------------------------------------------------ kept files */

#define KEPT	100u

static long kernel_memory(void)
{
	return host_meminfo("Slab") + host_meminfo("VmallocUsed");
}

/* A VMM that keeps the files of migrations which are over keeps no memory with them. */
TEST(kept_files, 0)
{
	static const unsigned int states[] = { S_STOP_COPY, S_RESUMING };
	struct vgpu vgpu;
	int fd[KEPT];
	unsigned int i, k;
	long before, kib;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	for (k = 0; k < 2; k++) {
		before = kernel_memory();
		for (i = 0; i < KEPT; i++) {
			fd[i] = migration_enter(&vgpu, states[k]);
			migration_leave(&vgpu, S_STOP);
		}
		kib = kernel_memory() - before;
		CHECK(kib < 4096, "%u files that are over, of %s, hold %ld KiB", KEPT,
		      migration_state_name(states[k]), kib);
		for (i = 0; i < KEPT; i++)
			close(fd[i]);
	}
	migration_leave(&vgpu, S_RUNNING);
	vgpu_works(&vgpu, 1);
}

/* ------------------------------------------------------------------- at once */

/* One device, four processes, everything in any order. */
TEST(at_once, SLOW)
{
	uint64_t end = rt_now_ns() + 2 * second();
	struct vgpu vgpu, neighbour;
	unsigned int i, state;
	pid_t child[4];

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	vgpu_make(&neighbour, TYPE);
	for (i = 0; i < 4; i++) {
		uint32_t seed = i + 1;
		struct saved saved = { 0 };
		int last = -1;

		child[i] = fork();
		if (child[i])
			continue;
		while (rt_now_ns() < end) {
			int fd = -1;

			switch (work_random(&seed) % 8) {
			case 0:
				rt_vfio_reset(vgpu.device);
				break;
			case 1:
				rt_function_reset(vgpu.device);
				break;
			case 2:
				rt_memory_decoding(vgpu.device, work_random(&seed) & 1);
				break;
			default:
				migration_set(&vgpu, work_random(&seed) % STATES, &fd);
				break;
			}
			if (fd >= 0) {
				if (last >= 0)
					close(last);
				last = fd;
			}
			if (last < 0)
				continue;
			saved.size = 0;
			migration_read(last, &saved, work_random(&seed) % MIB);
			(void)!write(last, saved.bytes, saved.size % 1000);
		}
		_exit(0);
	}
	for (i = 0; i < 4; i++)
		wait_child(child[i], "a process that changed the state");
	as_good_as_new(&vgpu, "at once");
	vgpu_works(&vgpu, 1);
	vgpu_works(&neighbour, 2);
	state = migration_state(&neighbour);
	CHECK(state == S_RUNNING, "the neighbour is in %s", migration_state_name(state));
	vgpu_unharmed(&neighbour, "the neighbour");
}
