// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch_log.c - fuzzes what the library reads of the kernel: the log of switches,
 * and uevents
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "internal.h"

#define GPU	"0000:01:00.0"
#define LOG	"sysfs/kernel/debug/openvgpu/" GPU

static struct ovgpu *ovgpu;
static int file;

/*
 * A sysfs that has the log and nothing else, in the current folder; the log is a
 * file in memory.
 */
static void start(void)
{
	static const char *const folders[] = {
		"sysfs", "sysfs/kernel", "sysfs/kernel/debug", "sysfs/kernel/debug/openvgpu", LOG,
	};
	static const char path[] = LOG "/switches";
	char target[64];
	unsigned int i;
	int result;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		FUZZ_CHECK(!mkdir(folders[i], 0755) || errno == EEXIST, "%s: %s", folders[i],
			   strerror(errno));
	file = memfd_create("switches", MFD_CLOEXEC);
	snprintf(target, sizeof(target), "/proc/self/fd/%d", file);
	unlink(path);
	FUZZ_CHECK(file >= 0 && !symlink(target, path), "%s: %s", path, strerror(errno));
	result = ovgpu_open(&ovgpu, "sysfs", "/proc", "/");
	FUZZ_CHECK(!result, "ovgpu_open: %d", result);
}

static void check_word(const char *word, size_t size)
{
	FUZZ_CHECK(memchr(word, 0, size), "a word without an end");
}

static void parse_log(const uint8_t *data, size_t size)
{
	struct ovgpu_switch **switches;
	size_t count, lines = 1, i;
	char uuid[OVGPU_UUID_SIZE];
	int result;

	FUZZ_CHECK(!ftruncate(file, 0) && pwrite(file, data, size, 0) == (ssize_t)size,
		   "no memory");
	result = ovgpu_switch_log(ovgpu, GPU, &switches, &count);
	if (result) {
		FUZZ_CHECK(result == -EPROTO && !switches && !count, "returned %d", result);
		return;
	}
	for (i = 0; i < size; i++)
		lines += data[i] == '\n';
	FUZZ_CHECK(count <= lines, "%zu switches in %zu lines", count, lines);
	for (i = 0; i < count; i++) {
		FUZZ_CHECK(switches[i]->partition >= -1, "partition %d", switches[i]->partition);
		check_word(switches[i]->reason, sizeof(switches[i]->reason));
		FUZZ_CHECK(switches[i]->reason[0], "no reason");
		FUZZ_CHECK(!switches[i]->uuid[0] || !ovgpu_uuid_parse(switches[i]->uuid, uuid),
			   "UUID '%.40s'", switches[i]->uuid);
	}
	ovgpu_free(switches);
}

static void parse_event(const uint8_t *data, size_t size)
{
	char *message = malloc(size + !size), uuid[OVGPU_UUID_SIZE], gpu[OVGPU_BDF_SIZE];
	struct ovgpu_event event;

	if (!message)
		return;
	memcpy(message, data, size);
	if (ovgpu_event_parse(message, size, &event)) {
		check_word(event.name, sizeof(event.name));
		check_word(event.type, sizeof(event.type));
		check_word(event.fault_name, sizeof(event.fault_name));
		FUZZ_CHECK(!ovgpu_uuid_parse(event.uuid, uuid), "UUID '%.40s'", event.uuid);
		FUZZ_CHECK(!event.gpu[0] || !ovgpu_bdf_parse(event.gpu, gpu), "GPU '%.20s'",
			   event.gpu);
		FUZZ_CHECK(event.pid >= 0, "process %d", event.pid);
	}
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!ovgpu)
		start();
	if (size && data[0] == '=')
		parse_event(data + 1, size - 1);
	else
		parse_log(data, size);
	return 0;
}
