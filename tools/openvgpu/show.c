// SPDX-License-Identifier: GPL-2.0-only
/*
 * show.c - openvgpu show: everything about a GPU or a vGPU
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "instance.h"

static void print_attributes(const char *title,
			     struct ovgpu_attribute *const *attributes,
			     size_t count)
{
	size_t i;

	if (count)
		printf("  %s:\n", title);
	for (i = 0; i < count; i++)
		/* One stands at the types, one is for 'openvgpu migration'. */
		if (strcmp(attributes[i]->name, "why_unavailable") &&
		    strcmp(attributes[i]->name, "migration_hello"))
			printf("    %-24s %s\n", shown(attributes[i]->name).text,
			       shown(attributes[i]->value).text);
}

/* ------------------------------------------------------------------- vGPU */

static enum cli_exit show_vgpu(const struct cli *cli, const char *uuid)
{
	struct ovgpu_attribute **attributes = NULL, **stats = NULL;
	size_t attribute_count = 0, stat_count = 0;
	struct json_object *object, *json;
	struct ovgpu_vgpu *vgpu;
	struct ovgpu_vm *vm;
	int err;

	err = ovgpu_attributes(cli->ovgpu, OVGPU_VGPU, uuid, OVGPU_DRIVER,
			       &attributes, &attribute_count);
	if (!err || err == -ENOENT)
		err = ovgpu_attributes(cli->ovgpu, OVGPU_VGPU, uuid, "stats",
				       &stats, &stat_count);
	/* Last, since a vGPU that goes while it is read leaves half of it. */
	if (!err || err == -ENOENT)
		err = ovgpu_vgpu_get(cli->ovgpu, uuid, &vgpu);
	if (err) {
		ovgpu_free(attributes);
		ovgpu_free(stats);
		return cli_fail_vgpu(cli, err, uuid);
	}
	if (cli->json) {
		object = json_start();
		json = vgpu_json(cli, vgpu);
		json_set(json, "attributes",
			 attributes_json(attributes, attribute_count));
		json_set(json, "stats", attributes_json(stats, stat_count));
		json_set(object, "vgpu", json);
		json_print(object);
	} else {
		printf("vGPU %s\n  %-26s %s (%s)\n  %-26s %s\n  %-26s %s\n",
		       uuid, "type", shown(vgpu->type).text,
		       shown(vgpu->type_name).text, "GPU", vgpu->gpu, "used by",
		       show_owner(vgpu).text);
		if (!ovgpu_vm_get(cli->ovgpu, vgpu, &vm))
			printf("  %-26s %s %s\n", "VM",
			       vm->name[0] ? shown(vm->name).text : "-",
			       vm->uuid[0] ? vm->uuid : "-");
		ovgpu_free(vm);
		if (vgpu->iommu_group >= 0)
			printf("  %-26s /dev/vfio/%d\n", "VFIO group",
			       vgpu->iommu_group);
		print_attributes("attributes", attributes, attribute_count);
		print_attributes("stats", stats, stat_count);
		note_mismatch(vgpu);
	}
	ovgpu_free(attributes);
	ovgpu_free(stats);
	ovgpu_free(vgpu);
	return CLI_OK;
}

/* -------------------------------------------------------------------- GPU */

/* What is known of one GPU. */
struct gpu_view {
	const char *bdf, *uuid;
	char vendor[OVGPU_NAME_SIZE], device[OVGPU_NAME_SIZE];
	struct ovgpu_attribute **attributes;
	size_t attribute_count;
	struct ovgpu_type **types;
	size_t type_count;
	struct ovgpu_vgpu *const *vgpus;	/* of all GPUs */
	size_t vgpu_count;
};

static struct json_object *gpu_json(const struct cli *cli,
				    const struct gpu_view *view)
{
	struct json_object *object = json_object_new_object(), *array;
	size_t i;

	json_set_text(object, "gpu", view->bdf);
	json_set(object, "uuid", view->uuid[0] ? json_text(view->uuid) : NULL);
	json_set_text(object, "vendor", view->vendor);
	json_set_text(object, "device", view->device);
	json_set(object, "bars", bars_json(cli, view->bdf));
	json_set(object, "attributes",
		 attributes_json(view->attributes, view->attribute_count));
	array = json_object_new_array();
	for (i = 0; i < view->type_count; i++)
		json_object_array_add(array, type_json(view->types[i]));
	json_set(object, "types", array);
	array = json_object_new_array();
	for (i = 0; i < view->vgpu_count; i++)
		if (!strcmp(view->vgpus[i]->gpu, view->bdf))
			json_object_array_add(array,
					      vgpu_json(cli, view->vgpus[i]));
	json_set(object, "vgpus", array);
	json_set(object, "instances", instances_json(cli, view->bdf));
	return object;
}

static void print_instances(const struct cli *cli, const char *bdf)
{
	struct ovgpu_instance **instances;
	size_t count, i;

	if (ovgpu_instance_list(cli->ovgpu, bdf, &instances, &count))
		return;
	if (count)
		puts("  GPU instances:");
	for (i = 0; i < count; i++)
		printf("    %u %s %s, compute %s, memory %s, %u vGPU%s%s\n",
		       instances[i]->id, shown(instances[i]->name).text,
		       shown(instances[i]->profile).text,
		       show_slices(instances[i]->compute_mask).text,
		       show_range(instances[i]->memory_first,
				  instances[i]->memory_slices).text,
		       instances[i]->vgpus, instances[i]->vgpus == 1 ? "" : "s",
		       instances[i]->reserved ? ", reserved" : "");
	ovgpu_free(instances);
}

static void gpu_print(const struct cli *cli, const struct gpu_view *view)
{
	size_t i, n = 0;

	printf("GPU %s\n  %-26s %s:%s\n", view->bdf, "vendor:device",
	       shown(view->vendor).text, shown(view->device).text);
	if (view->uuid[0])
		printf("  %-26s %s\n", "UUID", view->uuid);
	bars_print(cli, view->bdf);
	print_attributes("attributes", view->attributes,
			 view->attribute_count);
	puts("  types, available now:");
	for (i = 0; i < view->type_count; i++)
		printf("    %-24s %u%s%s\n", view->types[i]->id,
		       view->types[i]->available,
		       view->types[i]->why_unavailable[0] ? ": " : "",
		       shown(view->types[i]->why_unavailable).text);
	print_instances(cli, view->bdf);
	for (i = 0; i < view->vgpu_count; i++) {
		if (strcmp(view->vgpus[i]->gpu, view->bdf))
			continue;
		if (!n++)
			puts("  vGPUs:");
		printf("    %s %s %s\n", view->vgpus[i]->uuid,
		       shown(view->vgpus[i]->type).text,
		       show_owner(view->vgpus[i]).text);
	}
	if (!n)
		puts("  no vGPU");
}

/* -ENOENT: it is no GPU of the driver, or not any more. */
static int gpu_view_fill(const struct cli *cli, struct gpu_view *view)
{
	int err;

	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, view->vendor, sizeof(view->vendor),
		   "bus/pci/devices/%s/vendor", view->bdf);
	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, view->device, sizeof(view->device),
		   "bus/pci/devices/%s/device", view->bdf);
	err = ovgpu_attributes(cli->ovgpu, OVGPU_GPU, view->bdf, OVGPU_DRIVER,
			       &view->attributes, &view->attribute_count);
	if (err && err != -ENOENT)
		return err;
	err = ovgpu_type_list(cli->ovgpu, view->bdf, &view->types,
			      &view->type_count);
	/* One that does not work offers none. */
	if (err == -ENOENT &&
	    ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
			 "bus/pci/drivers/" OVGPU_DRIVER "/%s", view->bdf))
		return 0;
	return err;
}

static enum cli_exit show_gpus(const struct cli *cli, const char *bdf)
{
	struct json_object *object = NULL, *array = NULL;
	struct ovgpu_vgpu **vgpus = NULL;
	size_t count, n, i, found = 0;
	struct ovgpu_gpu **gpus;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (!err)
		err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &n);
	if (!err && cli->json)
		array = json_object_new_array();
	for (i = 0; !err && i < count; i++) {
		struct gpu_view view = {
			.bdf = gpus[i]->bdf, .uuid = gpus[i]->uuid,
			.vgpus = vgpus, .vgpu_count = n,
		};

		if (bdf && strcmp(bdf, gpus[i]->bdf))
			continue;
		err = gpu_view_fill(cli, &view);
		if (!err && cli->json)
			json_object_array_add(array, gpu_json(cli, &view));
		else if (!err)
			gpu_print(cli, &view);
		if (!err)
			found++;
		else if (err == -ENOENT)
			err = 0;
		ovgpu_free(view.attributes);
		ovgpu_free(view.types);
	}
	ovgpu_free(gpus);
	ovgpu_free(vgpus);
	if (err || (bdf && !found)) {
		json_object_put(array);
		if (err)
			return cli_fail_errno(cli, err, "look at the GPU");
		return cli_fail_no_gpu(cli, bdf);
	}
	if (cli->json) {
		object = json_start();
		json_set(object, "gpus", array);
		json_print(object);
	} else if (!found) {
		cli_note_no_gpu(cli);
	}
	return CLI_OK;
}

/* A VM gets vGPUs. */
static enum cli_exit refuse_gpus(const struct cli *cli, const char *bdf)
{
	(void)bdf;
	return cli_fail(cli, CLI_USAGE,
			"--qemu and --libvirt are of a vGPU: name one by its UUID");
}

/**
 * cli_show_object - show what the argument names
 * @cli: the run; its argument is a UUID, a PCI address, or none
 * @vgpu: shows the vGPU of that UUID
 * @gpus: shows the GPU of that address; NULL: all GPUs
 *
 * Return: exit status.
 */
enum cli_exit cli_show_object(struct cli *cli, cli_show_fn vgpu,
			      cli_show_fn gpus)
{
	char uuid[OVGPU_UUID_SIZE], bdf[OVGPU_BDF_SIZE];
	enum cli_exit code;

	if (!cli->argument)
		return gpus(cli, NULL);
	if (cli_uuid(cli, cli->argument, uuid, &code))
		return code == CLI_OK ? vgpu(cli, uuid) : code;
	if (!ovgpu_bdf_parse(cli->argument, bdf))
		return gpus(cli, bdf);
	return cli_fail(cli, CLI_USAGE,
			"'%s' is neither the UUID of a vGPU nor the PCI address of a GPU",
			shown(cli->argument).text);
}

/**
 * command_show - show one vGPU, one GPU, or all GPUs
 * @cli: the run; its argument is a UUID, a PCI address, or none
 *
 * Return: exit status.
 */
enum cli_exit command_show(struct cli *cli)
{
	if (!cli->qemu && !cli->libvirt)
		return cli_show_object(cli, show_vgpu, show_gpus);
	return cli_show_object(cli, show_for_vm, refuse_gpus);
}
