// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_file.c - files through which a vGPU is saved and loaded: their life
 *
 * A VMM may keep such a file for as long as it likes. So the vGPU lets go of it
 * when the migration is over, and from then on it only returns errors.
 */
#include <linux/anon_inodes.h>
#include <linux/bitops.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "vgpu/migrate.h"
#include "vgpu/migrate_file.h"
#include "vgpu/stream.h"

#define HELLO_BYTES	(STREAM_HEADER + STREAM_HELLO_SIZE)
#define BYTES_AT_ONCE	64	/* of "%*phN" */

/**
 * migrate_file_init - the part that both kinds have
 * @file: filled in
 * @vgpu: the vGPU
 * @kind: what it is for
 */
void migrate_file_init(struct migrate_file *file, struct vgpu *vgpu,
		       const struct migrate_kind *kind)
{
	kref_init(&file->kref);
	file->vgpu = vgpu;
	file->kind = kind;
	mutex_init(&file->io_lock);
	mutex_init(&file->lock);
	get_device(&vgpu->vdev.device);
}

/**
 * migrate_file_exit - undo migrate_file_init()
 * @file: the file, which nobody has any more
 */
void migrate_file_exit(struct migrate_file *file)
{
	struct vgpu *vgpu = file->vgpu;

	mutex_destroy(&file->lock);
	mutex_destroy(&file->io_lock);
	put_device(&vgpu->vdev.device);
}

static void last_put(struct kref *kref)
{
	struct migrate_file *file = container_of(kref, struct migrate_file,
						 kref);

	file->kind->empty(file);
	file->kind->free(file);
}

/**
 * migrate_file_put - drop a reference
 * @file: the file
 */
void migrate_file_put(struct migrate_file *file)
{
	kref_put(&file->kref, last_put);
}

/**
 * migrate_file_open - make it a file for the VMM, which has a reference of its own
 * @file: the file
 *
 * Return: the file, or ERR_PTR.
 */
struct file *migrate_file_open(struct migrate_file *file)
{
	const struct migrate_kind *kind = file->kind;
	struct file *filp;

	kref_get(&file->kref);
	filp = anon_inode_getfile(kind->name, kind->fops, file, kind->flags);
	if (IS_ERR(filp))
		migrate_file_put(file);
	else
		stream_open(filp->f_inode, filp);
	return filp;
}

/*
 * A VMM may keep any number of files that are of no use any more. Whoever is in it gives
 * its memory back later, by migrate_file_unlock().
 */
static void try_empty(struct migrate_file *file)
{
	if (!mutex_trylock(&file->io_lock))
		return;
	file->kind->empty(file);
	mutex_unlock(&file->io_lock);
}

/**
 * migrate_file_unlock - a read or a write is over
 * @file: the file, with its io_lock held
 */
void migrate_file_unlock(struct migrate_file *file)
{
	bool ended;

	mutex_unlock(&file->io_lock);
	/* With the lock: either it is seen that it ended, or that nobody is in it. */
	mutex_lock(&file->lock);
	ended = file->error;
	mutex_unlock(&file->lock);
	if (ended)
		try_empty(file);
}

/**
 * migrate_file_end - a file is of no use any more
 * @file: the file
 * @error: what it returns from here on
 *
 * Whoever reads or writes it is out of the vGPU when this returns, but may wait for
 * user memory. May sleep, bounded.
 */
void migrate_file_end(struct migrate_file *file, int error)
{
	mutex_lock(&file->lock);
	if (!file->error || error == -ENODEV)
		file->error = error;
	mutex_unlock(&file->lock);
	wake_up_all(&file->vgpu->migration.wait);
	try_empty(file);
}

/**
 * migrate_file_poll - poll() of both kinds
 * @filp: the file of the VMM
 * @wait: as poll() has it
 *
 * Neither ever waits for data.
 */
__poll_t migrate_file_poll(struct file *filp, struct poll_table_struct *wait)
{
	struct migrate_file *file = filp->private_data;
	__poll_t events = file->kind->flags == O_RDONLY ?
			  EPOLLIN | EPOLLRDNORM : EPOLLOUT | EPOLLWRNORM;

	poll_wait(filp, &file->vgpu->migration.wait, wait);
	if (READ_ONCE(file->error) || !vgpu_has_hardware(file->vgpu))
		events |= EPOLLHUP;
	return events;
}

/**
 * migrate_file_release - the VMM has closed its file
 * @inode: unused
 * @filp: the file
 */
int migrate_file_release(struct inode *inode, struct file *filp)
{
	migrate_file_put(filp->private_data);
	return 0;
}

/**
 * migrate_gpu_answers - whether what was copied until now was its memory
 * @vgpu: the vGPU
 *
 * That of a GPU that is gone reads as ones, and takes what is written, without
 * anybody noticing. Being gone is for good: one look at the end is enough. May sleep.
 */
bool migrate_gpu_answers(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	int section;
	bool alive;

	if (!vgpu_gpu_begin(gpu, &section))
		return false;
	alive = gpu->family->alive(gpu);
	vgpu_gpu_end(gpu, section);
	if (!alive)
		vgpu_gpu_failed(gpu, "its registers read all ones");
	return alive;
}

/**
 * migrate_region - the region that shows the slice of a vGPU
 * @vgpu: the vGPU
 *
 * Return: its index, or -ENODEV.
 */
int migrate_region(const struct vgpu *vgpu)
{
	unsigned int i;

	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++)
		if (vgpu->region[i].in_slice)
			return i;
	return -ENODEV;
}

/**
 * migrate_hello - what a vGPU is, for the comparison with another one
 * @vgpu: the vGPU, with its lock held
 * @hello: filled in
 */
void migrate_hello(const struct vgpu *vgpu, struct stream_hello *hello)
{
	const struct vgpu_personality *personality = vgpu->personality;
	const struct vgpu_config *config = &vgpu->config;
	const struct vgpu_gpu *gpu = vgpu->gpu;
	int index = migrate_region(vgpu);
	const struct vgpu_region *region = &vgpu->region[max(index, 0)];

	memset(hello, 0, sizeof(*hello));
	strscpy(hello->personality, personality->name,
		sizeof(hello->personality));
	strscpy(hello->family, gpu->family->name, sizeof(hello->family));
	strscpy(hello->board, gpu->board, sizeof(hello->board));
	snprintf(hello->type, sizeof(hello->type), VGPU_DRIVER_NAME "-%.20s",
		 vgpu->type->sysfs_name);
	memcpy(hello->uuid, &vgpu->mdev->uuid, sizeof(hello->uuid));
	hello->any_family = !personality->engine;
	hello->hardware = gpu->hardware_version;
	hello->interface = personality->interface;
	/* Without the engine, its guest reaches no more of the slice than it sees. */
	hello->framebuffer = personality->engine ? vgpu->fb_size : region->backed;
	hello->bar_bytes = region->size;
	hello->user_bytes = vgpu->user_size;
	hello->aperture_pages = personality->engine ? gpu->sysmem_pages : 0;
	hello->heads = vgpu_monitors_of_guest(vgpu);
	hello->capabilities = stream_capabilities(gpu->capabilities,
						  gpu->head_capabilities,
						  hello->heads);
	hello->max_x = vgpu->type->max_x;
	hello->max_y = vgpu->type->max_y;
	hello->vectors = vgpu->vectors;
	/* The pool's slices come and go, so its guests do not rely on them. */
	if (personality->engine && vgpu->instance->index != LAYOUT_POOL) {
		hello->compute_slices = hweight8(vgpu->instance->compute);
		hello->memory_slices = hweight8(vgpu->instance->memory);
	}
	memcpy(hello->power_on, config->power_on, sizeof(hello->power_on));
	memcpy(hello->writable, config->writable, sizeof(hello->writable));
	memcpy(hello->clearable, config->clearable, sizeof(hello->clearable));
}

/* What its stream would begin with now. Return: bytes of it. */
static int make_record(struct vgpu *vgpu, u8 *record)
{
	struct stream_writer writer = { };
	struct stream_hello *hello;
	int n;

	hello = kmalloc(sizeof(*hello), GFP_KERNEL);
	if (!hello)
		return -ENOMEM;
	mutex_lock(&vgpu->lock);
	migrate_hello(vgpu, hello);
	mutex_unlock(&vgpu->lock);
	n = stream_put_hello(&writer, record, HELLO_BYTES, hello);
	kfree(hello);
	return n;
}

/**
 * vgpu_migrate_hello - what a vGPU is, as a stream of it says first
 * @vgpu: the vGPU, open or not
 * @buf: receives it, a page: two hexadecimal digits for each byte
 *
 * May sleep.
 *
 * Return: how many digits; -ENOMEM.
 */
int vgpu_migrate_hello(struct vgpu *vgpu, char *buf)
{
	int bytes = -ENOMEM, i, n = 0;
	u8 *record;

	static_assert(2 * HELLO_BYTES < PAGE_SIZE);
	record = kmalloc(HELLO_BYTES, GFP_KERNEL);
	if (record)
		bytes = make_record(vgpu, record);
	for (i = 0; i < bytes; i += BYTES_AT_ONCE)
		n += scnprintf(buf + n, PAGE_SIZE - n, "%*phN",
			       min(bytes - i, BYTES_AT_ONCE), record + i);
	kfree(record);
	return bytes < 0 ? bytes : n;
}
