// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_save.c - a vGPU is read from a file, while it works or stands still
 *
 * Video memory is copied when it is read, 64 KiB at a time. All else is a megabyte
 * or two: it is collected at once when the vGPU stands still for the last part,
 * and follows what is left of the memory.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "base/pack.h"
#include "base/state.h"
#include "base/vgpu.h"
#include "compat/migration.h"
#include "display/dmabuf.h"
#include "display/monitor.h"
#include "memory/pin.h"
#include "pci/mapping.h"
#include "sched/sched.h"
#include "vgpu/migrate_file.h"
#include "vgpu/stream.h"

/* What was written is looked for so often at most, unless it must be known. */
#define COLLECT_NS	(100 * NSEC_PER_MSEC)
/* Zeros that one record tells of: 4 MiB are looked at for it. */
#define ZEROS_MAX	64
/* All records of the state, but for images of unfinished work and guest memory. */
#define STATE_BYTES	(16u << 10)
#define CONTEXT_PIECE	(64u << 10)
/* What a vGPU that is slowed down keeps, percent of its engine's time. */
#define SLOW_MIN	5u

static_assert(VGPU_GRANULE == STREAM_GRANULE);

/**
 * struct saving - a vGPU that is saved
 * @file: what it is read through
 * @writer: counts what was written
 * @hello: what the vGPU is
 * @greeted: that is on its way
 * @last: its VMM reads the last part: the state is known
 * @state: the records of the state
 * @state_bytes: of them
 * @state_read: they are on their way
 * @ended: the end is on its way
 * @next: what was not read yet of the last record or of @state; io_lock
 * @left: bytes of it
 * @buffer: holds a record
 * @bytes_before: that were read when it was looked last what had been written
 * @slow_percent: what the vGPU gets of its engine at most
 */
struct saving {
	struct migrate_file file;
	struct stream_writer writer;
	struct stream_hello hello;
	bool greeted;
	bool last;
	u8 *state;
	size_t state_bytes;
	bool state_read;
	bool ended;
	const u8 *next;
	size_t left;
	u8 *buffer;
	u64 bytes_before;
	u32 slow_percent;
};

static struct saving *to_saving(struct migrate_file *file)
{
	return container_of(file, struct saving, file);
}

/* -------------------------------------------------------------------- memory */

static int put_vram(struct saving *saving, u64 granule)
{
	return stream_put_vram(&saving->writer, saving->buffer,
			       STREAM_RECORD_MAX, granule);
}

static int put_zeros(struct saving *saving, u64 first, u64 granules)
{
	return stream_put_zero(&saving->writer, saving->buffer,
			       STREAM_RECORD_MAX, first, granules);
}

/* The next record of video memory. Return: bytes; 0: all is copied; or errno. */
static int put_memory(struct saving *saving)
{
	struct vgpu *vgpu = saving->file.vgpu;
	u8 *data = saving->buffer + STREAM_VRAM_DATA;
	u64 granule, first = 0, zeros = 0;

	while (zeros < ZEROS_MAX && vgpu_dirty_take(vgpu, &granule)) {
		if (zeros && granule != first + zeros) {
			vgpu_dirty_return(vgpu, granule);
			break;
		}
		if (!vgpu_mapping_read_slice(vgpu, granule << VGPU_GRANULE_SHIFT,
					     data, VGPU_GRANULE))
			return -EIO;
		if (memchr_inv(data, 0, VGPU_GRANULE)) {
			if (!zeros)
				return put_vram(saving, granule);
			/* It is read once more for a record of its own. */
			vgpu_dirty_return(vgpu, granule);
			break;
		}
		if (!zeros)
			first = granule;
		zeros++;
	}
	return zeros ? put_zeros(saving, first, zeros) : 0;
}

/*
 * More than half of what is read comes back at once: the copy does not come to an
 * end, or not soon. The vGPU gets less time, step by step, until it does.
 */
static void slow_down(struct saving *saving, u64 written)
{
	struct vgpu *vgpu = saving->file.vgpu;
	struct vgpu_migrate_stats *stats = &vgpu->migration.stats;
	u64 read = stats->bytes - saving->bytes_before;

	saving->bytes_before = stats->bytes;
	if (!READ_ONCE(vgpu->migration.throttle) || saving->last ||
	    !vgpu->dirty.touched || !read || written <= read / 2)
		return;
	saving->slow_percent = max(saving->slow_percent * 3 / 4, SLOW_MIN);
	WRITE_ONCE(stats->slow_percent, saving->slow_percent);
	vgpu_sched_slow(vgpu, saving->slow_percent);
}

static int collect(struct saving *saving)
{
	struct vgpu *vgpu = saving->file.vgpu;
	struct vgpu_migrate_stats *stats = &vgpu->migration.stats;
	u64 before = vgpu_dirty_left(vgpu);
	int ret = vgpu_dirty_collect(vgpu);

	vgpu_dmabuf_each_mapped(vgpu, vgpu_dirty_add);
	slow_down(saving, vgpu_dirty_left(vgpu) - before);
	WRITE_ONCE(stats->rounds, stats->rounds + 1);
	/* Nobody knows what was written, and nobody will. */
	if (ret)
		saving->file.error = -EIO;
	return ret ? -EIO : 0;
}

/* How much is left to be copied; with file.lock held. */
static int count_left(struct saving *saving, u64 *bytes)
{
	struct vgpu *vgpu = saving->file.vgpu;
	int ret = 0;

	if (!saving->last &&
	    ktime_get_ns() - vgpu->dirty.collected_at >= COLLECT_NS)
		ret = collect(saving);
	*bytes = vgpu_dirty_left(vgpu);
	WRITE_ONCE(vgpu->migration.stats.remaining, *bytes);
	return ret;
}

/* --------------------------------------------------------------------- state */

/**
 * struct room - where records of the state go
 * @saving: whose
 * @at: the next one
 * @left: room for it
 * @error: one could not be written
 */
struct room {
	struct saving *saving;
	u8 *at;
	size_t left;
	int error;
};

static struct vgpu_pack begin(const struct room *room)
{
	size_t header = min_t(size_t, room->left, STREAM_HEADER);

	return (struct vgpu_pack) {
		.at = room->at + header,
		.left = min_t(size_t, room->left - header, STREAM_PAYLOAD_MAX),
	};
}

static void end(struct room *room, enum stream_tag tag,
		const struct vgpu_pack *pack)
{
	u8 *payload = room->at + STREAM_HEADER;
	int bytes = -E2BIG;

	if (room->error)
		return;
	if (!pack->full)
		bytes = stream_put(&room->saving->writer, room->at, room->left,
				   tag, payload, pack->at - payload);
	if (bytes < 0) {
		room->error = bytes;
		return;
	}
	room->at += bytes;
	room->left -= bytes;
}

static void put_config(struct room *room)
{
	struct vgpu *vgpu = room->saving->file.vgpu;
	struct vgpu_pack pack = begin(room);

	mutex_lock(&vgpu->config_lock);
	vgpu_pack_bytes(&pack, vgpu->config.data, STREAM_CONFIG);
	mutex_unlock(&vgpu->config_lock);
	end(room, STREAM_STATE_CONFIG, &pack);
}

static void put_monitors(struct room *room)
{
	struct vgpu_pack pack = begin(room);

	vgpu_monitors_save(room->saving->file.vgpu, &pack);
	end(room, STREAM_MONITOR, &pack);
}

static void put_personality(struct room *room)
{
	struct vgpu *vgpu = room->saving->file.vgpu;
	struct vgpu_pack pack = begin(room);

	vgpu->personality->save(vgpu, &pack);
	end(room, STREAM_PERSONALITY, &pack);
}

static void put_family(struct room *room)
{
	struct vgpu *vgpu = room->saving->file.vgpu;
	struct vgpu_pack pack = begin(room);
	int ret = vgpu->gpu->family->save(vgpu, &pack);

	if (ret && !room->error)
		room->error = ret;
	end(room, STREAM_FAMILY, &pack);
}

static void put_context(struct room *room, u32 bytes)
{
	struct vgpu *vgpu = room->saving->file.vgpu;
	u32 at, size;
	u8 *image;
	int ret;

	if (!bytes || room->error)
		return;
	image = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!image) {
		room->error = -ENOMEM;
		return;
	}
	ret = vgpu->gpu->family->context_save(vgpu, image, bytes);
	if (ret)
		room->error = ret;
	for (at = 0; at < bytes && !room->error; at += size) {
		struct vgpu_pack pack = begin(room);

		size = min(bytes - at, CONTEXT_PIECE);
		vgpu_pack(&pack, 4, at);
		vgpu_pack(&pack, 4, bytes);
		vgpu_pack_bytes(&pack, image + at, size);
		end(room, STREAM_CONTEXT, &pack);
	}
	kvfree(image);
}

static void put_pins(struct room *room)
{
	unsigned long first = 0;

	while (!room->error) {
		struct vgpu_pack pack = begin(room);

		if (!vgpu_pin_save(room->saving->file.vgpu, &first, &pack))
			return;
		end(room, STREAM_PINS, &pack);
	}
}

static void put_core(struct room *room)
{
	struct vgpu *vgpu = room->saving->file.vgpu;
	struct vgpu_pack pack = begin(room);

	vgpu_pack(&pack, 4, READ_ONCE(vgpu->faults.last));
	vgpu_pack(&pack, 4, READ_ONCE(vgpu->faults.last_reset));
	vgpu_pack(&pack, 8, READ_ONCE(vgpu->irq.pending));
	end(room, STREAM_CORE, &pack);
}

/* Whether the state of the family's partition is its guest's, too. */
static bool has_engine(const struct vgpu *vgpu)
{
	return vgpu->personality->engine && vgpu->gpu->family->save;
}

/* Room for images, in pieces, and for guest memory. */
static size_t variable_bytes(struct vgpu *vgpu, u32 context)
{
	size_t pieces = DIV_ROUND_UP(context, CONTEXT_PIECE);

	return context + pieces * (STREAM_HEADER + 8) +
	       vgpu_pin_save_bytes(vgpu, STREAM_HEADER);
}

/* With vgpu->lock and file.lock held. */
static int collect_state(struct saving *saving)
{
	struct vgpu *vgpu = saving->file.vgpu;
	bool engine = has_engine(vgpu);
	struct room room = { .saving = saving };
	int context = 0;
	size_t size;
	u8 *state;

	if (engine)
		context = vgpu->gpu->family->context_bytes(vgpu);
	if (context < 0)
		return context;
	size = STATE_BYTES + variable_bytes(vgpu, context);
	state = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!state)
		return -ENOMEM;
	room.at = state;
	room.left = size;
	put_config(&room);
	put_monitors(&room);
	put_personality(&room);
	if (engine) {
		put_family(&room);
		put_context(&room, context);
	}
	put_pins(&room);
	put_core(&room);
	if (room.error) {
		kvfree(state);
		return room.error;
	}
	saving->state = state;
	saving->state_bytes = room.at - state;
	return 0;
}

/**
 * migrate_save_state - the last part begins
 * @file: of migrate_save_new(); its vGPU stands still
 *
 * With vgpu->lock held. May sleep, bounded. What fails once can't be tried again
 * with this file.
 *
 * Return: 0; -ENOMEM; -EIO: the hardware is away, or was.
 */
int migrate_save_state(struct migrate_file *file)
{
	struct saving *saving = to_saving(file);
	struct stream_writer before;
	int ret;

	/* Its guest is to have been told of all that happened so far. */
	flush_work(&file->vgpu->faults.work);
	mutex_lock(&file->lock);
	ret = file->error ?: collect(saving);
	before = saving->writer;
	if (!ret)
		ret = collect_state(saving);
	if (ret)
		saving->writer = before;
	else
		saving->last = true;
	mutex_unlock(&file->lock);
	return ret == -ENODEV ? -EIO : ret;
}

/* ---------------------------------------------------------------------- file */

/* Return: bytes of the next record; 0: there is none any more; or errno. */
static int put_record(struct saving *saving)
{
	struct vgpu_migrate_stats *stats = &saving->file.vgpu->migration.stats;
	int bytes;

	if (!saving->greeted) {
		saving->greeted = true;
		return stream_put_hello(&saving->writer, saving->buffer,
					STREAM_RECORD_MAX, &saving->hello);
	}
	bytes = put_memory(saving);
	if (bytes || saving->ended || !saving->last)
		return bytes;
	if (!migrate_gpu_answers(saving->file.vgpu))
		return -EIO;
	saving->ended = true;
	WRITE_ONCE(stats->blackout_ns, ktime_get_ns() - stats->stopped_at);
	WRITE_ONCE(stats->remaining, 0);
	return stream_put_end(&saving->writer, saving->buffer,
			      STREAM_RECORD_MAX);
}

/* Nothing is left for now: what has been written since? */
static int look_again(struct saving *saving)
{
	u64 left;
	int ret;

	if (saving->last || !saving->greeted || vgpu_dirty_left(saving->file.vgpu))
		return 0;
	ret = count_left(saving, &left);
	if (ret)
		return ret;
	return left ? 0 : -ENOMSG;
}

/* With file.lock held. Return: 0, also at the end; or errno. */
static int produce(struct saving *saving)
{
	struct vgpu_migrate_stats *stats = &saving->file.vgpu->migration.stats;
	bool memory_left = vgpu_dirty_left(saving->file.vgpu);
	int bytes;

	if (saving->last && saving->greeted && !memory_left &&
	    !saving->state_read) {
		saving->state_read = true;
		saving->next = saving->state;
		saving->left = saving->state_bytes;
	} else {
		bytes = put_record(saving);
		if (bytes < 0)
			return bytes;
		saving->next = saving->buffer;
		saving->left = bytes;
	}
	WRITE_ONCE(stats->bytes, stats->bytes + saving->left);
	return 0;
}

/* With io_lock held. Return: 0, also at the end; or errno. */
static int refill(struct saving *saving)
{
	struct migrate_file *file = &saving->file;
	int ret;

	mutex_lock(&file->lock);
	ret = file->error;
	/* What was collected of a GPU that is gone is of no use. */
	if (!ret && !saving->ended && !vgpu_has_hardware(file->vgpu))
		ret = -EIO;
	if (!ret)
		ret = look_again(saving);
	if (!ret)
		ret = produce(saving);
	mutex_unlock(&file->lock);
	return ret;
}

static ssize_t read_some(struct saving *saving, char __user *buf, size_t count)
{
	size_t size, done = 0;
	int ret = 0;

	while (done < count) {
		ret = READ_ONCE(saving->file.error);
		if (!ret && !saving->left)
			ret = refill(saving);
		if (ret || !saving->left)
			break;
		size = min(count - done, saving->left);
		if (copy_to_user(buf + done, saving->next, size)) {
			ret = -EFAULT;
			break;
		}
		saving->next += size;
		saving->left -= size;
		done += size;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	return done ?: ret;
}

static ssize_t save_read(struct file *filp, char __user *buf, size_t count,
			 loff_t *ppos)
{
	struct migrate_file *file = filp->private_data;
	ssize_t ret;

	if (ppos)
		return -ESPIPE;
	if (mutex_lock_interruptible(&file->io_lock))
		return -ERESTARTSYS;
	ret = read_some(to_saving(file), buf, count);
	migrate_file_unlock(file);
	return ret;
}

#ifdef VGPU_HAVE_VFIO_PRE_COPY
static long save_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct migrate_file *file = filp->private_data;
	struct saving *saving = to_saving(file);
	unsigned long minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);
	struct vfio_precopy_info info = { };
	u64 left;
	int ret;

	ret = vgpu_check_precopy(&file->vgpu->vdev, cmd, arg, &info);
	if (ret)
		return ret;
	mutex_lock(&file->lock);
	ret = file->error;
	if (!ret && saving->last)
		ret = -EINVAL;
	if (!ret)
		ret = count_left(saving, &left);
	/* What is compatible is known when this has been read. */
	if (!ret && !saving->greeted)
		info.initial_bytes = STREAM_HEADER + STREAM_HELLO_SIZE;
	if (!ret)
		info.dirty_bytes = left;
	mutex_unlock(&file->lock);
	if (ret)
		return ret;
	return copy_to_user((void __user *)arg, &info, minsz) ? -EFAULT : 0;
}
#endif

static const struct file_operations save_fops = {
	.owner		= THIS_MODULE,
	.read		= save_read,
	.poll		= migrate_file_poll,
#ifdef VGPU_HAVE_VFIO_PRE_COPY
	.unlocked_ioctl	= save_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
#endif
	.release	= migrate_file_release,
};

static void save_empty(struct migrate_file *file)
{
	struct saving *saving = to_saving(file);

	kvfree(saving->buffer);
	kvfree(saving->state);
	saving->buffer = NULL;
	saving->state = NULL;
	saving->left = 0;
}

static void save_free(struct migrate_file *file)
{
	migrate_file_exit(file);
	kvfree(to_saving(file));
}

static const struct migrate_kind saving_kind = {
	.name	= "[openvgpu-save]",
	.flags	= O_RDONLY,
	.fops	= &save_fops,
	.empty	= save_empty,
	.free	= save_free,
};

/**
 * migrate_save_new - a vGPU is going to be saved, of which nothing is saved yet
 * @vgpu: the vGPU, with its hardware
 * @track: it goes on working: note what it writes from now on
 *
 * With vgpu->lock held. vgpu_dirty_stop() undoes it, with the file given back.
 *
 * Return: the file, or ERR_PTR: -ENOMEM, or the error of the family.
 */
struct migrate_file *migrate_save_new(struct vgpu *vgpu, bool track)
{
	struct saving *saving = kvzalloc(sizeof(*saving), GFP_KERNEL_ACCOUNT);
	struct vgpu_migrate_stats *stats = &vgpu->migration.stats;
	int ret = -ENOMEM;

	if (!saving)
		return ERR_PTR(ret);
	migrate_file_init(&saving->file, vgpu, &saving_kind);
	migrate_hello(vgpu, &saving->hello);
	saving->slow_percent = SCHED_CAP_MAX;
	saving->buffer = kvmalloc(STREAM_RECORD_MAX, GFP_KERNEL_ACCOUNT);
	if (saving->buffer)
		ret = vgpu_dirty_start(vgpu, migrate_region(vgpu),
				       saving->hello.framebuffer);
	if (!ret && track) {
		ret = vgpu_dirty_track(vgpu);
		if (ret)
			vgpu_dirty_stop(vgpu);
	}
	if (ret) {
		migrate_file_put(&saving->file);
		return ERR_PTR(ret);
	}
	WRITE_ONCE(stats->slow_percent, SCHED_CAP_MAX);
	WRITE_ONCE(stats->rounds, 0);
	WRITE_ONCE(stats->bytes, 0);
	WRITE_ONCE(stats->remaining, saving->hello.framebuffer);
	if (track)
		WRITE_ONCE(stats->blackout_ns, 0);
	return &saving->file;
}

/* With vgpu->lock held. */
static int left_of(struct saving *saving, u64 *bytes)
{
	int ret;

	mutex_lock(&saving->file.lock);
	ret = saving->file.error ?: count_left(saving, bytes);
	if (!ret && saving->last)
		*bytes += saving->state_read ? 0 : saving->state_bytes;
	mutex_unlock(&saving->file.lock);
	return ret;
}

/**
 * migrate_save_size - how many bytes its VMM would read, if it stood still now
 * @vgpu: the vGPU, open
 * @bytes: receives them
 *
 * May sleep.
 *
 * Return: 0; -EIO: the hardware is away.
 */
int migrate_save_size(struct vgpu *vgpu, unsigned long *bytes)
{
	struct saving *saving = NULL;
	struct migrate_file *file;
	struct stream_hello *hello;
	int ret = 0;
	u64 left;

	hello = kmalloc(sizeof(*hello), GFP_KERNEL);
	if (!hello)
		return -ENOMEM;
	mutex_lock(&vgpu->lock);
	file = vgpu->migration.file;
	if (file && file->kind == &saving_kind)
		saving = to_saving(file);
	migrate_hello(vgpu, hello);
	left = hello->framebuffer;
	if (saving)
		ret = left_of(saving, &left);
	if (!saving || !saving->last)
		left += STATE_BYTES +
			variable_bytes(vgpu, has_engine(vgpu) ?
					     vgpu->gpu->context_max : 0);
	mutex_unlock(&vgpu->lock);
	kfree(hello);
	*bytes = left;
	return ret;
}
