// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm.c - VMs and other processes of a test, see vm.h
 */
#include "vm.h"

#include <linux/capability.h>
#include <linux/vfio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define LET_GO	42	/* exit status */

/**
 * wait_child - a process of the test must end well
 * @child: its id
 * @what: what it did, for the message
 */
void wait_child(pid_t child, const char *what)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child, "waitpid: %s",
	      strerror(errno));
	CHECK(!WIFSIGNALED(status), "%s was killed by signal %d", what,
	      WTERMSIG(status));
	CHECK(!WEXITSTATUS(status), "%s failed", what);
}

/**
 * pipe_send - let another process go on that waits at a pipe
 * @ends: the pipe; closed
 */
void pipe_send(const int ends[2])
{
	close(ends[0]);
	CHECK(write(ends[1], "r", 1) == 1, "pipe: %s", strerror(errno));
	close(ends[1]);
}

/**
 * pipe_await - wait until another process has come to its pipe_send()
 * @ends: the pipe; closed
 */
void pipe_await(const int ends[2])
{
	char byte;

	/* So that a process that has ended is noticed. */
	close(ends[1]);
	CHECK(read(ends[0], &byte, 1) == 1, "the other process has ended");
	close(ends[0]);
}

/**
 * child_end - how a process ended
 * @child: its id
 *
 * Return: its exit status, or the signal that killed it, negative.
 */
int child_end(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child, "waitpid: %s",
	      strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/**
 * lock_at_most - from now on this process has a limit of locked memory, as a VMM without
 *	CAP_IPC_LOCK
 * @pages: the limit
 */
void lock_at_most(unsigned int pages)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	struct rlimit limit = { pages * RT_PAGE_SIZE, pages * RT_PAGE_SIZE };

	CHECK(!syscall(SYS_capget, &header, data), "capget: %s", strerror(errno));
	data[CAP_IPC_LOCK / 32].effective &= ~(1u << CAP_IPC_LOCK % 32);
	CHECK(!syscall(SYS_capset, &header, data), "capset: %s", strerror(errno));
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit: %s", strerror(errno));
}

/**
 * vm_start - a VM that holds a vGPU until somebody ends it
 * @vgpu: closed; stays so in this process
 * @polite: it lets go when the host asks for the vGPU, as QEMU unplugs it
 * @open: opens it, and leaves it in use
 *
 * Return: its id; it runs.
 */
pid_t vm_start(struct vgpu *vgpu, bool polite, void (*open)(struct vgpu *vgpu))
{
	int ready[2], request;
	pid_t child;

	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		open(vgpu);
		request = vgpu_eventfd(vgpu, VFIO_PCI_REQ_IRQ_INDEX, 0);
		pipe_send(ready);
		while (!eventfd_count(request, 1000) || !polite)
			;
		vgpu_close(vgpu);
		_exit(LET_GO);
	}
	pipe_await(ready);
	return child;
}

/**
 * vm_let_go - a polite VM must have let go of its vGPU, and ended
 * @vm: vm_start()
 */
void vm_let_go(pid_t vm)
{
	int status = child_end(vm);

	CHECK(status == LET_GO, "the VM was not asked to let go (ended with %d)",
	      status);
}

/**
 * vm_kill - end a VM without a word
 * @vm: any
 */
void vm_kill(pid_t vm)
{
	kill(vm, SIGKILL);
	child_end(vm);
}
