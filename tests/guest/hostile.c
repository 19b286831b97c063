// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile.c - a process attacks another one that has the same GPU
 *
 *	hostile [--jobs N] [--seed N] [NODE]
 *
 * Both are nobody's, as on a machine of many users. The victim has canaries in video
 * memory, in system memory and in a screen, and runs jobs whose results it checks. The
 * attacker knows where all of that is. Of each of its jobs it says beforehand whether
 * it names what it does not have: then the job must be stopped there. Seeds are those of
 * the clock; what was tried is printed.
 */
#define _GNU_SOURCE /* setgroups() */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "hostile.h"

#define CANARY		0xc5c5c5c5u	/* the same at any shift; no byte of the attacker's */
#define NOBODY		65534
#define SLOTS		48u		/* contexts of the attacker at a time */
#define GOOD_MAX	8u		/* packets before the hostile one, usually */
#define LOOK_EVERY	64u		/* rounds between looks at all canaries */

/* By enum fate. */
static const char *const fates[] = { "done", "stopped", "rejected" };

/**
 * struct common - what the processes have in common
 * @targets: where the victim's canaries are
 * @ready: they are there
 * @stop: the attacker has done
 * @victim_jobs: jobs of the victim that were right
 * @count: jobs of the attacker, by fate
 * @reasons: why it is not well, of the victim and of the attacker
 */
static struct common {
	struct range targets[TARGETS];
	volatile bool ready;
	volatile bool stop;
	uint64_t victim_jobs;
	uint64_t count[3];
	char reasons[2][256];
} *common;

static char *reason; /* of this process */

__attribute__((format(printf, 1, 2)))
static bool no(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(common->reasons[0]), format, arguments);
	va_end(arguments);
	return false;
}

/* --------------------------------------------------------------- the victim */

static bool holds_canaries(const uint32_t *words, uint64_t bytes, const char *what)
{
	uint64_t i;

	for (i = 0; i < bytes / 4; i++)
		if (words[i] != CANARY)
			return no("%s: word %llu is 0x%x: it was written", what,
				  (unsigned long long)i, words[i]);
	return true;
}

static void fill_words(uint32_t *words, uint64_t bytes)
{
	uint64_t i;

	for (i = 0; i < bytes / 4; i++)
		words[i] = CANARY;
}

/* A buffer that a head could show. */
static bool make_screen(struct buffer *screen)
{
	struct drm_mode_create_dumb dumb = { .width = 1024, .height = 768, .bpp = 32 };
	struct drm_refgpu_bo_info info = { 0 };
	struct drm_mode_map_dumb map = { 0 };
	char path[64];
	int fd, error;

	if (!card_of_node(path, sizeof(path)))
		return no("the device of %s has no card", node);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return no("%s: %s", path, strerror(errno));
	error = call(fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
	map.handle = dumb.handle;
	info.handle = dumb.handle;
	if (!error)
		error = call(fd, DRM_IOCTL_MODE_MAP_DUMB, &map);
	if (!error)
		error = call(fd, DRM_IOCTL_REFGPU_BO_INFO, &info);
	if (error)
		return no("screen: %s", strerror(-error));
	screen->address = info.address;
	screen->size = info.size;
	screen->words = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			     (off_t)map.offset);
	return screen->words != MAP_FAILED || no("map of the screen: %s", strerror(errno));
}

static bool has_canaries(const struct buffer *secrets)
{
	static const char *const names[TARGETS] = {
		"the victim's video memory", "the victim's system memory", "the victim's screen",
	};
	unsigned int i;

	for (i = 0; i < TARGETS; i++)
		if (!holds_canaries(secrets[i].words, secrets[i].size, names[i]))
			return false;
	return true;
}

/* A job that uses what the victim has, and its result. */
static bool work(int fd, uint32_t context, const struct buffer *secrets,
		 const struct buffer *code, const struct buffer places[2], uint32_t pattern)
{
	const struct buffer *vram = &places[0], *system = &places[1];
	uint32_t first = below(BYTES / 4 - 64), i;
	struct drm_refgpu_context_status status;
	uint64_t bytes = 4 * (1 + below(63)), at = first * 4ull, argument;
	union packet packets[3] = {
		{ .fill = fill_packet(vram->address + at, bytes, pattern) },
		{ .copy = copy_packet(system->address + at, vram->address + at, bytes) },
	};
	int error;

	argument = set_argument(code, 0, secrets[pattern % 2].address + 8 * below(BYTES / 8),
				vram->address);
	packets[2].dispatch = dispatch_packet(code->address + COPY_WORD, argument);
	memset(vram->words, 0, 8);
	error = run(fd, context, packets, 3);
	status = context_status(fd, context);
	if (error || (status.state != DRM_REFGPU_CONTEXT_OK &&
		      status.state != DRM_REFGPU_CONTEXT_INNOCENT))
		return no("the victim's job %u: %d, state %u, error %u, address 0x%llx", pattern,
			  error, status.state, status.error, (unsigned long long)status.address);
	for (i = first; i < first + bytes / 4; i++)
		if (system->words[i] != pattern)
			return no("the victim's job %u gave 0x%x", pattern, system->words[i]);
	if (vram->words[0] != CANARY || vram->words[1] != CANARY)
		return no("the victim's kernel read 0x%x 0x%x of its own", vram->words[0],
			  vram->words[1]);
	return true;
}

static bool victim(void)
{
	static const uint32_t kinds[] = { DRM_REFGPU_BO_VRAM, DRM_REFGPU_BO_SYSTEM };
	struct buffer secrets[TARGETS], code, places[2];
	uint32_t context, pattern;
	int fd, error = 0;
	unsigned int i;

	/* Opened when this is nobody's process. */
	fd = open_node();
	for (i = 0; i < 2 && !error; i++) {
		error = buffer_create(fd, kinds[i], BYTES, &secrets[i]);
		if (!error)
			error = buffer_create(fd, kinds[i], BYTES, &places[i]);
	}
	if (!error)
		error = load_code(fd, &code);
	if (!error)
		error = context_create(fd, &context);
	if (error)
		return no("the victim's buffers: %s", strerror(-error));
	if (!make_screen(&secrets[SCREEN]))
		return false;
	for (i = 0; i < TARGETS; i++) {
		fill_words(secrets[i].words, secrets[i].size);
		common->targets[i] = (struct range) { secrets[i].address, secrets[i].size };
	}
	common->ready = true;
	for (pattern = 1; !common->stop; pattern++) {
		if (!work(fd, context, secrets, &code, places, pattern))
			return false;
		common->victim_jobs++;
		if (pattern % LOOK_EVERY == 0 && !has_canaries(secrets))
			return false;
	}
	return has_canaries(secrets);
}

/* ------------------------------------------------------------- the attacker */

/**
 * struct attempt - a job of the attacker
 * @context: of it alone
 * @syncobj: signalled at its end
 * @fate: what must become of it
 * @packets: its packets: harmless ones, the one, and one for the tripwire
 * @count: how many
 */
struct attempt {
	uint32_t context;
	uint32_t syncobj;
	enum fate fate;
	union packet packets[DRM_REFGPU_SUBMIT_PACKETS_MAX];
	uint32_t count;
};

static bool begin(struct attempt *attempt, unsigned int slot)
{
	uint32_t good = below(16) ? below(GOOD_MAX) : DRM_REFGPU_SUBMIT_PACKETS_MAX - 2, i;
	uint64_t tripwire = self.own[TRIPWIRES].address + slot * 4;
	int error;

	/* Arguments of kernels are the slot's: there is one kernel a job. */
	for (i = 0; i < good; i++)
		do {
			attempt->packets[i] = harmless(slot);
		} while (attempt->packets[i].header.opcode == REFGPU_OP_DISPATCH);
	attempt->packets[good] = attack(slot, &attempt->fate);
	attempt->packets[good + 1].fill = fill_packet(tripwire, 4, slot + 1);
	attempt->count = good + 2;
	self.own[TRIPWIRES].words[slot] = 0;
	error = context_create(self.fd, &attempt->context);
	if (error)
		return no("a context of the attacker: %s", strerror(-error));
	error = submit(self.fd, attempt->context, attempt->packets, attempt->count,
		       attempt->syncobj);
	if (error != (attempt->fate == REJECTED ? -EINVAL : 0))
		return no("a job that must be %s: SUBMIT said %d, opcode %u",
			  fates[attempt->fate], error, attempt->packets[good].header.opcode);
	return true;
}

static bool end(struct attempt *attempt, unsigned int slot)
{
	struct drm_refgpu_context_destroy destroy = { .id = attempt->context };
	struct drm_refgpu_context_status status;
	const uint32_t *bad = attempt->packets[attempt->count - 2].words;
	bool must_stop = attempt->fate == STOPPED, must_go_on = attempt->fate == DONE;
	bool went_on, guilty;
	int error = 0;

	if (attempt->fate != REJECTED)
		error = syncobj_wait(self.fd, attempt->syncobj);
	if (error)
		return no("a job that must be %s does not end: %s", fates[attempt->fate],
			  strerror(-error));
	status = context_status(self.fd, attempt->context);
	call(self.fd, DRM_IOCTL_REFGPU_CONTEXT_DESTROY, &destroy);
	went_on = self.own[TRIPWIRES].words[slot] == slot + 1;
	guilty = status.state == DRM_REFGPU_CONTEXT_GUILTY;
	if (guilty != must_stop || went_on != must_go_on ||
	    (!guilty && status.state != DRM_REFGPU_CONTEXT_OK &&
	     status.state != DRM_REFGPU_CONTEXT_INNOCENT))
		return no("a job that must be %s: state %u, error %u, address 0x%llx, the next packet was%s executed; "
			  "%08x %08x %08x %08x %08x %08x %08x %08x %08x %08x",
			  fates[attempt->fate], status.state, status.error,
			  (unsigned long long)status.address, went_on ? "" : " not", bad[0],
			  bad[1], bad[2], bad[3], bad[4], bad[5], bad[6], bad[7], bad[8], bad[9]);
	common->count[attempt->fate]++;
	return true;
}

static bool has_read_nothing(void)
{
	unsigned int i;
	uint32_t j;

	for (i = ARENA_VRAM; i <= TRIPWIRES; i++)
		for (j = 0; j < BYTES / 4; j++)
			if (self.own[i].words[j] == CANARY)
				return no("the attacker has a canary, at word %u of buffer %u", j,
					  i);
	return true;
}

static bool attacker(unsigned long jobs)
{
	static const uint32_t kinds[] = {
		DRM_REFGPU_BO_VRAM, DRM_REFGPU_BO_SYSTEM, DRM_REFGPU_BO_SYSTEM,
	};
	static struct attempt attempts[SLOTS];
	unsigned int i, round, count;
	unsigned long done;
	int error = 0;

	if (!common->targets[SCREEN].bytes)
		return no("there is no victim");
	self.fd = open_node();
	self.targets = common->targets;
	self.vram = param(self.fd, DRM_REFGPU_PARAM_VRAM_SIZE);
	self.aperture = param(self.fd, DRM_REFGPU_PARAM_APERTURE_SIZE);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !error; i++)
		error = buffer_create(self.fd, kinds[i], BYTES, &self.own[i]);
	if (!error)
		error = load_code(self.fd, &self.own[CODE]);
	if (error)
		return no("the attacker's buffers: %s", strerror(-error));
	for (i = 0; i < SLOTS; i++)
		attempts[i].syncobj = syncobj_create(self.fd);
	for (done = 0, round = 1; done < jobs; done += count, round++) {
		count = jobs - done < SLOTS ? (unsigned int)(jobs - done) : SLOTS;
		for (i = 0; i < count; i++)
			if (!begin(&attempts[i], i))
				return false;
		for (i = 0; i < count; i++)
			if (!end(&attempts[i], i))
				return false;
		if (round % LOOK_EVERY == 0 && !has_read_nothing())
			return false;
	}
	return has_read_nothing();
}

/* -------------------------------------------------------------------- both */

static pid_t start(bool is_attacker, unsigned long jobs)
{
	pid_t child;
	bool good;

	fflush(stdout);
	child = fork();
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reason = common->reasons[is_attacker];
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)) {
		no("this is no process of nobody's: %s", strerror(errno));
		_exit(1);
	}
	good = is_attacker ? attacker(jobs) : victim();
	common->ready = true;
	_exit(good ? 0 : 1);
}

/* Return: whether it was good. */
static bool verdict(const char *name, pid_t child, const char *why)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child) {
		printf("not ok %s: no process: %s\n", name, strerror(errno));
		return false;
	}
	if (!status) {
		printf("ok %s\n", name);
		return true;
	}
	if (WIFSIGNALED(status))
		printf("not ok %s: killed by signal %d\n", name, WTERMSIG(status));
	else
		printf("not ok %s: %s\n", name, why);
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long jobs = 100000;
	pid_t victim_pid, attacker_pid;
	unsigned int passed;
	char card[64];
	int64_t since;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			jobs = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (optind < argc)
		node = argv[optind];
	if (!seed)
		seed = (uint64_t)now_ns() | 1;
	printf("# seed %llu\n", (unsigned long long)seed);
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (common == MAP_FAILED)
		return 1;
	/* As udev does, and logind for who sits there. */
	if (chmod(node, 0666) || !card_of_node(card, sizeof(card)) || chmod(card, 0666)) {
		printf("not ok hostile: %s and its card: %s\n0 passed, 1 failed\n", node,
		       strerror(errno));
		return 1;
	}
	since = now_ns();
	victim_pid = start(false, 0);
	while (!common->ready)
		usleep(1000);
	attacker_pid = start(true, jobs);
	passed = verdict("attacks-are-stopped", attacker_pid, common->reasons[true]);
	common->stop = true;
	passed += verdict("victim-is-unharmed", victim_pid, common->reasons[false]);
	printf("# %.1f s: jobs of the attacker: %llu stopped, %llu rejected, %llu harmless ones done; of the victim: %llu\n",
	       (double)(now_ns() - since) / 1e9, (unsigned long long)common->count[STOPPED],
	       (unsigned long long)common->count[REJECTED],
	       (unsigned long long)common->count[DONE], (unsigned long long)common->victim_jobs);
	printf("%u passed, %u failed\n", passed, 2 - passed);
	return passed == 2 ? 0 : 1;
}
