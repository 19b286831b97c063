// SPDX-License-Identifier: GPL-2.0-only
/*
 * hand_over_driver.c - the driver that gets a GPU, and whether it can use it
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "hand_over.h"
#include "program.h"

#define VFIO_PCI_MODULE		"vfio_pci"
#define MODPROBE_PATIENCE_MS	60000
#define NO_IOMMU_MODE		"module/vfio/parameters/enable_unsafe_noiommu_mode"

static bool driver_is_loaded(const struct cli *cli, const char *driver)
{
	return ovgpu_exists(cli->ovgpu, OVGPU_SYSFS, "bus/pci/drivers/%s", driver);
}

/* modprobe, with one option or none; false: it failed, @text says why. */
static bool modprobe(const struct cli *cli, const char *option, const char *name,
		     char *text, size_t size)
{
	char program[PATH_MAX], first[8], what[OVGPU_TEXT_SIZE];
	char *argv[4] = { program, first, what, NULL };

	if (!program_find(cli->root, "modprobe", program, sizeof(program))) {
		snprintf(text, size, "there is no modprobe");
		return false;
	}
	snprintf(first, sizeof(first), "%s", option);
	snprintf(what, sizeof(what), "%s", name);
	text[0] = '\0';
	return !program_run(program, argv, text, size, MODPROBE_PATIENCE_MS);
}

static enum cli_exit load(const struct cli *cli, const char *module,
			  const char *bdf, struct refusal *why)
{
	char text[OVGPU_TEXT_SIZE];

	if (cli->dry_run) {
		if (!cli->json)
			printf("GPU %s: load the module %s\n", bdf, module);
		return CLI_OK;
	}
	/* "--": a name is no option. */
	if (modprobe(cli, "--", module, text, sizeof(text)))
		return CLI_OK;
	text[strcspn(text, "\n")] = '\0';
	return hand_over_refuse(why, CLI_FAILURE, "can't load the module %s: %s", module,
				shown(text).text);
}

static enum cli_exit find_vfio_pci(const struct cli *cli, const char *bdf,
				   char *driver, struct refusal *why)
{
	struct doctor doctor;
	char path[PATH_MAX];
	enum cli_exit code;

	strcpy(driver, VFIO_PCI);
	if (driver_is_loaded(cli, driver))
		return CLI_OK;
	doctor_begin(&doctor, cli);
	if (module_find(&doctor, VFIO_PCI_MODULE, path, sizeof(path)) ==
	    MODULE_ABSENT)
		return hand_over_refuse(why, CLI_FAILURE,
					"this kernel has no module vfio-pci: boot one with CONFIG_VFIO_PCI");
	code = load(cli, VFIO_PCI, bdf, why);
	if (code == CLI_OK && !cli->dry_run && !driver_is_loaded(cli, driver))
		return hand_over_refuse(why, CLI_FAILURE,
					"the module vfio-pci is loaded, and there is no driver vfio-pci");
	return code;
}

/* The PCI driver that a loaded module has; false: none. */
static bool driver_of_module(const struct cli *cli, const char *module,
			     char *driver)
{
	bool found = false;
	char **names;
	size_t count, i;

	if (ovgpu_directory(cli->ovgpu, OVGPU_SYSFS, &names, &count,
			    "module/%s/drivers", module))
		return false;
	for (i = 0; !found && i < count; i++)
		found = !strncmp(names[i], "pci:", 4) &&
			snprintf(driver, OVGPU_NAME_SIZE, "%s", names[i] + 4) <
			OVGPU_NAME_SIZE;
	ovgpu_free(names);
	return found;
}

/* The module that would drive it if there were no openvgpu. */
static enum cli_exit find_host_module(const struct cli *cli, const char *bdf,
				      char *module, struct refusal *why)
{
	char modalias[OVGPU_TEXT_SIZE], text[OVGPU_ATTRIBUTE_SIZE];
	char *at, *line;

	module[0] = '\0';
	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, modalias, sizeof(modalias),
		   "bus/pci/devices/%s/modalias", bdf);
	/* It fails when no module does. */
	if (!modprobe(cli, "-R", modalias, text, sizeof(text)))
		text[0] = '\0';
	for (at = text; (line = strsep(&at, "\n"));)
		if (line[0] && strcmp(line, OVGPU_DRIVER) && !strchr(line, '/') &&
		    strlen(line) < OVGPU_NAME_SIZE && !module[0])
			strcpy(module, line);
	if (module[0])
		return CLI_OK;
	return hand_over_refuse(why, CLI_FAILURE,
				"this host has no other driver for GPU %s than openvgpu: install one, or give it to a VM with --to vfio-pci",
				bdf);
}

static enum cli_exit find_host_driver(const struct cli *cli, const char *bdf,
				      char *driver, struct refusal *why)
{
	char module[OVGPU_NAME_SIZE];
	enum cli_exit code = find_host_module(cli, bdf, module, why);

	if (code != CLI_OK || driver_of_module(cli, module, driver))
		return code;
	code = load(cli, module, bdf, why);
	if (code != CLI_OK)
		return code;
	if (cli->dry_run)
		strcpy(driver, module);	/* its drivers are not known yet */
	else if (!driver_of_module(cli, module, driver))
		return hand_over_refuse(why, CLI_FAILURE,
					"the module %s is loaded, and has no PCI driver",
					shown(module).text);
	return CLI_OK;
}

/**
 * hand_over_driver - the driver that a GPU is handed over to, loaded
 * @cli: the run
 * @to: one of TO_WHOM
 * @bdf: the GPU
 * @driver: receives its name, OVGPU_NAME_SIZE bytes
 * @why: receives the reason if there is none
 *
 * With --dry-run nothing is loaded.
 *
 * Return: exit status.
 */
enum cli_exit hand_over_driver(const struct cli *cli, const char *to,
			       const char *bdf, char *driver,
			       struct refusal *why)
{
	return !strcmp(to, VFIO_PCI) ? find_vfio_pci(cli, bdf, driver, why) :
	       find_host_driver(cli, bdf, driver, why);
}

/* --------------------------------------------------------- the IOMMU group */

/* Of no concern to VFIO: it can be in a group that a VM uses. */
static bool is_viable(const char *driver)
{
	return !driver[0] || !strncmp(driver, "vfio", 4) ||
	       !strcmp(driver, "pci-stub") || !strcmp(driver, "pcieport");
}

typedef void (*sharer_fn)(void *context, const char *device, const char *driver);

/* Calls @fn for each function of the group that keeps VMs from using it. */
static void each_sharer(const struct cli *cli, const char *bdf, sharer_fn fn,
			void *context)
{
	char driver[OVGPU_NAME_SIZE], **names;
	size_t count, i;

	if (ovgpu_directory(cli->ovgpu, OVGPU_SYSFS, &names, &count,
			    "bus/pci/devices/%s/iommu_group/devices", bdf))
		return;
	for (i = 0; i < count; i++) {
		if (!strcmp(names[i], bdf))
			continue;
		ovgpu_link(cli->ovgpu, OVGPU_SYSFS, driver, sizeof(driver),
			   "bus/pci/devices/%s/driver", names[i]);
		if (!is_viable(driver))
			fn(context, names[i], driver);
	}
	ovgpu_free(names);
}

static void note_sharer(void *context, const char *device, const char *driver)
{
	cli_note("GPU %s shares its IOMMU group with %s, which the host uses by %s: no VM can open the GPU before that is bound to vfio-pci, too, or to no driver",
		 (const char *)context, shown(device).text, shown(driver).text);
}

/**
 * hand_over_check_group - can a VM use the GPU once vfio-pci has it
 * @cli: the run
 * @bdf: the GPU
 * @why: receives the reason if not
 *
 * What an administrator may still change is only said.
 *
 * Return: exit status.
 */
enum cli_exit hand_over_check_group(const struct cli *cli, const char *bdf,
				    struct refusal *why)
{
	char mode[OVGPU_NAME_SIZE], copy[OVGPU_BDF_SIZE];

	if (ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
			 "bus/pci/devices/%s/iommu_group", bdf)) {
		snprintf(copy, sizeof(copy), "%s", bdf);
		each_sharer(cli, bdf, note_sharer, copy);
		return CLI_OK;
	}
	if (!ovgpu_read(cli->ovgpu, OVGPU_SYSFS, mode, sizeof(mode),
			NO_IOMMU_MODE) && mode[0] == 'Y') {
		cli_note("no IOMMU is on: what uses GPU %s reaches all memory of this machine (enable_unsafe_noiommu_mode)",
			 bdf);
		return CLI_OK;
	}
	return hand_over_refuse(why, CLI_FAILURE,
				"GPU %s has no IOMMU in front of it, and vfio-pci needs one: switch it on in the firmware (VT-d, AMD-Vi), and boot with intel_iommu=on on Intel's",
				bdf);
}

static void add_sharer(void *context, const char *device, const char *driver)
{
	struct json_object *object = json_object_new_object();

	json_set_text(object, "device", device);
	json_set_text(object, "driver", driver);
	json_object_array_add(context, object);
}

/**
 * hand_over_group_json - the IOMMU group of a GPU as JSON
 * @cli: the run
 * @bdf: the GPU
 * @object: receives "iommu_group" and "shared_with"
 */
void hand_over_group_json(const struct cli *cli, const char *bdf,
			  struct json_object *object)
{
	struct json_object *array = json_object_new_array();
	struct ovgpu_value group = { 0 };
	char name[OVGPU_NAME_SIZE];

	if (!ovgpu_link(cli->ovgpu, OVGPU_SYSFS, name, sizeof(name),
			"bus/pci/devices/%s/iommu_group", bdf))
		group.known = !ovgpu_number_parse(name, &group.number);
	each_sharer(cli, bdf, add_sharer, array);
	json_set_value(object, "iommu_group", group);
	json_set(object, "shared_with", array);
}
