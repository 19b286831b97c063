// SPDX-License-Identifier: GPL-2.0-only
/*
 * scheduler.c - how well the scheduling policies share, in the simulator
 *
 *	scheduler [SECTION...]
 *
 * Prints the "results" of build/bench/scheduler.json; sections are below, at
 * main(). Every value is the median over the seeds, the spread their greatest
 * difference. The GPU has the slice and the cost of a switch of an NVIDIA H200,
 * whose own time slicing between processes was measured (driver 580, compute):
 * those figures are the peer's. Where none was measured the peer is what this
 * module had before: round robin in virtual time (turns.c of commit 4ec477e), on
 * this same simulated GPU.
 */
#include <stdlib.h>
#include <string.h>

#include "../sim/sim.h"

#define SEEDS		5
#define SLICE_NS	(2091 * SIM_US)
#define SWITCH_NS	(152 * SIM_US)
#define STEP_NS		(10 * SIM_MS)
#define STEPS_MAX	12001

#define H200		"NVIDIA H200 time slicing, driver 580, measured"
#define ROUND_ROBIN	"round robin in virtual time, turns.c of 4ec477e"

static struct sim sim;
static bool first = true;

/* Microseconds of a job, and from one to the next. */
#define JOBS(us, gap_min, gap_max)	\
	{ (us) * SIM_US, (us) * SIM_US, (gap_min) * SIM_US, (gap_max) * SIM_US }

static const struct sim_load busy = { .job_min = 2 * SIM_MS, .job_max = 2 * SIM_MS };
static const struct sim_load absent = { .absent = true };

/* What is asked of a figure, NULL: nothing; and who else has one, NULL: nobody. */
struct goal {
	const char *unit;
	bool higher;
	const double *target;
	const char *peer;
	double peer_value;
};

static struct goal goal_of(const char *unit, bool higher, const double *target,
			   const char *peer, double peer_value)
{
	return (struct goal){ unit, higher, target, peer, peer_value };
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void report(const char *name, double *value, struct goal goal, const char *conditions)
{
	double middle, target = goal.target ? *goal.target : 0;
	bool met;

	qsort(value, SEEDS, sizeof(*value), by_value);
	middle = value[SEEDS / 2];
	met = !goal.target || (goal.higher ? middle >= target : middle <= target);
	printf("%s{\"name\":\"%s\",\"source\":\"simulator\",\"value\":%.9g,\"unit\":\"%s\",\"better\":\"%s\",",
	       first ? "" : ",\n", name, middle, goal.unit, goal.higher ? "higher" : "lower");
	if (goal.target)
		printf("\"target\":%.9g,\"target_met\":%s,", target, met ? "true" : "false");
	else
		printf("\"target\":null,\"target_met\":null,");
	if (goal.peer)
		printf("\"peer\":\"%s\",\"peer_value\":%.9g,", goal.peer, goal.peer_value);
	else
		printf("\"peer\":null,\"peer_value\":null,");
	printf("\"n\":%d,\"spread\":%.9g,\"conditions\":{%s,\"clock\":\"simulated\"}}", SEEDS,
	       value[SEEDS - 1] - value[0], conditions);
	first = false;
	fprintf(stderr, "%-22s %10.5g %-7s", name, middle, goal.unit);
	if (goal.target)
		fprintf(stderr, " %s %.5g%s", goal.higher ? ">=" : "<=", target,
			met ? "" : " MISSED");
	if (goal.peer)
		fprintf(stderr, "  (%.4s %.5g)", goal.peer, goal.peer_value);
	fprintf(stderr, "  %s\n", conditions);
}

static struct sim_config gpu(const struct sched_policy *policy, uint64_t seed)
{
	return (struct sim_config) {
		.policy = policy,
		.timeslice_ns = SLICE_NS,
		.cuts_permille = OPENVGPU_WAKE_BUDGET_PERMILLE_DEFAULT,
		.lingers = true,
		.switch_ns = SWITCH_NS,
		.overrun_ns = SIM_US,
		.preempt_ns = 50 * SIM_US,
		.preempt_timeout_ns = 100 * SIM_MS,
		.reset_ns = SIM_MS,
		.seed = seed,
	};
}

/* ---- samples of service */

static uint64_t sample[STEPS_MAX][SIM_MAX_VGPUS];
static unsigned int samples;

static void take(void)
{
	unsigned int i;

	for (i = 0; i < sim.count; i++)
		sample[samples][i] = sim_served(&sim, (int)i);
	samples++;
}

static void run_sampled(uint64_t ns)
{
	uint64_t end = sim.now + ns;

	samples = 0;
	take();
	while (sim.now < end) {
		sim_run_until(&sim, sim.now + STEP_NS);
		take();
	}
}

/* Of the vGPUs from @from on, in the worst of all windows that begin each 10 ms. */
static double worst(uint64_t window, unsigned int from,
		    double (*fairness)(const double *value, unsigned int count))
{
	unsigned int w, i, span = (unsigned int)(window / STEP_NS), n = sim.count - from;
	double got[SIM_MAX_VGPUS], least = 1;

	for (w = 0; w + span < samples; w++) {
		for (i = 0; i < n; i++)
			got[i] = (double)(sample[w + span][from + i] - sample[w][from + i]);
		if (fairness(got, n) < least)
			least = fairness(got, n);
	}
	return least;
}

static uint64_t rounds_from[SIM_MAX_VGPUS], next_round;
static double rounds_min_max, rounds_jain;

/* Seconds that end with the end of a request of the last vGPU: whole rounds. */
static void on_round(struct sim *s, int who, uint64_t run_ns, enum sched_end reason)
{
	double got[SIM_MAX_VGPUS];
	unsigned int i;

	(void)run_ns;
	if (who != (int)s->count - 1 || reason != SCHED_END_QUANTUM || s->now < next_round)
		return;
	for (i = 0; i < s->count; i++) {
		got[i] = (double)(s->vgpu[i].served_ns - rounds_from[i]);
		rounds_from[i] = s->vgpu[i].served_ns;
	}
	if (next_round && sim_min_max(got, s->count) < rounds_min_max)
		rounds_min_max = sim_min_max(got, s->count);
	if (next_round && sim_jain(got, s->count) < rounds_jain)
		rounds_jain = sim_jain(got, s->count);
	next_round = s->now + SIM_S;
}

/* ---- busy ones alone */

static void busy_of(unsigned int n)
{
	static const struct {
		unsigned int n;
		double useful, wait, second, tenth;
		double h200_second, h200_jain;
	} before[] = {
		{ 2, 93.22, 2.40, .999, .972, .993, .99999 },
		{ 4, 93.22, 6.88, .991, .946, .979, .99993 },
		{ 6, 93.22, 11.37, .987, .875, 0, 0 },
		{ 8, 93.22, 15.86, .982, .833, .962, .99984 },
		{ 16, 93.22, 33.80, .964, .666, .922, .99912 },
		{ 32, 93.22, 69.69, .928, .500, 0, 0 },
		{ 64, 93.23, 141.48, .857, 0, 0, 0 },
	};
	static const double near = 0.99, even = 0.9999, longest = 55;
	double useful[SEEDS], wait[SEEDS], second[SEEDS], jain[SEEDS], tenth[SEEDS];
	double rounds[SEEDS], even_rounds[SEEDS], least;
	char conditions[80];
	unsigned int i, b = 0;
	uint64_t seed, began;

	while (before[b].n != n)
		b++;
	for (seed = 0; seed < SEEDS; seed++) {
		struct sim_config config = gpu(&sched_best_effort, seed + 1);

		sim_init(&sim, &config, &sim_module);
		for (i = 0; i < n; i++)
			sim_add(&sim, &busy);
		sim_run_until(&sim, 2 * SIM_S);
		sim_forget_waits(&sim);
		began = sim.busy_ns;
		next_round = 0;
		rounds_min_max = 1;
		rounds_jain = 1;
		sim.on_run = on_round;
		run_sampled(30 * SIM_S);
		useful[seed] = 100.0 * (double)(sim.busy_ns - began) / (30.0 * SIM_S);
		wait[seed] = 0;
		for (i = 0; i < n; i++)
			if ((double)sim.vgpu[i].wait_max / 1e6 > wait[seed])
				wait[seed] = (double)sim.vgpu[i].wait_max / 1e6;
		second[seed] = worst(SIM_S, 0, sim_min_max);
		jain[seed] = worst(SIM_S, 0, sim_jain);
		tenth[seed] = worst(SIM_S / 10, 0, sim_min_max);
		rounds[seed] = rounds_min_max;
		even_rounds[seed] = rounds_jain;
		sim_fini(&sim);
	}
	least = n <= 6 ? 98 : n == 8 ? 97 : before[b].useful - .01;
	snprintf(conditions, sizeof(conditions), "\"policy\":\"best_effort\",\"vgpus\":%u", n);
	report("useful_time", useful,
	       goal_of("percent", true, &least, ROUND_ROBIN, before[b].useful),
	       conditions);
	report("wait_max", wait,
	       goal_of("ms", false, n <= 22 ? &longest : NULL, ROUND_ROBIN, before[b].wait),
	       conditions);
	if (before[b].h200_jain) {
		report("jain_any_second", jain,
		       goal_of("index", true, &even, H200, before[b].h200_jain), conditions);
		report("min_max_any_second", second,
		       goal_of("ratio", true, &near, H200, before[b].h200_second), conditions);
	} else {
		report("min_max_any_second", second,
		       goal_of("ratio", true, &near, ROUND_ROBIN, before[b].second), conditions);
	}
	report("min_max_any_tenth", tenth,
	       goal_of("ratio", true, &before[b].tenth, ROUND_ROBIN, before[b].tenth), conditions);
	report("min_max_whole_rounds", rounds, goal_of("ratio", true, &near, NULL, 0), conditions);
	report("jain_whole_rounds", even_rounds, goal_of("index", true, &even, NULL, 0),
	       conditions);
}

static void section_busy(void)
{
	static const unsigned int sizes[] = { 2, 4, 6, 8, 16, 32, 64 };
	unsigned int i;

	for (i = 0; i < 7; i++)
		busy_of(sizes[i]);
}

/* ---- one that works now and then beside busy ones */

static uint64_t took[40000];
static unsigned int jobs_done;

static void on_job(struct sim *s, int who, uint64_t took_ns)
{
	(void)s;
	if (!who && jobs_done < sizeof(took) / sizeof(*took))
		took[jobs_done++] = took_ns;
}

static int by_length(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* vGPU 0 beside @n - 1 busy ones: 99th percentiles, in ms, and useful time. */
static void beside(unsigned int n, const struct sim_load *load, uint32_t cuts, uint64_t seed,
		   double *wait, double *job, double *useful)
{
	struct sim_config config = gpu(&sched_best_effort, seed);
	uint64_t began;
	unsigned int i;

	config.cuts_permille = cuts;
	sim_init(&sim, &config, &sim_module);
	sim_add(&sim, load);
	for (i = 1; i < n; i++)
		sim_add(&sim, &busy);
	sim_run_until(&sim, 2 * SIM_S);
	sim_forget_waits(&sim);
	began = sim.busy_ns;
	jobs_done = 0;
	sim.on_job = on_job;
	sim_run_until(&sim, 62 * SIM_S);
	*wait = (double)sim_wait_quantile(&sim, 0, 0.99) / 1e6;
	qsort(took, jobs_done, sizeof(*took), by_length);
	*job = (double)took[(unsigned int)(0.99 * (jobs_done - 1) + 0.5)] / 1e6;
	*useful = 100.0 * (double)(sim.busy_ns - began) / (60.0 * SIM_S);
	sim_fini(&sim);
}

static void now_and_then(const char *name, unsigned int n, const struct sim_load *load,
			 uint32_t cuts, const double *target, const double *job_target,
			 const char *peer, double peer_wait)
{
	double wait[SEEDS], job[SEEDS], useful[SEEDS];
	char conditions[120];
	uint64_t seed;

	for (seed = 0; seed < SEEDS; seed++)
		beside(n, load, cuts, seed + 1, &wait[seed], &job[seed], &useful[seed]);
	snprintf(conditions, sizeof(conditions), "\"load\":\"%s\",\"vgpus\":%u,\"cuts_permille\":%u",
		 name, n, cuts);
	report("wait_p99", wait, goal_of("ms", false, target, peer, peer_wait), conditions);
	if (job_target)
		report("job_p99", job, goal_of("ms", false, job_target, NULL, 0), conditions);
	report("useful_time", useful, goal_of("percent", true, NULL, NULL, 0), conditions);
}

static void section_interactive(void)
{
	static const struct {
		unsigned int n;
		double h200, before;
	} size[] = {
		{ 2, 2.3, 2.42 }, { 4, 8.7, 4.85 }, { 8, 13.9, 13.81 },
		{ 16, 0, 29.73 }, { 32, 0, 61.59 }, { 64, 0, 125.31 },
	};
	static const double with = 0.5, without = (SLICE_NS + 2 * SWITCH_NS) / 1e6;
	struct sim_load load = { 20 * SIM_US, 20 * SIM_US };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		uint64_t n = size[i].n < 8 ? 8 : size[i].n;

		load.gap_min = 2 * SIM_MS * n / 8;
		load.gap_max = 5 * SIM_MS * n / 8;
		now_and_then("20 us, gaps (2-5 ms) * max(1, N / 8)", size[i].n, &load,
			     OPENVGPU_WAKE_BUDGET_PERMILLE_DEFAULT, &with, NULL,
			     size[i].h200 ? H200 : ROUND_ROBIN,
			     size[i].h200 ? size[i].h200 : size[i].before);
		now_and_then("20 us, gaps (2-5 ms) * max(1, N / 8)", size[i].n, &load, 0, &without,
			     NULL, ROUND_ROBIN, size[i].before);
	}
}

static void section_desktop(void)
{
	static const struct sim_load within = { 4 * SIM_MS, 4 * SIM_MS, 46 * SIM_MS, 46 * SIM_MS };
	static const struct sim_load twice = { 4 * SIM_MS, 4 * SIM_MS, 12 * SIM_MS, 12 * SIM_MS };
	static const double one = 1, wait = 15.9, frame = 23.7;
	const uint32_t cuts = OPENVGPU_WAKE_BUDGET_PERMILLE_DEFAULT;

	now_and_then("4 ms each 50 ms", 8, &within, cuts, &one, NULL, ROUND_ROBIN, 15.85);
	now_and_then("4 ms, gaps 12 ms: twice its share", 8, &twice, cuts, &wait, &frame,
		     ROUND_ROBIN, 15.85);
}

/* ---- lengths of jobs, weights, shares, caps */

static void section_shares(void)
{
	static const struct sim_load small = JOBS(500, 5, 20);
	static const struct sim_load large = { .job_min = 50 * SIM_MS, .job_max = 50 * SIM_MS };
	static const double percent = 1, three = 3, tenth = 0.1;
	static const struct sched_policy *const kept[] = { &sched_equal_share, &sched_fixed_share };
	double a[SEEDS], before[4], total, error, window;
	unsigned int i, p, w;
	char conditions[120];
	uint64_t seed, from;

	for (seed = 0; seed < SEEDS; seed++) {
		struct sim_config config = gpu(&sched_best_effort, seed + 1);

		sim_init(&sim, &config, &sim_module);
		sim_add(&sim, &large);
		sim_add(&sim, &small);
		sim_run_until(&sim, 30 * SIM_S);
		a[seed] = 100.0 * ((double)sim.vgpu[0].served_ns /
			  (double)(sim.vgpu[1].served_ns + sim.vgpu[1].stayed_ns) - 1);
		a[seed] = a[seed] < 0 ? -a[seed] : a[seed];
		sim_fini(&sim);
	}
	report("unequal_jobs", a, goal_of("percent", false, &three, H200, 113),
	       "\"jobs\":\"50 ms; 0.5 ms, gaps 5-20 us\",\"vgpus\":2");
	for (seed = 0; seed < SEEDS; seed++) {
		struct sim_config config = gpu(&sched_best_effort, seed + 1);

		a[seed] = 0;
		sim_init(&sim, &config, &sim_module);
		for (i = 0; i < 4; i++) {
			sim_add(&sim, &busy);
			sim_update(&sim, (int)i, 100U << i, 100, 0);
		}
		sim_run_until(&sim, SIM_S);
		for (w = 0; w < 20; w++) {
			for (i = 0; i < 4; i++)
				before[i] = (double)sim_served(&sim, (int)i);
			sim_run_until(&sim, sim.now + SIM_S);
			for (total = 0, i = 0; i < 4; i++) {
				before[i] = (double)sim_served(&sim, (int)i) - before[i];
				total += before[i];
			}
			for (i = 0; i < 4; i++) {
				error = 100 * (before[i] / total - (1 << i) / 15.0);
				error = error < 0 ? -error : error;
				a[seed] = error > a[seed] ? error : a[seed];
			}
		}
		sim_fini(&sim);
	}
	report("weights_1_2_4_8_error", a, goal_of("points", false, &percent, NULL, 0),
	       "\"policy\":\"best_effort\",\"window_s\":1");
	for (p = 0; p < 4; p++) {
		for (seed = 0; seed < SEEDS; seed++) {
			struct sim_config config = gpu(kept[p % 2], seed + 1);

			sim_init(&sim, &config, &sim_module);
			for (i = 0; i < 4; i++) {
				sim_add(&sim, &absent);
				sim_close(&sim, (int)i);
				sim.vgpu[i].client.max_instance = 4;
				sim.vgpu[i].load = p < 2 || i < 2 ? busy : absent;
				sim_open(&sim, (int)i);
			}
			sim_run_until(&sim, 2 * SIM_S);
			from = sim.vgpu[0].client.charged_ns;
			window = (double)sim.now;
			sim_run_until(&sim, 32 * SIM_S);
			a[seed] = 100 * (double)(sim.vgpu[0].client.charged_ns - from) /
				  ((double)sim.now - window) - 25;
			a[seed] = a[seed] < 0 ? -a[seed] : a[seed];
			sim_fini(&sim);
		}
		snprintf(conditions, sizeof(conditions),
			 "\"policy\":\"%s\",\"share\":\"1/4 of the time, its switches included\",\"busy\":%u",
			 kept[p % 2]->name, p < 2 ? 4 : 2);
		report("kept_share_error", a, goal_of("points", false, &tenth, NULL, 0),
		       conditions);
	}
	for (p = 0; p < 3; p++) {
		static const unsigned int caps[] = { 5, 20, 60 };

		for (seed = 0; seed < SEEDS; seed++) {
			struct sim_config config = gpu(&sched_best_effort, seed + 1);

			sim_init(&sim, &config, &sim_module);
			sim_add(&sim, &busy);
			sim_add(&sim, p < 2 ? &busy : &absent);
			sim_update(&sim, 0, 100, caps[p], 0);
			sim_run_until(&sim, 2 * SIM_S);
			from = sim_served(&sim, 0);
			sim_run_until(&sim, 32 * SIM_S);
			a[seed] = 100 * (double)(sim_served(&sim, 0) - from) / (30.0 * SIM_S);
			a[seed] -= caps[p];
			a[seed] = a[seed] < 0 ? -a[seed] : a[seed];
			sim_fini(&sim);
		}
		snprintf(conditions, sizeof(conditions), "\"cap_percent\":%u,\"vgpus\":2", caps[p]);
		report("cap_error", a, goal_of("points", false, &tenth, NULL, 0), conditions);
	}
}

/* ---- hostile ones */

enum trick { NONE, RESETS_LATE, RESETS, FLIPS };

static const struct attack {
	const char *name;
	struct sim_load load;
	enum trick trick;
	uint32_t weight;	/* 0: as the others */
} attacks[] = {
	{ "storm: 10 us jobs, gaps 1-2 us", JOBS(10, 1, 2) },
	{ "storm: 10 us jobs, gaps 160 us", JOBS(10, 160, 160) },
	{ "storm: 10 us jobs, gaps 1-400 us", JOBS(10, 1, 400) },
	{ "waker: 10 us each 1 ms", JOBS(10, 1000, 1000) },
	{ "waker: 10 us each 3 ms", JOBS(10, 3000, 3000) },
	{ "sleeper: 0.9 slice, gap 1 us", JOBS(1882, 1, 1) },
	{ "sleeper: 0.5 slice, gap 0.4 ms", JOBS(1045, 400, 400) },
	{ "sleeper: 4 ms, gaps 12 ms", JOBS(4000, 12000, 12000) },
	{ "sleeper: 1.5 ms, gaps 0.1-0.3 ms", JOBS(1500, 100, 300) },
	{ "resets itself in its run", { 2 * SIM_MS, 2 * SIM_MS }, RESETS_LATE },
	{ "resets itself after each run", { 2 * SIM_MS, 2 * SIM_MS }, RESETS },
	{ "weight 1 and 199 in turn, each 50 ms", { 2 * SIM_MS, 2 * SIM_MS }, FLIPS },
	{ "weight 10, resets itself", { 2 * SIM_MS, 2 * SIM_MS }, RESETS, 10 },
	{ "hangs", { 100 * SIM_S, 100 * SIM_S, SIM_MS, 2 * SIM_MS, true } },
};

static void play(const struct attack *attack, uint64_t end)
{
	uint64_t before = 0, flip = 0;
	bool high = false;

	if (attack->weight)
		sim_update(&sim, 0, attack->weight, 100, 0);
	while (attack->trick && sim.now < end) {
		sim_run_until(&sim, sim.now + 50 * SIM_US);
		if (attack->trick == FLIPS && sim.now >= flip) {
			high = !high;
			sim_update(&sim, 0, high ? 199 : 1, 100, 0);
			flip = sim.now + 50 * SIM_MS;
		} else if (attack->trick == RESETS_LATE && !sim.vgpu[0].open) {
			sim_open(&sim, 0);
		} else if (attack->trick == RESETS_LATE && !sim.current && sim.gpu == SIM_RUNNING &&
			   sim.now - sim.began > SLICE_NS * 9 / 10) {
			sim_close(&sim, 0);
		} else if (attack->trick == RESETS && sim.current &&
			   sim.vgpu[0].served_ns != before) {
			before = sim.vgpu[0].served_ns;
			sim_close(&sim, 0);
			sim_open(&sim, 0);
		}
	}
	sim_run_until(&sim, end);
}

/* What the one who got least of @n - 1 busy ones got beside @attack. */
static double least_beside(const struct sched_policy *policy, const struct attack *attack,
			   unsigned int n, uint64_t seed)
{
	struct sim_config config = gpu(policy, seed);
	double least = 1e300, got;
	unsigned int i;

	sim_init(&sim, &config, &sim_module);
	for (i = 0; i < n; i++) {
		sim_add(&sim, &absent);
		sim_close(&sim, (int)i);
		sim.vgpu[i].client.max_instance = n;
		sim.vgpu[i].load = i ? busy : attack->load;
		sim_open(&sim, (int)i);
	}
	/* A vGPU that hangs too often is stopped; here none is. */
	play(attack, (n > 8 ? 60 : 30) * SIM_S);
	for (i = 1; i < n; i++) {
		got = (double)sim_served(&sim, (int)i);
		least = got < least ? got : least;
	}
	sim_fini(&sim);
	return least;
}

static void section_hostile(void)
{
	static const struct sched_policy *const policy[] = {
		&sched_best_effort, &sched_equal_share, &sched_fixed_share
	};
	static const unsigned int sizes[] = { 8, 64 };
	static const struct attack none = { "busy", { 2 * SIM_MS, 2 * SIM_MS } };
	static const double percent = 1;
	double base[SEEDS], light[SEEDS], loss[SEEDS], got;
	char conditions[160];
	unsigned int p, s, a;
	uint64_t seed;

	for (p = 0; p < 3; p++) {
		for (s = 0; s < 2; s++) {
			struct attack weak = none;

			weak.weight = 10;
			for (seed = 0; seed < SEEDS; seed++) {
				base[seed] = least_beside(policy[p], &none, sizes[s], seed + 1);
				light[seed] = least_beside(policy[p], &weak, sizes[s], seed + 1);
			}
			for (a = 0; a < sizeof(attacks) / sizeof(*attacks); a++) {
				for (seed = 0; seed < SEEDS; seed++) {
					got = least_beside(policy[p], &attacks[a], sizes[s],
							   seed + 1);
					got /= attacks[a].weight ? light[seed] : base[seed];
					loss[seed] = 100 * (1 - got);
				}
				snprintf(conditions, sizeof(conditions),
					 "\"policy\":\"%s\",\"attack\":\"%s\",\"vgpus\":%u",
					 policy[p]->name, attacks[a].name, sizes[s]);
				report("hostile_loss", loss,
				       goal_of("percent", false, &percent, NULL, 0), conditions);
			}
		}
	}
}

/* Four hostile ones, an honest one that works now and then, three busy ones. */
static void section_coalition(void)
{
	static const struct {
		const char *name;
		struct sim_load load;
		double useful, wait;	/* round robin */
	} kind[] = {
		{ "10 us each 1 ms", JOBS(10, 1000, 1000), 83.9, 5.50 },
		{ "10 us, gaps 160 us", JOBS(10, 160, 160), 77.8, 6.14 },
		{ "10 us, gaps 1-2 us", JOBS(10, 1, 2), 0, 0 },
	};
	static const struct sim_load honest = { 20 * SIM_US, 20 * SIM_US, 2 * SIM_MS, 5 * SIM_MS };
	static const double three_quarters = 75, own = 99;
	double useful[SEEDS], least[SEEDS], wait[SEEDS], got;
	char conditions[120];
	unsigned int k, i;
	uint64_t seed, from[8], began;

	for (k = 0; k < 3; k++) {
		for (seed = 0; seed < SEEDS; seed++) {
			struct sim_config config = gpu(&sched_best_effort, seed + 1);

			sim_init(&sim, &config, &sim_module);
			sim_add(&sim, &honest);
			for (i = 1; i < 8; i++)
				sim_add(&sim, i <= 4 ? &kind[k].load : &busy);
			sim_run_until(&sim, 2 * SIM_S);
			sim_forget_waits(&sim);
			for (i = 0; i < 8; i++)
				from[i] = sim.vgpu[i].client.charged_ns;
			began = sim.busy_ns;
			sim_run_until(&sim, 32 * SIM_S);
			useful[seed] = 100.0 * (double)(sim.busy_ns - began) / (30.0 * SIM_S);
			wait[seed] = (double)sim_wait_quantile(&sim, 0, 0.99) / 1e6;
			least[seed] = 1e300;
			for (i = 5; i < 8; i++) {
				got = 100.0 * (double)(sim.vgpu[i].client.charged_ns - from[i]) /
				      (30.0 * SIM_S / 8);
				least[seed] = got < least[seed] ? got : least[seed];
			}
			sim_fini(&sim);
		}
		snprintf(conditions, sizeof(conditions),
			 "\"coalition\":\"4 x %s\",\"busy\":3,\"honest\":\"20 us, gaps 2-5 ms\"",
			 kind[k].name);
		report("useful_time", useful,
		       goal_of("percent", true, &three_quarters,
			       kind[k].useful ? ROUND_ROBIN : NULL, kind[k].useful),
		       conditions);
		report("least_of_own_share", least, goal_of("percent", true, &own, NULL, 0),
		       conditions);
		report("wait_p99", wait,
		       goal_of("ms", false, NULL, kind[k].wait ? ROUND_ROBIN : NULL, kind[k].wait),
		       conditions);
	}
}

/* ---- two GPUs whose switches cost less, and more */

static double useful_of(const struct sim_scheduler *scheduler, unsigned int n, uint64_t switch_ns,
			uint64_t seed, double *wait)
{
	const struct sim_load any = { .job_min = 10 * SIM_US, .job_max = 50 * SIM_MS };
	struct sim_config config = gpu(&sched_best_effort, seed);
	unsigned int i;
	uint64_t began;
	double useful;

	config.switch_ns = switch_ns;
	config.overrun_ns = 50 * SIM_US;
	sim_init(&sim, &config, scheduler);
	for (i = 0; i < n; i++)
		sim_add(&sim, &any);
	sim_run_until(&sim, 2 * SIM_S);
	sim_forget_waits(&sim);
	began = sim.busy_ns;
	sim_run_until(&sim, 22 * SIM_S);
	useful = 100.0 * (double)(sim.busy_ns - began) / (20.0 * SIM_S);
	*wait = (double)sim_wait_quantile(&sim, 0, 0.99) / 1e6;
	sim_fini(&sim);
	return useful;
}

static void section_profiles(void)
{
	static const uint64_t profiles[] = { 50 * SIM_US, 700 * SIM_US };
	static const unsigned int sizes[] = { 2, 8, 32 };
	double useful[SEEDS], wait[SEEDS], theirs, their_wait;
	char conditions[80];
	unsigned int p, s;
	uint64_t seed;

	for (p = 0; p < 2; p++) {
		for (s = 0; s < 3; s++) {
			for (seed = 0; seed < SEEDS; seed++)
				useful[seed] = useful_of(&sim_module, sizes[s], profiles[p],
							 seed + 1, &wait[seed]);
			theirs = useful_of(&sim_balance, sizes[s], profiles[p], 1, &their_wait);
			snprintf(conditions, sizeof(conditions), "\"vgpus\":%u,\"switch_us\":%llu",
				 sizes[s], profiles[p] / SIM_US);
			report("useful_time", useful,
			       goal_of("percent", true, NULL, "gvt-g-like", theirs), conditions);
			report("wait_p99", wait,
			       goal_of("ms", false, NULL, "gvt-g-like", their_wait),
			       conditions);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} section[] = {
		{ "busy", section_busy }, { "interactive", section_interactive },
		{ "desktop", section_desktop }, { "shares", section_shares },
		{ "hostile", section_hostile }, { "coalition", section_coalition },
		{ "profiles", section_profiles },
	};
	unsigned int i;
	bool wanted;
	int a;

	for (i = 0; i < sizeof(section) / sizeof(*section); i++) {
		wanted = argc < 2;
		for (a = 1; a < argc; a++)
			wanted |= !strcmp(argv[a], section[i].name);
		if (wanted)
			section[i].run();
	}
	printf("\n");
	return fflush(stdout) ? 1 : 0;
}
