// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate.c - the states of a vGPU that goes to another host, or comes from one
 *
 * VFIO's core says which states there are and by which arcs a change between any
 * two of them goes; this file does the arcs. A vGPU stands still in every state but
 * RUNNING and PRE_COPY: its VMM puts it there whenever its VM is paused. Nothing
 * ever makes it enter VFIO's state of error: what fails leaves it where it was.
 *
 * What a VMM changes by an ioctl of its own may wait for that VMM's memory, so the
 * waiting is done with no lock held that others need; see the lock order.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/sysfs.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "compat/migration.h"
#include "sched/sched.h"
#include "vgpu/life.h"
#include "vgpu/migrate.h"
#include "vgpu/migrate_file.h"

/* ----------------------------------------------------------------- its file */

/* With vgpu->lock held. The file returns errors from here on. */
static void drop_file(struct vgpu *vgpu, int error)
{
	struct migrate_file *file = vgpu->migration.file;

	lockdep_assert_held(&vgpu->lock);
	if (!file)
		return;
	vgpu->migration.file = NULL;
	migrate_file_end(file, error);
	vgpu_dirty_stop(vgpu);
	vgpu_sched_slow(vgpu, SCHED_CAP_MAX);
	migrate_file_put(file);
}

/* With vgpu->lock held. Takes the caller's reference. */
static int offer_file(struct vgpu *vgpu, struct migrate_file *file,
		      struct file **filp)
{
	struct file *opened;

	if (IS_ERR(file))
		return PTR_ERR(file);
	opened = migrate_file_open(file);
	if (IS_ERR(opened)) {
		migrate_file_end(file, -ENODEV);
		vgpu_dirty_stop(vgpu);
		migrate_file_put(file);
		return PTR_ERR(opened);
	}
	vgpu->migration.file = file;
	*filp = opened;
	return 0;
}

/* --------------------------------------------------------------------- arcs */

/*
 * With vgpu->lock held. @filp receives a file if the arc makes one; it is put by the
 * caller if the arc fails. Return: 0, or errno, then nothing has changed for its VMM.
 */
typedef int (*arc_fn)(struct vgpu *vgpu, struct file **filp);

static int arc_stop(struct vgpu *vgpu, struct file **filp)
{
	vgpu_pause(vgpu);
	WRITE_ONCE(vgpu->migration.stats.stopped_at, ktime_get_ns());
	return 0;
}

static int arc_go(struct vgpu *vgpu, struct file **filp)
{
	struct vgpu_migrate_stats *stats = &vgpu->migration.stats;

	vgpu_go_on(vgpu);
	if (vgpu->personality->unquiesce)
		vgpu->personality->unquiesce(vgpu);
	WRITE_ONCE(stats->blackout_ns, ktime_get_ns() - stats->stopped_at);
	return 0;
}

static int arc_nothing(struct vgpu *vgpu, struct file **filp)
{
	return 0;
}

static int arc_pre_copy(struct vgpu *vgpu, struct file **filp)
{
	if (!vgpu_has_hardware(vgpu))
		return -EIO;
	return offer_file(vgpu, migrate_save_new(vgpu, true), filp);
}

static int arc_stop_copy(struct vgpu *vgpu, struct file **filp)
{
	struct migrate_file *file;
	int ret;

	if (!vgpu_has_hardware(vgpu))
		return -EIO;
	file = migrate_save_new(vgpu, false);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = migrate_save_state(file);
	if (!ret)
		return offer_file(vgpu, file, filp);
	vgpu_dirty_stop(vgpu);
	migrate_file_put(file);
	return ret;
}

/* The same file goes on, with what has become dirty, and the state. */
static int arc_last_copy(struct vgpu *vgpu, struct file **filp)
{
	return migrate_save_state(vgpu->migration.file);
}

static int arc_end_copy(struct vgpu *vgpu, struct file **filp)
{
	drop_file(vgpu, -ENODEV);
	return 0;
}

static int arc_resume(struct vgpu *vgpu, struct file **filp)
{
	/* What it was goes only when nothing else can fail for lack of memory. */
	int ret = offer_file(vgpu, migrate_load_new(vgpu), filp);

	if (ret)
		return ret;
	ret = vgpu_empty(vgpu);
	if (ret)
		drop_file(vgpu, -ENODEV);
	return ret;
}

static int arc_resumed(struct vgpu *vgpu, struct file **filp)
{
	int ret = migrate_load_finish(vgpu->migration.file);

	if (!ret)
		drop_file(vgpu, -ENODEV);
	return ret;
}

/**
 * struct arc - a change between two states
 * @from: the first
 * @to: the second
 * @stops: the vGPU stands still after it: its personality is quiesced before
 * @run: does it
 */
struct arc {
	unsigned int from, to;
	bool stops;
	arc_fn run;
};

#define ARC(from, to, stops, function) \
	{ VFIO_DEVICE_STATE_##from, VFIO_DEVICE_STATE_##to, stops, function }

/* All that vfio_mig_get_next_state() asks of a device with P2P and PRE_COPY. */
static const struct arc arcs[] = {
	ARC(RUNNING,		RUNNING_P2P,	true,	arc_stop),
	ARC(RUNNING_P2P,	RUNNING,	false,	arc_go),
	ARC(PRE_COPY,		PRE_COPY_P2P,	true,	arc_stop),
	ARC(PRE_COPY_P2P,	PRE_COPY,	false,	arc_go),
	ARC(RUNNING,		PRE_COPY,	false,	arc_pre_copy),
	ARC(RUNNING_P2P,	PRE_COPY_P2P,	false,	arc_pre_copy),
	ARC(PRE_COPY,		RUNNING,	false,	arc_end_copy),
	ARC(PRE_COPY_P2P,	RUNNING_P2P,	false,	arc_end_copy),
	ARC(RUNNING_P2P,	STOP,		false,	arc_nothing),
	ARC(STOP,		RUNNING_P2P,	false,	arc_nothing),
	ARC(STOP,		STOP_COPY,	false,	arc_stop_copy),
	ARC(PRE_COPY_P2P,	STOP_COPY,	false,	arc_last_copy),
	ARC(STOP_COPY,		STOP,		false,	arc_end_copy),
	ARC(STOP,		RESUMING,	false,	arc_resume),
	ARC(RESUMING,		STOP,		false,	arc_resumed),
};

static const struct arc *find_arc(unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arcs); i++)
		if (arcs[i].from == from && arcs[i].to == to)
			return &arcs[i];
	return NULL;
}

static bool stands_still(unsigned int state)
{
	return state != VFIO_DEVICE_STATE_RUNNING &&
	       state != VFIO_DEVICE_STATE_PRE_COPY;
}

/* Return: -EAGAIN: a reset has changed the state meanwhile. */
static int run_arc(struct vgpu *vgpu, const struct arc *arc, struct file **filp)
{
	const struct vgpu_personality *personality = vgpu->personality;
	int ret = 0;

	if (arc->stops && personality->quiesce)
		ret = personality->quiesce(vgpu);
	mutex_lock(&vgpu->lock);
	if (!ret && vgpu->migration.state != arc->from)
		ret = -EAGAIN;
	if (!ret)
		ret = arc->run(vgpu, filp);
	if (!ret)
		WRITE_ONCE(vgpu->migration.state, arc->to);
	else if (arc->stops && personality->unquiesce)
		personality->unquiesce(vgpu);
	mutex_unlock(&vgpu->lock);
	return ret;
}

/* With migration.serial held. */
static int change_state(struct vgpu *vgpu, unsigned int wanted,
			struct file **filp)
{
	unsigned int state;

	while ((state = READ_ONCE(vgpu->migration.state)) != wanted) {
		enum vfio_device_mig_state next;
		const struct arc *arc;
		int ret;

		ret = vfio_mig_get_next_state(&vgpu->vdev, state, wanted, &next);
		if (ret)
			return ret;
		arc = find_arc(state, next);
		if (!arc)
			return -EINVAL;
		/* A reset has come after an arc that made one, and ended it. */
		if (*filp)
			fput(*filp);
		*filp = NULL;
		ret = run_arc(vgpu, arc, filp);
		if (ret)
			return ret;
	}
	return 0;
}

/* -------------------------------------------------------- operations of VFIO */

static struct vgpu *to_vgpu(struct vfio_device *vdev)
{
	return vgpu_from_vdev(vdev);
}

static struct file *set_state(struct vfio_device *vdev,
			      enum vfio_device_mig_state wanted)
{
	struct vgpu *vgpu = to_vgpu(vdev);
	struct file *filp = NULL;
	int ret = -EINTR;

	/* Nothing is offered, so nobody should ask. */
	if (vgpu->migration.mode == VGPU_MIGRATE_OFF)
		return ERR_PTR(-EOPNOTSUPP);
	if (mutex_lock_killable(&vgpu->migration.serial))
		return ERR_PTR(ret);
	ret = change_state(vgpu, wanted, &filp);
	mutex_unlock(&vgpu->migration.serial);
	if (!ret)
		return filp;
	if (filp)
		fput(filp);
	return ERR_PTR(ret);
}

static int get_state(struct vfio_device *vdev,
		     enum vfio_device_mig_state *state)
{
	*state = READ_ONCE(to_vgpu(vdev)->migration.state);
	return 0;
}

/**
 * vgpu_migrate_data_size - how many bytes its VM would have to stand still for
 * @vdev: the vGPU
 * @bytes: receives them
 *
 * A VM that stands still already waits for none of them. QEMU compares what is
 * left with its limit of downtime all the same, though it reads nothing more
 * before that is small enough: it would look again for ever. So it gets a small
 * number then, but as large as the pieces that it likes to read.
 *
 * For kernels that have no operation for it, too.
 *
 * Return: 0 or errno.
 */
int vgpu_migrate_data_size(struct vfio_device *vdev, unsigned long *bytes)
{
	struct vgpu *vgpu = to_vgpu(vdev);
	unsigned int state;
	int ret;

	if (vgpu->migration.mode == VGPU_MIGRATE_OFF)
		return -EOPNOTSUPP;
	ret = migrate_save_size(vgpu, bytes);
	state = READ_ONCE(vgpu->migration.state);
	if (state == VFIO_DEVICE_STATE_STOP ||
	    state == VFIO_DEVICE_STATE_STOP_COPY)
		*bytes = min_t(unsigned long, *bytes, SZ_1M);
	return ret;
}

static const struct vfio_migration_ops migration_ops = {
	.migration_set_state = set_state,
	.migration_get_state = get_state,
	VGPU_MIGRATION_DATA_SIZE(vgpu_migrate_data_size)
};

/* --------------------------------------------------------------- for the rest */

/**
 * vgpu_migrate_end - its VMM resets it, or is gone: no migration is under way
 * @vgpu: the vGPU, open, with its lock held
 *
 * The caller sees to it that it does not stand still any more.
 */
void vgpu_migrate_end(struct vgpu *vgpu)
{
	struct vgpu_migration *migration = &vgpu->migration;

	lockdep_assert_held(&vgpu->lock);
	drop_file(vgpu, -ENODEV);
	if (stands_still(migration->state) && vgpu->personality->unquiesce)
		vgpu->personality->unquiesce(vgpu);
	WRITE_ONCE(migration->state, VFIO_DEVICE_STATE_RUNNING);
}

/**
 * vgpu_migrate_broken - a vGPU loses its hardware, and what the hardware knew of it
 * @vgpu: the vGPU, open, with its lock held
 *
 * A migration under way fails; the state stays, for its VMM to give up in order.
 */
void vgpu_migrate_broken(struct vgpu *vgpu)
{
	lockdep_assert_held(&vgpu->lock);
	if (vgpu->migration.file)
		migrate_file_end(vgpu->migration.file, -EIO);
}

/**
 * vgpu_migrate_lost - a vGPU has lost its hardware for good
 * @vgpu: the vGPU, open or not; its state says so already
 *
 * Files notice by themselves: only who waits in poll() has to be told. Any context.
 */
void vgpu_migrate_lost(struct vgpu *vgpu)
{
	wake_up_all(&vgpu->migration.wait);
}

/* ---------------------------------------------------------- what is offered */

static const char *const mode_names[] = {
	[VGPU_MIGRATE_AUTO]		= "auto",
	[VGPU_MIGRATE_STOP_COPY]	= "stop_copy",
	[VGPU_MIGRATE_OFF]		= "off",
};

static bool mode_possible(const struct vgpu *vgpu, enum vgpu_migrate_mode mode)
{
	return mode == VGPU_MIGRATE_OFF || vgpu->gpu->migrates;
}

/* Nobody has it open. */
static void offer(struct vgpu *vgpu, enum vgpu_migrate_mode mode)
{
	u64 flags = 0;

	vgpu->migration.mode = mode;
	if (mode != VGPU_MIGRATE_OFF)
		flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P;
	if (mode == VGPU_MIGRATE_AUTO && vgpu->gpu->tracks_writes)
		flags |= VGPU_MIGRATION_PRE_COPY;
	vgpu->vdev.migration_flags = flags;
}

/**
 * vgpu_migrate_init - nothing is under way
 * @vgpu: the vGPU
 */
void vgpu_migrate_init(struct vgpu *vgpu)
{
	mutex_init(&vgpu->migration.serial);
	init_waitqueue_head(&vgpu->migration.wait);
	vgpu->migration.state = VFIO_DEVICE_STATE_RUNNING;
	vgpu->migration.stats.slow_percent = SCHED_CAP_MAX;
}

/**
 * vgpu_migrate_setup - offer what its GPU can do
 * @vgpu: the vGPU, with its GPU; VFIO does not know it yet
 */
void vgpu_migrate_setup(struct vgpu *vgpu)
{
	if (!vgpu->gpu->migrates)
		return;
	vgpu->vdev.mig_ops = &migration_ops;
	if (VGPU_DMA_LOGGING)
		vgpu->vdev.log_ops = &migrate_log_ops;
	offer(vgpu, VGPU_MIGRATE_AUTO);
}

/**
 * vgpu_migrate_list - the modes there are
 * @vgpu: the vGPU
 * @buf: receives their names on one line, that in force in brackets
 * @size: of @buf
 *
 * Return: length of the line.
 */
int vgpu_migrate_list(const struct vgpu *vgpu, char *buf, size_t size)
{
	enum vgpu_migrate_mode now = READ_ONCE(vgpu->migration.mode);
	int i, n = 0;

	for (i = ARRAY_SIZE(mode_names) - 1; i >= 0; i--)
		if (mode_possible(vgpu, i))
			n = vgpu_list_name(buf, size, n, mode_names[i],
					   i == now);
	return n;
}

/**
 * vgpu_migrate_set - change what VMMs are offered
 * @vgpu: the vGPU
 * @name: of the mode; a newline may follow
 *
 * Return: 0; -EINVAL: there is no such mode; -EOPNOTSUPP: not on this GPU; -EBUSY:
 * somebody has it open.
 */
int vgpu_migrate_set(struct vgpu *vgpu, const char *name)
{
	int mode = __sysfs_match_string(mode_names, ARRAY_SIZE(mode_names),
					name);
	int ret = 0;

	if (mode < 0) {
		vgpu_error(vgpu,
			   ": migration not changed: it takes auto, stop_copy or off");
		return -EINVAL;
	}
	if (!mode_possible(vgpu, mode)) {
		vgpu_error(vgpu,
			   ": migration not changed: this GPU can't save and load the state of a vGPU");
		return -EOPNOTSUPP;
	}
	mutex_lock(&vgpu->lock);
	if (vgpu->owner_pid)
		ret = -EBUSY;
	else
		offer(vgpu, mode);
	mutex_unlock(&vgpu->lock);
	if (ret)
		vgpu_error(vgpu,
			   ": migration not changed: process %d has it open; end its VM first",
			   READ_ONCE(vgpu->owner_pid));
	return ret;
}
