// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - what every PCI function has in its configuration space
 */
#include <errno.h>
#include <linux/pci_regs.h>

#include "runtime.h"

#define CAPABILITIES_MAX	48	/* four bytes each behind the header */

/**
 * rt_config_read - read config space
 * @device: open
 * @offset: first byte
 * @value: receives it
 * @bytes: how many
 */
int rt_config_read(struct rt_device *device, unsigned int offset, void *value,
		   size_t bytes)
{
	return rt_region_read(device, RT_CONFIG, offset, value, bytes);
}

/**
 * rt_config_write - write config space
 * @device: open
 * @offset: first byte
 * @value: what to write
 * @bytes: how many
 */
int rt_config_write(struct rt_device *device, unsigned int offset,
		    const void *value, size_t bytes)
{
	return rt_region_write(device, RT_CONFIG, offset, value, bytes);
}

/**
 * rt_memory_decoding - switch memory decoding and bus mastering
 * @device: open
 * @on: wanted
 */
int rt_memory_decoding(struct rt_device *device, bool on)
{
	uint16_t command;
	int error;

	error = rt_config_read(device, PCI_COMMAND, &command,
			       sizeof(command));
	if (error)
		return error;
	if (on)
		command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	else
		command &= ~(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return rt_config_write(device, PCI_COMMAND, &command,
			       sizeof(command));
}

/**
 * rt_capability - find a PCI capability
 * @device: open
 * @id: PCI_CAP_ID_*
 *
 * Return: its offset; 0: it is not there; -EPROTO: the list is broken.
 */
int rt_capability(struct rt_device *device, unsigned int id)
{
	unsigned int left = CAPABILITIES_MAX;
	uint16_t status;
	uint8_t at, here;
	int error, found = 0;

	error = rt_config_read(device, PCI_STATUS, &status, sizeof(status));
	if (error || !(status & PCI_STATUS_CAP_LIST))
		return error;
	error = rt_config_read(device, PCI_CAPABILITY_LIST, &at, 1);
	while (!error && at) {
		if (at < PCI_STD_HEADER_SIZEOF || at & 3)
			return rt_fail(EPROTO, "a capability at 0x%x", at);
		if (!left--)
			return rt_fail(EPROTO, "the list of capabilities has no end");
		error = rt_config_read(device, at, &here, 1);
		if (!error && here == id)
			found = at;
		if (!error)
			error = rt_config_read(device, at + 1u, &at, 1);
	}
	return error ? error : found;
}

/**
 * rt_function_reset - function-level reset, as a guest asks for it
 * @device: open
 *
 * The host lets go of guest memory, as with every reset.
 *
 * Return: -ENODEV: the function has none.
 */
int rt_function_reset(struct rt_device *device)
{
	int at = rt_capability(device, PCI_CAP_ID_EXP), error;
	unsigned int offset = (unsigned int)at + PCI_EXP_DEVCTL;
	uint16_t control;

	if (at <= 0)
		return at ? at : rt_fail(ENODEV, "no PCI Express capability");
	error = rt_config_read(device, offset, &control, sizeof(control));
	if (error)
		return error;
	control |= PCI_EXP_DEVCTL_BCR_FLR;
	error = rt_config_write(device, offset, &control, sizeof(control));
	rt_memory_forget(device);
	return error;
}
