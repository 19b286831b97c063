// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine.c - a software GPU that lies: a reference GPU behind /dev/openvgpu-soft that
 * turns bad at a signal
 *
 *	engine [--seed N] [--at-once] MISCHIEF...
 *
 * Until it gets SIGUSR1 it is honest, so that vGPUs can be made on it and work; with
 * --at-once it is never. It ends when the GPU is taken away, or by a signal. What
 * others are owed meanwhile, who starts it looks at.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/device.h"
#include "openvgpu_soft.h"
#include "refgpu_hw.h"

#define VRAM		(256ULL << 20)
#define PAUSE_US	200	/* between two steps of a mischief of its own accord */
#define READ_ONLY	512	/* pages */
#define LATE_US		(OPENVGPU_SOFT_TIMEOUT_MS * 90)	/* not too late */

enum {
	VALUES		= 1 << 0,
	ONES		= 1 << 1,
	ANSWERS		= 1 << 2,
	SLOW		= 1 << 3,
	SILENT		= 1 << 4,
	DEAF		= 1 << 5,
	EVENTS		= 1 << 6,
	INTERRUPTS	= 1 << 7,
	MEMORY		= 1 << 8,
	HOLES		= 1 << 9,
	LEAVE		= 1 << 10,
	GUESS		= 1 << 11,
	LATE		= 1 << 12,
	RESETS		= 1 << 13,
	OVERWRITE	= 1 << 14,
};

static const struct {
	const char *name;
	unsigned int mischief;
	const char *help;
} mischiefs[] = {
	{ "values", VALUES, "one read of eight has a random value" },
	{ "ones", ONES, "one read of 64 is all ones" },
	{ "answers", ANSWERS, "answers come twice, and to what nobody has asked" },
	{ "slow", SLOW, "answers come late, some too late" },
	{ "silent", SILENT, "no read is answered" },
	{ "deaf", DEAF, "no request is taken" },
	{ "events", EVENTS, "records of events that did not happen" },
	{ "interrupts", INTERRUPTS, "interrupts without a reason, of all vectors" },
	{ "memory", MEMORY, "writes to the machine's memory, wherever" },
	{ "holes", HOLES, "video memory gets holes, and other contents" },
	{ "leave", LEAVE, "it is gone at any time" },
	{ "guess", GUESS, "what was not read yet is answered" },
	{ "late", LATE, "each answer comes late, and none too late" },
	{ "resets", RESETS, "it is gone when it is to be reset" },
	{ "overwrite", OVERWRITE, "writes to what it may only read, while it is taken away" },
};

static unsigned int chosen;
static volatile sig_atomic_t bad;
static struct device *gpu;
static uint8_t *window;
static int file;
static uint64_t event_base, event_records;
static uint64_t table_base, table_entries;	/* of partition 0 */

static bool does(unsigned int mischief)
{
	return bad && (chosen & mischief);
}

/* ------------------------------------------------------------ numbers */

static uint64_t seed = 1;

static uint64_t random_number(void)
{
	uint64_t z = __atomic_add_fetch(&seed, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t limit)
{
	return random_number() % limit;
}

/* Most fields are small: of few bits, or few bits of another value. */
static uint64_t random_value(uint64_t honest)
{
	switch (below(4)) {
	case 0:
		return random_number();
	case 1:
		return random_number() >> below(64);
	case 2:
		return honest ^ 1ULL << below(64);
	default:
		return honest + below(17) - 8;
	}
}

/* -------------------------------------------- what is mischief by itself */

static __thread sigjmp_buf fault;
static __thread volatile bool guarded;

/* A write to a page that the GPU may only read. */
static void on_fault(int number)
{
	if (guarded)
		siglongjmp(fault, 1);
	signal(number, SIG_DFL);
}

static void scribble(uint64_t bus, const void *data, size_t bytes)
{
	guarded = true;
	if (!sigsetjmp(fault, 1))
		memcpy(window + bus, data, bytes);
	guarded = false;
}

/* Most of the machine's memory that the GPU may reach is at low addresses. */
static uint64_t random_bus(size_t bytes)
{
	uint64_t bus = random_number() % (OPENVGPU_SOFT_DMA_BYTES >> below(24));

	return bus > OPENVGPU_SOFT_DMA_BYTES - bytes ? 0 : bus & ~7ULL;
}

static void lie_about_event(void)
{
	uint64_t base = __atomic_load_n(&event_base, __ATOMIC_RELAXED);
	uint64_t records = __atomic_load_n(&event_records, __ATOMIC_RELAXED);
	struct refgpu_event event = {
		.type = (uint8_t)below(6), .partition = (uint8_t)below(66),
		.run_control = (uint8_t)below(10), .reason = (uint8_t)below(8),
		.time = random_number() >> below(64), .run_ns = random_number() >> below(64),
		.switch_ns = random_number() >> below(64),
	};
	uint64_t put = 0;

	if (!base || !records || base > OPENVGPU_SOFT_DMA_BYTES / 2 || records > 65536)
		return;
	device_read(gpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_PUT, &put, sizeof(put));
	put += below(4);
	event.sequence = (uint32_t)(below(8) ? put + 1 : random_number());
	scribble(base + put % records * sizeof(event), &event, sizeof(event));
	ioctl(file, OPENVGPU_SOFT_INTERRUPT, (unsigned long)REFGPU_VECTOR_EVENT);
}

static void write_to_memory(void)
{
	uint8_t data[4096];
	struct openvgpu_soft_translate translate = {
		.bus = random_number(), .bytes = (uint32_t)random_number(),
		.flags = (uint32_t)below(4),
	};

	memset(data, (int)below(256), sizeof(data));
	scribble(random_bus(sizeof(data)), data, 1 + below(sizeof(data)));
	ioctl(file, OPENVGPU_SOFT_TRANSLATE, &translate);
}

/* Whatever the kernel lets a process do with the file of video memory. */
static void harm_video_memory(void)
{
	uint64_t at = below(VRAM) & ~4095ULL, bytes = 4096ULL << below(12);
	int vram = device_vram_fd(gpu);

	switch (below(4)) {
	case 0:
		(void)!ftruncate(vram, (off_t)below(2 * VRAM));
		break;
	case 1:
		((uint64_t *)device_vram(gpu))[at / 8] = random_number();
		break;
	default:
		fallocate(vram, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
			  (off_t)bytes);
	}
}

static void *make_trouble(void *unused)
{
	(void)unused;
	for (;;) {
		unsigned int i;

		usleep(PAUSE_US);
		for (i = 0; does(INTERRUPTS) && i < 16; i++)
			ioctl(file, OPENVGPU_SOFT_INTERRUPT, random_number() >> below(64));
		if (does(INTERRUPTS))
			ioctl(file, OPENVGPU_SOFT_INTERRUPT, below(REFGPU_VECTORS));
		if (does(EVENTS))
			lie_about_event();
		if (does(MEMORY))
			write_to_memory();
		if (does(HOLES))
			harm_video_memory();
		if (does(LEAVE) && !below(2000))
			_exit(0);
	}
	return NULL;
}

/* Pages of the first vGPU that it may only read; as few as there were, if there are none. */
static unsigned int find_read_only(uint64_t *page, unsigned int pages)
{
	uint64_t base = __atomic_load_n(&table_base, __ATOMIC_RELAXED);
	uint64_t entries = __atomic_load_n(&table_entries, __ATOMIC_RELAXED);
	const volatile uint64_t *table = (const volatile uint64_t *)(window + base);
	unsigned int found = 0, i;

	if (!base || base > OPENVGPU_SOFT_DMA_BYTES / 2)
		return pages;
	for (i = 0; i < entries && i < READ_ONLY; i++) {
		uint64_t entry = table[i];

		if ((entry & REFGPU_SYSMEM_VALID) && !(entry & REFGPU_SYSMEM_WRITE))
			page[found++] = entry & REFGPU_SYSMEM_ADDRESS;
	}
	return found ? found : pages;
}

/*
 * Each page is written to until that goes well, because it was taken away: the next to be
 * taken is the next to be written to. By a system call, to which a fault is an error and no
 * signal.
 */
static void *overwrite(void *unused)
{
	int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	uint64_t page[READ_ONLY];
	unsigned int pages = 0, i;

	(void)unused;
	for (;;) {
		if (!does(OVERWRITE)) {
			usleep(PAUSE_US);
			continue;
		}
		pages = find_read_only(page, pages);
		for (i = 0; i < pages; i++)
			while (read(zeros, window + page[i], sizeof(uint64_t)) < 0)
				;
		if (!pages)
			usleep(PAUSE_US);
	}
	return NULL;
}

/* ---------------------------------------------------------- requests */

static void answer(const struct openvgpu_soft_request *request, uint64_t value)
{
	struct openvgpu_soft_answer answer = { .id = request->id, .value = value };
	unsigned int i;

	if (does(SILENT))
		return;
	if (does(LATE))
		usleep(LATE_US);
	if (does(SLOW) && !below(64))
		usleep((useconds_t)below(OPENVGPU_SOFT_TIMEOUT_MS * 1250));
	for (i = 0; does(ANSWERS) && i < 3; i++) {
		struct openvgpu_soft_answer other = {
			.id = request->id + below(17) - 8, .value = random_number(),
		};

		ioctl(file, OPENVGPU_SOFT_ANSWER, &other);
	}
	ioctl(file, OPENVGPU_SOFT_ANSWER, &answer);
	if (does(ANSWERS))
		ioctl(file, OPENVGPU_SOFT_ANSWER, &answer);
}

static void serve_read(const struct openvgpu_soft_request *request)
{
	uint64_t value = 0;

	device_read(gpu, request->offset, &value, request->bytes);
	if (does(VALUES) && !below(8))
		value = random_value(value);
	if (does(ONES) && !below(64))
		value = ~0ULL;
	answer(request, value);
}

/* Where in the machine's memory something is that mischief is about. */
static void note_memory(const struct openvgpu_soft_request *request)
{
	if (request->offset == REFGPU_PARTITION(0) + REFGPU_PARTITION_SYSMEM_BASE)
		__atomic_store_n(&table_base, request->value, __ATOMIC_RELAXED);
	if (request->offset == REFGPU_PARTITION(0) + REFGPU_PARTITION_SYSMEM_PAGES)
		__atomic_store_n(&table_entries, request->value, __ATOMIC_RELAXED);
	if (request->offset == REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE)
		__atomic_store_n(&event_base, request->value, __ATOMIC_RELAXED);
	if (request->offset == REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_RECORDS)
		__atomic_store_n(&event_records, request->value, __ATOMIC_RELAXED);
}

/* Ids go up one by one, and nobody else reads: @id is of the last READ. */
static void guess(uint64_t id)
{
	struct pollfd next = { .fd = file, .events = POLLIN };
	struct openvgpu_soft_answer answer = { .id = id + 1, .value = random_number() };

	if (poll(&next, 1, -1) != 1 || ioctl(file, OPENVGPU_SOFT_ANSWER, &answer))
		return;
	printf("a request was answered that nobody has read\n");
	exit(1);
}

static void serve(void)
{
	struct openvgpu_soft_request request;
	uint64_t id = 0;
	ssize_t got;

	for (;;) {
		if (does(DEAF)) {
			pause();
			continue;
		}
		if (does(GUESS))
			guess(id);
		got = read(file, &request, sizeof(request));
		if (!got) {
			printf("the GPU was taken away\n");
			exit(0);
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(request) || request.bytes > 8) {
			printf("a request of %zd bytes: %s\n", got, strerror(errno));
			exit(1);
		}
		if (request.kind == OPENVGPU_SOFT_READ) {
			id = request.id;
			serve_read(&request);
		}
		if (request.kind == OPENVGPU_SOFT_RESET && does(RESETS))
			_exit(0);
		if (request.kind == OPENVGPU_SOFT_RESET)
			device_reset(gpu);
		note_memory(&request);
		if (request.kind == OPENVGPU_SOFT_WRITE)
			device_write(gpu, request.offset, &request.value, request.bytes);
	}
}

/* ------------------------------------------- the honest part of the GPU */

static void *dma(void *context, u64 bus, u64 length, bool write)
{
	struct openvgpu_soft_translate translate = {
		.bus = bus, .bytes = (u32)length,
		.flags = write ? OPENVGPU_SOFT_DMA_WRITE : 0,
	};

	(void)context;
	return length > 1 << 20 || ioctl(file, OPENVGPU_SOFT_TRANSLATE, &translate) ? NULL :
		window + bus;
}

static void irq_raise(void *context, unsigned int vector)
{
	(void)context;
	ioctl(file, OPENVGPU_SOFT_INTERRUPT, (unsigned long)vector);
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static uint8_t *map_window(void)
{
	return mmap(NULL, OPENVGPU_SOFT_DMA_BYTES, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_NORESERVE, file, 0);
}

/* Whoever takes a page away looks at each of them: so they are few, and stay whole. */
static bool windows_are_bounded(void)
{
	uint8_t *other[OPENVGPU_SOFT_WINDOWS];
	unsigned int i;
	bool good = true;

	for (i = 1; i < OPENVGPU_SOFT_WINDOWS; i++) {
		other[i] = map_window();
		good = good && other[i] != MAP_FAILED;
	}
	good = good && map_window() == MAP_FAILED && errno == EMFILE;
	good = good && mprotect(window + 4096, 4096, PROT_READ) && errno == EINVAL;
	good = good && munmap(window + 4096, 4096) && errno == EINVAL;
	for (i = 1; i < OPENVGPU_SOFT_WINDOWS; i++)
		if (other[i] != MAP_FAILED)
			munmap(other[i], OPENVGPU_SOFT_DMA_BYTES);
	return good;
}

/* Who takes a page out of all windows waits for one that comes or goes. */
static void *change_windows(void *unused)
{
	uint8_t *other;

	(void)unused;
	for (;;) {
		usleep(PAUSE_US);
		if (!does(OVERWRITE))
			continue;
		other = map_window();
		if (other != MAP_FAILED)
			munmap(other, OPENVGPU_SOFT_DMA_BYTES);
	}
	return NULL;
}

static void plug_in(void)
{
	static const struct device_ops ops = { .dma = dma, .irq_raise = irq_raise };
	const struct device_config config = { .vram_size = VRAM, .ops = &ops };
	struct openvgpu_soft_create create = {
		.interface = OPENVGPU_SOFT_INTERFACE, .vram_bytes = VRAM,
	};
	struct openvgpu_soft_plug where;

	gpu = device_create(&config);
	must(gpu, "no GPU");
	file = open("/dev/" OPENVGPU_SOFT_DEVICE, O_RDWR | O_CLOEXEC);
	must(file >= 0, OPENVGPU_SOFT_DEVICE);
	must(!ioctl(file, OPENVGPU_SOFT_CREATE, &create), "CREATE");
	must(mmap(device_vram(gpu), VRAM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  create.vram_fd, 0) != MAP_FAILED, "video memory");
	must(dup2(create.vram_fd, device_vram_fd(gpu)) >= 0, "video memory");
	close(create.vram_fd);
	window = map_window();
	must(window != MAP_FAILED, "window");
	must(windows_are_bounded(), "windows are bounded");
	must(!ioctl(file, OPENVGPU_SOFT_PLUG, &where), "PLUG");
	printf("%04x:%02x:%02x.0\n", where.domain, where.bus, where.slot);
	fflush(stdout);
}

static void on_signal(int number)
{
	(void)number;
	bad = 1;
}

static int usage(void)
{
	unsigned int i;

	printf("usage: engine [--seed N] [--at-once] MISCHIEF...\n");
	for (i = 0; i < sizeof(mischiefs) / sizeof(mischiefs[0]); i++)
		printf("  %-11s %s\n", mischiefs[i].name, mischiefs[i].help);
	return 2;
}

static bool choose(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(mischiefs) / sizeof(mischiefs[0]); i++)
		if (!strcmp(name, mischiefs[i].name)) {
			chosen |= mischiefs[i].mischief;
			return true;
		}
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "at-once", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 }
	};
	/* A wait in a system call is to end. */
	const struct sigaction turn = { .sa_handler = on_signal };
	const struct sigaction guard = { .sa_handler = on_fault };
	void *(*const threads[])(void *) = { make_trouble, overwrite, overwrite, change_windows };
	pthread_t thread;
	unsigned int i;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (option == 'a')
			bad = 1;
		else
			return usage();
	}
	for (; optind < argc; optind++)
		if (!choose(argv[optind]))
			return usage();
	sigaction(SIGUSR1, &turn, NULL);
	sigaction(SIGBUS, &guard, NULL);
	plug_in();
	for (i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		must(!pthread_create(&thread, NULL, threads[i], NULL), "thread");
	serve();
	return 0;
}
