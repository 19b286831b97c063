// SPDX-License-Identifier: GPL-2.0-only
/*
 * show_vm.c - what gives a vGPU to a VM: QEMU's arguments, libvirt's element
 *
 * doc/clients/qemu.md and doc/clients/libvirt.md say more.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* Shows the picture before the guest's driver, where firmware is a BIOS. */
#define VIDEO_BIOS	"usr/share/seabios/vgabios-bochs-display.bin"

/**
 * struct picture - how a VMM gets the picture of a vGPU
 * @display: it has one that the VMM should show
 * @video_bios: with that video BIOS, which this machine has
 */
struct picture {
	bool display;
	bool video_bios;
};

/* A vGPU of ours whose picture is to be had through a region. */
static struct picture picture_of(const struct cli *cli, const char *uuid)
{
	char display[OVGPU_NAME_SIZE], personality[OVGPU_NAME_SIZE];
	struct picture picture = { 0 };

	if (ovgpu_setting_read(cli->ovgpu, OVGPU_VGPU, uuid,
			       ovgpu_setting(OVGPU_VGPU, OVGPU_DISPLAY),
			       display, sizeof(display), NULL, 0) ||
	    ovgpu_setting_read(cli->ovgpu, OVGPU_VGPU, uuid,
			       ovgpu_setting(OVGPU_VGPU, OVGPU_PERSONALITY),
			       personality, sizeof(personality), NULL, 0))
		return picture;
	/* A native one has no picture before its guest's driver runs. */
	picture.display = !strcmp(personality, "bochs") &&
			  strcmp(display, "off");
	picture.video_bios = picture.display &&
			     ovgpu_exists(cli->ovgpu, OVGPU_ROOT, VIDEO_BIOS);
	if (picture.display && !strcmp(display, "dmabuf"))
		cli_note("its display is dmabuf, for which QEMU needs OpenGL: 'openvgpu set %s display=region' does without",
			 uuid);
	return picture;
}

static void format_qemu(const char *uuid, struct picture picture, char *text,
			size_t size)
{
	snprintf(text, size,
		 "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/%s%s%s\n", uuid,
		 picture.display ? ",display=on" : "",
		 picture.video_bios ? ",romfile=/" VIDEO_BIOS : "");
}

/* Without a <rom>: libvirt takes one for a mediated device, and does not pass it on. */
static void format_libvirt(const char *uuid, struct picture picture, char *text,
			   size_t size)
{
	snprintf(text, size,
		 "<hostdev mode='subsystem' type='mdev' model='vfio-pci'%s>\n"
		 "  <source>\n"
		 "    <address uuid='%s'/>\n"
		 "  </source>\n"
		 "</hostdev>\n", picture.display ? " display='on'" : "", uuid);
}

/**
 * show_for_vm - print what gives a vGPU to a VM
 * @cli: the run; --qemu or --libvirt
 * @uuid: the vGPU
 *
 * Return: exit status.
 */
enum cli_exit show_for_vm(const struct cli *cli, const char *uuid)
{
	struct json_object *object;
	struct ovgpu_vgpu *vgpu;
	char text[OVGPU_TEXT_SIZE];
	int err;

	if (cli->qemu && cli->libvirt)
		return cli_fail(cli, CLI_USAGE, "--qemu and --libvirt are both given");
	err = ovgpu_vgpu_get(cli->ovgpu, uuid, &vgpu);
	if (err)
		return cli_fail_vgpu(cli, err, uuid);
	ovgpu_free(vgpu);
	(cli->qemu ? format_qemu : format_libvirt)(uuid, picture_of(cli, uuid),
						   text, sizeof(text));
	if (!cli->json) {
		fputs(text, stdout);
		return CLI_OK;
	}
	object = json_start();
	json_set_text(object, "uuid", uuid);
	json_set_text(object, cli->qemu ? "qemu" : "libvirt", text);
	json_print(object);
	return CLI_OK;
}
