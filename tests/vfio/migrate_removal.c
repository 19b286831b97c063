// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_removal.c - the GPU is gone in the middle of migrations
 *
 * Runs last: there is no GPU after it.
 */
#include <poll.h>
#include <stdio.h>

#include "admin.h"
#include "phase.h"
#include "vm.h"

#define TYPE	"16mq"

/* Who waits for nothing else is told by poll(). */
static void hangs_up(const struct phase_state *at)
{
	struct pollfd file = { .fd = at->fd };

	CHECK(poll(&file, 1, 20000) == 1 && file.revents & POLLHUP,
	      "GPU removed in %s: poll() of the file says 0x%x", phase_name(at->phase),
	      (unsigned int)file.revents);
}

/* Both sides give up in order: states stay, files say EIO, nothing hangs. */
TEST(gone, ONCE | SLOW)
{
	struct phase_state at[PHASES];
	struct vgpu first, vgpu[PHASES];
	struct saved saved;
	enum phase phase;
	uint64_t begin;
	pid_t remover;
	int go, error;
	ssize_t got;

	need_control();
	remover = host_gpu_remover(&go);
	CHECK(remover >= 0, "no remover: %s", strerror(errno));
	vgpu_make(&first, TYPE);
	need_migration(&first);
	migration_save(&first, &saved);
	for (phase = 0; phase < PHASES; phase++) {
		vgpu_make(&vgpu[phase], TYPE);
		vgpu_works(&vgpu[phase], 1);
		if (phase_possible(&vgpu[phase], phase))
			phase_enter(&at[phase], &vgpu[phase], phase, &saved);
	}
	inject("remove");
	/* Its memory reads as ones: nobody may take that for a guest. */
	do {
		got = migration_read(at[PHASE_STOP_COPY].fd, &at[PHASE_STOP_COPY].saved, MIB);
	} while (got > 0);
	CHECK(got == -EIO, "a GPU that is gone was saved: %s",
	      got ? strerror((int)-got) : "to the end");
	phase_kept(&at[PHASE_STOP_COPY], "GPU removed");
	begin = rt_now_ns();
	for (phase = 0; phase < PHASES; phase++) {
		if (!phase_possible(&vgpu[phase], phase) || phase == PHASE_STOP ||
		    phase == PHASE_STOP_COPY)
			continue;
		hangs_up(&at[phase]);
		/* What was made ready is still read. */
		do {
			error = phase_transfer(&at[phase]);
			CHECK(rt_now_ns() - begin < 20 * second(),
			      "the file in %s does not notice", phase_name(phase));
			usleep(1000);
		} while (!error);
		CHECK(error == -EIO || error == -EBADMSG, "the file in %s: %s",
		      phase_name(phase), strerror(-error));
		phase_kept(&at[phase], "GPU removed");
	}
	for (phase = 0; phase < PHASES; phase++) {
		int fd;

		begin = rt_now_ns();
		migration_set(&vgpu[phase], VFIO_DEVICE_STATE_RUNNING, &fd);
		migration_set(&vgpu[phase], VFIO_DEVICE_STATE_STOP_COPY, &fd);
		CHECK(fd < 0, "a GPU that is gone is saved");
		rt_vfio_reset(vgpu[phase].device);
		CHECK(rt_now_ns() - begin < 10 * second(), "giving up in %s took %llu ms",
		      phase_name(phase), (unsigned long long)(rt_now_ns() - begin) / 1000000);
	}
	CHECK(write(go, "g", 1) == 1, "pipe: %s", strerror(errno));
	for (phase = 0; phase < PHASES; phase++) {
		if (phase_possible(&vgpu[phase], phase))
			phase_end(&at[phase]);
		vgpu_close(&vgpu[phase]);
	}
	vgpu_close(&first);
	wait_child(remover, "removing the GPU");
	CHECK(!host_count(), "%u vGPUs are left of a GPU that is gone", host_count());
	CHECK(admin_unload(), "the module can't be unloaded");
}
