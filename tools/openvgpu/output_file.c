// SPDX-License-Identifier: GPL-2.0-only
/*
 * output_file.c - output that goes to a file: complete, or not at all
 *
 * A regular file is written beside and renamed, so that whoever reads it never
 * sees half of it. Anything else that exists (a device, a pipe) is written in
 * place: renaming would put a regular file where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define LINKS_MOST	40	/* as many as the kernel follows */

/* The folder of a path, its final slash included; 0: the current one. */
static int folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash - path + 1 : 0;
}

/*
 * Replaces the name of a link by what it leads to, which need not exist.
 * Return: 0 or a negative errno.
 */
static int resolve_links(char *path, size_t size)
{
	char target[PATH_MAX], next[PATH_MAX];
	int links, folder;
	ssize_t n;

	for (links = 0; links < LINKS_MOST; links++) {
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)	/* what is no link is EINVAL */
			return errno == EINVAL || errno == ENOENT ? 0 : -errno;
		target[n] = '\0';
		folder = target[0] == '/' ? 0 : folder_length(path);
		n = snprintf(next, sizeof(next), "%.*s%s", folder, path, target);
		if (n >= (ssize_t)sizeof(next) || n >= (ssize_t)size)
			return -ENAMETOOLONG;
		strcpy(path, next);
	}
	return -ELOOP;
}

/* Writes to what is open, and closes it; 0 or a negative errno. */
static int write_to(int fd, bool regular, cli_write_fn write_output,
		    const void *what)
{
	FILE *stream = fdopen(fd, "w");
	int err = 0;

	if (!stream) {
		err = -errno;
		close(fd);
		return err;
	}
	errno = 0;
	if (write_output(what, stream) || fflush(stream) ||
	    (regular && (fchmod(fd, 0644) || fsync(fd))))
		err = errno ? -errno : -EIO;
	if (fclose(stream) && !err)
		err = -errno;
	return err;
}

/* The name in between does not end as the file's: collectors look for *.prom. */
static int replace(const char *path, cli_write_fn write_output, const void *what)
{
	char beside[PATH_MAX];
	int fd, err;

	if (snprintf(beside, sizeof(beside), "%.*s.openvgpu-XXXXXX",
		     folder_length(path), path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_to(fd, true, write_output, what);
	if (!err && rename(beside, path))
		err = -errno;
	if (err)
		unlink(beside);
	return err;
}

static int write_file(const char *name, cli_write_fn write_output,
		      const void *what)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, err;

	if (snprintf(path, sizeof(path), "%s", name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	/* The kernel follows the links first: some it does not trust. */
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd >= 0) {
		err = fstat(fd, &st) ? -errno : 0;
		close(fd);
		if (err)
			return err;
		if (!S_ISREG(st.st_mode)) {
			fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
			return fd < 0 ? -errno :
			       write_to(fd, false, write_output, what);
		}
	}
	err = resolve_links(path, sizeof(path));
	return err ? err : replace(path, write_output, what);
}

/**
 * cli_write_file - write output to a file
 * @cli: the run
 * @name: of the file; links are followed
 * @write_output: writes it; 0, or nonzero with errno set
 * @what: is given to @write_output
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit cli_write_file(const struct cli *cli, const char *name,
			     cli_write_fn write_output, const void *what)
{
	int err;

	if (!name[0])
		return cli_fail(cli, CLI_USAGE, "--output needs the name of a file");
	err = write_file(name, write_output, what);
	if (!err)
		return CLI_OK;
	return cli_fail(cli, CLI_OUTPUT, "cannot write %s: %s", shown(name).text,
			strerror(-err));
}
