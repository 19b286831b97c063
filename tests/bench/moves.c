// SPDX-License-Identifier: GPL-2.0-only
/*
 * moves.c - what it costs to move a vGPU to another GPU while its guest works
 *
 * moves RESULTS [RUNS]: runs inside the host machine, which has two GPUs, and writes
 * the "results" of build/bench/migration.json to the file RESULTS. It is the VMM of
 * both sides, and the guest, whose engine writes.
 *
 * What is left for the time that the guest stands still depends on how fast the guest
 * writes against how fast its memory is carried. An emulated machine carries slowly, and
 * another time at another pace, so time is that of a link here: while a gigabyte is carried, a
 * second passes for the guest. So all bytes are the same on any machine; times are those
 * of this machine. The peer is a move of the same vGPU in the same run without pre-copy.
 * Every value is the median of some runs, the spread their greatest difference.
 */
#include <stdio.h>

#include "jobs.h"
#include "load.h"
#include "migration.h"

#define RUNS_MAX	9u
#define GRANULE		0x10000ull	/* what is noted as written */
#define A_WRITE		4096u		/* bytes the guest writes in one */
#define PORTION		(1u << 20)
#define LINK		(1024 * MIB)	/* bytes a second */
#define LOOK_S		0.1		/* the module looks what was written so often at most */
#define ROUNDS_MAX	30u
#define RESERVED	(4 * MIB)	/* of a slice, for rings and kernels */
#define PATIENCE_MS	60000
#define STEADY		3.2		/* MiB/s: 5 % of 64 MiB */
/* While the guest's jobs are timed. */
#define COSTS		9u		/* runs */
#define BATCHES		100u
#define BATCH		64u		/* jobs */
#define ELEMENTS	1000u		/* of a job */

static const struct slice {
	const char *type;
	unsigned int mib;
} slices[] = { { "64mq", 64 }, { "256mq", 256 }, { "1q", 1024 } };

#define SLICES		(sizeof(slices) / sizeof(slices[0]))

/* What the guest writes: percent of its slice a second; STEADY_WRITER: so many MiB. */
enum rate { IDLE, SLOW_WRITER, FAST_WRITER, STEADY_WRITER, RATES };

static const double percent_of[] = { 0, 5, 50 };

/**
 * struct move - what one move took
 * @rounds: in which something was copied while the guest worked
 * @bytes: of the stream
 * @blackout_bytes: of it, while the guest stood still
 * @blackout_ms: how long it stood still
 * @total_ms: from the first request to the end of that
 */
struct move {
	double rounds, bytes, blackout_bytes, blackout_ms, total_ms;
};

static FILE *out;
static bool first = true;
static unsigned int runs = 3;

/* -------------------------------------------------------------------- results */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void sort(double *sorted, const double *value, unsigned int count)
{
	memcpy(sorted, value, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_value);
}

static double median(const double *value, unsigned int count, double *spread)
{
	double sorted[BATCHES];

	sort(sorted, value, count);
	*spread = sorted[count - 1] - sorted[0];
	return sorted[count / 2];
}

/*
 * Whether runs are on both sides of a target, the lowest and the highest left aside. If
 * eight or nine of nine are on one side, so is what many more would have for a median: in
 * 96 of 100 cases, however the values are distributed.
 */
static bool undecided(const double value[COSTS], double target)
{
	double sorted[COSTS];

	sort(sorted, value, COSTS);
	return sorted[1] <= target && sorted[COSTS - 2] > target;
}

/**
 * struct figure - a result
 * @name, @unit: of it
 * @peer_name: NULL: there is none
 * @target: at most; negative: none
 * @undecided: the runs do not tell whether it is met
 * @count: of runs
 * @value: of each run
 * @peer: likewise
 */
struct figure {
	const char *name, *unit, *peer_name;
	double target;
	bool undecided;
	unsigned int count;
	double value[RUNS_MAX], peer[RUNS_MAX];
};

static double report(const struct figure *figure, const char *conditions)
{
	double ignored, spread, value = median(figure->value, figure->count, &spread);
	const char *met = figure->undecided ? "null" : value <= figure->target ? "true" : "false";

	fprintf(out, "%s{\"name\":\"%s\",\"source\":\"module\",\"value\":%.9g,",
		first ? "" : ",\n", figure->name, value);
	fprintf(out, "\"unit\":\"%s\",\"better\":\"lower\",", figure->unit);
	if (figure->target >= 0)
		fprintf(out, "\"target\":%.9g,\"target_met\":%s,", figure->target, met);
	else
		fprintf(out, "\"target\":null,\"target_met\":null,");
	if (figure->peer_name)
		fprintf(out, "\"peer\":\"%s\",\"peer_value\":%.9g,", figure->peer_name,
			median(figure->peer, figure->count, &ignored));
	else
		fprintf(out, "\"peer\":null,\"peer_value\":null,");
	fprintf(out, "\"n\":%u,\"spread\":%.9g,\"conditions\":{%s}}", figure->count, spread,
		conditions);
	first = false;
	fflush(out);
	if (figure->target >= 0)
		printf("%-16s %8.4g %s, target %g%s\n", figure->name, value, figure->unit,
		       figure->target, figure->undecided ? ": UNDECIDED" :
		       value <= figure->target ? "" : ": MISSED");
	return value;
}

/* ---------------------------------------------------------------------- guest */

/**
 * struct guest - what works on the vGPU
 * @vgpu: where it is now
 * @ring: of it
 * @first: framebuffer offset of what is written by turns
 * @granules: of that
 * @next: which is written next
 * @round: how often all were written
 * @rate: granules a second
 * @due: that are to be written
 */
struct guest {
	struct vgpu *vgpu;
	struct rt_ring ring;
	uint64_t first, granules, next;
	uint32_t round;
	double rate, due;
};

/* One line in each of them. */
static void write_granules(struct guest *guest, uint64_t count)
{
	const struct refgpu_fill fill = {
		.header.opcode = REFGPU_OP_FILL,
		.target = guest->first + guest->next * GRANULE,
		.bytes = A_WRITE, .pitch = GRANULE, .lines = (uint32_t)count,
		.pattern = guest->round + 1,
	};

	OK(rt_ring_submit(&guest->ring, &fill));
	rt_ring_doorbell(&guest->ring);
	guest->next += count;
	if (guest->next == guest->granules) {
		guest->next = 0;
		guest->round++;
	}
}

static void time_passes(struct guest *guest, double seconds)
{
	uint64_t count;

	for (guest->due += guest->rate * seconds; guest->due >= 1; guest->due -= (double)count) {
		count = guest->granules - guest->next;
		if (guest->due < (double)count)
			count = (uint64_t)guest->due;
		write_granules(guest, count);
	}
}

/* All of its slice but a little is what it writes, none of it zero. */
static void guest_create(struct guest *guest, struct vgpu *vgpu, uint64_t bytes)
{
	memset(guest, 0, sizeof(*guest));
	guest->vgpu = vgpu;
	OK(rt_ring_create(vgpu->device, 1, 256, &guest->ring));
	guest->granules = (bytes - RESERVED) / GRANULE;
	guest->first = rt_framebuffer_alloc(vgpu->device, guest->granules * GRANULE, GRANULE);
	OK(rt_fill(&guest->ring, guest->first, bytes - guest->first, 1));
	write_granules(guest, guest->granules);
	OK(rt_ring_finish(&guest->ring, PATIENCE_MS));
}

/* Whatever it wrote is there. */
static void guest_check(const struct guest *guest)
{
	uint64_t i;

	for (i = 0; i < guest->granules; i++) {
		uint32_t want = guest->round + (i < guest->next);
		uint32_t word = *(volatile uint32_t *)rt_framebuffer(guest->vgpu->device,
								     guest->first + i * GRANULE);

		CHECK(word == want, "granule %llu has 0x%x, not 0x%x", (unsigned long long)i,
		      word, want);
	}
}

/* ------------------------------------------------------------------------ VMM */

/*
 * From one side to the other, until there is no more for now. @guest works meanwhile;
 * NULL: it stands still. Return: bytes.
 */
static uint64_t carry(int from, int to, uint64_t most, struct guest *guest)
{
	static struct saved portion;
	uint64_t done = 0;
	ssize_t got;

	while (done < most) {
		portion.size = 0;
		got = migration_read(from, &portion, most - done < PORTION ? most - done : PORTION);
		if (!got || got == -ENOMSG)
			break;
		CHECK(got > 0, "reading: %s", strerror((int)-got));
		if (to >= 0)
			OK(migration_feed(to, portion.bytes, portion.size));
		done += portion.size;
		if (guest)
			time_passes(guest, (double)portion.size / LINK);
	}
	return done;
}

/*
 * Until a round is so short that the module would not look again after it, or leaves no
 * less than the one before. Return: bytes.
 */
static uint64_t pre_copy(int from, int to, struct guest *guest, double *rounds)
{
	uint64_t initial, left, before = ~0ull, bytes, done = 0;

	while (*rounds < ROUNDS_MAX) {
		OK(rt_ring_finish(&guest->ring, PATIENCE_MS));
		/* By this machine's clock it may have looked just before. */
		usleep((useconds_t)(LOOK_S * 1e6));
		OK(migration_precopy_info(from, &initial, &left));
		if (left >= before)
			break;
		before = left;
		bytes = carry(from, to, initial + left, guest);
		done += bytes;
		++*rounds;
		if ((double)bytes / LINK < LOOK_S) {
			time_passes(guest, LOOK_S - (double)bytes / LINK);
			break;
		}
	}
	OK(rt_ring_finish(&guest->ring, PATIENCE_MS));
	return done;
}

static struct move move(struct guest *guest, struct vgpu *to, bool live)
{
	struct vgpu *from = guest->vgpu;
	uint64_t begin = rt_now_ns(), stopped, end;
	int source = -1, target = migration_enter(to, VFIO_DEVICE_STATE_RESUMING);
	struct move move = { 0 };

	if (live) {
		source = migration_enter(from, VFIO_DEVICE_STATE_PRE_COPY);
		move.bytes = (double)pre_copy(source, target, guest, &move.rounds);
	}
	stopped = rt_now_ns();
	if (live)
		migration_leave(from, VFIO_DEVICE_STATE_STOP_COPY);
	else
		source = migration_enter(from, VFIO_DEVICE_STATE_STOP_COPY);
	move.blackout_bytes = (double)carry(source, target, ~0ull, NULL);
	migration_leave(to, VFIO_DEVICE_STATE_RUNNING);
	end = rt_now_ns();
	guest_follows(from, to);
	guest->vgpu = to;
	guest->ring.device = to->device;
	migration_leave(from, VFIO_DEVICE_STATE_STOP);
	close(source);
	close(target);
	move.bytes += move.blackout_bytes;
	move.blackout_ms = (double)(end - stopped) / 1e6;
	move.total_ms = (double)(end - begin) / 1e6;
	/* The VM it came from ends; here it waits for the way back. */
	OK(rt_vfio_reset(from->device));
	OK(rt_memory_decoding(from->device, true));
	return move;
}

/* ---------------------------------------------------------------------- moves */

static double mib_per_s(const struct slice *slice, enum rate rate)
{
	return rate == STEADY_WRITER ? STEADY : percent_of[rate] / 100 * slice->mib;
}

static void measure(const struct slice *slice, struct move live[RATES][RUNS_MAX],
		    struct move still[RUNS_MAX])
{
	unsigned int run, moves = 0;
	struct vgpu pair[2];
	struct guest guest;
	char gpu[64];
	enum rate rate;

	snprintf(gpu, sizeof(gpu), "%s", host_gpu());
	vgpu_make(&pair[0], slice->type);
	CHECK(migration_pre_copies(&pair[0]), "this kernel or this GPU has no pre-copy");
	choose_other_gpu(slice->type);
	vgpu_make(&pair[1], slice->type);
	host_choose(gpu);
	guest_create(&guest, &pair[0], slice->mib * MIB);
	for (run = 0; run < runs; run++) {
		for (rate = 0; rate < RATES; rate++) {
			guest.due = 0;
			guest.rate = mib_per_s(slice, rate) * MIB / GRANULE;
			live[rate][run] = move(&guest, &pair[++moves % 2], true);
			guest_check(&guest);
		}
		still[run] = move(&guest, &pair[++moves % 2], false);
		guest_check(&guest);
	}
	vgpu_remove(&pair[0]);
	vgpu_remove(&pair[1]);
}

static double member(const struct move *move, size_t offset)
{
	return *(const double *)((const char *)move + offset);
}

/* One number of all runs. */
static double one(const char *name, const char *unit, size_t offset, double factor,
		  double target, const struct move *live, const struct move *still,
		  const char *conditions)
{
	struct figure figure = {
		.name = name, .unit = unit, .target = target, .count = runs,
		.peer_name = "the same move without pre-copy",
	};
	unsigned int run;

	for (run = 0; run < runs; run++) {
		figure.value[run] = factor * member(&live[run], offset);
		figure.peer[run] = factor * member(&still[run], offset);
	}
	return report(&figure, conditions);
}

#define ONE(name, unit, member, factor, target) \
	one(name, unit, offsetof(struct move, member), factor, target, live, still, conditions)

static void report_moves(const struct slice *slice, enum rate rate, const struct move *live,
			 const struct move *still)
{
	double rounds, bytes, blackout, blackout_ms, total_ms;
	double percent = 100 / ((double)slice->mib * MIB);
	char conditions[128];

	snprintf(conditions, sizeof(conditions),
		 "\"slice_mib\":%u,\"written_mib_per_s\":%.4g,\"link_mib_per_s\":%llu",
		 slice->mib, mib_per_s(slice, rate), LINK / MIB);
	rounds = ONE("rounds", "rounds", rounds, 1, -1);
	bytes = ONE("bytes", "bytes", bytes, 1, -1);
	blackout = ONE("blackout_bytes", "bytes", blackout_bytes, 1, -1);
	blackout_ms = ONE("blackout_time", "ms", blackout_ms, 1, -1);
	total_ms = ONE("total_time", "ms", total_ms, 1, -1);
	printf("%4u MiB, %5.4g MiB/s written: %2.0f rounds, %6.1f MiB, blackout %6.0f KiB, %5.0f ms, total %6.0f ms\n",
	       slice->mib, mib_per_s(slice, rate), rounds, bytes / MIB, blackout / 1024,
	       blackout_ms, total_ms);
	ONE("blackout_share", "percent", blackout_bytes, percent, rate == SLOW_WRITER ? 2 : -1);
	if (rate == STEADY_WRITER)
		printf("%4u MiB, without pre-copy: %6.1f MiB, %5.0f ms\n", slice->mib,
		       still[0].bytes / MIB, still[0].blackout_ms);
	fflush(stdout);
}

/* Of the largest slice against the smallest, the same written. */
static void report_growth(const char *name, size_t offset, double target,
			  const struct move *small, const struct move *large)
{
	struct figure figure = {
		.name = name, .unit = "times", .target = target, .count = runs,
	};
	unsigned int run;

	for (run = 0; run < runs; run++)
		figure.value[run] = member(&large[run], offset) / member(&small[run], offset);
	report(&figure, "\"slice_mib\":\"1024 against 64\",\"written_mib_per_s\":3.2");
}

/* ----------------------------------------------------------------------- cost */

/**
 * struct busy - a vGPU whose jobs are timed
 * @vgpu: it
 * @jobs: they
 * @file: what is read meanwhile
 * @ns: how long some jobs took
 */
struct busy {
	struct vgpu vgpu;
	struct jobs jobs;
	int file;
	double ns[BATCHES];
};

/* Half of its slice is full: more than is read. */
static int read_slowly(struct vgpu *vgpu)
{
	struct guest guest;

	guest_create(&guest, vgpu, 128 * MIB);
	return migration_enter(vgpu, VFIO_DEVICE_STATE_PRE_COPY);
}

static void batch(struct busy *busy, unsigned int which)
{
	uint64_t initial, left, begin = rt_now_ns();

	jobs_keep(&busy->jobs, BATCH);
	OK(migration_precopy_info(busy->file, &initial, &left));
	CHECK(carry(busy->file, -1, PORTION, NULL) == PORTION, "there is no more to read");
	jobs_finish(&busy->jobs);
	busy->ns[which] = (double)(rt_now_ns() - begin);
}

/*
 * Two that do the same, by turns. One is tracked and read; while the other works a
 * third is read, so that what reading takes of this machine is in both.
 */
static void cost_of_tracking(void)
{
	struct figure figure = {
		.name = "cost_of_tracking", .unit = "percent", .target = 5, .count = COSTS,
	};
	static struct busy tracked, free;
	double ns, free_ns, ignored;
	unsigned int run, i;
	struct vgpu third;

	for (run = 0; run < COSTS; run++) {
		vgpu_make(&tracked.vgpu, "256mq");
		vgpu_make(&free.vgpu, "256mq");
		vgpu_make(&third, "256mq");
		tracked.file = read_slowly(&tracked.vgpu);
		free.file = read_slowly(&third);
		jobs_create(&tracked.jobs, tracked.vgpu.device, ELEMENTS, 1);
		jobs_create(&free.jobs, free.vgpu.device, ELEMENTS, 1);
		for (i = 0; i < BATCHES; i++) {
			batch(i % 2 ? &tracked : &free, i);
			batch(i % 2 ? &free : &tracked, i);
		}
		ns = median(tracked.ns, BATCHES, &ignored);
		free_ns = median(free.ns, BATCHES, &ignored);
		printf("# %u jobs take %.1f ms, with tracking %.1f\n", BATCH, free_ns / 1e6,
		       ns / 1e6);
		figure.value[run] = 100 - 100 * free_ns / ns;
		close(tracked.file);
		close(free.file);
		vgpu_remove(&tracked.vgpu);
		vgpu_remove(&free.vgpu);
		vgpu_remove(&third);
	}
	figure.undecided = undecided(figure.value, figure.target);
	report(&figure, "\"slice_mib\":256,\"of\":\"jobs a second while a megabyte is read with every 64\",\"against\":\"the same while another vGPU is read\"");
}

int main(int argc, char **argv)
{
	static struct move live[SLICES][RATES][RUNS_MAX], still[SLICES][RUNS_MAX];
	const struct move *small = live[0][STEADY_WRITER];
	const struct move *large = live[SLICES - 1][STEADY_WRITER];
	unsigned int i;
	enum rate rate;

	if (argc > 2)
		runs = (unsigned int)atoi(argv[2]);
	if (argc < 2 || argc > 3 || !runs || runs > RUNS_MAX || !strcmp(argv[1], "--help")) {
		fprintf(stderr, "usage: %s RESULTS [RUNS]\n", argv[0]);
		return 2;
	}
	out = fopen(argv[1], "we");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	if (host_init()) {
		fprintf(stderr, "%s\n", rt_message());
		return 1;
	}
	scheduler_defaults();
	cost_of_tracking();
	for (i = 0; i < SLICES; i++) {
		measure(&slices[i], live[i], still[i]);
		for (rate = 0; rate < RATES; rate++)
			report_moves(&slices[i], rate, live[i][rate], still[i]);
	}
	report_growth("blackout_bytes_growth", offsetof(struct move, blackout_bytes), 2, small,
		      large);
	report_growth("blackout_time_growth", offsetof(struct move, blackout_ms), -1, small, large);
	return fclose(out) ? 1 : 0;
}
