// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm_unbind.c - tests of the guest's driver in which it is unbound from its device
 *
 * Whoever calls them binds it again.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <drm/drm.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_mode.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>

#include "drm.h"

#define BYTES		0x20000u
#define CANARY		0xc0ffee00u
#define REFCNT		"/sys/module/refgpu/refcnt"
#define HEADS_MAX	4
#define MODES_MAX	128
#define QUEUE		20	/* jobs of a context: more than a ring takes at a time */

/* The driver leaves the device of @node, which is gone then. */
static bool unbind(void)
{
	char link[64], path[PATH_MAX], unbind[PATH_MAX + 16];
	struct stat status;

	if (stat(node, &status))
		return no("%s: %s", node, strerror(errno));
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device", major(status.st_rdev),
		 minor(status.st_rdev));
	if (!realpath(link, path))
		return no("%s: %s", link, strerror(errno));
	snprintf(unbind, sizeof(unbind), "%s/driver/unbind", path);
	write_file(unbind, strrchr(path, '/') + 1);
	return access(node, F_OK) ? true : no("%s is still there", node);
}

/* ------------------------------------------------------------------- fences */

/* @bo: that it writes to, as others shall see; 0: none */
static int submit_behind(int fd, uint32_t context, const void *packet, uint32_t before,
			 uint32_t done, uint32_t bo)
{
	struct drm_refgpu_sync syncs[] = {
		{ .handle = before, .flags = DRM_REFGPU_SYNC_IN },
		{ .handle = done, .flags = DRM_REFGPU_SYNC_OUT },
	};
	struct drm_refgpu_submit args = {
		.context = context,
		.packets = (uintptr_t)packet,
		.packet_count = 1,
		.syncs = (uintptr_t)syncs,
		.sync_count = 2,
		.bos = (uintptr_t)&bo,
		.bo_count = bo ? 1 : 0,
	};

	return call(fd, DRM_IOCTL_REFGPU_SUBMIT, &args);
}

static int sync_file(int fd, uint32_t syncobj)
{
	struct drm_syncobj_handle args = {
		.handle = syncobj,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	int error = call(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);

	return error ? error : args.fd;
}

/**
 * enum end - how the jobs end whose fences are kept
 * @DONE: as they should
 * @KILLED: their context ends while they wait for another job
 * @CANCELLED: their context has failed before the ring had room for them
 * @ENDS: how many there are
 */
enum end { DONE, KILLED, CANCELLED, ENDS };

/* A job of each end, and their sync files; the device's file has been closed. */
static int make_sync_files(int files[ENDS])
{
	struct drm_refgpu_context_destroy destroy = { 0 };
	struct programme programme = { 0 };
	uint32_t done[ENDS], spins, before, context;
	struct refgpu_fill bad = fill_packet(1ULL << 50, 4, 0), good;
	int fd = open_node(), error, i;

	write_file("/sys/module/refgpu/parameters/hang_seconds", "1000");
	for (i = 0; i < ENDS; i++)
		done[i] = syncobj_create(fd);
	before = syncobj_create(fd);
	error = spin(fd, &programme, &spins, before);
	good = fill_packet(programme.data.address, 4, 1);
	/* All others wait until that one ends. */
	if (!error)
		error = submit_behind(fd, spins, &good, before, done[DONE], 0);
	if (!error)
		error = context_create(fd, &destroy.id);
	if (!error)
		error = submit_behind(fd, destroy.id, &good, before, done[KILLED], 0);
	if (!error)
		error = context_create(fd, &context);
	for (i = 0; i < QUEUE && !error; i++)
		error = submit_behind(fd, context, i ? &good : &bad, before, done[CANCELLED], 0);
	if (!error)
		error = call(fd, DRM_IOCTL_REFGPU_CONTEXT_DESTROY, &destroy);
	for (i = 0; i < ENDS && !error; i++) {
		files[i] = sync_file(fd, done[i]);
		error = files[i] < 0 ? files[i] : 0;
	}
	spin_stop(&programme);
	for (i = 0; i < ENDS && !error; i++)
		error = syncobj_wait(fd, done[i]);
	write_file("/sys/module/refgpu/parameters/hang_seconds", "0");
	buffer_close(fd, &programme.code);
	buffer_close(fd, &programme.data);
	close(fd);
	return error;
}

static int users_of_module(void)
{
	FILE *file = fopen(REFCNT, "re");
	int users = -1;

	if (file && fscanf(file, "%d", &users) != 1)
		users = -1;
	if (file)
		fclose(file);
	return users;
}

/* What the kernel says of a sync file's only fence. */
static bool names_its_fence(int file, enum end end)
{
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = { .num_fences = 1, .sync_fence_info = (uintptr_t)&fence };
	bool good;

	if (ioctl(file, SYNC_IOC_FILE_INFO, &info) || info.num_fences != 1)
		return no("sync file %d: %s, %u fences", end, strerror(errno), info.num_fences);
	printf("# sync file %d: %.31s of %.31s, status %d\n", end, fence.obj_name,
	       fence.driver_name, fence.status);
	good = end == DONE ? fence.status == 1 : fence.status < 0;
	if (!good || !fence.obj_name[0] || !fence.driver_name[0])
		return no("sync file %d: '%.31s' of '%.31s', status %d", end, fence.obj_name,
			  fence.driver_name, fence.status);
	return true;
}

/** test_unbind_fences - sync files outlive the device, and keep what their fences need */
bool test_unbind_fences(void)
{
	int files[ENDS], error, i, users;

	error = make_sync_files(files);
	if (error)
		return no("set-up: %s", strerror(-error));
	if (!unbind())
		return false;
	/* What else there was of the process goes a moment later. */
	for (i = 0; i < 500 && users_of_module() > ENDS; i++)
		usleep(20000);
	users = users_of_module();
	if (users != ENDS)
		return no("%d of %d sync files hold the module", users, ENDS);
	if (!syscall(SYS_delete_module, "refgpu", O_NONBLOCK))
		return no("the module is unloaded under them");
	for (i = 0; i < ENDS; i++)
		if (!names_its_fence(files[i], i))
			return false;
	for (i = 0; i < ENDS; i++)
		close(files[i]);
	for (i = 0; i < 500 && users_of_module(); i++)
		usleep(20000);
	return !users_of_module() ? true : no("%d hold the module for ever", users_of_module());
}

/* ------------------------------------------------------------------ pictures */

/* The first head and its monitor, and a picture for them. */
static int prepare_mode(int fd, struct drm_mode_crtc *crtc, uint32_t *connector, uint32_t *bo)
{
	static struct drm_mode_modeinfo modes[MODES_MAX];
	struct drm_mode_get_connector get = { .count_modes = 0 };
	struct drm_mode_create_dumb dumb = { .bpp = 32 };
	struct drm_mode_fb_cmd2 picture = { .pixel_format = DRM_FORMAT_XRGB8888 };
	uint32_t connectors[HEADS_MAX], crtcs[HEADS_MAX];
	struct drm_mode_card_res all = {
		.connector_id_ptr = (uintptr_t)connectors,
		.crtc_id_ptr = (uintptr_t)crtcs,
		.count_connectors = HEADS_MAX,
		.count_crtcs = HEADS_MAX,
	};
	int error = call(fd, DRM_IOCTL_MODE_GETRESOURCES, &all);

	get.connector_id = connectors[0];
	/* Asking without room makes the driver look at the monitor. */
	if (!error)
		error = call(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get);
	if (error || !get.count_modes || get.count_modes > MODES_MAX)
		return error ? error : -ENOENT;
	get.modes_ptr = (uintptr_t)modes;
	get.count_props = 0;
	get.count_encoders = 0;
	error = call(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get);
	dumb.width = modes[0].hdisplay;
	dumb.height = modes[0].vdisplay;
	if (!error)
		error = call(fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
	picture.width = dumb.width;
	picture.height = dumb.height;
	picture.handles[0] = dumb.handle;
	picture.pitches[0] = dumb.pitch;
	if (!error)
		error = call(fd, DRM_IOCTL_MODE_ADDFB2, &picture);
	*bo = dumb.handle;
	*connector = connectors[0];
	*crtc = (struct drm_mode_crtc) {
		.set_connectors_ptr = (uintptr_t)connector,
		.count_connectors = 1,
		.crtc_id = crtcs[0],
		.fb_id = picture.fb_id,
		.mode_valid = 1,
		.mode = modes[0],
	};
	return error;
}

/* A process that does nothing but one call has not come back from it, and sleeps. */
static bool sleeps(pid_t process)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", process);
	file = fopen(path, "re");
	if (file && fscanf(file, "%*d %*s %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state == 'S';
}

/**
 * test_unbind_picture - who waits for jobs with all heads locked does not hold it up
 *
 * A mode is set whose picture waits for a job that waits for one that does not end.
 */
bool test_unbind_picture(void)
{
	struct programme programme = { 0 };
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = { .num_fences = 1, .sync_fence_info = (uintptr_t)&fence };
	uint32_t before, done, spins, context, connector, bo = 0;
	struct drm_mode_crtc crtc;
	struct refgpu_fill fill;
	int fd, error, file = -1, i;
	char card[64];
	pid_t child;

	if (!card_of_node(card, sizeof(card)))
		return no("the device of %s has no card", node);
	fd = open(card, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return no("%s: %s", card, strerror(errno));
	write_file("/sys/module/refgpu/parameters/hang_seconds", "100");
	before = syncobj_create(fd);
	done = syncobj_create(fd);
	error = prepare_mode(fd, &crtc, &connector, &bo);
	if (!error)
		error = spin(fd, &programme, &spins, before);
	if (!error)
		error = context_create(fd, &context);
	fill = fill_packet(programme.data.address, 4, 1);
	for (i = 0; i < QUEUE && !error; i++)
		error = submit_behind(fd, context, &fill, before, done, bo);
	if (!error)
		file = sync_file(fd, done);
	if (error || file < 0)
		return no("set-up: %s", strerror(error ? -error : -file));
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(call(fd, DRM_IOCTL_MODE_SETCRTC, &crtc) ? 1 : 0);
	for (; !sleeps(child); usleep(20000))
		if (waitpid(child, NULL, WNOHANG))
			return no("setting a mode does not wait for the picture");
	if (!unbind())
		return false;
	waitpid(child, NULL, 0);
	write_file("/sys/module/refgpu/parameters/hang_seconds", "0");
	if (ioctl(file, SYNC_IOC_FILE_INFO, &info) || fence.status != -ENODEV)
		return no("the picture's last job has status %d, not ENODEV", fence.status);
	return true;
}

/* ------------------------------------------------------------------- memory */

/* A dma-buf of another driver, full of CANARY; -1: this kernel has no such driver. */
static int other_buffer(uint32_t **words)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = BYTES };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), memory;
	uint32_t i;

	if (device < 0)
		return -1;
	memory = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory < 0 || ftruncate(memory, BYTES) || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	*words = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (*words == MAP_FAILED)
		return -1;
	for (i = 0; i < BYTES / 4; i++)
		(*words)[i] = CANARY;
	create.memfd = (uint32_t)memory;
	return ioctl(device, UDMABUF_CREATE, &create);
}

/* A buffer, by way of its dma-buf. */
static uint32_t *map_exported(int fd, const struct buffer *buffer)
{
	struct drm_prime_handle prime = {
		.handle = buffer->handle,
		.flags = DRM_RDWR | DRM_CLOEXEC,
	};
	uint32_t *words;

	errno = -call(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
	if (errno)
		return MAP_FAILED;
	words = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 0);
	close(prime.fd);
	return words;
}

/**
 * test_unbind_memory - what is in system memory stays as it is, video memory is gone
 *
 * Kernels that check it complain of memory that is mapped for the device's DMA still.
 */
bool test_unbind_memory(void)
{
	struct drm_prime_handle prime = { 0 };
	struct buffer mine, shared, given, vram;
	uint32_t *words, *vram_words, *others = NULL;
	int fd = open_node(), error, i;

	error = buffer_create(fd, DRM_REFGPU_BO_SYSTEM, BYTES, &mine);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_SYSTEM | DRM_REFGPU_BO_SHARED, BYTES,
				      &shared);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_SYSTEM, BYTES, &given);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED, BYTES, &vram);
	if (error)
		return no("set-up: %s", strerror(-error));
	words = map_exported(fd, &shared);
	vram_words = map_exported(fd, &vram);
	if (words == MAP_FAILED || vram_words == MAP_FAILED)
		return no("export: %s", strerror(errno));
	prime.fd = other_buffer(&others);
	if (prime.fd >= 0)
		error = call(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	if (error)
		return no("import: %s", strerror(-error));
	for (i = 0; i < (int)BYTES / 4; i++) {
		mine.words[i] = CANARY;
		words[i] = CANARY;
		vram_words[i] = CANARY;
	}
	buffer_close(fd, &given);
	if (!unbind())
		return false;
	if (!all_are(&mine, CANARY) || !all_are(&shared, CANARY))
		return false;
	if (others && others[BYTES / 4 - 1] != CANARY)
		return no("another driver's buffer has 0x%x", others[BYTES / 4 - 1]);
	/* It is the next driver's now. */
	if (vram.words[0] || vram_words[0])
		return no("video memory is 0x%x, and 0x%x by way of a dma-buf", vram.words[0],
			  vram_words[0]);
	vram_words[1] = CANARY;
	buffer_close(fd, &mine);
	buffer_close(fd, &shared);
	buffer_close(fd, &vram);
	close(fd);
	/* The last that is left of the device. */
	for (i = 0; i < (int)BYTES / 4; i++)
		if (words[i] != CANARY)
			return no("word %d of the dma-buf is 0x%x", i, words[i]);
	return true;
}
