/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migrate_file.h - files through which a vGPU is saved and loaded
 */
#ifndef VGPU_MIGRATE_FILE_H
#define VGPU_MIGRATE_FILE_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct file;
struct inode;
struct migrate_file;
struct poll_table_struct;
struct stream_hello;
struct vfio_log_ops;
struct vgpu;

/**
 * struct migrate_kind - what saving and loading do differently
 * @name: of the file, for /proc
 * @flags: O_RDONLY or O_WRONLY
 * @fops: its operations
 * @empty: free the memory that only a file of use needs; with io_lock held, or with
 *	the file to oneself; perhaps again
 * @free: free the rest, and the file; nobody else has it
 */
struct migrate_kind {
	const char *name;
	int flags;
	const struct file_operations *fops;
	void (*empty)(struct migrate_file *file);
	void (*free)(struct migrate_file *file);
};

/**
 * struct migrate_file - a file that is read or written once, from its beginning on
 * @kref: of the VMM's file, and of the vGPU as long as it is of use
 * @vgpu: the vGPU; its memory is there, but only @lock with @error 0 says that it is
 *	open
 * @kind: what it is for
 * @io_lock: serialises readers, or writers; held over copies of user memory
 * @lock: what is saved or loaded next, and @error; see the lock order
 * @error: 0; why it is of no use any more
 */
struct migrate_file {
	struct kref kref;
	struct vgpu *vgpu;
	const struct migrate_kind *kind;
	struct mutex io_lock;		/* of readers or writers */
	struct mutex lock;		/* what is next, and @error */
	int error;
};

/* migrate_file.c */
void migrate_file_init(struct migrate_file *file, struct vgpu *vgpu,
		       const struct migrate_kind *kind);
void migrate_file_exit(struct migrate_file *file);
struct file *migrate_file_open(struct migrate_file *file);
void migrate_file_put(struct migrate_file *file);
void migrate_file_end(struct migrate_file *file, int error);
void migrate_file_unlock(struct migrate_file *file);
__poll_t migrate_file_poll(struct file *filp, struct poll_table_struct *wait);
int migrate_file_release(struct inode *inode, struct file *filp);
void migrate_hello(const struct vgpu *vgpu, struct stream_hello *hello);
bool migrate_gpu_answers(struct vgpu *vgpu);
int migrate_region(const struct vgpu *vgpu);

/* migrate_log.c */
extern const struct vfio_log_ops migrate_log_ops;

/* migrate_save.c */
struct migrate_file *migrate_save_new(struct vgpu *vgpu, bool track);
int migrate_save_state(struct migrate_file *file);
int migrate_save_size(struct vgpu *vgpu, unsigned long *bytes);

/* migrate_load.c */
struct migrate_file *migrate_load_new(struct vgpu *vgpu);
int migrate_load_finish(struct migrate_file *file);

#endif /* VGPU_MIGRATE_FILE_H */
