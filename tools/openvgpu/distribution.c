// SPDX-License-Identifier: GPL-2.0-only
/*
 * distribution.c - what to type on the distribution this is
 *
 * os-release(5) says which one it is. Only what comes from a distribution is
 * here; our own packages have the same names everywhere.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "distribution.h"
#include "files.h"

static const struct {
	const char *id;
	enum package_kind kind;
} kinds[] = {
	{ "debian", PACKAGES_DEBIAN }, { "ubuntu", PACKAGES_DEBIAN },
	{ "fedora", PACKAGES_FEDORA }, { "rhel", PACKAGES_FEDORA },
	{ "centos", PACKAGES_FEDORA }, { "suse", PACKAGES_SUSE },
	{ "opensuse", PACKAGES_SUSE }, { "arch", PACKAGES_ARCH },
};

/* The value of NAME=value or NAME="value"; what is no plain word is none. */
static void get_value(const char *text, const char *name, char *value,
		      size_t size)
{
	size_t n = strlen(name), i = 0;
	const char *at = text;

	value[0] = '\0';
	while (at && (strncmp(at, name, n) || at[n] != '='))
		at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
	if (!at)
		return;
	at += n + 1;
	at += *at == '"' || *at == '\'';
	while (i + 1 < size && (isalnum((unsigned char)at[i]) ||
				(at[i] && strchr("._- ", at[i])))) {
		value[i] = at[i];
		i++;
	}
	value[i] = '\0';
}

static enum package_kind kind_of(const char *words)
{
	size_t i, n;

	for (; *words; words += n + strspn(words + n, " ")) {
		n = strcspn(words, " ");
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strlen(kinds[i].id) == n &&
			    !strncmp(words, kinds[i].id, n))
				return kinds[i].kind;
	}
	return PACKAGES_OTHER;
}

/**
 * distribution_get - find out which distribution this is
 * @ovgpu: access to the machine
 * @distribution: the result
 */
void distribution_get(const struct ovgpu *ovgpu,
		      struct distribution *distribution)
{
	char text[OVGPU_ATTRIBUTE_SIZE], like[OVGPU_NAME_SIZE];

	if (ovgpu_read(ovgpu, OVGPU_ROOT, text, sizeof(text), "etc/os-release"))
		ovgpu_read(ovgpu, OVGPU_ROOT, text, sizeof(text),
			   "usr/lib/os-release");
	get_value(text, "ID", distribution->id, sizeof(distribution->id));
	get_value(text, "VERSION_ID", distribution->version,
		  sizeof(distribution->version));
	get_value(text, "ID_LIKE", like, sizeof(like));
	distribution->kind = kind_of(distribution->id);
	if (distribution->kind == PACKAGES_OTHER)
		distribution->kind = kind_of(like);
}

/* "-rt-lts" of "6.12.3-1-rt-lts": Arch names the packages of kernels so. */
static const char *arch_flavour(const char *release)
{
	while (*release && !(*release == '-' && isalpha((unsigned char)release[1])))
		release++;
	return strncmp(release, "-arch", 5) ? release : "";
}

/**
 * distribution_headers - how to install the headers of a kernel
 * @distribution: of distribution_get()
 * @release: of the kernel
 * @command: receives the command, or where there is none to type, words
 * @size: bytes at @command; COMMAND_SIZE is enough
 */
void distribution_headers(const struct distribution *distribution,
			  const char *release, char *command, size_t size)
{
	const char *flavour = strrchr(release, '-');
	size_t n = strlen(release);

	switch (distribution->kind) {
	case PACKAGES_DEBIAN:
		/* Proxmox VE says that it is Debian; its kernels differ. */
		snprintf(command, size, "apt install %s-headers-%s",
			 n > 4 && !strcmp(release + n - 4, "-pve") ?
			 "proxmox" : "linux", release);
		break;
	case PACKAGES_FEDORA:
		snprintf(command, size, "dnf install kernel-devel-%s", release);
		break;
	case PACKAGES_SUSE:
		snprintf(command, size, "zypper install kernel%s-devel",
			 flavour ? flavour : "-default");
		break;
	case PACKAGES_ARCH:
		snprintf(command, size, "pacman -S linux%s-headers",
			 arch_flavour(release));
		break;
	case PACKAGES_OTHER:
		snprintf(command, size, "install the headers of Linux %s",
			 release);
		break;
	}
}

/**
 * distribution_qemu - how to install a QEMU that was tested
 * @distribution: of distribution_get()
 * @command: receives the command, or where there is none to type, words
 * @size: bytes at @command; COMMAND_SIZE is enough
 *
 * Return: true if the distribution has it beside an older one of its own.
 */
bool distribution_qemu(const struct distribution *distribution, char *command,
		       size_t size)
{
	/* Debian 12 itself has 7.2. */
	bool old_debian = !strcmp(distribution->id, "debian") &&
			  !strcmp(distribution->version, "12");

	switch (distribution->kind) {
	case PACKAGES_DEBIAN:
		snprintf(command, size, "apt install %sqemu-system-x86",
			 old_debian ? "-t bookworm-backports " : "");
		break;
	case PACKAGES_FEDORA:
		snprintf(command, size, "dnf install qemu-kvm");
		break;
	case PACKAGES_SUSE:
		snprintf(command, size, "zypper install qemu-x86");
		break;
	case PACKAGES_ARCH:
		snprintf(command, size, "pacman -S qemu-system-x86");
		break;
	case PACKAGES_OTHER:
		snprintf(command, size, "install QEMU 10 or newer");
		break;
	}
	return old_debian;
}
