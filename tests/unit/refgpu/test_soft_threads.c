// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_soft_threads.c - the reference GPU behind /dev/openvgpu-soft, on a made-up kernel
 *
 * For the thread sanitizer: the device has threads of its own, and the control socket
 * takes the GPU away from under them.
 */
#define _GNU_SOURCE
#include "soft_kernel.h"

#define RING		(MEMORY + 0x1000)
#define RECORDS		128u
#define SECONDS		20

static struct device *dev;
static pthread_t program;
static int result;

/* Wait, with the kernel's lock, until *@what has such a value. */
#define AWAIT(what, value)							\
	do {									\
		struct timespec until;						\
										\
		clock_gettime(CLOCK_REALTIME, &until);				\
		until.tv_sec += SECONDS;					\
		pthread_mutex_lock(&kernel.lock);				\
		while ((what) != (value))					\
			ck_assert_msg(!pthread_cond_timedwait(&kernel.change,	\
							      &kernel.lock, &until), \
				      #what " is not " #value " within %d s", SECONDS); \
		pthread_mutex_unlock(&kernel.lock);				\
	} while (0)

static void request(u32 kind, u64 offset, u32 bytes, u64 value, u64 id)
{
	const struct openvgpu_soft_request packet = {
		.kind = kind, .bytes = bytes, .offset = offset, .value = value, .id = id,
	};

	ck_assert_int_eq(send(kernel.machine, &packet, sizeof(packet), MSG_NOSIGNAL),
			 sizeof(packet));
}

static void wr(u64 offset, u64 value)
{
	request(OPENVGPU_SOFT_WRITE, offset, 8, value, 0);
}

static u64 rd_bytes(u64 offset, u32 bytes)
{
	static u64 id;

	request(OPENVGPU_SOFT_READ, offset, bytes, 0, ++id);
	AWAIT(kernel.answered, true);
	ck_assert_uint_eq(kernel.answer.id, id);
	kernel.answered = false;
	return kernel.answer.value;
}

static u64 rd(u64 offset)
{
	return rd_bytes(offset, 8);
}

static void *run_program(void *argument)
{
	result = soft_front_end.run(soft_front_end.context, argument);
	return NULL;
}

static const struct options options = { .soft = DEVICE };

static void make_device(void)
{
	const struct device_config config = {
		.vram_size = VRAM,
		.ops = soft_front_end.device_ops,
		.context = soft_front_end.context,
	};

	dev = device_create(&config);
	ck_assert_ptr_nonnull(dev);
	kernel.memory_fd = memfd_create("machine", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(kernel.memory_fd, MACHINE), 0);
	kernel.memory = __real_mmap(NULL, MACHINE, PROT_READ | PROT_WRITE, MAP_SHARED,
				    kernel.memory_fd, 0);
	kernel.program = -1;
	log_quiet();
}

static void power_on(void)
{
	make_device();
	ck_assert_int_eq(soft_front_end.open(soft_front_end.context, dev, &options), 0);
	ck_assert(kernel.plugged && kernel.mapped);
	ck_assert_int_eq(pthread_create(&program, NULL, run_program, (void *)&options), 0);
}

static void finish(int expected)
{
	pthread_join(program, NULL);
	ck_assert_int_eq(result, expected);
	ck_assert_msg(kernel.program == -1 && !kernel.mapped, "the device is still open");
	device_destroy(dev);
	soft_front_end.close(soft_front_end.context);
}

static void power_off(void)
{
	soft_front_end.stop(soft_front_end.context);
	finish(0);
}

/* dma_faults of the program's own statistics */
static u64 faults(void)
{
	char *stats = soft_front_end.control_ops->front_end_stats(soft_front_end.context);
	static const char name[] = "\"dma_faults\":";
	u64 count = strtoull(strstr(stats, name) + sizeof(name) - 1, NULL, 10);

	free(stats);
	return count;
}

static void ring_at(u64 bus)
{
	wr(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE, bus);
	wr(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_RECORDS, RECORDS);
}

/* An idle slot of 1 ms ends: an event. */
static void cause_event(void)
{
	wr(REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN, REFGPU_RUN(REFGPU_RUN_NONE, 0, 1000000));
}

START_TEST(registers)
{
	unsigned int i;

	power_on();
	ck_assert_uint_eq(rd(REFGPU_GLOBAL + REFGPU_GLOBAL_ID), REFGPU_ID);
	ck_assert_uint_eq(rd(REFGPU_GLOBAL + REFGPU_GLOBAL_VRAM_SIZE), VRAM);
	wr(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH, 0x1122334455667788);
	ck_assert_uint_eq(rd_bytes(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH, 4), 0x55667788);
	ck_assert_uint_eq(rd_bytes(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH + 4, 4), 0x11223344);
	/* What is posted is done before what comes after it. */
	for (i = 0; i < 100; i++) {
		wr(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH, i);
		ck_assert_uint_eq(rd(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH), i);
	}
	/* Kinds and sizes of another version do no harm. */
	request(99, 0, 8, 0, 0);
	request(OPENVGPU_SOFT_WRITE, REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH, 4096, 5, 0);
	ck_assert_uint_eq(rd(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH), 99);
	power_off();
}
END_TEST

START_TEST(video_memory)
{
	power_on();
	kernel.vram[VRAM - 1] = 7;
	ck_assert_uint_eq(((u8 *)device_vram(dev))[VRAM - 1], 7);
	wr(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH, 1);
	request(OPENVGPU_SOFT_RESET, 0, 0, 0, 0);
	ck_assert_uint_eq(rd(REFGPU_GLOBAL + REFGPU_GLOBAL_SCRATCH), 0);
	ck_assert_msg(!kernel.vram[VRAM - 1], "a reset leaves the old contents");
	power_off();
}
END_TEST

START_TEST(memory_and_interrupts)
{
	const struct refgpu_event *event;

	power_on();
	ring_at(RING);
	cause_event();
	AWAIT(kernel.interrupts[REFGPU_VECTOR_EVENT], 1);
	event = (const struct refgpu_event *)(kernel.memory + RING);
	ck_assert_uint_eq(event->sequence, 1);
	power_off();
}
END_TEST

START_TEST(memory_out_of_reach)
{
	static const u64 nowhere[] = { 0x1000, READ_ONLY, MACHINE, OPENVGPU_SOFT_DMA_BYTES - 4096,
				       ~4095ull };
	unsigned int i, byte;

	power_on();
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		u64 before = faults();

		ring_at(nowhere[i]);
		cause_event();
		/* The end of the test case bounds it. */
		while (faults() == before)
			usleep(1000);
		request(OPENVGPU_SOFT_RESET, 0, 0, 0, 0);
		rd(REFGPU_GLOBAL + REFGPU_GLOBAL_ID);
	}
	for (byte = 0; byte < MACHINE; byte++)
		ck_assert_msg(!kernel.memory[byte], "byte 0x%x was written to", byte);
	power_off();
}
END_TEST

START_TEST(removed_and_inserted)
{
	const struct control_ops *control = soft_front_end.control_ops;
	void *context = soft_front_end.context;
	unsigned int i;

	power_on();
	for (i = 0; i < 20; i++) {
		ring_at(RING);
		kernel.vram[0] = 9;
		/* Under way when the GPU goes. */
		cause_event();
		control->remove(context);
		ck_assert_msg(kernel.program == -1 && !kernel.mapped, "it is still there");
		__real_close(kernel.machine);
		ck_assert_int_eq(control->insert(context), 0);
		ck_assert(kernel.plugged && kernel.mapped);
		ck_assert_uint_eq(rd(REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE), 0);
		ck_assert_uint_eq(kernel.vram[0], 0);
		kernel.vram[VRAM / 2] = 3;
		ck_assert_uint_eq(((u8 *)device_vram(dev))[VRAM / 2], 3);
	}
	/* Neither twice. */
	ck_assert_int_eq(control->insert(context), 0);
	control->remove(context);
	control->remove(context);
	kernel.refuse = OPENVGPU_SOFT_CREATE;
	kernel.error = ENOSPC;
	ck_assert_int_eq(control->insert(context), -ENOSPC);
	ck_assert_msg(kernel.program == -1 && !kernel.mapped, "it is open");
	kernel.refuse = 0;
	ck_assert_int_eq(control->insert(context), 0);
	ck_assert_uint_eq(rd(REFGPU_GLOBAL + REFGPU_GLOBAL_ID), REFGPU_ID);
	power_off();
}
END_TEST

START_TEST(the_machine_removes_it)
{
	power_on();
	__real_close(kernel.machine);
	finish(-ENODEV);
}
END_TEST

START_TEST(what_the_kernel_refuses)
{
	static const struct {
		unsigned long call;
		int error;
	} refused[] = {
		{ OPENVGPU_SOFT_CREATE, EINVAL }, { OPENVGPU_SOFT_CREATE, ENOSPC },
		{ OPENVGPU_SOFT_PLUG, ENXIO },
	};

	make_device();
	kernel.refuse = refused[_i].call;
	kernel.error = refused[_i].error;
	ck_assert_int_eq(soft_front_end.open(soft_front_end.context, dev, &options),
			 -refused[_i].error);
	ck_assert_msg(kernel.program == -1 && !kernel.mapped, "the device is still open");
	device_destroy(dev);
	soft_front_end.close(soft_front_end.context);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("soft");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, registers);
	tcase_add_test(tc, video_memory);
	tcase_add_test(tc, memory_and_interrupts);
	tcase_add_test(tc, memory_out_of_reach);
	tcase_add_test(tc, removed_and_inserted);
	tcase_add_test(tc, the_machine_removes_it);
	tcase_add_loop_test(tc, what_the_kernel_refuses, 0, 3);
	suite_add_tcase(suite, tc);
	return unit_run(suite, "soft");
}
