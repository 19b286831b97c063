// SPDX-License-Identifier: GPL-2.0-only
/*
 * scheduler.c - how well the scheduling policies share, in the simulator
 *
 * Prints the "results" of build/bench/scheduler.json. The peer runs the same
 * load on the same GPU in the same run; what it is: tests/sim/balance.c. Every
 * value is the median over the seeds, the spread their greatest difference.
 */
#include <stdlib.h>
#include <string.h>

#include "../sim/sim.h"

#define SEEDS		5
#define OVERRUN_NS	(50 * SIM_US)

enum figure { JAIN, MIN_MAX, WAIT_P99, TO_LOAD_P99, WAIT_MAX, USEFUL, FIGURES };

static struct sim sim;
static int first = 1;

static const struct sim_load absent = { .absent = true };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *value)
{
	qsort(value, SEEDS, sizeof(*value), by_value);
	return value[SEEDS / 2];
}

static void print_number(const char *name, const double *value)
{
	if (value)
		printf("\"%s\":%.9g,", name, *value);
	else
		printf("\"%s\":null,", name);
}

static void report(const char *name, double *value, const char *unit,
		   const char *better, const double *target, double *peer,
		   const char *peer_name, const char *conditions)
{
	double middle = median(value), spread = value[SEEDS - 1] - value[0];
	double theirs = peer ? median(peer) : 0;
	bool met = !target || (*better == 'h' ? middle >= *target : middle <= *target);

	printf("%s{\"name\":\"%s\",\"source\":\"simulator\",", first ? "" : ",\n", name);
	print_number("value", &middle);
	printf("\"unit\":\"%s\",\"better\":\"%s\",", unit, better);
	print_number("target", target);
	printf("\"target_met\":%s,", !target ? "null" : met ? "true" : "false");
	if (peer)
		printf("\"peer\":\"%s\",", peer_name);
	else
		printf("\"peer\":null,");
	print_number("peer_value", peer ? &theirs : NULL);
	printf("\"n\":%d,\"spread\":%.9g,\"conditions\":{%s}}", SEEDS, spread, conditions);
	first = 0;
	fprintf(stderr, "%-26s %12.6g %-6s", name, middle, unit);
	if (target)
		fprintf(stderr, " %s %.6g%s", *better == 'h' ? ">=" : "<=", *target,
			met ? "" : " MISSED");
	if (peer)
		fprintf(stderr, "  %s %.6g", peer_name, theirs);
	fprintf(stderr, "  %s\n", conditions);
}

static struct sim_config gpu(const struct sched_policy *policy, unsigned int n,
			     uint64_t switch_ns, uint64_t seed)
{
	return (struct sim_config) {
		.policy = policy,
		.timeslice_ns = SIM_S / (n < 8 ? 480 : 960),
		.averaging = SCHED_AVERAGING_DEFAULT,
		.switch_ns = switch_ns,
		.overrun_ns = OVERRUN_NS,
		.preempt_timeout_ns = 2 * SIM_MS,
		.reset_ns = 200 * SIM_US,
		.seed = seed,
	};
}

static uint64_t round_end, at_end[SIM_MAX_VGPUS];

static void stop_after_round(struct sim *s, int who, uint64_t run_ns,
			     enum sched_end reason, bool idle_slot)
{
	unsigned int i;

	(void)run_ns, (void)reason, (void)idle_slot;
	if (who != (int)s->count - 1 || s->now < round_end || s->stopped)
		return;
	for (i = 0; i < s->count; i++)
		at_end[i] = sim_served(s, (int)i);
	s->stopped = true;
}

/* @n busy vGPUs with jobs of up to @job_max for max(1 s, 100 rounds). */
static void equal(const struct sim_scheduler *scheduler, unsigned int n,
		  uint64_t switch_ns, uint64_t job_max, uint64_t seed, double *out)
{
	const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = job_max };
	struct sim_config config = gpu(&sched_best_effort, n, switch_ns, seed);
	uint64_t window = 100 * n * (config.timeslice_ns + switch_ns + OVERRUN_NS);
	uint64_t before[SIM_MAX_VGPUS], begin, busy_ns;
	double got[SIM_MAX_VGPUS];
	unsigned int i;

	if (window < SIM_S)
		window = SIM_S;
	sim_init(&sim, &config, scheduler);
	for (i = 0; i < n; i++)
		sim_add(&sim, &busy);
	sim.on_run = stop_after_round;
	round_end = window / 2;
	sim_run_until(&sim, 100 * window);
	memcpy(before, at_end, sizeof(before));
	begin = sim.now;
	busy_ns = sim.busy_ns;
	sim_forget_waits(&sim);
	round_end = sim.now + window;
	sim_run_until(&sim, 100 * window);
	out[WAIT_P99] = 0;
	out[WAIT_MAX] = 0;
	for (i = 0; i < n; i++) {
		double p99 = (double)sim_wait_quantile(&sim, (int)i, 0.99);

		got[i] = (double)(at_end[i] - before[i]);
		if (p99 > out[WAIT_P99])
			out[WAIT_P99] = p99;
		if ((double)sim.vgpu[i].wait_max > out[WAIT_MAX])
			out[WAIT_MAX] = (double)sim.vgpu[i].wait_max;
	}
	out[TO_LOAD_P99] = out[WAIT_P99] - (double)switch_ns;
	out[JAIN] = sim_jain(got, n);
	out[MIN_MAX] = sim_min_max(got, n);
	out[USEFUL] = 100.0 * (double)(sim.busy_ns - busy_ns) / (double)(sim.now - begin);
	sim_fini(&sim);
}

static void bench_equal(unsigned int n, uint64_t switch_ns, uint64_t job_max)
{
	struct sim_config config = gpu(&sched_best_effort, n, switch_ns, 0);
	double ours[FIGURES][SEEDS], theirs[FIGURES][SEEDS], one[FIGURES];
	double target[FIGURES] = { 0.9999, 0.99 };
	char conditions[320];
	unsigned int i, f;

	/*
	 * A wait has a switch for each of the others and one for the vGPU itself:
	 * the target counts the first ones, so it is one for the wait until the
	 * last begins.
	 */
	target[TO_LOAD_P99] = (double)((n - 1) * (config.timeslice_ns + OVERRUN_NS + switch_ns) +
				       100 * SIM_US);
	target[WAIT_P99] = target[TO_LOAD_P99] + (double)switch_ns;
	for (i = 0; i < SEEDS; i++) {
		equal(&sim_turns, n, switch_ns, job_max, i + 1, one);
		for (f = 0; f < FIGURES; f++)
			ours[f][i] = one[f];
		equal(&sim_balance, n, switch_ns, job_max, i + 1, one);
		for (f = 0; f < FIGURES; f++)
			theirs[f][i] = one[f];
	}
	snprintf(conditions, sizeof(conditions),
		 "\"policy\":\"best_effort\",\"vgpus\":%u,\"switch_us\":%llu,\"slice_us\":%llu,"
		 "\"overrun_us\":%llu,\"averaging\":%u,\"job_us\":\"10-%llu\","
		 "\"window\":\"whole rounds, max(1 s, 100 rounds)\",\"clock\":\"simulated\"",
		 n, switch_ns / SIM_US, config.timeslice_ns / SIM_US,
		 OVERRUN_NS / SIM_US, config.averaging, job_max / SIM_US);
	report("fairness_jain", ours[JAIN], "index", "higher", &target[JAIN],
	       theirs[JAIN], "gvt-g-like", conditions);
	report("fairness_min_max", ours[MIN_MAX], "ratio", "higher", &target[MIN_MAX],
	       theirs[MIN_MAX], "gvt-g-like", conditions);
	report("wait_p99", ours[WAIT_P99], "ns", "lower", &target[WAIT_P99],
	       theirs[WAIT_P99], "gvt-g-like", conditions);
	report("wait_p99_to_load", ours[TO_LOAD_P99], "ns", "lower", &target[TO_LOAD_P99],
	       theirs[TO_LOAD_P99], "gvt-g-like", conditions);
	report("wait_max", ours[WAIT_MAX], "ns", "lower", NULL, theirs[WAIT_MAX],
	       "gvt-g-like", conditions);
	report("useful_time", ours[USEFUL], "percent", "higher", NULL,
	       theirs[USEFUL], "gvt-g-like", conditions);
}

static double most_ahead[SIM_MAX_VGPUS][SIM_MAX_VGPUS][2];

static void look_at_pairs(struct sim *s, int who, uint64_t run_ns,
			  enum sched_end reason, bool idle_slot)
{
	unsigned int i;

	(void)run_ns, (void)reason, (void)idle_slot;
	for (i = 0; i < s->count; i++) {
		double *range = most_ahead[who][i];
		double ahead = (double)s->vgpu[who].served_ns - (double)s->vgpu[i].served_ns;

		if (ahead < range[0])
			range[0] = ahead;
		if (ahead > range[1])
			range[1] = ahead;
	}
}

/* By how much the service of two of @n busy vGPUs differs in the worst window. */
static double difference(unsigned int n, uint64_t switch_ns, uint64_t overrun_ns,
			 uint32_t averaging, uint64_t seed)
{
	const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = 50 * SIM_MS };
	struct sim_config config = gpu(&sched_best_effort, n, switch_ns, seed);
	uint64_t time = 100 * n * (config.timeslice_ns + switch_ns + overrun_ns);
	double worst = 0, range;
	unsigned int i, j;

	config.overrun_ns = overrun_ns;
	config.averaging = averaging;
	sim_init(&sim, &config, &sim_turns);
	for (i = 0; i < n; i++)
		sim_add(&sim, &busy);
	memset(most_ahead, 0, sizeof(most_ahead));
	sim.on_run = look_at_pairs;
	sim_run_until(&sim, time > SIM_S ? time : SIM_S);
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			/* One's lead at its best is the other's at its worst. */
			range = most_ahead[i][j][1] + most_ahead[j][i][1];
			if (range > worst)
				worst = range;
			range = most_ahead[i][j][1] - most_ahead[i][j][0];
			if (range > worst)
				worst = range;
		}
	}
	sim_fini(&sim);
	return worst;
}

static void bench_difference(unsigned int n, uint64_t switch_ns)
{
	static const struct {
		uint64_t overrun_ns;
		uint32_t averaging;
	} kind[] = { { 0, 33 }, { OVERRUN_NS, 1 }, { OVERRUN_NS, 33 } };
	double slice = 1e9 / (n < 8 ? 480 : 960), target, value[SEEDS];
	char conditions[320];
	unsigned int k, i;

	for (k = 0; k < 3; k++) {
		double overrun = (double)kind[k].overrun_ns, bound = slice;

		/* As turns.c derives it; without overrun there are no slivers. */
		if (kind[k].overrun_ns)
			bound += 2 * (kind[k].averaging * overrun + SCHED_SLIVER_NS);
		target = slice + overrun;
		for (i = 0; i < SEEDS; i++)
			value[i] = difference(n, switch_ns, kind[k].overrun_ns,
					      kind[k].averaging, i + 1);
		snprintf(conditions, sizeof(conditions),
			 "\"policy\":\"best_effort\",\"vgpus\":%u,\"switch_us\":%llu,\"slice_us\":%.0f,"
			 "\"overrun_us\":%.0f,\"averaging\":%u,\"bound_ns\":%.0f,"
			 "\"window\":\"the worst of any length, max(1 s, 100 rounds) in all\",\"clock\":\"simulated\"",
			 n, switch_ns / SIM_US, slice / 1e3, overrun / 1e3, kind[k].averaging,
			 bound);
		report("service_difference", value, "ns", "lower", &target, NULL, NULL, conditions);
	}
}

static double comparisons(unsigned int n)
{
	static struct sched_heap_node ready[10001], throttled[10001];
	static struct sched_client client[10000];
	static struct sched_queue queue;
	struct sched_decision decision;
	uint64_t now = 0, before = 0;
	unsigned int i;

	sched_queue_init(&queue, &sched_best_effort, ready, throttled, 10000);
	for (i = 0; i < n; i++) {
		sched_client_init(&client[i]);
		client[i].weight = 1 + i * 7919 % 10000;
		sched_add(&queue, &client[i], now);
		sched_wake(&queue, &client[i], now);
	}
	for (i = 0; i < 3 * n + 20000; i++) {
		if (i == 3 * n)
			before = queue.ready.comparisons;
		sched_pick(&queue, now, &decision);
		sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns,
			     now += 2 * SIM_MS);
	}
	return (double)(queue.ready.comparisons - before) / 20000;
}

static void bench_decision(void)
{
	const double target = 3;
	double value[SEEDS];
	unsigned int i;

	for (i = 0; i < SEEDS; i++)
		value[i] = comparisons(10000) / comparisons(64);
	report("decision_comparisons_10000_to_64", value, "ratio", "lower", &target, NULL, NULL,
	       "\"policy\":\"best_effort\",\"weights\":\"1-10000\",\"clock\":\"none\"");
}

/* Largest error of a share, in points, over windows of one second. */
static double weights(const struct sim_scheduler *scheduler, uint64_t switch_ns,
		      uint64_t job_max, uint64_t seed)
{
	const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = job_max };
	struct sim_config config = gpu(&sched_best_effort, 4, switch_ns, seed);
	double worst = 0;
	unsigned int i, window;

	sim_init(&sim, &config, scheduler);
	for (i = 0; i < 4; i++) {
		sim_add(&sim, &busy);
		sim_update(&sim, (int)i, 100U << i, 100, 0);
	}
	sim_run_until(&sim, SIM_S / 2);
	for (window = 0; window < 10; window++) {
		double before[4], total = 0;

		for (i = 0; i < 4; i++)
			before[i] = (double)sim_served(&sim, (int)i);
		sim_run_until(&sim, sim.now + SIM_S);
		for (i = 0; i < 4; i++) {
			before[i] = (double)sim_served(&sim, (int)i) - before[i];
			total += before[i];
		}
		for (i = 0; i < 4; i++) {
			double error = 100 * (before[i] / total - (1 << i) / 15.0);

			if (error < 0)
				error = -error;
			if (error > worst)
				worst = error;
		}
	}
	sim_fini(&sim);
	return worst;
}

/* Largest error of a cap, in points, over windows of one second. */
static double cap(uint32_t percent, uint64_t switch_ns, uint64_t seed)
{
	const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = 50 * SIM_MS };
	struct sim_config config = gpu(&sched_best_effort, 2, switch_ns, seed);
	double worst = 0, error;
	unsigned int window;

	sim_init(&sim, &config, &sim_turns);
	sim_add(&sim, &busy);
	sim_add(&sim, &busy);
	sim_update(&sim, 0, 100, percent, 0);
	sim_run_until(&sim, SIM_S / 2);
	for (window = 0; window < 10; window++) {
		uint64_t before = sim_served(&sim, 0);

		sim_run_until(&sim, sim.now + SIM_S);
		error = 100 * (double)(sim_served(&sim, 0) - before) / SIM_S - percent;
		if (error < 0)
			error = -error;
		if (error > worst)
			worst = error;
	}
	sim_fini(&sim);
	return worst;
}

/* Alone for 5 s without pause, then beside another: its longest wait. */
static double lone_runner(const struct sim_scheduler *scheduler,
			  uint64_t switch_ns, uint64_t seed)
{
	const struct sim_load alone = {
		5 * SIM_S, 5 * SIM_S, 3 * SIM_MS, 3 * SIM_MS, false, false
	};
	const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = SIM_MS };
	struct sim_config config = gpu(&sched_best_effort, 2, switch_ns, seed);
	double wait;

	sim_init(&sim, &config, scheduler);
	sim_add(&sim, &alone);
	sim_add(&sim, &absent);
	sim_run_until(&sim, 5 * SIM_S + SIM_MS);
	sim_forget_waits(&sim);
	sim_set_load(&sim, 0, &busy);
	sim_set_load(&sim, 1, &busy);
	sim_run_until(&sim, 8 * SIM_S);
	wait = (double)sim.vgpu[0].wait_max;
	sim_fini(&sim);
	return wait;
}

/* What three busy vGPUs under fixed share get beside a fourth. */
static double beside(const struct sim_load *fourth, uint64_t switch_ns, uint64_t seed)
{
	const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = 50 * SIM_MS };
	struct sim_config config = gpu(&sched_fixed_share, 4, switch_ns, seed);
	double got = 0;
	int i;

	sim_init(&sim, &config, &sim_turns);
	for (i = 0; i < 4; i++) {
		sim_add(&sim, &absent);
		sim_close(&sim, i);
		sim.vgpu[i].client.max_instance = 4;
		sim.vgpu[i].load = i < 3 ? busy : *fourth;
		sim_open(&sim, i);
	}
	sim_run_until(&sim, 20 * SIM_S);
	for (i = 0; i < 3; i++)
		got += (double)sim_served(&sim, i);
	sim_fini(&sim);
	return got;
}

static void bench_profile(uint64_t switch_ns)
{
	static const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = 50 * SIM_MS };
	static const struct {
		const char *name;
		struct sim_load load;
	} hostile[] = {
		{ "doorbell storm",
		  { 10 * SIM_US, 10 * SIM_US, SIM_US, 2 * SIM_US, false, false } },
		{ "hangs", { 100 * SIM_S, 100 * SIM_S, SIM_MS, 2 * SIM_MS, true, false } },
	};
	const double points[] = { 1, 0.5, 1 };
	double a[SEEDS], b[SEEDS], bound;
	char conditions[200];
	unsigned int i, h;

	snprintf(conditions, sizeof(conditions),
		 "\"switch_us\":%llu,\"overrun_us\":%llu,\"averaging\":33,\"window_s\":1,\"clock\":\"simulated\"",
		 switch_ns / SIM_US, OVERRUN_NS / SIM_US);
	for (i = 0; i < SEEDS; i++) {
		a[i] = weights(&sim_turns, switch_ns, 50 * SIM_MS, i + 1);
		b[i] = weights(&sim_balance, switch_ns, 50 * SIM_MS, i + 1);
	}
	report("weights_1_2_4_8_error", a, "points", "lower", &points[0], b, "gvt-g-like",
	       conditions);
	for (i = 0; i < SEEDS; i++)
		a[i] = cap(20, switch_ns, i + 1);
	report("cap_20_error", a, "points", "lower", &points[1], NULL, NULL, conditions);
	for (i = 0; i < SEEDS; i++) {
		a[i] = lone_runner(&sim_turns, switch_ns, i + 1);
		b[i] = lone_runner(&sim_balance_stale, switch_ns, i + 1);
	}
	bound = (double)(SIM_S / 480 + SCHED_SLIVER_NS + OVERRUN_NS + 3 * switch_ns);
	report("lone_runner_wait", a, "ns", "lower", &bound, b,
	       "gvt-g-like, before its correction", conditions);
	for (h = 0; h < 2; h++) {
		snprintf(conditions, sizeof(conditions),
			 "\"policy\":\"fixed_share\",\"hostile\":\"%s\",\"switch_us\":%llu,\"seconds\":20,\"clock\":\"simulated\"",
			 hostile[h].name, switch_ns / SIM_US);
		for (i = 0; i < SEEDS; i++)
			a[i] = 100 - 100 * beside(&hostile[h].load, switch_ns, i + 1) /
				     beside(&busy, switch_ns, i + 1);
		report("hostile_cost", a, "percent", "lower", &points[2], NULL, NULL, conditions);
	}
}

int main(void)
{
	static const uint64_t profiles[] = { 50 * SIM_US, 200 * SIM_US, 700 * SIM_US };
	static const unsigned int sizes[] = { 2, 4, 8, 16, 32, 64 };
	unsigned int i, j;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < 6; j++)
			bench_equal(sizes[j], profiles[i], 50 * SIM_MS);
		/* Jobs so short that a GPU that can't stop them hardly matters. */
		bench_equal(4, profiles[i], SIM_MS);
		for (j = 0; j < 6; j++)
			bench_difference(sizes[j], profiles[i]);
		bench_profile(profiles[i]);
	}
	bench_decision();
	printf("\n");
	return fflush(stdout) ? 1 : 0;
}
