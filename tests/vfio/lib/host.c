// SPDX-License-Identifier: GPL-2.0-only
/*
 * host.c - what the administrator does through sysfs
 */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "runtime.h"

#define DRIVER	"/sys/bus/pci/drivers/openvgpu"
#define MDEVS	"/sys/bus/mdev/devices"

static char gpu[32];

/**
 * host_read - the content of a file, without the last newline
 * @path: usually of sysfs
 * @text: receives it
 * @size: of @text
 */
int host_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	text[0] = 0;
	if (fd < 0)
		return rt_fail(errno, "%s: %m", path);
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return rt_fail(errno, "reading %s: %m", path);
	text[n] = 0;
	if (n && text[n - 1] == '\n')
		text[n - 1] = 0;
	return 0;
}

/**
 * host_write - write a text in one call, as echo does
 * @path: usually of sysfs
 * @text: what to write
 */
int host_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return rt_fail(errno, "%s: %m", path);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		error = rt_fail(errno, "writing '%s' to %s: %m", text, path);
	close(fd);
	return error;
}

/**
 * host_read_number - a file that holds one number
 * @path: usually of sysfs
 * @value: receives it
 */
int host_read_number(const char *path, uint64_t *value)
{
	char text[64], *end;
	int error = host_read(path, text, sizeof(text));

	if (error)
		return error;
	*value = strtoull(text, &end, 0);
	if (end == text || *end)
		return rt_fail(EINVAL, "%s holds '%s', not a number", path, text);
	return 0;
}

/**
 * host_gpu - PCI address of the GPU under test
 */
const char *host_gpu(void)
{
	return gpu;
}

/**
 * host_init - find the GPU: the first, or OPENVGPU_GPU, a PCI address
 *
 * And be patient with it: here it is a process that competes for the processor
 * with an emulated machine.
 */
int host_init(void)
{
	const char *wanted = getenv("OPENVGPU_GPU");
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(DRIVER);
	int error;

	if (!dir)
		return rt_fail(errno, "openvgpu is not loaded (%s: %m)", DRIVER);
	while ((entry = readdir(dir)))
		if (strchr(entry->d_name, ':') &&
		    (!wanted || !strcmp(entry->d_name, wanted)) &&
		    (!gpu[0] || strcmp(entry->d_name, gpu) < 0))
			snprintf(gpu, sizeof(gpu), "%.31s", entry->d_name);
	closedir(dir);
	if (!gpu[0])
		return rt_fail(ENODEV, "openvgpu drives no GPU");
	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/openvgpu/preempt_timeout_us", gpu);
	error = host_write(path, "1000000");
	/* Nothing is preempted where nothing is scheduled. */
	return error == -EOPNOTSUPP ? 0 : error;
}

/**
 * host_choose - from now on another GPU is meant
 * @address: its PCI address; openvgpu drives it
 */
void host_choose(const char *address)
{
	snprintf(gpu, sizeof(gpu), "%s", address);
}

/* Calls @each for every mdev; stops when it returns false. */
static void each_mdev(bool (*each)(const char *uuid, void *data), void *data)
{
	struct dirent *entry;
	DIR *dir = opendir(MDEVS);

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !each(entry->d_name, data))
			break;
	closedir(dir);
}

static bool count_one(const char *uuid, void *data)
{
	(void)uuid;
	++*(unsigned int *)data;
	return true;
}

/**
 * host_count - how many vGPUs exist
 */
unsigned int host_count(void)
{
	unsigned int count = 0;

	each_mdev(count_one, &count);
	return count;
}

struct name_list {
	unsigned int count;
	char uuid[256][UUID_LENGTH + 1];
};

static bool note_one(const char *uuid, void *data)
{
	struct name_list *list = data;

	if (list->count == 256)
		return false;
	snprintf(list->uuid[list->count++], UUID_LENGTH + 1, "%.36s", uuid);
	return true;
}

/**
 * host_list - the vGPUs that exist
 * @uuid: receives their names
 * @max: size of @uuid
 *
 * Return: their number.
 */
unsigned int host_list(char uuid[][UUID_LENGTH + 1], unsigned int max)
{
	struct name_list list = { 0 };

	each_mdev(note_one, &list);
	if (list.count > max)
		list.count = max;
	memcpy(uuid, list.uuid, list.count * sizeof(*uuid));
	return list.count;
}

/**
 * host_clean - remove every vGPU
 *
 * Return: an error if one could not be removed within 10 s.
 */
int host_clean(void)
{
	struct name_list *list;
	unsigned int i, round;

	if (!host_count())
		return 0;
	list = malloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (round = 0; host_count() && round < 3; round++) {
		list->count = 0;
		each_mdev(note_one, list);
		for (i = 0; i < list->count; i++)
			host_remove(list->uuid[i]);
	}
	free(list);
	if (host_count())
		return rt_fail(EBUSY, "%u vGPUs are still there", host_count());
	return 0;
}

/**
 * host_uuid - a random UUID
 * @uuid: receives it
 */
void host_uuid(char uuid[UUID_LENGTH + 1])
{
	unsigned char r[16];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		abort();
	r[6] = (r[6] & 0x0f) | 0x40;
	r[8] = (r[8] & 0x3f) | 0x80;
	snprintf(uuid, UUID_LENGTH + 1,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9],
		 r[10], r[11], r[12], r[13], r[14], r[15]);
}

/**
 * host_create - create a vGPU by writing to its type's create file
 * @type: without "openvgpu-", as "256mq"
 * @uuid: any 36 characters
 */
int host_create(const char *type, const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-%s/create",
		 gpu, type);
	return host_write(path, uuid);
}

/**
 * host_create_any - create a vGPU with a random UUID
 * @type: see host_create()
 * @uuid: receives it
 */
int host_create_any(const char *type, char uuid[UUID_LENGTH + 1])
{
	host_uuid(uuid);
	return host_create(type, uuid);
}

/**
 * host_gpu_remover - a process that removes the GPU, as hot-plug does
 * @go: receives a file; a byte written to it says when
 *
 * To be called before anything is open: the process would hold it open as well.
 *
 * Return: its id, negative: errno is set. It exits with 0 when that is done.
 */
pid_t host_gpu_remover(int *go)
{
	char path[PATH_MAX], byte;
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (!pid) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove",
			 host_gpu());
		if (read(ends[0], &byte, 1) != 1)
			_exit(2);
		_exit(host_write(path, "1") ? 1 : 0);
	}
	*go = ends[1];
	return pid;
}

/**
 * host_remove - remove a vGPU; blocks while it is open
 * @uuid: which
 */
int host_remove(const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), MDEVS "/%s/remove", uuid);
	return host_write(path, "1");
}

/**
 * host_exists - does the vGPU exist?
 * @uuid: which
 */
bool host_exists(const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), MDEVS "/%s", uuid);
	return access(path, F_OK) == 0;
}

/**
 * host_available - available_instances of a type
 * @type: see host_create()
 *
 * Return: negative errno on failure.
 */
int host_available(const char *type)
{
	char path[PATH_MAX];
	uint64_t value;
	int error;

	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-%s/available_instances",
		 gpu, type);
	error = host_read_number(path, &value);
	return error ? error : (int)value;
}

/**
 * host_types - names of all types, without "openvgpu-"
 * @names: receives them
 * @max: size of @names
 *
 * Return: their number.
 */
int host_types(char names[][32], int max)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/mdev_bus/%s/mdev_supported_types",
		 gpu);
	dir = opendir(path);
	if (!dir)
		return rt_fail(errno, "%s: %m", path);
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "openvgpu-", 9) && count < max)
			snprintf(names[count++], 32, "%.31s", entry->d_name + 9);
	closedir(dir);
	return count;
}

/**
 * host_type_compute - the compute slices that a type's name stands for
 * @type: see host_create()
 *
 * Return: 0: it shares the pool's.
 */
unsigned int host_type_compute(const char *type)
{
	return strchr(type, '-') ? (unsigned int)strtoul(type, NULL, 10) : 0;
}

/**
 * host_type_bytes - the framebuffer that a type's name stands for
 * @type: see host_create()
 */
uint64_t host_type_bytes(const char *type)
{
	const char *slices = strchr(type, '-');
	char *end;
	uint64_t size = strtoull(slices ? slices + 1 : type, &end, 10);

	return *end == 'm' ? size << 20 : size << 30;
}

static uint64_t number(const char *uuid, const char *directory,
		       const char *name)
{
	char path[PATH_MAX];
	uint64_t value;

	snprintf(path, sizeof(path), MDEVS "/%s/%s/%s", uuid, directory, name);
	if (host_read_number(path, &value)) {
		printf("# %s\n", rt_message());
		fflush(stdout);
		abort();
	}
	return value;
}

/**
 * host_attribute - a number of a vGPU's openvgpu directory
 * @uuid: which vGPU
 * @name: of the file
 *
 * Ends the program when there is no such number: a test cannot go on.
 */
uint64_t host_attribute(const char *uuid, const char *name)
{
	return number(uuid, "openvgpu", name);
}

/**
 * host_stat - a counter of a vGPU
 * @uuid: which vGPU
 * @name: of the counter
 *
 * Ends the program when there is no such counter.
 */
uint64_t host_stat(const char *uuid, const char *name)
{
	return number(uuid, "stats", name);
}

/**
 * host_last_error - why the GPU refused something last
 * @text: receives one line
 * @size: of @text
 */
int host_last_error(char *text, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/openvgpu/last_error",
		 gpu);
	return host_read(path, text, size);
}

/* A line "NAME: VALUE" or "NAME VALUE" of a file of /proc. */
static long proc_value(const char *path, const char *name)
{
	char line[256];
	long value = -1;
	FILE *file = fopen(path, "re");

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) &&
		    strchr(": ", line[strlen(name)])) {
			value = atol(line + strlen(name) + 1);
			break;
		}
	fclose(file);
	return value;
}

/**
 * host_meminfo - a line of /proc/meminfo
 * @name: without colon
 *
 * Return: its value, usually KiB; -1: no such line.
 */
long host_meminfo(const char *name)
{
	return proc_value("/proc/meminfo", name);
}

/**
 * host_vmstat - a line of /proc/vmstat
 * @name: of the counter
 *
 * Return: its value; -1: no such line.
 */
long host_vmstat(const char *name)
{
	return proc_value("/proc/vmstat", name);
}

/**
 * host_module_users - reference count of the module
 */
long host_module_users(void)
{
	uint64_t value;

	return host_read_number("/sys/module/openvgpu/refcnt", &value) ?
		-1 : (long)value;
}

static void show_file(const char *path)
{
	char text[4096], *line, *save;

	if (host_read(path, text, sizeof(text)))
		return;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		printf("#   %s\n", line);
}

/**
 * host_show_blocked - where a process and its threads hang, as comment lines
 * @pid: which; its children are shown too
 */
void host_show_blocked(pid_t pid)
{
	char path[64], text[512];
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		int other = atoi(entry->d_name), group = 0;
		char *end;

		if (other <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", other);
		if (host_read(path, text, sizeof(text)))
			continue;
		end = strrchr(text, ')');
		if (!end || sscanf(end + 1, " %*c %*d %d", &group) != 1 ||
		    group != pid)
			continue;
		printf("# process %d:\n", other);
		snprintf(path, sizeof(path), "/proc/%d/stack", other);
		show_file(path);
	}
	closedir(dir);
	fflush(stdout);
}
