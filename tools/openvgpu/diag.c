// SPDX-License-Identifier: GPL-2.0-only
/*
 * diag.c - openvgpu diag: whether a GPU does what it should, by trying
 *
 * Behind what doctor and health see: creates and removes a vGPU, and has the
 * driver zero all video memory of a GPU that nobody uses and look at it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

static const struct ovgpu_type *smallest(struct ovgpu_type *const *types)
{
	const struct ovgpu_type *best = NULL;

	for (; *types; types++)
		if ((*types)->available &&
		    (!best || (*types)->framebuffer < best->framebuffer))
			best = *types;
	return best;
}

static void try_type(const struct cli *cli, const struct ovgpu_type *type,
		     struct finding *finding)
{
	char uuid[OVGPU_UUID_SIZE], reason[OVGPU_TEXT_SIZE] = "";
	struct ovgpu_vgpu *vgpu;
	int err, gone;

	err = ovgpu_uuid_generate(uuid);
	if (!err)
		err = ovgpu_create(cli->ovgpu, type->gpu, type->id, uuid, reason,
				   sizeof(reason));
	if (err) {
		found(finding, FINDING_FAIL, "a vGPU of type %s can't be created: %s",
		      type->id,
		      reason[0] ? shown(reason).text : ovgpu_strerror(err));
		if (err == -EACCES)
			advise(finding, "run as root");
		return;
	}
	err = ovgpu_vgpu_get(cli->ovgpu, uuid, &vgpu);
	ovgpu_free(vgpu);
	gone = ovgpu_remove_idle(cli->ovgpu, uuid);
	if (err || gone)
		found(finding, FINDING_FAIL, "vGPU %s of type %s: %s: %s", uuid,
		      type->id, err ? "created, and is not there" :
		      "it can't be removed again",
		      ovgpu_strerror(err ? err : gone));
	else
		found(finding, FINDING_OK,
		      "a vGPU of type %s was created and removed", type->id);
}

static void try_create(const struct cli *cli, const char *bdf,
		       struct finding *finding)
{
	const struct ovgpu_type *type;
	struct ovgpu_type **types;
	size_t count;
	int err;

	err = ovgpu_type_list(cli->ovgpu, bdf, &types, &count);
	if (err) {
		found(finding, FINDING_FAIL, "its types can't be read: %s",
		      ovgpu_strerror(err));
		return;
	}
	type = smallest(types);
	if (type)
		try_type(cli, type, finding);
	else
		found(finding, FINDING_OK,
		      "not tried: it has no room for another vGPU");
	ovgpu_free(types);
}

/* The driver zeroes it and samples it before a GPU goes to others. */
static void try_memory(const struct cli *cli, const struct ovgpu_gpu *gpu,
		       struct finding *finding)
{
	static const char path[] = "bus/pci/devices/%s/" OVGPU_DRIVER "/hand_over";
	struct ovgpu_value total = { 0 };
	char text[OVGPU_TEXT_SIZE];
	int err;

	if (gpu->vgpus) {
		found(finding, FINDING_OK, "not tried: it has %u vGPU%s",
		      gpu->vgpus, gpu->vgpus == 1 ? "" : "s");
		return;
	}
	ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, gpu->bdf, OVGPU_DRIVER,
			    "framebuffer_total", text, sizeof(text));
	ovgpu_number_parse(text, &total.number);
	err = ovgpu_write(cli->ovgpu, "1", path, gpu->bdf);
	if (!err)
		err = ovgpu_write(cli->ovgpu, "0", path, gpu->bdf);
	if (!err) {
		found(finding, FINDING_OK, "all of its video memory was zeroed: %s",
		      show_size(total.number).text);
		return;
	}
	ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, gpu->bdf, OVGPU_DRIVER,
			    "last_error", text, sizeof(text));
	/* GPU instances, or somebody who was faster. */
	if (err == -EBUSY)
		found(finding, FINDING_OK, "not tried: it is in use");
	else
		found(finding, FINDING_FAIL, "its video memory can't be zeroed: %s",
		      strncmp(text, "hand_over", 9) ? ovgpu_strerror(err) :
		      shown(text).text);
	if (err == -EACCES)
		advise(finding, "run as root");
}

static void try_gpu(const struct cli *cli, const struct ovgpu_gpu *gpu,
		    struct report *report)
{
	struct finding memory = { 0 }, create = { 0 };

	report_about(report, gpu->bdf, NULL);
	try_memory(cli, gpu, &memory);
	report_add(report, "zeroing", &memory);
	try_create(cli, gpu->bdf, &create);
	report_add(report, "create", &create);
}

/**
 * command_diag - try what GPUs can do
 * @cli: the run; its argument is a PCI address, or none
 *
 * Return: exit status; 1 if something failed.
 */
enum cli_exit command_diag(struct cli *cli)
{
	char bdf[OVGPU_BDF_SIZE] = "";
	struct ovgpu_gpu **gpus = NULL;
	struct report report;
	size_t count = 0, i;
	int err;

	if (cli->argument && ovgpu_bdf_parse(cli->argument, bdf))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not a PCI address, as 0000:3b:00.0",
				shown(cli->argument).text);
	/* Between two writes it has the GPU offer nothing. */
	cli_end_signals();
	report_begin(&report, cli);
	doctor_report(cli, &report);
	err = health_report(cli, bdf[0] ? bdf : NULL, &report);
	if (!err)
		err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	for (i = 0; !err && i < count; i++)
		if (!bdf[0] || !strcmp(gpus[i]->bdf, bdf))
			try_gpu(cli, gpus[i], &report);
	ovgpu_free(gpus);
	if (!err)
		return report_end(&report);
	json_object_put(report.array);
	return err == -ENOENT ? cli_fail_no_gpu(cli, bdf) :
	       cli_fail_errno(cli, err, "look at the GPUs");
}
