// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vm.c - which virtual machine has a vGPU open
 *
 * The driver knows the process. libvirt writes down which domain a process runs,
 * for itself, in a file for each domain that root can read. QEMU's command line
 * says the same to everybody, and of VMs without libvirt; but QEMU may have
 * changed it, so the file comes first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define LIBVIRT_PATH	"run/libvirt/qemu"
#define HEAD_SIZE	1024	/* of libvirt's file: has the number of the process */
#define FILE_MAX	(1 << 20)

/*
 * Reads a file of at most FILE_MAX bytes to its end, with a NUL behind it. Returns
 * NULL when it can't be read; the length goes to @length.
 */
static char *read_file(const struct ovgpu *ovgpu, enum ovgpu_tree tree,
		       const char *path, size_t *length)
{
	char *text = malloc(FILE_MAX + 1), *shrunk;
	ssize_t n = -1;
	int fd;

	*length = 0;
	fd = text ? ovgpu_open_file(ovgpu, tree, path) : -1;
	while (fd >= 0 && *length < FILE_MAX) {
		n = read(fd, text + *length, FILE_MAX - *length);
		if (n > 0)
			*length += n;
		else if (!n || errno != EINTR)
			break;
	}
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[*length] = '\0';
	shrunk = realloc(text, *length + 1);
	return shrunk ? shrunk : text;
}

/* ----------------------------------------------------------------- libvirt */

/* A character behind "&"; returns how many bytes the entity has, 0: it is none. */
static size_t entity(const char *text, char *c)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {
		{ "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' },
		{ "quot;", '"' }, { "apos;", '\'' },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strncmp(text, known[i].name, strlen(known[i].name))) {
			*c = known[i].c;
			return strlen(known[i].name);
		}
	return 0;
}

/* What stands between <TAG> and </TAG>, the first time; false: it does not fit. */
static bool element(const char *text, const char *tag, char *value, size_t size)
{
	char open[16];
	const char *at;
	size_t n = 0;

	snprintf(open, sizeof(open), "<%s>", tag);
	at = strstr(text, open);
	if (!at)
		return false;
	for (at += strlen(open); *at && *at != '<'; at++) {
		if (n + 1 >= size)
			return false;
		value[n] = *at;
		if (*at == '&')
			at += entity(at + 1, &value[n]);
		n++;
	}
	value[n] = '\0';
	return *at && n;
}

/* Whether the file begins with the state of a domain that this process runs. */
static bool is_of_process(const char *head, pid_t pid)
{
	const char *tag = strstr(head, "<domstatus "), *end, *at;
	char wanted[32];

	end = tag ? strchr(tag, '>') : NULL;
	snprintf(wanted, sizeof(wanted), " pid='%d'", pid);
	at = tag ? strstr(tag, wanted) : NULL;
	return end && at && at < end;
}

/* "<domain " and not another tag that begins so. */
static const char *find_domain(const char *text)
{
	text = strstr(text, "<domain");
	while (text && text[7] != ' ' && text[7] != '>')
		text = strstr(text + 1, "<domain");
	return text;
}

static bool ask_libvirt(const struct ovgpu *ovgpu, pid_t pid, struct ovgpu_vm *vm)
{
	char head[HEAD_SIZE], uuid[OVGPU_NAME_SIZE], path[512], **names;
	bool found = false;
	const char *domain;
	size_t count, i, n;
	char *text;

	if (ovgpu_directory(ovgpu, OVGPU_ROOT, &names, &count, LIBVIRT_PATH))
		return false;
	for (i = 0; i < count && !found; i++) {
		n = strlen(names[i]);
		if (n < 4 || strcmp(names[i] + n - 4, ".xml") ||
		    ovgpu_read(ovgpu, OVGPU_ROOT, head, sizeof(head),
			       LIBVIRT_PATH "/%s", names[i]) ||
		    !is_of_process(head, pid))
			continue;
		snprintf(path, sizeof(path), LIBVIRT_PATH "/%s", names[i]);
		text = read_file(ovgpu, OVGPU_ROOT, path, &n);
		domain = text ? find_domain(text) : NULL;
		found = domain &&
			element(domain, "name", vm->name, sizeof(vm->name)) &&
			element(domain, "uuid", uuid, sizeof(uuid)) &&
			!ovgpu_uuid_parse(uuid, vm->uuid);
		free(text);
	}
	ovgpu_free(names);
	vm->libvirt = found;
	return found;
}

/* -------------------------------------------------------------------- QEMU */

/*
 * The value of "guest" in "guest=NAME,debug-threads=on"; the first may be without
 * its key, and a comma in the name is doubled.
 */
static bool parse_name(const char *text, char *name, size_t size)
{
	bool first = true, wanted;
	size_t n;

	while (*text) {
		wanted = !strncmp(text, "guest=", 6);
		if (wanted)
			text += 6;
		else if (first)
			wanted = strcspn(text, "=") >= strcspn(text, ",");
		for (n = 0; *text && (*text != ',' || text[1] == ','); text++) {
			if (*text == ',')
				text++;
			if (wanted && n + 1 < size)
				name[n++] = *text;
		}
		if (wanted) {
			name[n] = '\0';
			return n;
		}
		text += *text == ',';
		first = false;
	}
	return false;
}

static bool ask_qemu(const struct ovgpu *ovgpu, pid_t pid, struct ovgpu_vm *vm)
{
	char path[32], *text, *word, *value;
	size_t length;

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	text = read_file(ovgpu, OVGPU_PROC, path, &length);
	if (!text)
		return false;
	for (word = text; word < text + length; word += strlen(word) + 1) {
		value = word + strlen(word) + 1;
		if (value >= text + length || word[0] != '-')
			continue;
		word += word[1] == '-';
		if (!strcmp(word, "-name"))
			parse_name(value, vm->name, sizeof(vm->name));
		else if (!strcmp(word, "-uuid"))
			ovgpu_uuid_parse(value, vm->uuid);
	}
	free(text);
	return vm->name[0] || vm->uuid[0];
}

/**
 * ovgpu_vm_get - which virtual machine has a vGPU open
 * @ovgpu: handle
 * @vgpu: the vGPU, of ovgpu_vgpu_get() or ovgpu_vgpu_list()
 * @vm: the result, to be given to ovgpu_free(); NULL on failure
 *
 * Who is not root may get what the process itself says.
 *
 * Return: 0, -ENOENT when nobody has it open, or what has is no virtual machine
 * that says its name or UUID, or -ENOMEM.
 */
int ovgpu_vm_get(const struct ovgpu *ovgpu, const struct ovgpu_vgpu *vgpu,
		 struct ovgpu_vm **vm)
{
	struct ovgpu_vm *found;

	*vm = NULL;
	/* Without its name, that number may be another process here. */
	if (!vgpu->owner_pid || !vgpu->owner_name[0])
		return -ENOENT;
	found = calloc(1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	if (!ask_libvirt(ovgpu, vgpu->owner_pid, found)) {
		memset(found, 0, sizeof(*found));
		if (!ask_qemu(ovgpu, vgpu->owner_pid, found)) {
			free(found);
			return -ENOENT;
		}
	}
	*vm = found;
	return 0;
}
