// SPDX-License-Identifier: GPL-2.0-only
/*
 * bridge.c - openvgpu bridge: files of this machine for libopenvgpu on another one
 *
 * ssh runs it for ovgpu_open_remote(). It does what the user who has logged in may
 * do anyway. tools/libopenvgpu/bridge.h describes what is said.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge.h"
#include "cli.h"

/* Answers to a request: bytes that grow. */
struct answer {
	char *bytes;
	size_t length;
};

static int append(struct answer *answer, const void *bytes, size_t length)
{
	char *more;

	if (answer->length + length > BRIDGE_MAX)
		return -EFBIG;
	more = realloc(answer->bytes, answer->length + length + 1);
	if (!more)
		return -ENOMEM;
	memcpy(more + answer->length, bytes, length);
	answer->bytes = more;
	answer->length += length;
	return 0;
}

static int do_read(int tree, const char *path, struct answer *answer)
{
	char block[65536];
	int fd, err = 0;
	ssize_t n = 0;

	fd = openat(tree, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, block, sizeof(block));
		if (n > 0)
			err = append(answer, block, n);
		else if (n < 0 && errno != EINTR)
			err = -errno;
	} while (!err && n);
	close(fd);
	return err;
}

static int do_write(int tree, const char *path, const char *value, size_t length)
{
	int fd = openat(tree, path, O_WRONLY | O_CLOEXEC), err;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, value, length);
	err = n < 0 ? -errno : (size_t)n == length ? 0 : -EIO;
	close(fd);
	return err;
}

static int do_link(int tree, const char *path, struct answer *answer)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(tree, path, target, sizeof(target));

	return n < 0 ? -errno : append(answer, target, n);
}

static int do_stat(int tree, const char *path, int flags, struct answer *answer)
{
	char text[16];
	struct stat st;

	if (fstatat(tree, path, &st, flags))
		return -errno;
	return append(answer, text, sprintf(text, "%u", (unsigned int)st.st_mode));
}

static int do_directory(int tree, const char *path, struct answer *answer)
{
	int fd = openat(tree, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	struct dirent *entry;
	DIR *directory;

	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory) {
		err = -errno;
		close(fd);
		return err;
	}
	while (!err && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			err = append(answer, entry->d_name,
				     strlen(entry->d_name) + 1);
	closedir(directory);
	return err;
}

static int serve(const struct cli *cli, char operation, int tree, const char *path,
		 const char *value, size_t length, struct answer *answer)
{
	int fd = ovgpu_dirfd(cli->ovgpu, tree);

	switch (operation) {
	case BRIDGE_READ:
		return do_read(fd, path, answer);
	case BRIDGE_WRITE:
		return do_write(fd, path, value, length);
	case BRIDGE_LINK:
		return do_link(fd, path, answer);
	case BRIDGE_STAT:
		return do_stat(fd, path, 0, answer);
	case BRIDGE_LSTAT:
		return do_stat(fd, path, AT_SYMLINK_NOFOLLOW, answer);
	case BRIDGE_DIRECTORY:
		return do_directory(fd, path, answer);
	default:
		return -EOPNOTSUPP;
	}
}

/* What stands behind the line, with a NUL; NULL: it is not all there. */
static char *take(size_t length)
{
	char *bytes = malloc(length + 1);

	if (bytes && fread(bytes, 1, length, stdin) != length) {
		free(bytes);
		return NULL;
	}
	if (bytes)
		bytes[length] = '\0';
	return bytes;
}

/* One request. Returns false when there are no more, or it is none. */
static bool answer_next(const struct cli *cli)
{
	size_t path_length, value_length;
	struct answer answer = { 0 };
	char line[BRIDGE_LINE], *path, *value, operation;
	unsigned int tree;
	int err;

	if (!fgets(line, sizeof(line), stdin) ||
	    sscanf(line, "%c %u %zu %zu", &operation, &tree, &path_length,
		   &value_length) != 4 ||
	    tree > OVGPU_ROOT || path_length >= PATH_MAX ||
	    value_length > BRIDGE_MAX)
		return false;
	path = take(path_length);
	value = path ? take(value_length) : NULL;
	if (value) {
		err = serve(cli, operation, tree, path, value, value_length,
			    &answer);
		printf("%d %zu\n", -err, err ? 0 : answer.length);
		if (!err && answer.length)
			fwrite(answer.bytes, 1, answer.length, stdout);
	}
	free(answer.bytes);
	free(path);
	free(value);
	return value && !fflush(stdout);
}

/**
 * command_bridge - serve files until nobody asks any more
 * @cli: the run
 *
 * Return: CLI_OK.
 */
enum cli_exit command_bridge(struct cli *cli)
{
	fputs(BRIDGE_GREETING, stdout);
	if (!fflush(stdout))
		while (answer_next(cli))
			;
	return CLI_OK;
}
