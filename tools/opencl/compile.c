// SPDX-License-Identifier: GPL-2.0-only
/*
 * compile.c - having refgpu-clc compile a program
 *
 * It is a process of its own, so that no compiler is in the application.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects.h"

#define WORDS_MAX	512

/* Options of clBuildProgram() that stand alone. */
static const char * const known[] = {
	"-w", "-Werror", "-g", "-cl-single-precision-constant", "-cl-denorms-are-zero",
	"-cl-fp32-correctly-rounded-divide-sqrt", "-cl-opt-disable", "-cl-mad-enable",
	"-cl-no-signed-zeros", "-cl-unsafe-math-optimizations", "-cl-finite-math-only",
	"-cl-fast-relaxed-math", "-cl-kernel-arg-info", "-cl-uniform-work-group-size",
	"-cl-std=CL1.0", "-cl-std=CL1.1", "-cl-std=CL1.2", "-cl-std=CL3.0",
};

/* Those that clang says nothing good about: they are so anyway, or mean nothing here. */
static bool is_ours(const char *word)
{
	return !strcmp(word, "-cl-kernel-arg-info") || !strcmp(word, "-cl-std=CL1.0");
}

static bool is_known(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(word, known[i]))
			return true;
	}
	return false;
}

/* The next word at *@at, without its quotes, into @to. */
static bool next_word(const char **at, char **to)
{
	const char *from = *at + strspn(*at, " \t\n");
	char quote = 0, *end = *to;

	if (!*from)
		return false;
	for (; *from && (quote || !strchr(" \t\n", *from)); from++) {
		if (*from == '"')
			quote = quote ? 0 : *from;
		else if (*from == '\\' && from[1] == '"')
			*end++ = *++from;
		else
			*end++ = *from;
	}
	*end++ = 0;
	*to = end;
	*at = from;
	return true;
}

/* Splits options into words of @room, which is as large; the number, or -1: a wrong one. */
static int split(const char *options, char *room, char **words, int max)
{
	int count = 0;
	char *word = room;

	while (next_word(&options, &room)) {
		if (count + 2 > max)
			return -1;
		if (!strcmp(word, "-D") || !strcmp(word, "-I")) {
			words[count++] = word;
			word = room;
			if (!next_word(&options, &room))
				return -1;
			words[count++] = word;
		} else if (!strncmp(word, "-D", 2) || !strncmp(word, "-I", 2) ||
			   is_known(word)) {
			if (!is_ours(word))
				words[count++] = word;
		} else {
			return -1;
		}
		word = room;
	}
	return count;
}

static bool write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	bool written;

	if (!file)
		return false;
	written = fputs(text, file) != EOF;
	return !fclose(file) && written;
}

/* A whole file with a 0 behind it, on the heap. */
static char *read_file(const char *path, size_t *bytes)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	char *text;

	if (!file)
		return NULL;
	text = fstat(fileno(file), &status) ? NULL : malloc((size_t)status.st_size + 1);
	if (text) {
		*bytes = fread(text, 1, (size_t)status.st_size, file);
		text[*bytes] = 0;
	}
	fclose(file);
	return text;
}

/* Runs the compiler with its messages in a file: its status, or -1: there is none. */
static int run(char **words, const char *log)
{
	posix_spawn_file_actions_t actions;
	int error, status;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT, 0600);
	posix_spawn_file_actions_adddup2(&actions, 2, 1);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	error = posix_spawnp(&child, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		return -1;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

static cl_int compile_in(const char *place, const char *source, char **words, void **binary,
			 size_t *binary_bytes, char **log)
{
	char in[64], out[64], messages[64];
	cl_int result = CL_SUCCESS;
	const char *compiler = secure_getenv("REFGPU_CLC");
	size_t bytes;
	int status;

	snprintf(in, sizeof(in), "%s/program.cl", place);
	snprintf(out, sizeof(out), "%s/program.elf", place);
	snprintf(messages, sizeof(messages), "%s/log", place);
	words[0] = (char *)(compiler ? compiler : REFGPU_CLC);
	words[1] = in;
	words[2] = out;
	if (!write_file(in, source))
		return CL_OUT_OF_HOST_MEMORY;
	status = run(words, messages);
	*log = read_file(messages, &bytes);
	if (status) {
		result = status < 0 ? CL_COMPILER_NOT_AVAILABLE : CL_BUILD_PROGRAM_FAILURE;
	} else {
		*binary = read_file(out, binary_bytes);
		if (!*binary)
			result = CL_OUT_OF_HOST_MEMORY;
	}
	unlink(in);
	unlink(out);
	unlink(messages);
	return result;
}

cl_int program_compile(const char *source, const char *options, void **binary,
		       size_t *binary_bytes, char **log)
{
	char place[] = "/tmp/refgpu-cl-XXXXXX";
	char *words[WORDS_MAX + 4] = { NULL };
	char *room = malloc(strlen(options) + 2);
	cl_int result;

	*log = NULL;
	if (!room)
		return CL_OUT_OF_HOST_MEMORY;
	if (split(options, room, words + 3, WORDS_MAX) < 0)
		result = CL_INVALID_BUILD_OPTIONS;
	else if (!mkdtemp(place))
		result = CL_OUT_OF_HOST_MEMORY;
	else
		result = compile_in(place, source, words, binary, binary_bytes, log);
	if (result != CL_INVALID_BUILD_OPTIONS)
		rmdir(place);
	free(room);
	return result;
}
