// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference GPU as a program: command line, PCI side and control socket, as
 * QEMU and a driver see them.
 */
#define _GNU_SOURCE
#include "vfio_user_client.h"

#include <endian.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <linux/pci_regs.h>

#include "refgpu_hw.h"

#define RAM_SIZE	(1u << 20)
#define RAM_ADDRESS	0x40000000ull
#define RING		0x10000		/* the event ring, in that memory */

static char dir[64], gpu_path[96], control_path[96];
static pid_t program;
static int control, memory_fd;
static uint8_t *memory;

/* Start the program. Returns its standard output; standard error goes to a file. */
static int start(const char *const *args)
{
	const char *argv[16] = { PROGRAM };
	int out[2], i;

	for (i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	ck_assert_int_eq(pipe(out), 0);
	program = fork();
	if (!program) {
		int err = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], 1);
		dup2(err, 2);
		execv(PROGRAM, (char *const *)argv);
		_exit(127);
	}
	close(out[1]);
	return out[0];
}

static int wait_exit(void)
{
	int status, i;

	for (i = 0; i < 1000; i++) {
		if (waitpid(program, &status, WNOHANG) == program) {
			program = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
		}
		usleep(10000);
	}
	ck_abort_msg("refgpu does not end within 10 s");
}

static int run(const char *const *args)
{
	int out = start(args), status = wait_exit();

	close(out);
	return status;
}

static int dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, path);
	ck_assert_msg(!connect(fd, (struct sockaddr *)&addr, sizeof(addr)), "%s: %s", path,
		      strerror(errno));
	return fd;
}

static const char *ask(const char *request)
{
	static char line[65536];
	size_t len = 0;

	ck_assert_int_eq(write(control, request, strlen(request)), (ssize_t)strlen(request));
	do {
		ck_assert_msg(readable(control, 5000), "no answer to %s", request);
		ck_assert_int_eq(read(control, line + len, 1), 1);
	} while (line[len++] != '\n');
	line[len] = '\0';
	return line;
}

static void power_on(const char *vram, const char *slices, const char *mode)
{
	const char *const args[] = { "--socket", gpu_path, "--control", control_path, "--vram",
				     vram, "--slices", slices, "--mode", mode, NULL };
	char ready[16] = "";
	int out;

	strcpy(dir, "/tmp/refgpu-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(gpu_path, sizeof(gpu_path), "%s/gpu", dir);
	snprintf(control_path, sizeof(control_path), "%s/control", dir);
	out = start(args);
	ck_assert(readable(out, 10000));
	ck_assert_int_eq(read(out, ready, sizeof(ready) - 1), 6);
	ck_assert_str_eq(ready, "ready\n");
	close(out);
	sock = dial(gpu_path);
	control = dial(control_path);
	ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
	memory_fd = ram(RAM_SIZE);
	memory = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	ck_assert_int_eq(dma_map(RAM_ADDRESS, RAM_SIZE, 0, memory_fd,
				 VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE), 0);
}

static void setup_64m(void)
{
	power_on("64M", "8/8", "mixed");
}

static void power_off(void)
{
	if (program) {
		kill(program, SIGTERM);
		/* 0 says, too, that no sanitizer complained. */
		ck_assert_int_eq(wait_exit(), 0);
		ck_assert_int_ne(access(gpu_path, F_OK), 0);
		ck_assert_int_ne(access(control_path, F_OK), 0);
	}
	close(sock);
	close(control);
	close(memory_fd);
	munmap(memory, RAM_SIZE);
	rmdir(dir);
}

static uint64_t reg(uint64_t offset)
{
	uint64_t v = 0;

	ck_assert_int_eq(read_region(REFGPU_BAR_REGISTERS, offset, &v, 8), 0);
	return v;
}

static void set_reg(uint64_t offset, uint64_t v)
{
	ck_assert_int_gt(write_region(REFGPU_BAR_REGISTERS, offset, &v, 8), 0);
}

static uint32_t config(unsigned int offset, unsigned int len)
{
	uint32_t v = 0;

	ck_assert_int_eq(read_region(VFIO_PCI_CONFIG_REGION_INDEX, offset, &v, len), 0);
	return v;
}

static void set_config(unsigned int offset, uint32_t v, unsigned int len)
{
	ck_assert_int_gt(write_region(VFIO_PCI_CONFIG_REGION_INDEX, offset, &v, len), 0);
}

/* Make the device write an event record: an idle slot of 1 ms ends. */
static void cause_event(void)
{
	set_reg(REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN, REFGPU_RUN(REFGPU_RUN_NONE, 0, 1000000));
}

static bool event_arrives(uint32_t sequence)
{
	struct refgpu_event *event = (struct refgpu_event *)(memory + RING) + (sequence - 1) % 128;
	int i;

	for (i = 0; i < 500; i++) {
		if (__atomic_load_n(&event->sequence, __ATOMIC_ACQUIRE) == htole32(sequence))
			return true;
		usleep(1000);
	}
	return false;
}

static void arm_events(int *fd)
{
	*fd = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(set_irqs(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
				  VFIO_PCI_MSIX_IRQ_INDEX, REFGPU_VECTOR_EVENT, 1, fd, 1), 0);
	set_reg(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE, RAM_ADDRESS + RING);
	set_reg(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_RECORDS, 128);
}

START_TEST(command_line)
{
	static const struct {
		int status;
		const char *args[8];
	} cases[] = {
		{ 0, { "--help" } },
		{ 2, { NULL } },
		{ 2, { "--socket" } },
		{ 2, { "--nonsense" } },
		{ 2, { "--socket", "/tmp/x", "more" } },
		{ 2, { "--socket", "/tmp/x", "--vram", "63M" } },
		{ 2, { "--socket", "/tmp/x", "--vram", "65G" } },
		{ 2, { "--socket", "/tmp/x", "--vram", "1Q" } },
		{ 2, { "--socket", "/tmp/x", "--vram", "-1G" } },
		{ 2, { "--socket", "/tmp/x", "--vram", "67108865" } },
		{ 2, { "--socket", "/tmp/x", "--vram", "18446744073709551615G" } },
		{ 2, { "--socket", "/tmp/x", "--switch-cost", "cheap" } },
		{ 2, { "--socket", "/tmp/x", "--board", "TOOLONGNAME" } },
		{ 2, { "--socket", "/tmp/x", "--serial", "0" } },
		{ 2, { "--socket", "/tmp/x", "--serial", "x1" } },
		{ 2, { "--socket", "/tmp/x", "--serial", "0x1" } },
		{ 2, { "--socket", "/tmp/x", "--serial", "" } },
		{ 2, { "--socket", "/tmp/x", "--serial", "ffffffffffffffff" } },
		{ 2, { "--socket", "/tmp/x", "--serial", "11112222333344445" } },
		{ 2, { "--socket", "/tmp/x", "--hw", "1.2" } },
		{ 2, { "--socket", "/tmp/x", "--hw", "1" } },
		{ 2, { "--socket", "/tmp/x", "--slices", "0/8" } },
		{ 2, { "--socket", "/tmp/x", "--slices", "8/9" } },
		{ 2, { "--socket", "/tmp/x", "--slices", "7" } },
		{ 2, { "--socket", "/tmp/x", "--slices", "7/8", "--hw", "1.0" } },
		{ 2, { "--socket", "/tmp/x", "--mode", "vgpu" } },
		{ 2, { "--socket", "/tmp/x", "--mode", "compute", "--hw", "1.0" } },
		{ 2, { "--socket", "/tmp/x", "--socket-timeout", "0" } },
		{ 2, { "--socket", "/tmp/x", "--soft" } },
		{ 2, { "--soft", "--once" } },
		{ 2, { "--soft", "--serial", "1" } },
		{ 2, { "--soft", "--socket-timeout", "1" } },
		{ 1, { "--soft=/nonexistent/x", "--vram", "64M" } },
		{ 1, { "--soft=/dev/null", "--vram", "64M" } },
		{ 1, { "--socket", "/nonexistent/x", "--vram", "64M" } },
		{ 1, { "--socket", "/tmp", "--vram", "64M" } },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = run(cases[i].args);

		ck_assert_msg(status == cases[i].status, "case %u: exit status %d, not %d", i,
			      status, cases[i].status);
	}
}
END_TEST

START_TEST(nobody_connects)
{
	char path[] = "/tmp/refgpu-XXXXXX";
	const char *const args[] = { "--socket", path, "--vram", "64M", "--socket-timeout", "1",
				     NULL };

	close(mkstemp(path));
	unlink(path);
	ck_assert_int_eq(run(args), 1);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(identity)
{
	uint8_t all[4096];
	struct stat st;

	ck_assert_uint_eq(config(PCI_VENDOR_ID, 4),
			  REFGPU_PCI_VENDOR_ID | REFGPU_PCI_DEVICE_ID << 16);
	ck_assert_uint_eq(config(PCI_CLASS_REVISION, 4) >> 8, REFGPU_PCI_CLASS);
	ck_assert_int_eq(read_region(VFIO_PCI_CONFIG_REGION_INDEX, 0, all, sizeof(all)), 0);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_ID), REFGPU_ID);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_VRAM_SIZE), 64 << 20);
	/* Sockets are the owner's alone. */
	ck_assert_int_eq(stat(gpu_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 077, 0);
}
END_TEST

START_TEST(video_memory)
{
	struct vfio_region_info a = { .argsz = sizeof(a), .index = REFGPU_BAR_VRAM };
	uint64_t *vram;
	int fd;

	send_request(VU_DEVICE_GET_REGION_INFO, 0, &a, sizeof(a), NULL, 0);
	ck_assert_int_eq(get_reply(VU_DEVICE_GET_REGION_INFO, &a, sizeof(a), &fd), sizeof(a));
	ck_assert_uint_eq(a.size, 64 << 20);
	vram = mmap(NULL, a.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)a.offset);
	ck_assert_ptr_ne(vram, MAP_FAILED);
	memset(vram, 0xa5, a.size);
	ck_assert_int_eq(call(VU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
	ck_assert_msg(!vram[0] && !vram[(64 << 20) / 8 - 1], "a reset leaves the old contents");
	munmap(vram, a.size);
	close(fd);
}
END_TEST

START_TEST(video_memory_not_a_power_of_two)
{
	struct {
		struct vfio_region_info info;
		struct vfio_info_cap_header header;
		uint32_t nr, reserved;
		struct vfio_user_area area;
	} a = { .info = { .argsz = sizeof(a), .index = REFGPU_BAR_VRAM } };
	uint64_t v = 1;
	int fd;

	send_request(VU_DEVICE_GET_REGION_INFO, 0, &a.info, sizeof(a.info), NULL, 0);
	ck_assert_int_eq(get_reply(VU_DEVICE_GET_REGION_INFO, &a, sizeof(a), &fd), sizeof(a));
	close(fd);
	ck_assert_uint_eq(a.info.size, 128 << 20);
	ck_assert_uint_eq(a.nr, 1);
	ck_assert_uint_eq(a.area.offset, 0);
	ck_assert_uint_eq(a.area.size, 96 << 20);
	/* Trapped accesses work on both sides of the end. */
	ck_assert_int_gt(write_region(REFGPU_BAR_VRAM, (96 << 20) - 8, &v, 8), 0);
	ck_assert_int_gt(write_region(REFGPU_BAR_VRAM, (96 << 20) - 4, &v, 8), 0);
	ck_assert_int_gt(write_region(REFGPU_BAR_VRAM, 96 << 20, &v, 8), 0);
	ck_assert_int_eq(read_region(REFGPU_BAR_VRAM, (96 << 20) - 4, &v, 8), 0);
	ck_assert_uint_eq(v, 1);
	ck_assert_int_eq(read_region(REFGPU_BAR_VRAM, (128 << 20) - 8, &v, 8), 0);
	ck_assert_uint_eq(v, 0);
}
END_TEST

START_TEST(slices)
{
	const char *stats = ask("stats\n");

	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_SLICES), 0xff7f);
	ck_assert_msg(strstr(stats, "\"compute_slices\":127,\"memory_slices\":255,\"busy_ns\":0,"),
		      "%s", stats);
}
END_TEST

START_TEST(bus_mastering_gates_dma_and_interrupts)
{
	int fd;

	arm_events(&fd);
	cause_event();
	ck_assert_msg(!event_arrives(1), "DMA although bus mastering is off");
	ck_assert(!readable(fd, 0));
	/* The device has counted it: the next one is number two. */
	set_config(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	cause_event();
	ck_assert_msg(event_arrives(2), "no event although bus mastering is on");
	ck_assert_msg(readable(fd, 1000), "no interrupt");
	close(fd);
}
END_TEST

static void reset_function(void)
{
	unsigned int at = config(PCI_CAPABILITY_LIST, 1);

	while (at && config(at, 1) != PCI_CAP_ID_EXP)
		at = config(at + 1, 1);
	ck_assert_uint_ne(at, 0);
	set_config(at + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2);
}

START_TEST(function_level_reset)
{
	int fd;

	arm_events(&fd);
	set_config(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	set_reg(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH, 77);
	reset_function();
	ck_assert_uint_eq(config(PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH), 0);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE), 0);
	ck_assert_ptr_nonnull(strstr(ask("stats\n"), "\"function_level_resets\":1"));
	/* Bus mastering is off with the rest. */
	set_reg(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE, RAM_ADDRESS + RING);
	set_reg(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_RECORDS, 128);
	cause_event();
	ck_assert(!event_arrives(1));
	close(fd);
}
END_TEST

START_TEST(surprise_removal)
{
	uint64_t v = 0;
	int fd;

	arm_events(&fd);
	set_config(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	cause_event();
	ck_assert(event_arrives(1));
	ck_assert_int_eq(read(fd, &v, 8), 8);
	ck_assert_str_eq(ask("remove\n"), "{\"ok\":true}\n");
	ck_assert_uint_eq(config(PCI_VENDOR_ID, 4), UINT32_MAX);
	ck_assert_uint_eq(config(PCI_COMMAND, 2), 0xffff);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_ID), UINT64_MAX);
	ck_assert_int_eq(read_region(REFGPU_BAR_MSIX, REFGPU_MSIX_PBA_OFFSET, &v, 8), 0);
	ck_assert_uint_eq(v, UINT64_MAX);
	cause_event();
	set_config(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	ck_assert(!event_arrives(2));
	ck_assert(!readable(fd, 0));
	/* A reset of the slot brings nothing back, a replug does, as after power-on. */
	ck_assert_int_eq(call(VU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
	ck_assert_uint_eq(config(PCI_VENDOR_ID, 4), UINT32_MAX);
	ck_assert_str_eq(ask("insert\n"), "{\"ok\":true}\n");
	ck_assert_uint_eq(config(PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_ID), REFGPU_ID);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE), 0);
	close(fd);
}
END_TEST

START_TEST(next_machine_finds_it_clean)
{
	uint64_t v = 0x5ec3e7;

	set_reg(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH, v);
	set_config(PCI_COMMAND, PCI_COMMAND_MASTER, 2);
	ck_assert_int_gt(write_region(REFGPU_BAR_VRAM, 0x1000, &v, 8), 0);
	ask("remove\n");
	close(sock);
	sock = dial(gpu_path);
	ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
	ck_assert_uint_eq(config(PCI_VENDOR_ID, 2), REFGPU_PCI_VENDOR_ID);
	ck_assert_uint_eq(config(PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH), 0);
	ck_assert_int_eq(read_region(REFGPU_BAR_VRAM, 0x1000, &v, 8), 0);
	ck_assert_uint_eq(v, 0);
}
END_TEST

/* Class code and mode, with the heads that go with them. */
static void expect_mode(uint32_t class, uint64_t mode)
{
	ck_assert_uint_eq(config(PCI_CLASS_REVISION, 4), class << 8 | REFGPU_PCI_REVISION);
	ck_assert_uint_eq(reg(REFGPU_GLOBAL_MODE), mode);
	ck_assert_uint_eq(!!(reg(REFGPU_GLOBAL_CAPS) & REFGPU_CAP_HEADS),
			  mode != REFGPU_MODE_COMPUTE);
}

START_TEST(mode_at_start)
{
	expect_mode(REFGPU_PCI_CLASS_GRAPHICS, REFGPU_MODE_GRAPHICS);
}
END_TEST

/* Each reset of the function takes the mode; it is the board's, so it stays. */
START_TEST(modes)
{
	set_reg(REFGPU_GLOBAL_NEXT_MODE, REFGPU_MODE_COMPUTE);
	expect_mode(REFGPU_PCI_CLASS, REFGPU_MODE_MIXED);
	reset_function();
	expect_mode(REFGPU_PCI_CLASS_COMPUTE, REFGPU_MODE_COMPUTE);
	set_reg(REFGPU_GLOBAL_NEXT_MODE, REFGPU_MODE_GRAPHICS);
	ck_assert_int_eq(call(VU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
	expect_mode(REFGPU_PCI_CLASS_GRAPHICS, REFGPU_MODE_GRAPHICS);
	set_reg(REFGPU_GLOBAL_NEXT_MODE, REFGPU_MODE_COMPUTE);
	ask("remove\n");
	ask("insert\n");
	expect_mode(REFGPU_PCI_CLASS_COMPUTE, REFGPU_MODE_COMPUTE);
	close(sock);
	sock = dial(gpu_path);
	ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
	expect_mode(REFGPU_PCI_CLASS_COMPUTE, REFGPU_MODE_COMPUTE);
}
END_TEST

START_TEST(lost_interrupt)
{
	uint64_t n;
	int fd;

	arm_events(&fd);
	set_config(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	ck_assert_str_eq(ask("lost-interrupt count=1\n"), "{\"ok\":true}\n");
	cause_event();
	ck_assert(event_arrives(1));
	ck_assert_msg(!readable(fd, 100), "the interrupt was not lost");
	cause_event();
	ck_assert(event_arrives(2));
	ck_assert(readable(fd, 1000));
	ck_assert_int_eq(read(fd, &n, 8), 8);
	close(fd);
}
END_TEST

static void setup_odd(void)
{
	power_on("96M", "7/8", "graphics");
}

int main(void)
{
	Suite *s = suite_create("refgpu_program");
	TCase *line = tcase_create("command line"), *odd = tcase_create("odd sizes");
	TCase *machine = tcase_create("machine");

	tcase_set_timeout(line, 120);
	tcase_add_test(line, command_line);
	tcase_add_test(line, nobody_connects);
	suite_add_tcase(s, line);
	tcase_add_checked_fixture(odd, setup_odd, power_off);
	tcase_set_timeout(odd, 60);
	tcase_add_test(odd, video_memory_not_a_power_of_two);
	tcase_add_test(odd, slices);
	tcase_add_test(odd, mode_at_start);
	suite_add_tcase(s, odd);
	tcase_add_checked_fixture(machine, setup_64m, power_off);
	tcase_set_timeout(machine, 60);
	tcase_add_test(machine, identity);
	tcase_add_test(machine, video_memory);
	tcase_add_test(machine, bus_mastering_gates_dma_and_interrupts);
	tcase_add_test(machine, function_level_reset);
	tcase_add_test(machine, surprise_removal);
	tcase_add_test(machine, next_machine_finds_it_clean);
	tcase_add_test(machine, modes);
	tcase_add_test(machine, lost_interrupt);
	suite_add_tcase(s, machine);
	return unit_run(s, "test_refgpu_program");
}
