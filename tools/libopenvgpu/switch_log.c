// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * switch_log.c - the driver's log of the last switches, in debugfs
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define DEBUGFS_PATH	"kernel/debug"
#define LOG_MAX		(4 << 20)	/* the driver's is some 40 KiB */

/* A whole file of any size up to LOG_MAX; free() it. */
static int read_file(const struct ovgpu *ovgpu, const char *path, char **text)
{
	size_t size = 1 << 16, used = 0;
	char *buf = malloc(size), *more;
	ssize_t n;
	int fd, err = 0;

	if (!buf)
		return -ENOMEM;
	fd = ovgpu_open_file(ovgpu, OVGPU_SYSFS, path);
	if (fd < 0) {
		free(buf);
		return fd;
	}
	for (;;) {
		n = read(fd, buf + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += n;
		if (used < size - 1)
			continue;
		if (size >= LOG_MAX) {
			err = -EFBIG;
			break;
		}
		more = realloc(buf, size *= 2);
		if (!more) {
			err = -ENOMEM;
			break;
		}
		buf = more;
	}
	if (n < 0)
		err = -errno;
	close(fd);
	if (err) {
		free(buf);
		return err;
	}
	buf[used] = '\0';
	*text = buf;
	return 0;
}

/* The next word of a line, NULL at its end. */
static char *next_word(char **line)
{
	return strsep(line, " \t");
}

static int next_number(char **line, uint64_t *number)
{
	char *word = next_word(line);

	return word ? ovgpu_number_parse(word, number) : -EINVAL;
}

static int parse_switch(char *line, struct ovgpu_switch *entry)
{
	uint64_t runqueue, partition = 0;
	char *word;

	memset(entry, 0, sizeof(*entry));
	if (next_number(&line, &entry->time_ns) ||
	    next_number(&line, &runqueue) || runqueue > INT_MAX)
		return -EPROTO;
	entry->runqueue = runqueue;
	word = next_word(&line);
	if (!word || (strcmp(word, "-") &&
		      (ovgpu_number_parse(word, &partition) || partition > INT_MAX)))
		return -EPROTO;
	entry->partition = strcmp(word, "-") ? (int)partition : -1;
	word = next_word(&line);
	if (!word || (strcmp(word, "-") && ovgpu_uuid_parse(word, entry->uuid)))
		return -EPROTO;
	word = next_word(&line);
	if (!word || !word[0] || strlen(word) >= sizeof(entry->reason))
		return -EPROTO;
	strcpy(entry->reason, word);
	/* A newer driver may say more behind these. */
	return next_number(&line, &entry->quantum_ns) ||
	       next_number(&line, &entry->run_ns) ||
	       next_number(&line, &entry->switch_ns) ||
	       next_number(&line, &entry->wait_ns) ? -EPROTO : 0;
}

static int parse_log(char *text, struct ovgpu_switch ***switches, size_t *count)
{
	struct ovgpu_switch *list;
	size_t lines = 1, n = 0;
	char *line;

	for (line = text; *line; line++)
		lines += *line == '\n';
	list = calloc(lines, sizeof(*list));
	if (!list)
		return -ENOMEM;
	while ((line = strsep(&text, "\n"))) {
		if (!line[0] || line[0] == '#')
			continue;
		if (parse_switch(line, &list[n++])) {
			free(list);
			return -EPROTO;
		}
	}
	*switches = ovgpu_list_pack(list, n, sizeof(*list));
	free(list);
	if (!*switches)
		return -ENOMEM;
	*count = n;
	return 0;
}

/* Why there is no log: an errno that says where it ends. */
static int reason_of_absence(const struct ovgpu *ovgpu)
{
	size_t count;
	char **names;
	int err;

	err = ovgpu_directory(ovgpu, OVGPU_SYSFS, &names, &count, DEBUGFS_PATH);
	ovgpu_free(names);
	if (err)
		return err == -ENOENT ? -EOPNOTSUPP : err;
	return count ? -ENOENT : -ENOTCONN;
}

/**
 * ovgpu_switch_log - the last switches on a GPU's run queues
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @switches: the result, oldest first, to be given to ovgpu_free()
 * @count: their number
 *
 * Return: 0; -EACCES when not root, -EPERM when the kernel is locked down,
 * -EOPNOTSUPP when the kernel has no debugfs, -ENOTCONN when debugfs is not
 * mounted, -ENOENT when it has no log of that GPU, -EPROTO when the log can't
 * be understood, or another negative errno.
 */
int ovgpu_switch_log(const struct ovgpu *ovgpu, const char *bdf,
		     struct ovgpu_switch ***switches, size_t *count)
{
	char path[PATH_MAX], *text = NULL;
	int err;

	*switches = NULL;
	*count = 0;
	if (!ovgpu_object_valid(OVGPU_GPU, bdf))
		return -EINVAL;
	snprintf(path, sizeof(path), DEBUGFS_PATH "/" OVGPU_DRIVER "/%s/switches",
		 bdf);
	err = read_file(ovgpu, path, &text);
	if (err == -ENOENT)
		return reason_of_absence(ovgpu);
	if (err)
		return err;
	err = parse_log(text, switches, count);
	free(text);
	return err;
}
