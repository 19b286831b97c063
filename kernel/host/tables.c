// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c - the families, personalities and policies there are, and the PCI ids
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "base/vgpu.h"
#include "family/families.h"
#include "family/soft/soft.h"
#include "personality/personalities.h"
#include "refgpu_hw.h"

/*
 * Devices that are bound without being asked. Ids one by one, never a class,
 * and never those of the family "bochs": a driver that claims every display
 * takes the host's console away. Others are bound by driver_override.
 */
const struct pci_device_id vgpu_pci_ids[] = {
	{ PCI_DEVICE(REFGPU_PCI_VENDOR_ID, REFGPU_PCI_DEVICE_ID) },
	{ PCI_DEVICE(SOFT_VENDOR_ID, SOFT_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, vgpu_pci_ids);

static const struct vgpu_family *const families[] = {
	&vgpu_family_refgpu,
	&vgpu_family_refgpu_process,
	&vgpu_family_bochs,
	&vgpu_family_soft,
};

/**
 * vgpu_family_find - which family drives a device
 * @pdev: the device; need not be enabled
 *
 * Return: the family, or NULL: none.
 */
const struct vgpu_family *vgpu_family_find(const struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i]->match(pdev))
			return families[i];
	return NULL;
}

static void exit_first(unsigned int count)
{
	while (count--)
		if (families[count]->devices_remove)
			families[count]->devices_remove();
}

/**
 * vgpu_families_init - the families make the devices that are theirs to make
 *
 * At module load. May sleep. Return: 0 or errno, which is logged.
 */
int vgpu_families_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		ret = families[i]->devices_add ? families[i]->devices_add() : 0;
		if (ret) {
			exit_first(i);
			return ret;
		}
	}
	return 0;
}

/**
 * vgpu_families_exit - undo vgpu_families_init()
 *
 * At module unload, with no GPU bound. May sleep.
 */
void vgpu_families_exit(void)
{
	exit_first(ARRAY_SIZE(families));
}

static const struct vgpu_personality *const personalities[] = {
	&vgpu_personality_native,
	&vgpu_personality_bochs,
};

/**
 * vgpu_personality_find - a personality by its name
 * @name: as in struct vgpu_series; a newline may follow
 *
 * Return: the personality, or NULL: there is none of that name.
 */
const struct vgpu_personality *vgpu_personality_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(personalities); i++)
		if (sysfs_streq(personalities[i]->name, name))
			return personalities[i];
	return NULL;
}

/**
 * vgpu_personality_list - the personalities that suit a vGPU
 * @vgpu: the vGPU
 * @buf: receives the names on one line
 * @size: of @buf
 * @brackets: put the present one in brackets
 *
 * Return: length of the line.
 */
int vgpu_personality_list(const struct vgpu *vgpu, char *buf, size_t size,
			  bool brackets)
{
	const struct vgpu_personality *now = READ_ONCE(vgpu->personality);
	unsigned int i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(personalities); i++)
		if (personalities[i]->supports(vgpu->gpu, vgpu->type))
			n = vgpu_list_name(buf, size, n, personalities[i]->name,
					   brackets && personalities[i] == now);
	return n;
}

static const struct sched_policy *const policies[] = {
	&sched_best_effort,
	&sched_equal_share,
	&sched_fixed_share,
};

/**
 * sched_policy_find - a policy by its name
 * @name: as sysfs shows it; a newline may follow. NULL: the default
 *
 * Return: the policy, or NULL: there is none of that name.
 */
const struct sched_policy *sched_policy_find(const char *name)
{
	unsigned int i;

	if (!name)
		return policies[0];
	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (sysfs_streq(name, policies[i]->name))
			return policies[i];
	return NULL;
}

/**
 * sched_policy_list - the policies there are
 * @buf: receives their names on one line
 * @size: of @buf
 * @current_policy: is put in brackets; NULL: none is
 *
 * Return: length of the line.
 */
int sched_policy_list(char *buf, size_t size,
		      const struct sched_policy *current_policy)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		n = vgpu_list_name(buf, size, n, policies[i]->name,
				   policies[i] == current_policy);
	return n;
}
