// SPDX-License-Identifier: GPL-2.0-only
/*
 * log.c - the last switches of a GPU, in debugfs
 *
 * The scheduler writes into a ring, which openvgpu/BDF/switches shows. A
 * reader copies it when it opens the file: the scheduler never waits for one,
 * and a file that is open when its GPU goes away holds nothing of it. debugfs
 * itself waits, before it removes a file, for opens that are under way.
 *
 * In a kernel without debugfs there is no such file, and nothing fails.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "base/gpu.h"
#include "policy/policy.h"
#include "sched/log.h"
#include "sched/run.h"

#define LOG_SWITCHES	256

/**
 * struct vgpu_sched_log - the ring
 * @lock: protects all below; taken with rq->lock held
 * @count: switches logged so far
 * @ring: the last of them, number n at n % LOG_SWITCHES
 * @folder: debugfs folder of the GPU; constant
 */
struct vgpu_sched_log {
	spinlock_t lock;	/* count, ring */
	u64 count;
	struct vgpu_switch ring[LOG_SWITCHES];
	struct dentry *folder;
};

/**
 * struct log_copy - what one open file shows
 * @switches: how many
 * @list: oldest first
 */
struct log_copy {
	unsigned int switches;
	struct vgpu_switch list[LOG_SWITCHES];
};

static struct dentry *log_root;

/* -------------------------------------------------------------- the file */

static void *switches_start(struct seq_file *file, loff_t *pos)
{
	struct log_copy *copy = file->private;

	if (!*pos)
		return SEQ_START_TOKEN;
	return *pos <= copy->switches ? &copy->list[*pos - 1] : NULL;
}

static void *switches_next(struct seq_file *file, void *item, loff_t *pos)
{
	++*pos;
	return switches_start(file, pos);
}

static void switches_stop(struct seq_file *file, void *item)
{
}

static const char *reason_name(const struct vgpu_switch *entry)
{
	switch (entry->reason) {
	case SCHED_END_IDLE:
		return "idle";
	case SCHED_END_QUANTUM:
		return "quantum";
	case SCHED_END_PREEMPTED:
		return "preempted";
	case SCHED_END_RESET:
		return "reset";
	case SCHED_END_REJECTED:
		return "rejected";
	}
	return "unknown";
}

static int switches_show(struct seq_file *file, void *item)
{
	const struct vgpu_switch *entry = item;

	if (item == SEQ_START_TOKEN) {
		seq_puts(file, "# TIME_NS RUNQUEUE PARTITION UUID REASON QUANTUM_NS RUN_NS SWITCH_NS WAIT_NS\n");
		return 0;
	}
	seq_printf(file, "%llu %u %u %s %s %llu %llu %llu %llu\n", entry->time,
		   entry->runqueue, entry->partition, entry->name,
		   reason_name(entry), entry->quantum_ns, entry->run_ns,
		   entry->switch_ns, entry->wait_ns);
	return 0;
}

static const struct seq_operations switches_ops = {
	.start	= switches_start,
	.next	= switches_next,
	.stop	= switches_stop,
	.show	= switches_show,
};

static void log_take(struct vgpu_sched_log *log, struct log_copy *copy)
{
	unsigned int i;

	spin_lock_irq(&log->lock);
	copy->switches = min_t(u64, log->count, LOG_SWITCHES);
	for (i = 0; i < copy->switches; i++)
		copy->list[i] = log->ring[(log->count - copy->switches + i) %
					  LOG_SWITCHES];
	spin_unlock_irq(&log->lock);
}

static int switches_open(struct inode *inode, struct file *file)
{
	struct log_copy *copy = kvmalloc(sizeof(*copy), GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	log_take(inode->i_private, copy);
	ret = seq_open(file, &switches_ops);
	if (ret) {
		kvfree(copy);
		return ret;
	}
	((struct seq_file *)file->private_data)->private = copy;
	return 0;
}

static int switches_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	kvfree(seq->private);
	return seq_release(inode, file);
}

static const struct file_operations switches_file = {
	.owner		= THIS_MODULE,
	.open		= switches_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= switches_release,
};

/* -------------------------------------------------------------- the ring */

/**
 * vgpu_sched_log_add - note a switch
 * @gpu: the GPU
 * @entry: what is to be noted; copied
 *
 * With the lock of its run queue held.
 */
void vgpu_sched_log_add(struct vgpu_gpu *gpu, const struct vgpu_switch *entry)
{
	struct vgpu_sched_log *log = gpu->sched_log;
	unsigned long flags;

	spin_lock_irqsave(&log->lock, flags);
	log->ring[log->count++ % LOG_SWITCHES] = *entry;
	spin_unlock_irqrestore(&log->lock, flags);
}

/**
 * vgpu_sched_log_init - give a GPU an empty log
 * @gpu: the GPU; one where nothing is scheduled has no log
 *
 * May sleep. Return: 0 or -ENOMEM.
 */
int vgpu_sched_log_init(struct vgpu_gpu *gpu)
{
	struct vgpu_sched_log *log;

	if (!vgpu_is_scheduled(gpu))
		return 0;
	log = kvzalloc(sizeof(*log), GFP_KERNEL);
	if (!log)
		return -ENOMEM;
	spin_lock_init(&log->lock);
	gpu->sched_log = log;
	log->folder = debugfs_create_dir(pci_name(gpu->pdev), log_root);
	debugfs_create_file("switches", 0444, log->folder, log, &switches_file);
	return 0;
}

/**
 * vgpu_sched_log_exit - undo vgpu_sched_log_init()
 * @gpu: the GPU; nothing is noted any more
 *
 * May sleep.
 */
void vgpu_sched_log_exit(struct vgpu_gpu *gpu)
{
	struct vgpu_sched_log *log = gpu->sched_log;

	if (!log)
		return;
	gpu->sched_log = NULL;
	debugfs_remove_recursive(log->folder);
	kvfree(log);
}

/**
 * vgpu_sched_log_module_init - make the folder of all GPUs
 */
void vgpu_sched_log_module_init(void)
{
	log_root = debugfs_create_dir(VGPU_DRIVER_NAME, NULL);
}

/**
 * vgpu_sched_log_module_exit - remove it
 */
void vgpu_sched_log_module_exit(void)
{
	debugfs_remove_recursive(log_root);
}
