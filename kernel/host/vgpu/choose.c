// SPDX-License-Identifier: GPL-2.0-only
/*
 * choose.c - which virtual function a vGPU is to its guest
 *
 * Chosen at create by the type, and changed as long as nobody has the vGPU
 * open. Nothing of the slice or the partition depends on it.
 */
#include <linux/slab.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "display/query.h"
#include "pci/config_space.h"
#include "vgpu/choose.h"
#include "vgpu/vfio.h"

/**
 * struct visible - all that a personality gives a vGPU
 * @personality: which
 * @data: its own
 * @config: the configuration space
 * @region: BARs and what else a VMM sees
 * @num_regions: of @region
 * @vectors: MSI-X vectors
 */
struct visible {
	const struct vgpu_personality *personality;
	void *data;
	struct vgpu_config config;
	struct vgpu_region region[VGPU_MAX_REGIONS];
	unsigned int num_regions;
	unsigned int vectors;
};

static void save(const struct vgpu *vgpu, struct visible *old)
{
	old->personality = vgpu->personality;
	old->data = vgpu->personality_data;
	old->config = vgpu->config;
	memcpy(old->region, vgpu->region, sizeof(old->region));
	old->num_regions = vgpu->num_regions;
	old->vectors = vgpu->vectors;
}

static void restore(struct vgpu *vgpu, const struct visible *old)
{
	WRITE_ONCE(vgpu->personality, old->personality);
	vgpu->personality_data = old->data;
	vgpu->config = old->config;
	memcpy(vgpu->region, old->region, sizeof(old->region));
	vgpu->num_regions = old->num_regions;
	vgpu->vectors = old->vectors;
}

/**
 * vgpu_personality_init - make a vGPU what its guest sees
 * @vgpu: the vGPU, placed and with its partition set up; closed
 * @personality: what to be; it supports the type
 *
 * With vgpu->lock held, or before anybody else knows the vGPU. May sleep.
 *
 * Return: 0 or errno, then vgpu->region and vgpu->config are anything.
 */
int vgpu_personality_init(struct vgpu *vgpu,
			  const struct vgpu_personality *personality)
{
	int ret;

	memset(vgpu->region, 0, sizeof(vgpu->region));
	vgpu->num_regions = 0;
	vgpu->vectors = 0;
	vgpu->personality_data = NULL;
	WRITE_ONCE(vgpu->personality, personality);
	ret = personality->init(vgpu);
	if (ret)
		return ret;
	vgpu->region[VFIO_PCI_CONFIG_REGION_INDEX].ops = &vgpu_config_ops;
	vgpu->region[VFIO_PCI_CONFIG_REGION_INDEX].size = VGPU_CONFIG_SIZE;
	vgpu_display_setup(vgpu);
	return 0;
}

/**
 * vgpu_personality_release - undo vgpu_personality_init()
 * @vgpu: the vGPU, closed for good
 *
 * May sleep; takes what locks a personality takes, with none of core held.
 */
void vgpu_personality_release(struct vgpu *vgpu)
{
	vgpu->personality->release(vgpu->personality_data);
	vgpu->personality_data = NULL;
}

/* Which one is meant; says why it can't be. */
static const struct vgpu_personality *
find(struct vgpu *vgpu, const char *name, int *error)
{
	const struct vgpu_personality *found = vgpu_personality_find(name);
	char names[64];

	*error = 0;
	if (found && found->supports(vgpu->gpu, vgpu->type))
		return found;
	vgpu_personality_list(vgpu, names, sizeof(names), false);
	if (found)
		vgpu_error(vgpu,
			   ": personality not changed: type %s of this GPU can't be %s, only: %s",
			   vgpu->type->sysfs_name, found->name, names);
	else
		vgpu_error(vgpu,
			   ": personality not changed: there is none of that name; type %s can be: %s",
			   vgpu->type->sysfs_name, names);
	*error = found ? -EOPNOTSUPP : -EINVAL;
	return NULL;
}

/* With vgpu->lock held. @old says what there was; its data is to be released. */
static int change(struct vgpu *vgpu, const struct vgpu_personality *personality,
		  struct visible *old)
{
	int ret;

	lockdep_assert_held(&vgpu->lock);
	/* Also while it is being closed. */
	if (vgpu->owner_pid) {
		vgpu_error(vgpu,
			   ": personality not changed: process %d has it open; end its VM first",
			   vgpu->owner_pid);
		return -EBUSY;
	}
	save(vgpu, old);
	ret = vgpu_personality_init(vgpu, personality);
	if (!ret)
		return 0;
	restore(vgpu, old);
	vgpu_error(vgpu, ": personality not changed: %s failed (%d)",
		   personality->name, ret);
	return ret;
}

/**
 * vgpu_set_personality - change what a vGPU is to its guest
 * @vgpu: the vGPU
 * @name: of the personality; a newline may follow
 *
 * May sleep. Nothing changes when it fails.
 *
 * Return: 0; -EINVAL: no such personality; -EOPNOTSUPP: not with this type on
 * this GPU; -EBUSY: somebody has it open; -ENOMEM.
 */
int vgpu_set_personality(struct vgpu *vgpu, const char *name)
{
	const struct vgpu_personality *personality;
	struct visible *old;
	int ret;

	personality = find(vgpu, name, &ret);
	if (!personality)
		return ret;
	old = kzalloc(sizeof(*old), GFP_KERNEL);
	if (!old)
		return -ENOMEM;
	mutex_lock(&vgpu->lock);
	ret = change(vgpu, personality, old);
	mutex_unlock(&vgpu->lock);
	/* Out of the lock: work of a personality that is on its way takes it. */
	if (!ret)
		old->personality->release(old->data);
	kfree(old);
	return ret;
}
