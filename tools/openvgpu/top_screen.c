// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_screen.c - the terminal of openvgpu top
 *
 * ncurses would end the program when a signal comes, with status 1.
 */
#include <errno.h>
#include <ncurses.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "top.h"

/* Last, because it has the names of capabilities as macros. */
#include <term.h>
#undef lines

#define LOOK_MS		250	/* a resize may be noticed so late */
#define EMPTY_MOST	20	/* so many inputs with no key in them: no terminal */

static SCREEN *screen;
static int signals = -1;

/**
 * screen_open - take the terminal
 *
 * Return: false when it is of a type ncurses does not know.
 */
bool screen_open(void)
{
	int found;

	/* newterm() gives memory away when it fails. */
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return false;
	del_curterm(cur_term);
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	signals = cli_end_signals();
	set_term(screen);
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	return true;
}

/**
 * screen_close - give the terminal back as it was
 */
void screen_close(void)
{
	endwin();
	delscreen(screen);
	screen = NULL;
}

/**
 * screen_height - lines there are below the title
 *
 * Return: at least 1.
 */
size_t screen_height(void)
{
	return LINES > 2 ? LINES - 1 : 1;
}

/**
 * screen_draw - show lines
 * @title: the line above them
 * @lines: lines
 * @first: index of the uppermost one to show
 *
 * What does not fit is cut.
 */
void screen_draw(const char *title, const struct top_lines *lines, size_t first)
{
	size_t i;

	erase();
	attron(A_REVERSE);
	mvprintw(0, 0, "%-*.*s", COLS, COLS, title);
	attroff(A_REVERSE);
	for (i = 0; i < screen_height() && first + i < lines->count; i++) {
		bool gpu = !strncmp(lines->line[first + i], "GPU ", 4);

		if (gpu)
			attron(A_BOLD);
		mvaddnstr(i + 1, 0, lines->line[first + i], COLS);
		if (gpu)
			attroff(A_BOLD);
	}
	refresh();
}

static int event_of_key(int key)
{
	switch (key) {
	case KEY_RESIZE:
		return SCREEN_RESIZED;
	case KEY_UP:
		return SCREEN_UP;
	case KEY_DOWN:
		return SCREEN_DOWN;
	case KEY_PPAGE:
		return SCREEN_PAGE_UP;
	case KEY_NPAGE:
		return SCREEN_PAGE_DOWN;
	case KEY_HOME:
		return SCREEN_HOME;
	case KEY_END:
		return SCREEN_END;
	default:
		return key < SCREEN_TIME ? key : 0;
	}
}

/**
 * screen_wait - wait for a key or for a time
 * @until: the time, of CLOCK_MONOTONIC
 *
 * Return: a character or an enum screen_event.
 */
int screen_wait(uint64_t until)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	struct pollfd *input = &fds[0];
	unsigned int empty = 0;
	uint64_t now, ms;
	int key, n;

	for (;;) {
		key = getch();
		if (key != ERR) {
			key = event_of_key(key);
			if (key)
				return key;
			continue;
		}
		/* A signal; or readable, but nothing came: the terminal was hung up. */
		if (fds[1].revents ||
		    input->revents & (POLLHUP | POLLERR | POLLNVAL) ||
		    empty > EMPTY_MOST)
			return SCREEN_GONE;
		now = cli_now(CLOCK_MONOTONIC);
		if (now >= until)
			return SCREEN_TIME;
		ms = (until - now) / 1000000 + 1;
		n = poll(fds, 2, ms < LOOK_MS ? ms : LOOK_MS);
		if (n <= 0) {
			fds[0].revents = 0;
			fds[1].revents = 0;
		}
		empty = n > 0 ? empty + 1 : 0;
	}
}
