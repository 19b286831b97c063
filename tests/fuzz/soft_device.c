// SPDX-License-Identifier: GPL-2.0-only
/*
 * soft_device.c - processes that do anything with /dev/openvgpu-soft, at once, and die
 * at any time
 *
 *	soft_device SECONDS [SEED]
 *
 * No step is checked: most may fail. What must hold afterwards, who starts it looks at.
 * The seed decides what each thread does; when threads do it is up to the machine.
 */
#include <errno.h>
#include <fcntl.h>
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "openvgpu_soft.h"
#include "refgpu_hw.h"

#define PROCESSES	4
#define THREADS		3
#define STEPS		3000
#define FILES		4
#define MAPS		4
#define LIFE_MS		3000	/* of a process, at most */

/* What the threads of a process share; they race for it on purpose. */
static int file[FILES], vram[FILES];
static struct {
	uint8_t *at;
	size_t bytes;
} map[MAPS];

static __thread uint64_t state;
static __thread sigjmp_buf fault;
static __thread volatile bool guarded;

static uint64_t number(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t limit)
{
	return number() % limit;
}

/* A number of any length in bits. */
static uint64_t sized(void)
{
	return number() >> below(64);
}

static void on_fault(int signal_number)
{
	if (guarded)
		siglongjmp(fault, 1);
	signal(signal_number, SIG_DFL);
}

/* ------------------------------------------------------------------- steps */

static void open_one(unsigned int i)
{
	static const int flags[] = { O_RDWR, O_RDWR, O_RDWR | O_NONBLOCK, O_RDONLY, O_WRONLY };

	if (file[i] >= 0)
		close(file[i]);
	file[i] = open("/dev/" OPENVGPU_SOFT_DEVICE, flags[below(5)] | O_CLOEXEC);
}

static void create(unsigned int i)
{
	struct openvgpu_soft_create create = {
		.interface = below(8) ? OPENVGPU_SOFT_INTERFACE : (uint32_t)sized(),
		.flags = below(16) ? 0 : (uint32_t)sized(),
		.vram_bytes = below(4) ? (16ULL + below(64)) << 20 : sized(),
		.vram_fd = (int)sized(),
	};

	if (ioctl(file[i], OPENVGPU_SOFT_CREATE, &create))
		return;
	if (vram[i] >= 0)
		close(vram[i]);
	vram[i] = create.vram_fd;
}

static void plug(unsigned int i)
{
	struct openvgpu_soft_plug where;

	ioctl(file[i], OPENVGPU_SOFT_PLUG, below(16) ? &where : NULL);
}

/* Near enough to a reference GPU that a driver may take it. */
static uint64_t register_value(uint64_t offset)
{
	switch (below(8) ? offset : ~0ULL) {
	case REFGPU_GLOBAL + REFGPU_GLOBAL_ID:
		return REFGPU_ID;
	case REFGPU_GLOBAL + REFGPU_GLOBAL_VERSION:
		return REFGPU_VERSION;
	case REFGPU_GLOBAL + REFGPU_GLOBAL_CAPS:
		return sized() & 0x3fff;
	case REFGPU_GLOBAL + REFGPU_GLOBAL_VRAM_SIZE:
		return 64ULL << 20;
	case REFGPU_GLOBAL + REFGPU_GLOBAL_RESET:
		return 0;
	default:
		return below(2) ? 0 : sized();
	}
}

static void serve(unsigned int i)
{
	struct openvgpu_soft_request requests[16];
	struct pollfd p = { .fd = file[i], .events = POLLIN | POLLOUT };
	ssize_t got;
	size_t r;

	poll(&p, 1, (int)below(20));
	if (!(p.revents & POLLIN))
		return;
	/* Others may have it by now: a read that waits ends with the process. */
	got = read(file[i], requests, below(4) ? sizeof(requests) : below(sizeof(requests)));
	for (r = 0; got > 0 && r < (size_t)got / sizeof(requests[0]); r++) {
		struct openvgpu_soft_answer answer = {
			.id = below(16) ? requests[r].id : sized(),
			.value = register_value(requests[r].offset),
		};

		if (requests[r].kind == OPENVGPU_SOFT_READ)
			ioctl(file[i], OPENVGPU_SOFT_ANSWER, &answer);
	}
}

static void call(unsigned int i)
{
	struct openvgpu_soft_translate translate = {
		.bus = sized(), .bytes = (uint32_t)sized(), .flags = (uint32_t)below(4),
	};
	struct openvgpu_soft_answer answer = { .id = sized(), .value = number() };
	uint8_t argument[64];

	switch (below(6)) {
	case 0:
		ioctl(file[i], OPENVGPU_SOFT_TRANSLATE, &translate);
		break;
	case 1:
		ioctl(file[i], OPENVGPU_SOFT_ANSWER, &answer);
		break;
	case 2:
		ioctl(file[i], OPENVGPU_SOFT_INTERRUPT, below(REFGPU_VECTORS + 2));
		break;
	case 3:
		ioctl(file[i], OPENVGPU_SOFT_INTERRUPT, number());
		break;
	case 4:
		memset(argument, (int)below(256), sizeof(argument));
		ioctl(file[i], _IOC(below(4), 0xbb, 0x20 + below(8), below(64)), argument);
		break;
	default:
		ioctl(file[i], _IOC(below(4), 0xbb, 0x20 + below(6), below(64)), sized());
	}
}

static void map_one(unsigned int i)
{
	static const int protections[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_WRITE,
					   PROT_NONE, PROT_READ | PROT_EXEC };
	unsigned int m = (unsigned int)below(MAPS);
	int fd = below(3) ? file[i] : vram[i];
	size_t bytes = below(3) ? OPENVGPU_SOFT_DMA_BYTES : (sized() & ~4095ULL) + 4096;
	off_t offset = below(2) ? 0 : (off_t)((sized() >> 1) & ~4095ULL);
	void *at = mmap(NULL, bytes, protections[below(5)],
			(below(8) ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE, fd, offset);

	if (at == MAP_FAILED)
		return;
	if (map[m].at)
		munmap(map[m].at, map[m].bytes);
	map[m].bytes = bytes;
	map[m].at = at;
}

static void touch(void)
{
	unsigned int m = (unsigned int)below(MAPS);
	uint8_t *at = map[m].at;
	size_t bytes = map[m].bytes;
	volatile uint64_t *word;

	if (!at || bytes < 8)
		return;
	word = (volatile uint64_t *)(at + (below(bytes) >> below(40) & ~7ULL));
	guarded = true;
	if (!sigsetjmp(fault, 1))
		*word = below(2) ? number() : *word;
	guarded = false;
}

static void change_map(void)
{
	unsigned int m = (unsigned int)below(MAPS);

	if (!map[m].at)
		return;
	switch (below(5)) {
	case 0:
		mprotect(map[m].at, map[m].bytes, (int)below(8));
		break;
	case 1:
		madvise(map[m].at, map[m].bytes, (int)below(26));
		break;
	case 2:
		munmap(map[m].at, map[m].bytes & ~4095ULL);
		map[m].at = NULL;
		break;
	case 3:
		(void)!mremap(map[m].at, map[m].bytes, (map[m].bytes / 2 + 4095) & ~4095ULL,
			      MREMAP_MAYMOVE);
		break;
	default:
		msync(map[m].at, 4096, MS_SYNC);
	}
}

static void harm_vram(unsigned int i)
{
	switch (below(4)) {
	case 0:
		(void)!ftruncate(vram[i], (off_t)(sized() >> 1));
		break;
	case 1:
		fallocate(vram[i], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)(below(64) << 20), (off_t)(1 + below(1 << 20)));
		break;
	case 2:
		fcntl(vram[i], F_ADD_SEALS, below(32));
		break;
	default:
		close(vram[i]);
		vram[i] = -1;
	}
}

static void odd(unsigned int i)
{
	pid_t child;

	switch (below(5)) {
	case 0:
		(void)!write(file[i], &state, below(9));
		break;
	case 1:
		lseek(file[i], (off_t)sized(), (int)below(3));
		break;
	case 2:
		/* Mappings and files go on in another process, for a moment. */
		child = fork();
		if (!child) {
			touch();
			_exit(0);
		}
		waitpid(child, NULL, 0);
		break;
	case 3:
		fcntl(file[i], F_SETFL, below(2) ? O_NONBLOCK : 0);
		break;
	default:
		close(dup(file[i]));
	}
}

static void *act(void *argument)
{
	unsigned int step;

	state = (uint64_t)(uintptr_t)argument;
	for (step = 0; step < STEPS; step++) {
		unsigned int i = (unsigned int)below(FILES);

		switch (below(20)) {
		case 0:
			open_one(i);
			break;
		case 1:
			create(i);
			break;
		case 2:
			plug(i);
			break;
		case 3: case 4:
			call(i);
			break;
		case 5:
			map_one(i);
			break;
		case 6:
			change_map();
			break;
		case 7:
			harm_vram(i);
			break;
		case 8:
			odd(i);
			break;
		case 9: case 10: case 11:
			touch();
			break;
		default:
			serve(i);
		}
	}
	return NULL;
}

static void live(uint64_t seed)
{
	const struct sigaction guard = { .sa_handler = on_fault };
	pthread_t thread[THREADS];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGBUS, &guard, NULL);
	sigaction(SIGSEGV, &guard, NULL);
	for (i = 0; i < FILES; i++) {
		file[i] = -1;
		vram[i] = -1;
	}
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, act, (void *)(uintptr_t)(seed * 0x10001 + i));
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* struct life - a process that does anything, and when it is killed */
struct life {
	pid_t pid;
	int64_t end;
};

int main(int argc, char **argv)
{
	int64_t seconds = argc > 1 ? atoi(argv[1]) : 30, end = now_ms() + seconds * 1000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, lives = 0, killed = 0;
	struct life life[PROCESSES] = { 0 };
	unsigned int i, left;

	state = seed;
	do {
		left = 0;
		for (i = 0; i < PROCESSES; i++) {
			if (life[i].pid && now_ms() > life[i].end) {
				killed += !kill(life[i].pid, SIGKILL);
				waitpid(life[i].pid, NULL, 0);
				life[i].pid = 0;
			} else if (life[i].pid && waitpid(life[i].pid, NULL, WNOHANG)) {
				life[i].pid = 0;
			} else if (!life[i].pid && now_ms() < end) {
				life[i].end = now_ms() + (int64_t)below(LIFE_MS);
				life[i].pid = fork();
				if (!life[i].pid)
					live(seed + ++lives);
				lives++;
			}
			left += life[i].pid != 0;
		}
		usleep(10000);
	} while (left || now_ms() < end);
	printf("%llu processes, %llu of them killed, seed %llu\n", (unsigned long long)lives,
	       (unsigned long long)killed, (unsigned long long)seed);
	return 0;
}
