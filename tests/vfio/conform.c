// SPDX-License-Identifier: GPL-2.0-only
/*
 * conform.c - what holds for a vGPU of every family and personality: what a
 * VMM relies on, and what one tenant must not see of another
 */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "admin.h"
#include "plain.h"
#include "vgpu.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define NEIGHBOURS	4u

/* So much of a slice has a pattern: all is slow where reads are. */
#define PATTERN		(1 * MIB)

static void mark(struct plain *vgpu, uint32_t seed)
{
	fill_words((void *)vgpu->map, PATTERN, seed);
	fill_words((void *)(vgpu->map + vgpu->bytes - PATTERN), PATTERN, ~seed);
}

static bool is_marked(const struct plain *vgpu, uint32_t seed)
{
	return differing_word((void *)vgpu->map, PATTERN, seed) < 0 &&
	       differing_word((void *)(vgpu->map + vgpu->bytes - PATTERN),
			      PATTERN, ~seed) < 0;
}

static void check_works(struct plain *vgpu, uint32_t seed)
{
	mark(vgpu, seed);
	CHECK(is_marked(vgpu, seed), "the slice does not keep what is written");
}

/* ------------------------------------------------------------- information */

TEST(info, 0)
{
	struct vfio_device_info device = { .argsz = sizeof(device) };
	struct vfio_region_info info = { .argsz = sizeof(info) };
	struct plain vgpu;
	unsigned int i, j;

	plain_make(&vgpu, plain_type());
	CHECK(!ioctl(vgpu.fd, VFIO_DEVICE_GET_INFO, &device), "GET_INFO: %s",
	      strerror(errno));
	CHECK((device.flags & VFIO_DEVICE_FLAGS_PCI) &&
	      (device.flags & VFIO_DEVICE_FLAGS_RESET),
	      "flags 0x%x: not PCI, or no RESET", device.flags);
	for (i = 0; i < vgpu.regions; i++) {
		const struct rt_region *region = &vgpu.region[i];

		info.index = i;
		CHECK(!ioctl(vgpu.fd, VFIO_DEVICE_GET_REGION_INFO, &info) &&
		      info.size == region->size &&
		      info.offset == region->offset &&
		      info.flags == region->flags,
		      "region %u answers differently the second time", i);
		if (i < RT_BARS)
			CHECK(!(region->size & (region->size - 1)),
			      "BAR%u has 0x%llx bytes", i,
			      (unsigned long long)region->size);
		for (j = 0; j < i; j++)
			CHECK(!region->size || !vgpu.region[j].size ||
			      region->offset >= vgpu.region[j].offset +
						vgpu.region[j].size ||
			      vgpu.region[j].offset >= region->offset +
						       region->size,
			      "regions %u and %u overlap in the file", i, j);
	}
	info.index = vgpu.regions;
	CHECK(ioctl(vgpu.fd, VFIO_DEVICE_GET_REGION_INFO, &info) < 0 &&
	      errno == EINVAL, "region %u beyond the last: %s", info.index,
	      strerror(errno));
}

TEST(config, 0)
{
	struct plain vgpu;
	uint64_t before, after;
	unsigned int at, size;

	plain_make(&vgpu, plain_type());
	before = plain_read(&vgpu, CONFIG, PCI_VENDOR_ID, 4);
	CHECK(before && before != 0xffffffff, "vendor and device are 0x%llx",
	      (unsigned long long)before);
	plain_capability(&vgpu, 0);
	for (size = 1; size <= 4; size *= 2)
		for (at = 0; at + size <= vgpu.region[CONFIG].size; at += size) {
			plain_read(&vgpu, CONFIG, at, size);
			/* But not COMMAND, whose decoding we want to keep, nor
			 * what may be a reset.
			 */
			if (at < PCI_COMMAND || (at > PCI_STATUS && at < 0x40))
				plain_write(&vgpu, CONFIG, at, size, 0xa5a5a5a5);
		}
	after = plain_read(&vgpu, CONFIG, PCI_VENDOR_ID, 4);
	CHECK(after == before, "vendor and device could be written: 0x%llx",
	      (unsigned long long)after);
	check_works(&vgpu, 1);
}

TEST(interrupts, 0)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} request = { .set = { .argsz = sizeof(request), .count = 1 } };
	struct plain vgpu;

	plain_make(&vgpu, plain_type());
	request.set.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			    VFIO_IRQ_SET_ACTION_TRIGGER;
	request.fd = new_eventfd();
	for (info.index = 0; info.index < VFIO_PCI_NUM_IRQS; info.index++) {
		CHECK(!ioctl(vgpu.fd, VFIO_DEVICE_GET_IRQ_INFO, &info),
		      "interrupt index %u: %s", info.index, strerror(errno));
		if (info.index == VFIO_PCI_REQ_IRQ_INDEX ||
		    info.index == VFIO_PCI_ERR_IRQ_INDEX)
			CHECK(info.count == 1, "interrupt index %u has %u",
			      info.index, info.count);
		request.set.index = info.index;
		request.set.start = info.count;
		CHECK(ioctl(vgpu.fd, VFIO_DEVICE_SET_IRQS, &request) < 0,
		      "interrupt index %u took vector %u of %u", info.index,
		      info.count, info.count);
	}
	info.index = VFIO_PCI_NUM_IRQS;
	CHECK(ioctl(vgpu.fd, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0,
	      "there is an interrupt index %u", info.index);
	check_works(&vgpu, 2);
}

/* ------------------------------------------------------ regions and mappings */

/* Whatever a guest does to what is trapped, its VMM sees no error. */
TEST(never_fails, 0)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	struct plain vgpu;
	unsigned int bar, i, size;
	uint32_t seed = 7;
	uint64_t at;

	plain_make(&vgpu, plain_type());
	for (bar = 0; bar < RT_BARS; bar++) {
		if (bar == vgpu.framebuffer || !vgpu.region[bar].size)
			continue;
		for (i = 0; i < 4000; i++) {
			size = sizes[work_random(&seed) % 4];
			at = work_random(&seed) % (vgpu.region[bar].size - 7);
			if (work_random(&seed) & 1)
				plain_read(&vgpu, bar, at, size);
			else
				plain_write(&vgpu, bar, at, size,
					    (uint64_t)work_random(&seed) << 32 |
					    work_random(&seed));
		}
	}
	CHECK(!ioctl(vgpu.fd, VFIO_DEVICE_RESET), "reset: %s", strerror(errno));
	plain_decoding(&vgpu, true);
	check_works(&vgpu, 3);
}

/* Mapping and file show the same, and no access goes beyond a region. */
TEST(framebuffer, 0)
{
	struct rt_region *region;
	struct plain vgpu;
	uint64_t value;
	uint8_t data[16];
	unsigned int size, inside;
	ssize_t n;

	plain_make(&vgpu, plain_type());
	region = &vgpu.region[vgpu.framebuffer];
	check_works(&vgpu, 4);
	for (size = 1; size <= 8; size *= 2) {
		value = plain_read(&vgpu, vgpu.framebuffer, 64, size);
		CHECK(!memcmp(&value, (void *)(vgpu.map + 64), size),
		      "%u bytes differ between file and mapping", size);
		plain_write(&vgpu, vgpu.framebuffer, 128, size, 0x1122334455667788);
		CHECK(vgpu.map[128] == 0x88, "%u bytes written to the file are not in the mapping",
		      size);
	}
	for (size = 1; size <= 16; size++)
		for (inside = 0; inside < size; inside++) {
			n = pread(vgpu.fd, data, size,
				  (off_t)(region->offset + region->size - inside));
			CHECK(n <= (ssize_t)inside,
			      "%u bytes, %u of them inside: read %zd", size,
			      inside, n);
		}
	CHECK(mmap(NULL, 8192, PROT_READ, MAP_SHARED, vgpu.fd,
		   (off_t)(region->offset + region->size - 4096)) == MAP_FAILED,
	      "a mapping may go beyond the framebuffer's BAR");
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, vgpu.fd,
		   (off_t)vgpu.region[CONFIG].offset) == MAP_FAILED,
	      "config space can be mapped");
}

TEST(decoding_off, 0)
{
	volatile uint64_t *words;
	struct plain vgpu;
	uint64_t value;
	unsigned int bar;

	plain_make(&vgpu, plain_type());
	check_works(&vgpu, 5);
	words = (volatile uint64_t *)vgpu.map;
	plain_decoding(&vgpu, false);
	for (bar = 0; bar < RT_BARS; bar++) {
		if (!vgpu.region[bar].size)
			continue;
		value = plain_read(&vgpu, bar, 0, 8);
		CHECK(value == UINT64_MAX, "BAR%u reads 0x%llx with decoding off",
		      bar, (unsigned long long)value);
		plain_write(&vgpu, bar, 0, 8, 0);
	}
	CHECK(!peek(words, &value) && !poke(words, 0),
	      "the framebuffer is there with decoding off");
	plain_decoding(&vgpu, true);
	CHECK(peek(words, &value), "SIGBUS with decoding on again");
	CHECK(is_marked(&vgpu, 5), "the framebuffer changed with decoding off");
}

/* ------------------------------------------------------------------- reset */

TEST(reset, 0)
{
	struct plain vgpu;
	unsigned int express, way;

	plain_make(&vgpu, plain_type());
	express = plain_capability(&vgpu, PCI_CAP_ID_EXP);
	for (way = 0; way < 2; way++) {
		check_works(&vgpu, 6 + way);
		if (!way)
			CHECK(!ioctl(vgpu.fd, VFIO_DEVICE_RESET), "reset: %s",
			      strerror(errno));
		else if (express)
			plain_write(&vgpu, CONFIG, express + PCI_EXP_DEVCTL, 2,
				    PCI_EXP_DEVCTL_BCR_FLR);
		plain_decoding(&vgpu, true);
		CHECK(is_marked(&vgpu, 6 + way), "%s changed the framebuffer",
		      way ? "FLR" : "VFIO_DEVICE_RESET");
	}
	check_works(&vgpu, 8);
}

/* --------------------------------------------------------------- isolation */

/* As many as fit, at most four: nobody sees or changes another's slice. */
TEST(neighbours, SLOW)
{
	struct plain vgpu[NEIGHBOURS];
	unsigned int count = 0, i;
	const char *type = plain_type();
	uint64_t beyond;

	while (count < NEIGHBOURS && host_available(type) > 0) {
		plain_make(&vgpu[count], type);
		CHECK(plain_nonzero(&vgpu[count]) < 0,
		      "vGPU %u begins with data at 0x%lx", count,
		      plain_nonzero(&vgpu[count]));
		mark(&vgpu[count], 0x1000 * (count + 1));
		count++;
	}
	CHECK(count >= 2, "only %u of %s fit", count, type);
	for (i = 0; i < count; i++) {
		/* A BAR is a power of two, and may go on behind the slice. */
		for (beyond = vgpu[i].bytes;
		     beyond < vgpu[i].region[vgpu[i].framebuffer].size;
		     beyond += MIB)
			*(volatile uint64_t *)(vgpu[i].map + beyond) = 0xbad;
		CHECK(!ioctl(vgpu[i].fd, VFIO_DEVICE_RESET), "reset: %s",
		      strerror(errno));
		plain_decoding(&vgpu[i], true);
	}
	for (i = 0; i < count; i++)
		CHECK(is_marked(&vgpu[i], 0x1000 * (i + 1)),
		      "slice %u of %u was changed by a neighbour", i, count);
	plain_close(&vgpu[0]);
	OK(host_remove(vgpu[0].uuid));
	for (i = 1; i < count; i++)
		CHECK(is_marked(&vgpu[i], 0x1000 * (i + 1)),
		      "slice %u of %u was changed by a neighbour's end", i, count);
}

/* Nothing of one VM is left for the next, however it ended. */
TEST(scrubbed, SLOW)
{
	struct plain vgpu;
	const char *type = plain_type();
	int way, status;
	pid_t child;

	plain_make(&vgpu, type);
	plain_close(&vgpu);
	for (way = 0; way < 3; way++) {
		child = fork();
		if (!child) {
			plain_open(&vgpu);
			memset((void *)vgpu.map, 0xa5, vgpu.bytes);
			if (way == 1)
				kill(getpid(), SIGKILL);
			plain_close(&vgpu);
			_exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child, "waitpid");
		CHECK(!status || way == 1, "the VM ended with 0x%x", status);
		if (way == 2) {
			OK(host_remove(vgpu.uuid));
			OK(host_create_any(type, vgpu.uuid));
		}
		plain_open(&vgpu);
		CHECK(plain_nonzero(&vgpu) < 0, "data at 0x%lx after %s",
		      plain_nonzero(&vgpu), way == 0 ? "a close" :
		      way == 1 ? "a kill" : "a removal");
		plain_close(&vgpu);
	}
}

/* ---------------------------------------------------------------- the ends */

/* A VM that holds the vGPU until it is asked to let go. */
static pid_t start_vm(struct plain *vgpu, bool polite)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} request = {
		.set = {
			.argsz = sizeof(request), .count = 1,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
		},
	};
	int ready[2];
	pid_t child;

	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		plain_open(vgpu);
		request.fd = new_eventfd();
		CHECK(!ioctl(vgpu->fd, VFIO_DEVICE_SET_IRQS, &request),
		      "REQ: %s", strerror(errno));
		mark(vgpu, 9);
		CHECK(write(ready[1], "r", 1) == 1, "pipe");
		while (!eventfd_count(request.fd, 1000) || !polite)
			;
		plain_close(vgpu);
		_exit(42);
	}
	child_ready(ready);
	return child;
}

TEST(remove_while_open, 0)
{
	struct plain vgpu = { };
	pid_t vm;
	int status;

	OK(host_create_any(plain_type(), vgpu.uuid));
	vm = start_vm(&vgpu, true);
	OK(host_remove(vgpu.uuid));
	CHECK(!host_exists(vgpu.uuid), "it is still there");
	status = child_end(vm);
	CHECK(status == 42, "the VM was not asked to let go (ended with %d)",
	      status);
}

static void driver_write(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/openvgpu/%s", file);
	OK(host_write(path, host_gpu()));
}

/* Waits for users that go, then the GPU comes back as new. */
TEST(unbind, ONCE | SLOW)
{
	struct plain vgpu[2] = { };
	pid_t vm[2], unbinder;
	int i, status;

	for (i = 0; i < 2; i++) {
		OK(host_create_any(plain_type(), vgpu[i].uuid));
		vm[i] = start_vm(&vgpu[i], i == 0);
	}
	unbinder = fork();
	if (!unbinder) {
		driver_write("unbind");
		_exit(0);
	}
	sleep(1);
	CHECK(!waitpid(unbinder, &status, WNOHANG),
	      "unbind did not wait for a user");
	kill(vm[1], SIGKILL);
	child_end(vm[1]);
	wait_child(unbinder, "unbind");
	child_end(vm[0]);
	CHECK(!host_count(), "%u vGPUs are left", host_count());
	for (i = 0; i < 3; i++) {
		driver_write("bind");
		OK(host_init());
		plain_make(&vgpu[0], plain_type());
		CHECK(plain_nonzero(&vgpu[0]) < 0, "it begins with data");
		check_works(&vgpu[0], 10);
		plain_close(&vgpu[0]);
		driver_write("unbind");
	}
	driver_write("bind");
	OK(host_init());
}

TEST(rmmod, ONCE | SLOW)
{
	struct plain vgpu = { };
	pid_t vm;

	OK(host_create_any(plain_type(), vgpu.uuid));
	vm = start_vm(&vgpu, false);
	CHECK(system("rmmod openvgpu 2>/dev/null"),
	      "rmmod went through while a vGPU is open");
	kill(vm, SIGKILL);
	child_end(vm);
	CHECK(!system("rmmod openvgpu"), "rmmod with a closed vGPU");
	CHECK(!host_exists(vgpu.uuid), "the vGPU outlives the module");
	CHECK(!system("modprobe openvgpu"), "modprobe openvgpu");
	OK(host_init());
	plain_make(&vgpu, plain_type());
	check_works(&vgpu, 11);
}

/* The GPU itself, not the vGPU: without it, its memory reads all ones. */
static void gpu_decoding(bool on)
{
	char path[128];
	uint16_t command;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", host_gpu());
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0 && pread(fd, &command, 2, PCI_COMMAND) == 2, "%s: %s",
	      path, strerror(errno));
	command &= (uint16_t)~PCI_COMMAND_MEMORY;
	if (on)
		command |= PCI_COMMAND_MEMORY;
	CHECK(pwrite(fd, &command, 2, PCI_COMMAND) == 2, "%s: %s", path,
	      strerror(errno));
	close(fd);
}

/* A GPU that answers no more: nothing hangs, and binding it brings it back. */
TEST(dead, ONCE | SLOW)
{
	struct plain vgpu;
	int error;

	plain_make(&vgpu, plain_type());
	mark(&vgpu, 12);
	gpu_decoding(false);
	CHECK(!ioctl(vgpu.fd, VFIO_DEVICE_RESET), "reset: %s", strerror(errno));
	plain_close(&vgpu);
	/* What can't be zeroed is nobody's. */
	vgpu.space = rt_space_create(transport);
	CHECK(vgpu.space, "%s", rt_message());
	error = rt_space_attach(vgpu.space, vgpu.uuid, &vgpu.fd, &vgpu.group);
	CHECK(error, "a vGPU of a dead GPU can be opened");
	rt_space_destroy(vgpu.space);
	driver_write("unbind");
	CHECK(!host_count(), "%u vGPUs are left", host_count());
	gpu_decoding(true);
	driver_write("bind");
	OK(host_init());
	plain_make(&vgpu, plain_type());
	CHECK(plain_nonzero(&vgpu) < 0, "data at 0x%lx of before",
	      plain_nonzero(&vgpu));
	check_works(&vgpu, 13);
}

/* ----------------------------------------------------------- administration */

/* Every setting of the scheduler is taken, or refused with a reason. */
TEST(settings, ONCE)
{
	static const char *const gpu_settings[] = {
		"sched_hz", "timeslice_us", "averaging_factor",
		"preempt_timeout_us", "fault_limit", "fault_window_s",
	};
	static const char *const vgpu_settings[] = {
		"openvgpu/weight", "openvgpu/cap_percent",
		"openvgpu/timeslice_us", "openvgpu/frozen",
	};
	char text[TEXT_SIZE];
	const char *path;
	struct plain vgpu;
	unsigned int i, taken = 0;
	bool scheduled;
	int error;

	plain_make(&vgpu, plain_type());
	admin_text(admin_gpu_path("scheduler"), text);
	scheduled = strcmp(text, "none");
	for (i = 0; i < 10; i++) {
		path = i < 6 ? admin_gpu_path(gpu_settings[i]) :
		       admin_vgpu_path(vgpu.uuid, vgpu_settings[i - 6]);
		OK(host_read(path, text, sizeof(text)));
		error = host_write(path, text);
		if (!error) {
			taken++;
			continue;
		}
		CHECK(!scheduled && error == -EOPNOTSUPP,
		      "writing '%s' to %s: %s", text, path, strerror(-error));
		OK(host_last_error(text, sizeof(text)));
		CHECK(strstr(text, "schedules no engine"),
		      "last_error is '%s'", text);
	}
	CHECK(taken == (scheduled ? 10 : 0), "%u of 10 settings are taken",
	      taken);
	if (!scheduled) {
		error = host_write(admin_gpu_path("scheduler"), "equal_share");
		CHECK(error == -EOPNOTSUPP, "a scheduler without engine: %s",
		      error ? strerror(-error) : "taken");
	}
	admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/state"), "idle");
	plain_close(&vgpu);
	admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/state"), "closed");
}

/* What the command shows of it is the same as of any other. */
TEST(command, ONCE)
{
	char line[256];
	struct plain vgpu;

	plain_make(&vgpu, plain_type());
	CHECK(!system("openvgpu list --json >/dev/null"), "openvgpu list");
	CHECK(!system("openvgpu top --json >/dev/null"),
	      "openvgpu top");
	snprintf(line, sizeof(line), "openvgpu sched show %s >/dev/null",
		 host_gpu());
	CHECK(!system(line), "%s", line);
	snprintf(line, sizeof(line), "openvgpu show %s >/dev/null", vgpu.uuid);
	CHECK(!system(line), "%s", line);
}

/* A GPU without output has none to choose for, and says so. */
TEST(console, ONCE)
{
	char text[TEXT_SIZE];
	struct plain vgpu;
	int error;

	plain_make(&vgpu, plain_type());
	admin_expect(admin_gpu_path("console"), "none");
	error = host_write(admin_gpu_path("console"), vgpu.uuid);
	if (getenv("OPENVGPU_OUTPUT")) {
		CHECK(!error, "choosing a vGPU: %s", strerror(-error));
		admin_set(admin_gpu_path("console"), "none");
		return;
	}
	CHECK(error == -EOPNOTSUPP, "choosing a vGPU without an output: %s",
	      error ? strerror(-error) : "accepted");
	OK(host_last_error(text, sizeof(text)));
	CHECK(strstr(text, "physical output"), "last_error is '%s'", text);
}
