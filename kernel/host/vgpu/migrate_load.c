// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_load.c - a vGPU is written to a file by its VMM, which got it from
 * another host
 *
 * Each record is put in its place when it is whole, and a write that brings one
 * that can't be is an error: later would be too late, since a VMM starts its guest
 * even if the vGPU does not leave the state in which it is loaded. The vGPU was
 * emptied, stands still, and shows its guest, which does not run yet, half of what
 * it will be.
 */
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "base/pack.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "display/monitor.h"
#include "memory/pin.h"
#include "pci/mapping.h"
#include "vgpu/life.h"
#include "vgpu/migrate_file.h"
#include "vgpu/stream.h"

static_assert(STREAM_MAP_PAGES == VGPU_MAP_PAGES_MAX);

/**
 * struct loading - a vGPU that is loaded
 * @file: what it is written through
 * @target: what the vGPU is; what comes must suit it
 * @parser: what has come; io_lock
 * @epoch: of its pins when something came first: what is revoked since stays so
 * @stored: granules that are not zero any more; io_lock
 * @image: of unfinished work, as far as it has come
 * @image_bytes: of the whole
 * @image_filled: that have come
 * @buffer: the parser's
 * @begun: something has come; file.lock
 * @complete: all has come, and nothing more; file.lock
 */
struct loading {
	struct migrate_file file;
	struct stream_hello target;
	struct stream_parser parser;
	unsigned int epoch;
	unsigned long *stored;
	u8 *image;
	u32 image_bytes;
	u32 image_filled;
	u8 *buffer;
	bool begun;
	bool complete;
};

static struct loading *to_loading(struct migrate_file *file)
{
	return container_of(file, struct loading, file);
}

/* -------------------------------------------------------------------- memory */

static int store_granule(struct loading *loading, u64 granule, const u8 *data)
{
	struct migrate_file *file = &loading->file;
	int ret;

	mutex_lock(&file->lock);
	ret = file->error;
	if (!ret && !vgpu_mapping_write_slice(file->vgpu,
					      granule << VGPU_GRANULE_SHIFT,
					      data, VGPU_GRANULE))
		ret = -EIO;
	mutex_unlock(&file->lock);
	return ret;
}

static int load_memory(struct loading *loading,
		       const struct stream_record *record)
{
	struct stream_range range;
	unsigned long granule;
	int ret;

	stream_range(record, &range);
	if (range.data) {
		__set_bit(range.first, loading->stored);
		return store_granule(loading, range.first, range.data);
	}
	/* Zeros are there already, unless something else came first. */
	granule = range.first;
	for_each_set_bit_from(granule, loading->stored,
			      range.first + range.granules) {
		ret = store_granule(loading, granule, NULL);
		if (ret)
			return ret;
		__clear_bit(granule, loading->stored);
		cond_resched();
	}
	return 0;
}

/* -------------------------------------------------------------- guest memory */

static int pins_refused(struct loading *loading, u64 pages, int error)
{
	char *reason = loading->parser.reason;
	size_t size = sizeof(loading->parser.reason);
	int ended = READ_ONCE(loading->file.error);

	/* A reset took them away, after it had said so in the file; or a death. */
	if (ended || !vgpu_has_hardware(loading->file.vgpu))
		return ended ?: -EIO;
	if (error == -EDQUOT)
		snprintf(reason, size,
			 "migration refused: %llu pages of guest memory are over the VMM's limit of locked memory: raise RLIMIT_MEMLOCK, unless the host is out of memory",
			 pages);
	else
		snprintf(reason, size,
			 "migration refused: %llu pages of guest memory can't be mapped for the GPU (%d)",
			 pages, error);
	return error;
}

/*
 * With no lock held: it may wait for the VMM's memory. If the vGPU is reset or closed
 * meanwhile, nothing is mapped.
 */
static int load_pins(struct loading *loading,
		     const struct stream_record *record)
{
	struct stream_pins pins;
	u64 *list, page, pages;
	u32 filled = 0;
	int ret;

	stream_pins(record, &pins);
	list = kvmalloc_array(pins.pages, sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	while (stream_pins_run(&pins, &page, &pages))
		for (; pages && filled < pins.pages; pages--)
			list[filled++] = page++ << PAGE_SHIFT;
	ret = vgpu_pin_map(loading->file.vgpu, loading->epoch, pins.first,
			   pins.pages, list, pins.write);
	kvfree(list);
	return ret ? pins_refused(loading, pins.pages, ret) : 0;
}

/* --------------------------------------------------------------------- state */

static int load_family(struct loading *loading, struct vgpu_unpack *unpack)
{
	struct vgpu *vgpu = loading->file.vgpu;

	if (!vgpu->personality->engine || !vgpu->gpu->family->load)
		return -EBADMSG;
	return vgpu->gpu->family->load(vgpu, unpack);
}

static int load_context(struct loading *loading, struct vgpu_unpack *unpack)
{
	struct vgpu *vgpu = loading->file.vgpu;
	u32 at = vgpu_unpack(unpack, 4), bytes = vgpu_unpack(unpack, 4);
	u32 size = unpack->left;

	if (!vgpu->personality->engine || !vgpu->gpu->family->context_load ||
	    !bytes || bytes > vgpu->gpu->context_max)
		return -EBADMSG;
	if (!loading->image) {
		loading->image = kvzalloc(bytes, GFP_KERNEL_ACCOUNT);
		if (!loading->image)
			return -ENOMEM;
		loading->image_bytes = bytes;
	}
	if (bytes != loading->image_bytes || at != loading->image_filled ||
	    !size || size > bytes - at)
		return -EBADMSG;
	vgpu_unpack_bytes(unpack, loading->image + at, size);
	loading->image_filled += size;
	if (loading->image_filled < bytes)
		return 0;
	return vgpu->gpu->family->context_load(vgpu, loading->image, bytes);
}

static int load_core(struct loading *loading, struct vgpu_unpack *unpack)
{
	struct vgpu *vgpu = loading->file.vgpu;
	u32 fault = vgpu_unpack(unpack, 4), reset = vgpu_unpack(unpack, 4);
	u64 vectors = vgpu_unpack(unpack, 8);
	unsigned int i;

	WRITE_ONCE(vgpu->faults.last, fault);
	WRITE_ONCE(vgpu->faults.last_reset, reset);
	for (i = 0; i < vgpu->vectors; i++)
		if (vectors >> i & 1)
			vgpu_irq_raise(vgpu, i);
	return 0;
}

/* With vgpu->lock and file.lock held. */
static int load_state(struct loading *loading,
		      const struct stream_record *record)
{
	struct vgpu_unpack unpack = {
		.at = record->payload,
		.left = record->bytes,
		.newer = record->newer,
	};
	struct vgpu *vgpu = loading->file.vgpu;
	int ret = 0;

	switch (record->tag) {
	case STREAM_STATE_CONFIG:
		WRITE_ONCE(vgpu->migration.stats.stopped_at, ktime_get_ns());
		vgpu_restore_config(vgpu, record->payload);
		return 0;
	case STREAM_MONITOR:
		ret = vgpu_monitors_load(vgpu, &unpack);
		break;
	case STREAM_PERSONALITY:
		ret = vgpu->personality->load(vgpu, &unpack);
		break;
	case STREAM_FAMILY:
		ret = load_family(loading, &unpack);
		break;
	case STREAM_CONTEXT:
		ret = load_context(loading, &unpack);
		break;
	case STREAM_CORE:
		ret = load_core(loading, &unpack);
		break;
	default:
		break;
	}
	return ret ?: vgpu_unpacked(&unpack) ? 0 : -EBADMSG;
}

static int finish(struct loading *loading)
{
	if (loading->image_filled != loading->image_bytes)
		return -EBADMSG;
	if (!migrate_gpu_answers(loading->file.vgpu))
		return -EIO;
	loading->complete = true;
	vgpu_console_changed(loading->file.vgpu);
	return 0;
}

static int take_locked(struct loading *loading,
		       const struct stream_record *record)
{
	struct migrate_file *file = &loading->file;
	struct vgpu *vgpu = file->vgpu;
	int ret;

	mutex_lock(&vgpu->lock);
	mutex_lock(&file->lock);
	ret = file->error;
	if (!ret && record->tag == STREAM_END)
		ret = finish(loading);
	else if (!ret)
		ret = load_state(loading, record);
	mutex_unlock(&file->lock);
	mutex_unlock(&vgpu->lock);
	return ret;
}

static int take_record(struct stream_parser *parser,
		       const struct stream_record *record)
{
	struct loading *loading = parser->context;
	int ret;

	switch (record->tag) {
	case STREAM_HELLO:
		if (!loading->target.any_family)
			parser->required |= 1u << stream_rank(STREAM_FAMILY);
		return 0;
	case STREAM_VRAM:
	case STREAM_ZERO:
		return load_memory(loading, record);
	case STREAM_PINS:
		return load_pins(loading, record);
	default:
		break;
	}
	ret = take_locked(loading, record);
	if (ret == -EBADMSG)
		snprintf(parser->reason, sizeof(parser->reason),
			 "migration refused: record %llu: no vGPU has this state",
			 parser->records);
	return ret == -ENODEV ? -EIO : ret;
}

static const struct stream_ops loading_ops = {
	.record = take_record,
};

/* ---------------------------------------------------------------------- file */

/* It can't be loaded. Said once: the parser returns the same error for ever. */
static void give_up(struct loading *loading)
{
	struct migrate_file *file = &loading->file;

	mutex_lock(&file->lock);
	if (!file->error && loading->parser.reason[0])
		vgpu_owner_error(file->vgpu, ": %s", loading->parser.reason);
	loading->parser.reason[0] = '\0';
	loading->complete = false;
	mutex_unlock(&file->lock);
}

static int begin(struct loading *loading)
{
	struct migrate_file *file = &loading->file;
	int ret;

	mutex_lock(&file->lock);
	ret = file->error;
	if (!loading->begun)
		loading->epoch = vgpu_pin_epoch(file->vgpu);
	loading->begun = true;
	mutex_unlock(&file->lock);
	return ret;
}

static ssize_t write_some(struct loading *loading, const char __user *buf,
			  size_t count)
{
	struct vgpu_migrate_stats *stats = &loading->file.vgpu->migration.stats;
	size_t room, done = 0;
	int ret = begin(loading);
	u8 *to;

	while (done < count && !ret) {
		to = stream_room(&loading->parser, &room);
		room = min(room, count - done);
		if (copy_from_user(to, buf + done, room))
			return done ?: -EFAULT;
		ret = READ_ONCE(loading->file.error);
		if (!ret)
			ret = stream_filled(&loading->parser, room);
		done += room;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	WRITE_ONCE(stats->bytes, stats->bytes + done);
	/* What came before an error is of no use either. */
	if (ret) {
		give_up(loading);
		return ret;
	}
	return done;
}

static ssize_t load_write(struct file *filp, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	struct migrate_file *file = filp->private_data;
	ssize_t ret;

	if (ppos)
		return -ESPIPE;
	if (mutex_lock_interruptible(&file->io_lock))
		return -ERESTARTSYS;
	ret = write_some(to_loading(file), buf, count);
	migrate_file_unlock(file);
	return ret;
}

static const struct file_operations load_fops = {
	.owner		= THIS_MODULE,
	.write		= load_write,
	.poll		= migrate_file_poll,
	.release	= migrate_file_release,
};

static void load_empty(struct migrate_file *file)
{
	struct loading *loading = to_loading(file);

	kvfree(loading->buffer);
	kvfree(loading->image);
	kvfree(loading->stored);
	loading->buffer = NULL;
	loading->image = NULL;
	loading->stored = NULL;
}

static void load_free(struct migrate_file *file)
{
	migrate_file_exit(file);
	kvfree(to_loading(file));
}

static const struct migrate_kind loading_kind = {
	.name	= "[openvgpu-load]",
	.flags	= O_WRONLY,
	.fops	= &load_fops,
	.empty	= load_empty,
	.free	= load_free,
};

/**
 * migrate_load_new - a vGPU is going to be loaded
 * @vgpu: the vGPU, which stands still, and is emptied before anything comes
 *
 * With vgpu->lock held.
 *
 * Return: the file, or ERR_PTR(-ENOMEM).
 */
struct migrate_file *migrate_load_new(struct vgpu *vgpu)
{
	struct loading *loading = kvzalloc(sizeof(*loading), GFP_KERNEL_ACCOUNT);
	struct vgpu_migrate_stats *stats = &vgpu->migration.stats;
	u64 granules;

	if (!loading)
		return ERR_PTR(-ENOMEM);
	migrate_file_init(&loading->file, vgpu, &loading_kind);
	migrate_hello(vgpu, &loading->target);
	granules = loading->target.framebuffer / STREAM_GRANULE;
	loading->buffer = kvmalloc(STREAM_RECORD_MAX, GFP_KERNEL_ACCOUNT);
	loading->stored = kvcalloc(BITS_TO_LONGS(granules), sizeof(long),
				   GFP_KERNEL_ACCOUNT);
	if (!loading->buffer || !loading->stored) {
		migrate_file_put(&loading->file);
		return ERR_PTR(-ENOMEM);
	}
	stream_parser_init(&loading->parser, &loading_ops, loading,
			   &loading->target, loading->buffer);
	WRITE_ONCE(stats->rounds, 0);
	WRITE_ONCE(stats->bytes, 0);
	WRITE_ONCE(stats->remaining, 0);
	WRITE_ONCE(stats->stopped_at, ktime_get_ns());
	return &loading->file;
}

/**
 * migrate_load_finish - nothing more will come
 * @file: of migrate_load_new()
 *
 * With vgpu->lock held.
 *
 * Return: 0 if all has come, or nothing; -EBADMSG.
 */
int migrate_load_finish(struct migrate_file *file)
{
	struct loading *loading = to_loading(file);
	bool good;

	mutex_lock(&file->lock);
	good = loading->complete || !loading->begun;
	mutex_unlock(&file->lock);
	return good ? 0 : -EBADMSG;
}
