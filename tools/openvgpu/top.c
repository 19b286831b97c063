// SPDX-License-Identifier: GPL-2.0-only
/*
 * top.c - openvgpu top: who gets how much of a GPU, live, once, or again and again
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

static const struct {
	const char *name;
	char key;
} keys[] = {
	[TOP_SHARE] = { "share", 's' },
	[TOP_WAIT] = { "wait", 'w' },
	[TOP_LONGEST] = { "longest", 'l' },
	[TOP_FRAMEBUFFER] = { "framebuffer", 'm' },
	[TOP_UUID] = { "uuid", 'u' },
};

#define KEYS	(sizeof(keys) / sizeof(keys[0]))

/**
 * struct view - what is looked at, and how
 * @cli: the run
 * @bdf: of the only GPU to show; NULL: all
 * @key: order
 * @reverse: turned round
 * @first: the uppermost line on the screen
 */
struct view {
	const struct cli *cli;
	const char *bdf;
	enum top_key key;
	bool reverse;
	size_t first;
};

/* ------------------------------------------------------------------- once */

static void sleep_until(uint64_t until)
{
	struct timespec at = {
		.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static void print_lines(const struct top_sample *sample)
{
	struct top_lines lines;
	size_t i;

	top_lines_make(sample, &lines);
	for (i = 0; i < lines.count; i++)
		puts(lines.line[i]);
	top_lines_free(&lines);
}

/* The first look; a GPU that is asked for has to be there. */
static enum cli_exit look(const struct view *view, struct top_sample *sample)
{
	const struct cli *cli = view->cli;
	int err = top_sample_take(cli->ovgpu, view->bdf, sample);

	if (err)
		return cli_fail_errno(cli, err, "look at the GPUs");
	if (!view->bdf || sample->gpu_count)
		return CLI_OK;
	top_sample_free(sample);
	return cli_fail_no_gpu(cli, view->bdf);
}

static enum cli_exit once(const struct view *view)
{
	const struct cli *cli = view->cli;
	struct top_sample before, now;
	enum cli_exit code = look(view, &before);
	int err;

	if (code != CLI_OK)
		return code;
	/*
	 * Nothing to measure: say so at once. Else from the end of the first
	 * look on, so that on a slow machine the time is not too short.
	 */
	if (before.gpu_count)
		sleep_until(cli_now(CLOCK_MONOTONIC) + cli->interval_ms * 1000000ULL);
	err = top_sample_take(cli->ovgpu, view->bdf, &now);
	if (!err)
		top_sample_compare(&now, &before);
	top_sample_free(&before);
	if (err)
		return cli_fail_errno(cli, err, "look at the GPUs");
	if (view->bdf && !now.gpu_count) {
		top_sample_free(&now);
		return cli_fail(cli, CLI_NOT_FOUND, "GPU %s went away",
				view->bdf);
	}
	top_sample_sort(&now, view->key, view->reverse);
	if (cli->json)
		json_print(top_json(cli, &now, cli->interval_ms));
	else if (now.gpu_count)
		print_lines(&now);
	else
		cli_note_no_gpu(cli);
	top_sample_free(&now);
	return CLI_OK;
}

/* ----------------------------------------------------------------- follow */

static void print_next(const struct view *view, struct top_sample *now)
{
	top_sample_sort(now, view->key, view->reverse);
	if (view->cli->json) {
		json_print_line(top_json(view->cli, now, view->cli->interval_ms));
		return;
	}
	puts(show_utc(cli_now(CLOCK_REALTIME)).text);
	print_lines(now);
	putchar('\n');
}

/* What comes and goes meanwhile, the GPU that is asked for as well, may come back. */
static enum cli_exit follow(const struct view *view)
{
	const struct cli *cli = view->cli;
	uint64_t interval = cli->interval_ms * UINT64_C(1000000);
	struct top_sample before, now;
	enum cli_exit code = look(view, &before);
	int signals, err = 0;

	if (code != CLI_OK)
		return code;
	if (!before.gpu_count)
		cli_note_no_gpu(cli);
	signals = cli_end_signals();
	while (cli_wait(-1, signals, cli_now(CLOCK_MONOTONIC) + interval) != WAITED_END) {
		err = top_sample_take(cli->ovgpu, view->bdf, &now);
		if (err)
			break;
		top_sample_compare(&now, &before);
		print_next(view, &now);
		top_sample_free(&before);
		before = now;
	}
	top_sample_free(&before);
	return err ? cli_fail_errno(cli, err, "look at the GPUs") : CLI_OK;
}

/* ------------------------------------------------------------------- live */

static void scroll_to(struct view *view, size_t count, long by)
{
	size_t height = screen_height();
	size_t last = count > height ? count - height : 0;

	if (by < 0 && (size_t)-by > view->first)
		view->first = 0;
	else
		view->first += by;
	if (view->first > last)
		view->first = last;
}

static void draw(struct view *view, struct top_sample *sample, long by)
{
	struct top_lines lines;
	char title[TOP_LINE];

	top_sample_sort(sample, view->key, view->reverse);
	top_lines_make(sample, &lines);
	scroll_to(view, lines.count, by);
	snprintf(title, sizeof(title),
		 "openvgpu top  every %u ms  by %s%s  %sq ends; s w l m u sort, r turns round",
		 view->cli->interval_ms, keys[view->key].name,
		 view->reverse ? ", reversed" : "",
		 lines.count ? "" : view->bdf ? "THE GPU IS GONE  " : "NO GPU  ");
	screen_draw(title, &lines, view->first);
	top_lines_free(&lines);
}

/* Reacts to a key. Returns false when it is the end. */
static bool react(struct view *view, int event, long *by)
{
	long page = screen_height();
	size_t i;

	*by = 0;
	switch (event) {
	case 'q':
	case 'Q':
	case SCREEN_GONE:
		return false;
	case 'r':
		view->reverse = !view->reverse;
		break;
	case SCREEN_UP:
		*by = -1;
		break;
	case SCREEN_DOWN:
		*by = 1;
		break;
	case SCREEN_PAGE_UP:
		*by = -page;
		break;
	case SCREEN_PAGE_DOWN:
		*by = page;
		break;
	case SCREEN_HOME:
		view->first = 0;
		break;
	case SCREEN_END:
		*by = 1 << 20;
		break;
	default:
		for (i = 0; i < KEYS; i++)
			if (event == keys[i].key)
				view->key = i;
	}
	return true;
}

static enum cli_exit live(struct view *view)
{
	const struct cli *cli = view->cli;
	struct top_sample now, before = { 0 };
	uint64_t next = cli_now(CLOCK_MONOTONIC);
	enum cli_exit code = look(view, &now);
	int event = SCREEN_TIME, err = 0;
	long by = 0;

	if (code != CLI_OK)
		return code;
	if (!screen_open()) {
		top_sample_free(&now);
		cli_note("this type of terminal is not known (TERM): printing once");
		return once(view);
	}
	do {
		draw(view, &now, by);
		/* A slow machine looks less often, not later and later. */
		if (event == SCREEN_TIME)
			next = cli_now(CLOCK_MONOTONIC) + cli->interval_ms * 1000000ULL;
		event = screen_wait(next);
		if (event != SCREEN_TIME)
			continue;
		top_sample_free(&before);
		before = now;
		err = top_sample_take(cli->ovgpu, view->bdf, &now);
		if (!err)
			top_sample_compare(&now, &before);
	} while (!err && react(view, event, &by));
	screen_close();
	top_sample_free(&before);
	top_sample_free(&now);
	return err ? cli_fail_errno(cli, err, "look at the GPUs") : CLI_OK;
}

/**
 * command_top - watch who gets how much of a GPU
 * @cli: the run; its argument is a PCI address, or none
 *
 * Return: exit status.
 */
enum cli_exit command_top(struct cli *cli)
{
	struct view view = { .cli = cli };
	char bdf[OVGPU_BDF_SIZE];

	if (cli->argument) {
		if (ovgpu_bdf_parse(cli->argument, bdf))
			return cli_fail(cli, CLI_USAGE,
					"'%s' is not a PCI address, as 0000:3b:00.0",
					shown(cli->argument).text);
		view.bdf = bdf;
	}
	if (cli->sort) {
		while (view.key < KEYS && strcmp(keys[view.key].name, cli->sort))
			view.key++;
		if (view.key == KEYS)
			return cli_fail(cli, CLI_USAGE,
					"can't sort by '%s': there are " TOP_KEYS,
					shown(cli->sort).text);
	}
	if (cli->follow && cli->once)
		return cli_fail(cli, CLI_USAGE,
				"--once and --follow are both given");
	if (cli->follow)
		return follow(&view);
	/* Without a keyboard nobody could end it. */
	if (cli->once || cli->json || !isatty(STDOUT_FILENO) ||
	    !isatty(STDIN_FILENO))
		return once(&view);
	return live(&view);
}
