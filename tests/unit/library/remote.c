// SPDX-License-Identifier: GPL-2.0-only
/*
 * remote.c - prints what libopenvgpu says of a machine, for test_library_remote.py
 *
 *	remote URL|SYSFS PROC ROOT [create GPU TYPE UUID | remove UUID | weight UUID N]
 */
#include <openvgpu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_vgpus(const struct ovgpu *ovgpu)
{
	struct ovgpu_vgpu **list;
	struct ovgpu_vm *vm;
	size_t count, i;
	int err = ovgpu_vgpu_list(ovgpu, &list, &count);

	printf("vGPUs: %d\n", err);
	for (i = 0; !err && i < count; i++) {
		ovgpu_vm_get(ovgpu, list[i], &vm);
		printf("%s %s %s %s %d %s %d %s\n", list[i]->uuid, list[i]->gpu,
		       list[i]->type, list[i]->state, list[i]->owner_pid,
		       list[i]->owner_name, list[i]->iommu_group,
		       vm ? vm->name : "-");
		ovgpu_free(vm);
	}
	ovgpu_free(list);
}

static void print_gpu(const struct ovgpu *ovgpu, const char *bdf)
{
	struct ovgpu_attribute **attributes;
	struct ovgpu_switch **switches;
	struct ovgpu_type **types;
	size_t count, i;

	if (!ovgpu_type_list(ovgpu, bdf, &types, &count)) {
		for (i = 0; i < count; i++)
			printf("%s %s %u %s\n", types[i]->id, types[i]->name,
			       types[i]->available, types[i]->description);
		ovgpu_free(types);
	}
	if (!ovgpu_attributes(ovgpu, OVGPU_GPU, bdf, OVGPU_DRIVER, &attributes,
			      &count)) {
		for (i = 0; i < count; i++)
			printf("%s=%s\n", attributes[i]->name, attributes[i]->value);
		ovgpu_free(attributes);
	}
	printf("log: %d\n", ovgpu_switch_log(ovgpu, bdf, &switches, &count));
	for (i = 0; i < count; i++)
		printf("%llu %s\n", (unsigned long long)switches[i]->time_ns,
		       switches[i]->uuid);
	ovgpu_free(switches);
}

static int print_all(const struct ovgpu *ovgpu)
{
	struct ovgpu_device **devices;
	struct ovgpu_gpu **gpus;
	size_t count, i;
	int err;

	err = ovgpu_gpu_list(ovgpu, &gpus, &count);
	printf("GPUs: %d\n", err);
	for (i = 0; !err && i < count; i++) {
		printf("%s %u\n", gpus[i]->bdf, gpus[i]->vgpus);
		print_gpu(ovgpu, gpus[i]->bdf);
	}
	ovgpu_free(gpus);
	print_vgpus(ovgpu);
	if (!ovgpu_device_list(ovgpu, &devices, &count))
		for (i = 0; i < count; i++)
			printf("%s %s %d\n", devices[i]->bdf, devices[i]->driver,
			       devices[i]->known);
	ovgpu_free(devices);
	return err;
}

static int run(const struct ovgpu *ovgpu, char **argv)
{
	char reason[OVGPU_TEXT_SIZE] = "";
	int err;

	if (!argv[0])
		return print_all(ovgpu);
	if (!strcmp(argv[0], "create"))
		err = ovgpu_create(ovgpu, argv[1], argv[2], argv[3], reason,
				   sizeof(reason));
	else if (!strcmp(argv[0], "remove"))
		err = ovgpu_remove_idle(ovgpu, argv[1]);
	else if (!strcmp(argv[0], "hand-over"))
		err = ovgpu_hand_over(ovgpu, argv[1], "vfio-pci", reason,
				      sizeof(reason));
	else
		err = ovgpu_setting_write(ovgpu, OVGPU_VGPU, argv[1],
					  ovgpu_setting(OVGPU_VGPU, OVGPU_WEIGHT),
					  argv[2], reason, sizeof(reason));
	printf("%d %s\n", err, reason);
	return err;
}

int main(int argc, char **argv)
{
	struct ovgpu *ovgpu;
	int local = argv[1][0] == '/', err;

	(void)argc;
	err = local ? ovgpu_open(&ovgpu, argv[1], argv[2], argv[3]) :
	      ovgpu_open_remote(&ovgpu, argv[1]);
	if (err) {
		printf("open: %d\n", err);
		return 1;
	}
	if (!local && ovgpu_dirfd(ovgpu, OVGPU_SYSFS) != -1)
		abort();
	err = run(ovgpu, argv + (local ? 4 : 2));
	ovgpu_close(ovgpu);
	return err != 0;
}
