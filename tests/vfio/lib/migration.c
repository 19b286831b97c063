// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration.c - the part of a VMM that saves vGPUs and loads them, see migration.h
 */
#include "migration.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define PORTION		(1u << 20)	/* as QEMU reads */

/* A request with room for its answer. */
struct feature {
	struct vfio_device_feature feature;
	union {
		struct vfio_device_feature_migration migration;
		struct vfio_device_feature_mig_state state;
		struct vfio_device_feature_mig_data_size size;
	};
};

static int ask(const struct vgpu *vgpu, uint32_t flags, struct feature *feature,
	       size_t bytes)
{
	feature->feature.argsz = (uint32_t)(sizeof(feature->feature) + bytes);
	feature->feature.flags = flags;
	return ioctl(vgpu->device->fd, VFIO_DEVICE_FEATURE, feature) ? -errno : 0;
}

/**
 * migration_flags - what is offered
 * @vgpu: open
 * @flags: receives VFIO_MIGRATION_*
 *
 * Return: -ENOTTY: nothing.
 */
int migration_flags(const struct vgpu *vgpu, uint64_t *flags)
{
	struct feature feature = { 0 };
	int error = ask(vgpu, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION,
			&feature, sizeof(feature.migration));

	*flags = feature.migration.flags;
	return error;
}

/**
 * migration_set - change the state
 * @vgpu: open
 * @state: VFIO_DEVICE_STATE_*, or nonsense
 * @fd: receives the file that came with it, -1: none
 */
int migration_set(const struct vgpu *vgpu, unsigned int state, int *fd)
{
	struct feature feature = { .state = { .device_state = state, .data_fd = -1 } };
	int error = ask(vgpu, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
			&feature, sizeof(feature.state));

	*fd = error ? -1 : feature.state.data_fd;
	return error;
}

/**
 * migration_state - the state it is in
 * @vgpu: open
 */
unsigned int migration_state(const struct vgpu *vgpu)
{
	struct feature feature = { 0 };

	OK(ask(vgpu, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
	       &feature, sizeof(feature.state)));
	return feature.state.device_state;
}

/**
 * migration_state_name - for messages
 * @state: any
 */
const char *migration_state_name(unsigned int state)
{
	static const char *const names[STATES] = {
		"ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P",
		"PRE_COPY", "PRE_COPY_P2P",
	};

	return state < STATES ? names[state] : "no state";
}

/**
 * migration_size - how much is left to be read, as the module estimates it
 * @vgpu: open
 * @bytes: receives it
 */
int migration_size(const struct vgpu *vgpu, uint64_t *bytes)
{
	struct feature feature = { 0 };
	int error = ask(vgpu, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
			&feature, sizeof(feature.size));

	*bytes = feature.size.stop_copy_length;
	return error;
}

/**
 * migration_precopy_info - what is left, before the vGPU is stopped
 * @fd: its file, in PRE_COPY
 * @initial: receives what must be read first
 * @dirty: receives what the guest has changed
 */
int migration_precopy_info(int fd, uint64_t *initial, uint64_t *dirty)
{
	struct vfio_precopy_info info = { .argsz = sizeof(info) };
	int error = ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, &info) ? -errno : 0;

	*initial = info.initial_bytes;
	*dirty = info.dirty_bytes;
	return error;
}

/**
 * need_migration - skip the test where it is not offered
 * @vgpu: open
 */
void need_migration(const struct vgpu *vgpu)
{
	uint64_t flags;

	if (migration_flags(vgpu, &flags))
		harness_skip("this GPU's vGPUs do not migrate");
}

/**
 * migration_pre_copies - whether this kernel and this GPU can
 * @vgpu: open
 */
bool migration_pre_copies(const struct vgpu *vgpu)
{
	uint64_t flags;

	return !migration_flags(vgpu, &flags) && flags & VFIO_MIGRATION_PRE_COPY;
}

/**
 * migration_enter - change the state, which must succeed
 * @vgpu: open
 * @state: VFIO_DEVICE_STATE_*
 *
 * Return: the file that came with it; -1: none.
 */
int migration_enter(const struct vgpu *vgpu, unsigned int state)
{
	unsigned int before = migration_state(vgpu), now;
	int fd, error = migration_set(vgpu, state, &fd);

	now = migration_state(vgpu);
	CHECK(!error && now == state, "from %s to %s: %s; it is in %s",
	      migration_state_name(before), migration_state_name(state), strerror(-error),
	      migration_state_name(now));
	return fd;
}

/**
 * migration_leave - change to a state that no file belongs to
 * @vgpu: open
 * @state: VFIO_DEVICE_STATE_*
 */
void migration_leave(const struct vgpu *vgpu, unsigned int state)
{
	int fd = migration_enter(vgpu, state);

	CHECK(fd < 0, "a file came with %s", migration_state_name(state));
}

/**
 * migration_read - read on
 * @fd: the vGPU's file
 * @saved: what comes is appended
 * @most: bytes
 *
 * Return: as read(); negative errno.
 */
ssize_t migration_read(int fd, struct saved *saved, size_t most)
{
	ssize_t got;

	if (saved->room - saved->size < most) {
		saved->room = 2 * saved->room + most;
		saved->bytes = realloc(saved->bytes, saved->room);
		CHECK(saved->bytes, "no %zu bytes of memory", saved->room);
	}
	got = read(fd, saved->bytes + saved->size, most);
	if (got < 0)
		return -errno;
	saved->size += (size_t)got;
	return got;
}

/**
 * migration_drain - read to the end
 * @fd: the vGPU's file, in STOP_COPY
 * @saved: what comes is appended
 */
void migration_drain(int fd, struct saved *saved)
{
	ssize_t got;

	while ((got = migration_read(fd, saved, PORTION)) > 0)
		;
	CHECK(!got, "reading after %zu bytes: %s", saved->size, strerror((int)-got));
}

/**
 * migration_pre_read - read what there is while the guest runs
 * @fd: the vGPU's file, in PRE_COPY
 * @saved: what comes is appended
 * @most: bytes; a guest that writes all the time gives more for ever
 *
 * Return: bytes that came.
 */
uint64_t migration_pre_read(int fd, struct saved *saved, uint64_t most)
{
	size_t before = saved->size;
	ssize_t got;

	while (saved->size - before < most) {
		got = migration_read(fd, saved, PORTION);
		if (got == -ENOMSG)
			break;
		CHECK(got > 0, "reading in pre-copy, after %zu bytes: %s", saved->size,
		      got ? strerror((int)-got) : "the end");
	}
	return saved->size - before;
}

/**
 * migration_feed - write all of it
 * @fd: the vGPU's file, in RESUMING
 * @bytes: what
 * @size: how many
 *
 * Return: 0, or the error of write().
 */
int migration_feed(int fd, const void *bytes, size_t size)
{
	while (size) {
		size_t portion = size < PORTION ? size : PORTION;
		ssize_t done = write(fd, bytes, portion);

		if (done < 0)
			return -errno;
		CHECK(done, "nothing of %zu bytes was written", portion);
		bytes = (const uint8_t *)bytes + done;
		size -= (size_t)done;
	}
	return 0;
}

/**
 * migration_save - stop a vGPU, and read what it is
 * @vgpu: open; stays in STOP
 * @saved: receives it
 */
void migration_save(const struct vgpu *vgpu, struct saved *saved)
{
	int fd = migration_enter(vgpu, VFIO_DEVICE_STATE_STOP_COPY);

	memset(saved, 0, sizeof(*saved));
	CHECK(fd >= 0, "no file came with STOP_COPY");
	migration_drain(fd, saved);
	migration_leave(vgpu, VFIO_DEVICE_STATE_STOP);
	close(fd);
}

/**
 * migration_try_load - make a vGPU what another was
 * @vgpu: open
 * @saved: that
 *
 * Return: 0: it is in STOP; negative errno of what failed: it is in RESUMING.
 */
int migration_try_load(const struct vgpu *vgpu, const struct saved *saved)
{
	int fd = migration_enter(vgpu, VFIO_DEVICE_STATE_RESUMING), error, none;

	CHECK(fd >= 0, "no file came with RESUMING");
	error = migration_feed(fd, saved->bytes, saved->size);
	if (!error)
		error = migration_set(vgpu, VFIO_DEVICE_STATE_STOP, &none);
	close(fd);
	return error;
}

/**
 * migration_load - make a vGPU what another was, and let it run
 * @vgpu: open
 * @saved: that
 */
void migration_load(const struct vgpu *vgpu, const struct saved *saved)
{
	int error = migration_try_load(vgpu, saved);
	char reason[256];

	OK(host_last_error(reason, sizeof(reason)));
	CHECK(!error, "loading %zu bytes: %s; last error: %s", saved->size, strerror(-error),
	      reason);
	migration_leave(vgpu, VFIO_DEVICE_STATE_RUNNING);
}

/**
 * saved_free - forget it
 * @saved: any
 */
void saved_free(struct saved *saved)
{
	free(saved->bytes);
	memset(saved, 0, sizeof(*saved));
}

/**
 * guest_follows - what the guest's driver knows of its device stays true
 * @from: the vGPU it had
 * @to: that which it has; rings are to be pointed to it by the caller
 */
void guest_follows(const struct vgpu *from, const struct vgpu *to)
{
	const struct rt_device *old = from->device;
	struct rt_device *device = to->device;

	device->framebuffer_next = old->framebuffer_next;
	device->map_list = old->map_list;
	CHECK(device->aperture_pages == old->aperture_pages, "an aperture of %llu pages",
	      (unsigned long long)device->aperture_pages);
	memcpy(device->aperture_used, old->aperture_used, old->aperture_pages);
}

/**
 * guest_memory_follows - the VM of the other vGPU has that memory, where it was
 * @to: the other
 * @memory: of the guest
 */
void guest_memory_follows(const struct vgpu *to, const struct rt_memory *memory)
{
	struct rt_space *space = to->device->space;

	/* What is allocated there later lies elsewhere. */
	rt_space_reserve(space, memory->bytes);
	OK(rt_space_map(space, memory->cpu, memory->page[0], memory->bytes));
}

/**
 * no_faults - the host did not have to step in
 * @vgpu: may have been reset by its VMM
 * @whose: for the message
 */
void no_faults(const struct vgpu *vgpu, const char *whose)
{
	uint64_t faults = host_stat(vgpu->uuid, "faults");
	uint64_t last = host_attribute(vgpu->uuid, "last_fault");

	CHECK(!faults && !last, "%s: %llu faults, the last is %llu", whose,
	      (unsigned long long)faults, (unsigned long long)last);
}

/**
 * same_framebuffer - two slices hold the same
 * @a: a vGPU
 * @b: another
 * @when: for the message
 */
void same_framebuffer(const struct vgpu *a, const struct vgpu *b, const char *when)
{
	uint64_t bytes = host_attribute(a->uuid, "framebuffer_size"), at;
	const uint64_t *one = rt_framebuffer(a->device, 0), *other = rt_framebuffer(b->device, 0);

	for (at = 0; at < bytes / 8; at++)
		CHECK(one[at] == other[at], "%s: 0x%llx of the framebuffer is 0x%llx, not 0x%llx",
		      when, (unsigned long long)at * 8, (unsigned long long)other[at],
		      (unsigned long long)one[at]);
}

/**
 * choose_other_gpu - from now on another GPU is meant; skip the test if there is none
 * @type: which it must have
 */
void choose_other_gpu(const char *type)
{
	char path[512], address[32] = "";
	struct dirent *entry;
	DIR *dir = opendir("/sys/bus/pci/drivers/openvgpu");

	CHECK(dir, "no driver: %s", strerror(errno));
	while (!address[0] && (entry = readdir(dir))) {
		snprintf(path, sizeof(path),
			 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-%s",
			 entry->d_name, type);
		if (strchr(entry->d_name, ':') && strcmp(entry->d_name, host_gpu()) &&
		    !access(path, F_OK))
			snprintf(address, sizeof(address), "%.31s", entry->d_name);
	}
	closedir(dir);
	if (!address[0])
		harness_skip("there is no other GPU with openvgpu-%s", type);
	host_choose(address);
}
