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
#include "vm.h"

#define NEIGHBOURS	4u

/* ------------------------------------------------------------- information */

TEST(info, 0)
{
	struct vfio_device_info device = { .argsz = sizeof(device) };
	struct vfio_region_info info = { .argsz = sizeof(info) };
	struct vgpu vgpu;
	unsigned int i, j;

	plain_make(&vgpu, plain_type());
	CHECK(!ioctl(vgpu.device->fd, VFIO_DEVICE_GET_INFO, &device), "GET_INFO: %s",
	      strerror(errno));
	CHECK((device.flags & VFIO_DEVICE_FLAGS_PCI) &&
	      (device.flags & VFIO_DEVICE_FLAGS_RESET),
	      "flags 0x%x: not PCI, or no RESET", device.flags);
	for (i = 0; i < vgpu.device->regions; i++) {
		const struct rt_region *region = &vgpu.device->region[i];

		info.index = i;
		CHECK(!ioctl(vgpu.device->fd, VFIO_DEVICE_GET_REGION_INFO, &info) &&
		      info.size == region->size &&
		      info.offset == region->offset &&
		      info.flags == region->flags,
		      "region %u answers differently the second time", i);
		if (i < RT_BARS)
			CHECK(!(region->size & (region->size - 1)),
			      "BAR%u has 0x%llx bytes", i,
			      (unsigned long long)region->size);
		for (j = 0; j < i; j++)
			CHECK(!region->size || !vgpu.device->region[j].size ||
			      region->offset >= vgpu.device->region[j].offset +
						vgpu.device->region[j].size ||
			      vgpu.device->region[j].offset >= region->offset +
						       region->size,
			      "regions %u and %u overlap in the file", i, j);
	}
	info.index = vgpu.device->regions;
	CHECK(ioctl(vgpu.device->fd, VFIO_DEVICE_GET_REGION_INFO, &info) < 0 &&
	      errno == EINVAL, "region %u beyond the last: %s", info.index,
	      strerror(errno));
}

TEST(config, 0)
{
	struct vgpu vgpu;
	uint64_t before, after;
	unsigned int at, size;

	plain_make(&vgpu, plain_type());
	before = plain_read(&vgpu, RT_CONFIG, PCI_VENDOR_ID, 4);
	CHECK(before && before != 0xffffffff, "vendor and device are 0x%llx",
	      (unsigned long long)before);
	plain_capability(&vgpu, 0);
	for (size = 1; size <= 4; size *= 2)
		for (at = 0; at + size <= vgpu.device->region[RT_CONFIG].size; at += size) {
			plain_read(&vgpu, RT_CONFIG, at, size);
			/* But not COMMAND, whose decoding we want to keep, nor
			 * what may be a reset.
			 */
			if (at < PCI_COMMAND || (at > PCI_STATUS && at < 0x40))
				plain_write(&vgpu, RT_CONFIG, at, size, 0xa5a5a5a5);
		}
	after = plain_read(&vgpu, RT_CONFIG, PCI_VENDOR_ID, 4);
	CHECK(after == before, "vendor and device could be written: 0x%llx",
	      (unsigned long long)after);
	plain_works(&vgpu, 1);
}

TEST(interrupts, 0)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} request = { .set = { .argsz = sizeof(request), .count = 1 } };
	struct vgpu vgpu;

	plain_make(&vgpu, plain_type());
	request.set.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			    VFIO_IRQ_SET_ACTION_TRIGGER;
	request.fd = new_eventfd();
	for (info.index = 0; info.index < VFIO_PCI_NUM_IRQS; info.index++) {
		CHECK(!ioctl(vgpu.device->fd, VFIO_DEVICE_GET_IRQ_INFO, &info),
		      "interrupt index %u: %s", info.index, strerror(errno));
		if (info.index == VFIO_PCI_REQ_IRQ_INDEX ||
		    info.index == VFIO_PCI_ERR_IRQ_INDEX)
			CHECK(info.count == 1, "interrupt index %u has %u",
			      info.index, info.count);
		request.set.index = info.index;
		request.set.start = info.count;
		CHECK(ioctl(vgpu.device->fd, VFIO_DEVICE_SET_IRQS, &request) < 0,
		      "interrupt index %u took vector %u of %u", info.index,
		      info.count, info.count);
	}
	info.index = VFIO_PCI_NUM_IRQS;
	CHECK(ioctl(vgpu.device->fd, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0,
	      "there is an interrupt index %u", info.index);
	plain_works(&vgpu, 2);
}

/* ------------------------------------------------------ regions and mappings */

/* Whatever a guest does to what is trapped, its VMM sees no error. */
TEST(never_fails, 0)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	struct vgpu vgpu;
	unsigned int bar, i, size;
	uint32_t seed = 7;
	uint64_t at;

	plain_make(&vgpu, plain_type());
	for (bar = 0; bar < RT_BARS; bar++) {
		if (bar == vgpu.device->framebuffer || !vgpu.device->region[bar].size)
			continue;
		for (i = 0; i < 4000; i++) {
			size = sizes[work_random(&seed) % 4];
			at = work_random(&seed) % (vgpu.device->region[bar].size - 7);
			if (work_random(&seed) & 1)
				plain_read(&vgpu, bar, at, size);
			else
				plain_write(&vgpu, bar, at, size,
					    (uint64_t)work_random(&seed) << 32 |
					    work_random(&seed));
		}
	}
	vgpu_reset(&vgpu, BY_VMM);
	plain_works(&vgpu, 3);
}

/* Mapping and file show the same, and no access goes beyond a region. */
TEST(framebuffer, 0)
{
	struct rt_region *region;
	struct vgpu vgpu;
	uint64_t value;
	volatile uint8_t *fb;
	uint8_t data[16];
	unsigned int size, inside;
	ssize_t n;

	plain_make(&vgpu, plain_type());
	region = &vgpu.device->region[vgpu.device->framebuffer];
	fb = rt_framebuffer(vgpu.device, 0);
	plain_works(&vgpu, 4);
	for (size = 1; size <= 8; size *= 2) {
		value = plain_read(&vgpu, vgpu.device->framebuffer, 64, size);
		CHECK(!memcmp(&value, (void *)(fb + 64), size),
		      "%u bytes differ between file and mapping", size);
		plain_write(&vgpu, vgpu.device->framebuffer, 128, size, 0x1122334455667788);
		CHECK(fb[128] == 0x88, "%u bytes written to the file are not in the mapping",
		      size);
	}
	for (size = 1; size <= 16; size++)
		for (inside = 0; inside < size; inside++) {
			n = pread(vgpu.device->fd, data, size,
				  (off_t)(region->offset + region->size - inside));
			CHECK(n <= (ssize_t)inside,
			      "%u bytes, %u of them inside: read %zd", size,
			      inside, n);
		}
	CHECK(mmap(NULL, 8192, PROT_READ, MAP_SHARED, vgpu.device->fd,
		   (off_t)(region->offset + region->size - 4096)) == MAP_FAILED,
	      "a mapping may go beyond the framebuffer's BAR");
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, vgpu.device->fd,
		   (off_t)vgpu.device->region[RT_CONFIG].offset) == MAP_FAILED,
	      "config space can be mapped");
}

TEST(decoding_off, 0)
{
	volatile uint64_t *words;
	struct vgpu vgpu;
	uint64_t value;
	unsigned int bar;

	plain_make(&vgpu, plain_type());
	plain_works(&vgpu, 5);
	words = rt_framebuffer(vgpu.device, 0);
	OK(rt_memory_decoding(vgpu.device, false));
	for (bar = 0; bar < RT_BARS; bar++) {
		if (!vgpu.device->region[bar].size)
			continue;
		value = plain_read(&vgpu, bar, 0, 8);
		CHECK(value == UINT64_MAX, "BAR%u reads 0x%llx with decoding off",
		      bar, (unsigned long long)value);
		plain_write(&vgpu, bar, 0, 8, 0);
	}
	CHECK(!peek(words, &value) && !poke(words, 0),
	      "the framebuffer is there with decoding off");
	OK(rt_memory_decoding(vgpu.device, true));
	CHECK(peek(words, &value), "SIGBUS with decoding on again");
	CHECK(plain_is_marked(&vgpu, 5), "the framebuffer changed with decoding off");
}

/* ------------------------------------------------------------------- reset */

TEST(reset, 0)
{
	struct vgpu vgpu;
	unsigned int way;

	plain_make(&vgpu, plain_type());
	for (way = 0; way < 2; way++) {
		plain_works(&vgpu, 6 + way);
		if (!way)
			vgpu_reset(&vgpu, BY_VMM);
		else if (plain_capability(&vgpu, PCI_CAP_ID_EXP))
			vgpu_reset(&vgpu, BY_FUNCTION);
		OK(rt_memory_decoding(vgpu.device, true));
		CHECK(plain_is_marked(&vgpu, 6 + way), "%s changed the framebuffer",
		      way ? "FLR" : "VFIO_DEVICE_RESET");
	}
	plain_works(&vgpu, 8);
}

/* --------------------------------------------------------------- isolation */

/* As many as fit, at most four: nobody sees or changes another's slice. */
TEST(neighbours, SLOW)
{
	struct vgpu vgpu[NEIGHBOURS];
	unsigned int count = 0, i;
	const char *type = plain_type();
	uint64_t beyond;

	while (count < NEIGHBOURS && host_available(type) > 0) {
		plain_make(&vgpu[count], type);
		CHECK(plain_nonzero(&vgpu[count]) < 0,
		      "vGPU %u begins with data at 0x%lx", count,
		      plain_nonzero(&vgpu[count]));
		plain_mark(&vgpu[count], 0x1000 * (count + 1));
		count++;
	}
	CHECK(count >= 2, "only %u of %s fit", count, type);
	for (i = 0; i < count; i++) {
		/* A BAR is a power of two, and may go on behind the slice. */
		for (beyond = vgpu[i].device->framebuffer_bytes;
		     beyond < vgpu[i].device->region[vgpu[i].device->framebuffer].size;
		     beyond += MIB)
			*(volatile uint64_t *)rt_framebuffer(vgpu[i].device,
							     beyond) = 0xbad;
		vgpu_reset(&vgpu[i], BY_VMM);
	}
	for (i = 0; i < count; i++)
		CHECK(plain_is_marked(&vgpu[i], 0x1000 * (i + 1)),
		      "slice %u of %u was changed by a neighbour", i, count);
	vgpu_close(&vgpu[0]);
	OK(host_remove(vgpu[0].uuid));
	for (i = 1; i < count; i++)
		CHECK(plain_is_marked(&vgpu[i], 0x1000 * (i + 1)),
		      "slice %u of %u was changed by a neighbour's end", i, count);
}

/* Nothing of one VM is left for the next, however it ended. */
TEST(scrubbed, SLOW)
{
	struct vgpu vgpu;
	const char *type = plain_type();
	int way, status;
	pid_t child;

	plain_make(&vgpu, type);
	vgpu_close(&vgpu);
	for (way = 0; way < 3; way++) {
		child = fork();
		if (!child) {
			plain_open(&vgpu);
			memset(rt_framebuffer(vgpu.device, 0), 0xa5,
			       vgpu.device->framebuffer_bytes);
			if (way == 1)
				kill(getpid(), SIGKILL);
			vgpu_close(&vgpu);
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
		vgpu_close(&vgpu);
	}
}

/* ---------------------------------------------------------------- the ends */

static void use(struct vgpu *vgpu)
{
	plain_open(vgpu);
	plain_mark(vgpu, 9);
}

TEST(remove_while_open, 0)
{
	struct vgpu vgpu = { };
	pid_t vm;

	OK(host_create_any(plain_type(), vgpu.uuid));
	vm = vm_start(&vgpu, true, use);
	OK(host_remove(vgpu.uuid));
	CHECK(!host_exists(vgpu.uuid), "it is still there");
	vm_let_go(vm);
}

/* Waits for users that go, then the GPU comes back as new. */
TEST(unbind, ONCE | SLOW)
{
	struct vgpu vgpu[2] = { };
	pid_t vm[2], unbinder;
	int i, status;

	for (i = 0; i < 2; i++) {
		OK(host_create_any(plain_type(), vgpu[i].uuid));
		vm[i] = vm_start(&vgpu[i], i == 0, use);
	}
	unbinder = fork();
	if (!unbinder) {
		admin_unbind();
		_exit(0);
	}
	sleep(1);
	CHECK(!waitpid(unbinder, &status, WNOHANG),
	      "unbind did not wait for a user");
	vm_kill(vm[1]);
	wait_child(unbinder, "unbind");
	child_end(vm[0]);
	CHECK(!host_count(), "%u vGPUs are left", host_count());
	for (i = 0; i < 3; i++) {
		admin_bind();
		OK(host_init());
		plain_make(&vgpu[0], plain_type());
		CHECK(plain_nonzero(&vgpu[0]) < 0, "it begins with data");
		plain_works(&vgpu[0], 10);
		vgpu_close(&vgpu[0]);
		admin_unbind();
	}
	admin_bind();
	OK(host_init());
}

TEST(rmmod, ONCE | SLOW)
{
	struct vgpu vgpu = { };
	pid_t vm;

	if (host_module_users() > 0)
		harness_skip("a process that is a GPU uses the module");
	OK(host_create_any(plain_type(), vgpu.uuid));
	vm = vm_start(&vgpu, false, use);
	CHECK(!admin_unload(),
	      "rmmod went through while a vGPU is open");
	vm_kill(vm);
	CHECK(admin_unload(), "rmmod with a closed vGPU");
	CHECK(!host_exists(vgpu.uuid), "the vGPU outlives the module");
	admin_load();
	plain_make(&vgpu, plain_type());
	plain_works(&vgpu, 11);
}

/* The GPU itself, not the vGPU: without it, its memory reads all ones. */
static void gpu_decoding(bool on)
{
	const char *path = admin_pci_path("config");
	uint16_t command;
	int fd;

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
	struct rt_space *space;
	struct vgpu vgpu;
	int fd, group;

	plain_make(&vgpu, plain_type());
	plain_mark(&vgpu, 12);
	gpu_decoding(false);
	CHECK(!ioctl(vgpu.device->fd, VFIO_DEVICE_RESET), "reset: %s", strerror(errno));
	vgpu_close(&vgpu);
	/* What can't be zeroed is nobody's. */
	space = rt_space_create(transport);
	CHECK(space, "%s", rt_message());
	CHECK(rt_space_attach(space, vgpu.uuid, &fd, &group),
	      "a vGPU of a dead GPU can be opened");
	rt_space_destroy(space);
	admin_unbind();
	CHECK(!host_count(), "%u vGPUs are left", host_count());
	gpu_decoding(true);
	admin_bind();
	OK(host_init());
	plain_make(&vgpu, plain_type());
	CHECK(plain_nonzero(&vgpu) < 0, "data at 0x%lx of before",
	      plain_nonzero(&vgpu));
	plain_works(&vgpu, 13);
}

/* ----------------------------------------------------------- administration */

/* Every setting of the scheduler is taken, or refused with a reason. */
TEST(settings, ONCE)
{
	static const char *const gpu_settings[] = {
		"sched_hz", "timeslice_us", "averaging_factor",
		"timeslice_max_us", "wake_budget_permille",
		"preempt_timeout_us", "fault_limit", "fault_window_s",
	};
	static const char *const vgpu_settings[] = {
		"openvgpu/weight", "openvgpu/cap_percent",
		"openvgpu/timeslice_us", "openvgpu/frozen",
	};
	char text[TEXT_SIZE];
	const char *path;
	struct vgpu vgpu;
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
	admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/guest_driver"), "none");
	vgpu_close(&vgpu);
	admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/state"), "closed");
}

/* What the command shows of it is the same as of any other. */
TEST(command, ONCE)
{
	char line[256];
	struct vgpu vgpu;

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
	struct vgpu vgpu;
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
