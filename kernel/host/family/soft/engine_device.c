// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine_device.c - /dev/openvgpu-soft, as uapi/openvgpu_soft.h has it
 *
 * Who may open it is root, by the mode of the device. Whom root gives the open file may
 * do all that is here: it is a GPU, and reaches what a driver lets that reach.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": software GPU: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "family/soft/engine.h"
#include "family/soft/soft.h"

#define ENGINES_MAX	64	/* files, whether they have a function or not */
#define BATCH		16	/* requests that are read at a time */

struct workqueue_struct *soft_engine_wq;

static DEFINE_IDA(numbers);

/**
 * soft_engine_number_free - the number of an engine can be another's
 * @number: the number; -1: it has none
 */
void soft_engine_number_free(int number)
{
	if (number >= 0)
		ida_free(&numbers, number);
}

/* ------------------------------------------------------------------------ ioctls */

/* With setup locked. */
static int make(struct soft_engine *engine, u64 vram_bytes)
{
	int number;

	if (engine->memory.vram)
		return -EBUSY;
	if (engine->number < 0) {
		number = ida_alloc_max(&numbers, ENGINES_MAX - 1,
				       GFP_KERNEL_ACCOUNT);
		if (number < 0)
			return number;
		engine->memory.first = (OPENVGPU_SOFT_DMA_BYTES >> PAGE_SHIFT) *
				       number;
		engine->number = number;
	}
	return soft_memory_make_vram(&engine->memory, vram_bytes);
}

static long create(struct soft_engine *engine, void __user *user)
{
	struct openvgpu_soft_create create;
	int fd, ret;

	if (copy_from_user(&create, user, sizeof(create)))
		return -EFAULT;
	if (create.interface != OPENVGPU_SOFT_INTERFACE || create.flags ||
	    create.reserved)
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	create.vram_fd = fd;
	/* Before it is made, for that is once. */
	ret = copy_to_user(user, &create, sizeof(create)) ? -EFAULT : 0;
	if (!ret) {
		mutex_lock(&engine->setup);
		ret = make(engine, create.vram_bytes);
		mutex_unlock(&engine->setup);
	}
	if (ret)
		put_unused_fd(fd);
	else
		fd_install(fd, get_file(engine->memory.vram));
	return ret;
}

/* With setup locked. */
static int take_slot(struct soft_engine *engine, struct openvgpu_soft_plug *plug)
{
	if (!engine->memory.vram || soft_engine_is_gone(engine))
		return -ENXIO;
	return engine->slot < 0 ? soft_bridge_plug(engine, plug) : -EBUSY;
}

static long plug(struct soft_engine *engine, void __user *user)
{
	struct openvgpu_soft_plug plug = { };
	int ret;

	mutex_lock(&engine->setup);
	ret = take_slot(engine, &plug);
	mutex_unlock(&engine->setup);
	if (ret)
		return ret;
	/* It shows it, or takes it away if the process is gone meanwhile. */
	soft_engine_kick(engine);
	return copy_to_user(user, &plug, sizeof(plug)) ? -EFAULT : 0;
}

static long answer(struct soft_engine *engine, void __user *user)
{
	struct openvgpu_soft_answer answer;

	if (copy_from_user(&answer, user, sizeof(answer)))
		return -EFAULT;
	return soft_engine_answer(engine, &answer);
}

static long translate(struct soft_engine *engine, void __user *user)
{
	struct openvgpu_soft_translate translate;

	if (copy_from_user(&translate, user, sizeof(translate)))
		return -EFAULT;
	if (translate.flags & ~OPENVGPU_SOFT_DMA_WRITE)
		return -EINVAL;
	if (!soft_engine_may(engine, PCI_COMMAND_MASTER))
		return -EFAULT;
	return soft_memory_translate(&engine->memory, translate.bus,
				     translate.bytes, translate.flags);
}

static long device_ioctl(struct file *file, unsigned int command,
			 unsigned long argument)
{
	struct soft_engine *engine = file->private_data;
	void __user *user = (void __user *)argument;

	switch (command) {
	case OPENVGPU_SOFT_CREATE:
		return create(engine, user);
	case OPENVGPU_SOFT_PLUG:
		return plug(engine, user);
	case OPENVGPU_SOFT_ANSWER:
		return answer(engine, user);
	case OPENVGPU_SOFT_TRANSLATE:
		return translate(engine, user);
	case OPENVGPU_SOFT_INTERRUPT:
		return soft_engine_interrupt(engine, argument);
	default:
		return -ENOTTY;
	}
}

/* -------------------------------------------------------------------- other calls */

static ssize_t device_read(struct file *file, char __user *buf, size_t count,
			   loff_t *ppos)
{
	struct openvgpu_soft_request request[BATCH];
	struct soft_engine *engine = file->private_data;
	unsigned int n = 0;
	int ret;

	count = min_t(size_t, count / sizeof(request[0]), BATCH);
	if (!count)
		return -EINVAL;
	while (!n) {
		/* Another thread may have taken what was there. */
		if (!(file->f_flags & O_NONBLOCK)) {
			ret = wait_event_interruptible(engine->asked,
						       soft_engine_has_request(engine) ||
						       soft_engine_is_gone(engine));
			if (ret)
				return ret;
		}
		if (soft_engine_is_gone(engine))
			return 0;
		n = soft_engine_take(engine, request, count);
		if (!n && file->f_flags & O_NONBLOCK)
			return -EAGAIN;
	}
	return copy_to_user(buf, request, n * sizeof(request[0])) ?
	       -EFAULT : n * sizeof(request[0]);
}

static __poll_t device_poll(struct file *file, struct poll_table_struct *table)
{
	struct soft_engine *engine = file->private_data;

	poll_wait(file, &engine->asked, table);
	if (soft_engine_is_gone(engine))
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return soft_engine_has_request(engine) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct soft_engine *engine = file->private_data;

	/* Then it has its number; pairs with the one in soft_memory_make_vram(). */
	if (!smp_load_acquire(&engine->memory.vram))
		return -ENXIO;
	return soft_memory_mmap(engine, vma);
}

static int device_open(struct inode *inode, struct file *file)
{
	struct soft_engine *engine;

	/* If the module can't be loaded after all, it goes, whatever is open. */
	if (THIS_MODULE->state != MODULE_STATE_LIVE)
		return -ENODEV;
	engine = soft_engine_make();
	if (!engine)
		return -ENOMEM;
	engine->memory.mapping = file->f_mapping;
	file->private_data = engine;
	return stream_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	soft_engine_close(file->private_data);
	return 0;
}

static const struct file_operations device_ops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.read		= device_read,
	.poll		= device_poll,
	.mmap		= device_mmap,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= OPENVGPU_SOFT_DEVICE,
	.mode	= 0600,
	.fops	= &device_ops,
};

/* ----------------------------------------------------------------- init and exit */

/**
 * soft_engines_init - processes can be GPUs
 *
 * At module load. Return: 0 or errno.
 */
int soft_engines_init(void)
{
	int ret;

	/*
	 * Its items wait for VMMs, and those of one engine not for another's. As long
	 * as one does, with the function's device lock, the machine does not suspend:
	 * it would wait for that lock with the VMM frozen.
	 */
	soft_engine_wq = alloc_workqueue("openvgpu-soft",
					 WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!soft_engine_wq)
		return -ENOMEM;
	ret = misc_register(&device);
	if (ret)
		destroy_workqueue(soft_engine_wq);
	return ret;
}

/**
 * soft_engines_exit - undo soft_engines_init()
 *
 * At module unload, with no file open. Waits until the last function is away.
 */
void soft_engines_exit(void)
{
	misc_deregister(&device);
	destroy_workqueue(soft_engine_wq);
}
