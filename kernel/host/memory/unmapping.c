// SPDX-License-Identifier: GPL-2.0-only
/*
 * unmapping.c - calls in which a VMM takes guest memory away
 *
 * VFIO's type1 container calls dma_unmap of each device, looks whether a page
 * is still pinned, and if so begins anew, eleven times; then it ends in BUG_ON().
 * Between our dma_unmap and that look, a guest must not get the page pinned
 * again, through any vGPU of the container. Nothing tells a device when the
 * look is over. But it is over when the calling thread returns to user space,
 * and that can be learnt: the last reference to a file that a thread drops is
 * released on its way there (fput() leaves it to task_work). So the first
 * dma_unmap of a thread makes such a file. Until it is released, nothing in the
 * range is pinned for this vGPU.
 *
 * A thread has one note for each vGPU, with the smallest range that holds all it
 * has unmapped in that call, so their number is bounded by the VMM's threads.
 *
 * type1 counts how often it has looked, not how often it has asked a vGPU. One that
 * has come to the container meanwhile takes the count over from the others.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "base/vgpu.h"
#include "memory/unmapping.h"

/* Without memory for a note, nothing is pinned for so long. */
#define BLIND_TIME	(10 * HZ)
/* More often than anybody waits with a limit. */
#define BLIND_CALLS	UINT_MAX

/* All notes there are, whether forgotten by their vGPU or not. */
static LIST_HEAD(notes);
static DEFINE_SPINLOCK(notes_lock);	/* innermost; @notes and the calls of notes */

/**
 * struct pin_unmapping - a thread that unmaps
 * @node: in vgpu->pins.unmappings, or empty: forgotten
 * @note: in the list of all notes
 * @vgpu: the vGPU; referred to
 * @task: the thread; to be compared only
 * @first: first guest page of all that it unmaps
 * @last: last one
 * @call_first: first guest page of its last dma_unmap
 * @call_last: last one
 * @calls: how often it has come for just these
 */
struct pin_unmapping {
	struct list_head node;		/* pins.lock */
	struct list_head note;		/* notes_lock */
	struct vgpu *vgpu;
	const struct task_struct *task;
	unsigned long first;		/* pins.lock */
	unsigned long last;		/* pins.lock */
	unsigned long call_first;	/* notes_lock, as what follows */
	unsigned long call_last;
	unsigned int calls;
};

/* The thread is on its way to user space, or a kernel thread acts for it. */
static int unmapping_release(struct inode *inode, struct file *file)
{
	struct pin_unmapping *unmapping = file->private_data;
	struct vgpu *vgpu = unmapping->vgpu;

	mutex_lock(&vgpu->pins.lock);
	list_del(&unmapping->node);
	mutex_unlock(&vgpu->pins.lock);
	spin_lock(&notes_lock);
	list_del(&unmapping->note);
	spin_unlock(&notes_lock);
	kfree(unmapping);
	put_device(&vgpu->vdev.device);
	return 0;
}

static const struct file_operations unmapping_fops = {
	.owner		= THIS_MODULE,
	.release	= unmapping_release,
};

static struct pin_unmapping *find(struct vgpu *vgpu)
{
	struct pin_unmapping *unmapping;

	lockdep_assert_held(&vgpu->pins.lock);
	list_for_each_entry(unmapping, &vgpu->pins.unmappings, node)
		if (unmapping->task == current)
			return unmapping;
	return NULL;
}

/* As often as any vGPU was asked for that range by this thread. */
static unsigned int calls_before(unsigned long first, unsigned long last)
{
	struct pin_unmapping *other;
	unsigned int calls = 0;

	list_for_each_entry(other, &notes, note)
		if (other->task == current && other->call_first == first &&
		    other->call_last == last)
			calls = max(calls, other->calls);
	return calls;
}

/*
 * With pins.lock held. One that has not been asked for this range takes part in
 * the round that is under way.
 */
static unsigned int add_call(struct pin_unmapping *unmapping,
			     unsigned long first, unsigned long last)
{
	unsigned int calls;

	unmapping->first = min(unmapping->first, first);
	unmapping->last = max(unmapping->last, last);
	spin_lock(&notes_lock);
	if (first == unmapping->call_first && last == unmapping->call_last)
		unmapping->calls++;
	else
		unmapping->calls = max(calls_before(first, last), 1U);
	unmapping->call_first = first;
	unmapping->call_last = last;
	calls = unmapping->calls;
	spin_unlock(&notes_lock);
	return calls;
}

/**
 * pin_unmapping_note - this thread takes guest memory away
 * @vgpu: the vGPU; pins.lock is not held
 * @first: first guest page
 * @last: last one
 *
 * Until it returns to user space, pin_unmapping_covers() says so.
 *
 * Return: how often it has come for just this range since it left user space, to
 * whichever vGPU it came most often; UINT_MAX: not known.
 */
unsigned int pin_unmapping_note(struct vgpu *vgpu, unsigned long first,
				unsigned long last)
{
	struct pin_unmapping *unmapping;
	unsigned int calls = 1;
	struct file *file;

	mutex_lock(&vgpu->pins.lock);
	unmapping = find(vgpu);
	if (unmapping)
		calls = add_call(unmapping, first, last);
	mutex_unlock(&vgpu->pins.lock);
	if (unmapping)
		return calls;

	unmapping = kzalloc(sizeof(*unmapping), GFP_KERNEL);
	if (!unmapping)
		goto blind;
	file = anon_inode_getfile("[openvgpu-unmap]", &unmapping_fops, unmapping,
				  0);
	if (IS_ERR(file)) {
		kfree(unmapping);
		goto blind;
	}
	unmapping->vgpu = vgpu;
	unmapping->task = current;
	unmapping->first = first;
	unmapping->last = last;
	/* Of no range yet. */
	unmapping->call_first = 1;
	unmapping->call_last = 0;
	get_device(&vgpu->vdev.device);
	mutex_lock(&vgpu->pins.lock);
	spin_lock(&notes_lock);
	list_add(&unmapping->note, &notes);
	spin_unlock(&notes_lock);
	calls = add_call(unmapping, first, last);
	list_add(&unmapping->node, &vgpu->pins.unmappings);
	mutex_unlock(&vgpu->pins.lock);
	fput(file);
	return calls;

blind:
	mutex_lock(&vgpu->pins.lock);
	vgpu->pins.blind_until = jiffies + BLIND_TIME;
	vgpu->pins.blind = true;
	mutex_unlock(&vgpu->pins.lock);
	return BLIND_CALLS;
}

/**
 * pin_unmapping_covers - whether guest memory is being taken away
 * @vgpu: the vGPU, with pins.lock held
 * @first: first guest page
 * @last: last one
 *
 * Return: whether a thread of the VMM is unmapping any of these pages, so that
 * they must not be pinned.
 */
bool pin_unmapping_covers(struct vgpu *vgpu, unsigned long first,
			  unsigned long last)
{
	struct pin_unmapping *unmapping;

	lockdep_assert_held(&vgpu->pins.lock);
	if (vgpu->pins.blind && time_before(jiffies, vgpu->pins.blind_until))
		return true;
	vgpu->pins.blind = false;
	list_for_each_entry(unmapping, &vgpu->pins.unmappings, node)
		if (first <= unmapping->last && last >= unmapping->first)
			return true;
	return false;
}

/**
 * pin_unmapping_forget - what the former owner unmaps concerns nobody
 * @vgpu: the vGPU; a new owner opens it
 */
void pin_unmapping_forget(struct vgpu *vgpu)
{
	struct pin_unmapping *unmapping, *next;

	mutex_lock(&vgpu->pins.lock);
	list_for_each_entry_safe(unmapping, next, &vgpu->pins.unmappings, node)
		list_del_init(&unmapping->node);
	vgpu->pins.blind = false;
	mutex_unlock(&vgpu->pins.lock);
}
