/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm.h - VMs and other processes of a test; every failure ends the test
 */
#ifndef VM_H
#define VM_H

#include "vgpu.h"

void wait_child(pid_t child, const char *what);
void pipe_send(const int ends[2]);
void pipe_await(const int ends[2]);
int child_end(pid_t child);
void lock_at_most(unsigned int pages);

pid_t vm_start(struct vgpu *vgpu, bool polite, void (*open)(struct vgpu *vgpu));
void vm_let_go(pid_t vm);
void vm_kill(pid_t vm);

#endif /* VM_H */
