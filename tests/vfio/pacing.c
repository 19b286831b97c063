// SPDX-License-Identifier: GPL-2.0-only
/*
 * pacing.c - the frame-rate limit and its ceiling: what may be written, and what they
 * do to the flips of a head, by the GPU's own clock
 */
#include <stdio.h>

#include "admin.h"
#include "bochs_guest.h"
#include "screen.h"

#define WIDTH		640u
#define HEIGHT		480u
#define PATIENCE_MS	60000
#define FLIPS		6u
#define BLANK_NS	(1000000000ULL / REFGPU_HEAD_REFRESH_HZ)

static const char *limit_of(const struct vgpu *vgpu)
{
	return admin_vgpu_path(vgpu->uuid, "openvgpu/frame_rate_limit");
}

static void expect_error(const struct vgpu *vgpu, const char *value, int error,
			 const char *word)
{
	const char *const words[] = { vgpu->uuid, "frame_rate_limit", word };

	admin_refused(limit_of(vgpu), value, error, words, 3);
}

TEST(values, ONCE)
{
	static const char *const bad[] = {
		"\n", "x\n", "-1\n", "+1\n", "60fps\n", "0x3c\n",
	};
	static const char *const beyond[] = {
		"61\n", "4294967296\n", "18446744073709551616\n",
	};
	struct vgpu vgpu;
	unsigned int i;

	admin_rebind();
	OK(host_create_any("64mb", vgpu.uuid));
	admin_set(admin_vgpu_path(vgpu.uuid, "openvgpu/personality"), "native");
	admin_expect(limit_of(&vgpu), "45");
	OK(host_create_any("64mq", vgpu.uuid));
	admin_expect(limit_of(&vgpu), "60");
	admin_set(limit_of(&vgpu), "1\n");
	admin_expect(limit_of(&vgpu), "1");
	admin_set(limit_of(&vgpu), "60\n");
	admin_expect(limit_of(&vgpu), "60");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_error(&vgpu, bad[i], EINVAL, "not changed");
	for (i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		expect_error(&vgpu, beyond[i], EINVAL, "1 to 60");
	admin_set(limit_of(&vgpu), "0\n");
	admin_expect(limit_of(&vgpu), "0");
}

/* Nothing to pace: it says so. */
TEST(not_for_all, ONCE)
{
	struct vgpu vgpu;

	admin_rebind();
	OK(host_create_any("64mc", vgpu.uuid));
	admin_expect(limit_of(&vgpu), "0");
	expect_error(&vgpu, "30\n", EOPNOTSUPP, "heads");
	OK(host_create_any("64mb", vgpu.uuid));
	admin_expect(limit_of(&vgpu), "0");
	expect_error(&vgpu, "30\n", EOPNOTSUPP, "personality");
	plain_open(&vgpu);
	expect_error(&vgpu, "0\n", EOPNOTSUPP, "personality");
	vgpu_close(&vgpu);
	/* With the other personality it is what it was. */
	admin_set(admin_vgpu_path(vgpu.uuid, "openvgpu/personality"), "native");
	admin_set(limit_of(&vgpu), "30");
	admin_expect(limit_of(&vgpu), "30");
}

/* A head that can flip between two pictures. */
static void make(struct vgpu *vgpu, struct rt_mode mode[2])
{
	unsigned int i;

	vgpu_make(vgpu, "64mq");
	for (i = 0; i < 2; i++)
		mode[i] = screen_draw(vgpu, WIDTH, HEIGHT, i);
	OK(rt_head_on(vgpu->device, 0, &mode[0]));
}

/*
 * A flip, and then more as fast as it can. Return: nanoseconds the GPU took, by
 * its blanks, from one before the first flip to one not before the last.
 */
static uint64_t flip(struct vgpu *vgpu, const struct rt_mode mode[2],
		     unsigned int flips, uint64_t *blanks)
{
	uint64_t first, count;
	unsigned int i;

	/* A head that was just switched on has no time yet. */
	OK(rt_head_wait_vblank(vgpu->device, 0, 1, PATIENCE_MS));
	first = rt_head_read(vgpu->device, 0, REFGPU_HEAD_VBLANK_TIME);
	count = rt_head_read(vgpu->device, 0, REFGPU_HEAD_VBLANK_COUNT);
	for (i = 0; i <= flips; i++) {
		OK(rt_head_flip(vgpu->device, 0, mode[i & 1].base));
		OK(rt_head_wait_flip(vgpu->device, 0, PATIENCE_MS));
	}
	*blanks = rt_head_read(vgpu->device, 0, REFGPU_HEAD_VBLANK_COUNT) - count;
	return rt_head_read(vgpu->device, 0, REFGPU_HEAD_VBLANK_TIME) - first;
}

/* The time can't be less, however late this program is; one blank is credit. */
static void check_paced(struct vgpu *vgpu, const struct rt_mode mode[2],
			unsigned int limit, const char *when)
{
	uint64_t least = 1000000000ULL * FLIPS / limit - 2 * BLANK_NS, blanks;
	uint64_t took = flip(vgpu, mode, FLIPS, &blanks);

	CHECK(took >= least, "%s: %u flips in %llu us of the GPU, not %llu: more than %u a second",
	      when, FLIPS, (unsigned long long)took / 1000,
	      (unsigned long long)least / 1000, limit);
}

/* Far from a limit of one a second, which would take 60 blanks for each. */
static void check_not_paced(struct vgpu *vgpu, const struct rt_mode mode[2],
			    const char *when)
{
	uint64_t blanks;

	flip(vgpu, mode, FLIPS, &blanks);
	CHECK(blanks < 30 * FLIPS, "%s: %u flips took %llu blanks", when, FLIPS,
	      (unsigned long long)blanks);
}

TEST(flips, SLOW)
{
	struct rt_mode mode[2];
	struct vgpu vgpu;

	admin_rebind();
	make(&vgpu, mode);
	check_not_paced(&vgpu, mode, "limit of the type");
	admin_set(limit_of(&vgpu), "10");
	check_paced(&vgpu, mode, 10, "written while open");
	admin_set(limit_of(&vgpu), "1");
	admin_set(limit_of(&vgpu), "0");
	check_not_paced(&vgpu, mode, "no limit");
	admin_set(limit_of(&vgpu), "5");
	OK(rt_guest_reset(vgpu.device));
	OK(rt_head_on(vgpu.device, 0, &mode[0]));
	check_paced(&vgpu, mode, 5, "after the guest's reset");
	vgpu_reset(&vgpu, BY_VMM);
	OK(rt_head_on(vgpu.device, 0, &mode[0]));
	check_paced(&vgpu, mode, 5, "after VFIO_DEVICE_RESET");
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	OK(rt_head_on(vgpu.device, 0, &mode[0]));
	check_paced(&vgpu, mode, 5, "after another open");
}

/* The other policies guarantee shares, and leave flips alone. */
TEST(policies, SLOW)
{
	static const char *const policy[] = { "equal_share", "fixed_share" };
	struct rt_mode mode[2];
	char why[TEXT_SIZE];
	struct vgpu vgpu;
	unsigned int i;

	admin_rebind();
	make(&vgpu, mode);
	for (i = 0; i < 2; i++) {
		admin_set(limit_of(&vgpu), "1");
		admin_set(admin_gpu_path("scheduler"), policy[i]);
		check_not_paced(&vgpu, mode, policy[i]);
		admin_set(limit_of(&vgpu), "10");
		OK(host_last_error(why, sizeof(why)));
		CHECK(strstr(why, vgpu.uuid) && strstr(why, "frame_rate_limit") &&
		      strstr(why, policy[i]),
		      "last_error does not say why it is not in force: '%s'", why);
		admin_expect(limit_of(&vgpu), "10");
		admin_set(admin_gpu_path("scheduler"), "best_effort");
		check_paced(&vgpu, mode, 10, "best_effort again");
	}
}

/* A ceiling is in force under every policy, and leaves the limit as it is. */
TEST(ceiling, SLOW)
{
	struct rt_mode mode[2];
	struct vgpu vgpu;
	const char *const words[] = { vgpu.uuid, "frame_rate_ceiling", "1 to 60" };
	char path[PATH_SIZE];

	admin_rebind();
	make(&vgpu, mode);
	snprintf(path, sizeof(path), "%s",
		 admin_vgpu_path(vgpu.uuid, "openvgpu/frame_rate_ceiling"));
	admin_expect(path, "0");
	admin_refused(path, "61\n", EINVAL, words, 3);
	admin_set(path, "5");
	check_paced(&vgpu, mode, 5, "a ceiling below the limit");
	admin_expect(limit_of(&vgpu), "60");
	admin_set(limit_of(&vgpu), "0");
	check_paced(&vgpu, mode, 5, "a ceiling without a limit");
	admin_set(admin_gpu_path("scheduler"), "equal_share");
	check_paced(&vgpu, mode, 5, "a ceiling under equal_share");
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	OK(rt_head_on(vgpu.device, 0, &mode[0]));
	check_paced(&vgpu, mode, 5, "a ceiling after another open");
	admin_set(path, "0");
	check_not_paced(&vgpu, mode, "no ceiling any more");
	admin_set(admin_gpu_path("scheduler"), "best_effort");
	admin_set(limit_of(&vgpu), "5");
	admin_set(path, "60");
	check_paced(&vgpu, mode, 5, "a limit below the ceiling");
}

/* One vGPU's limit is not the other's. */
TEST(own_limit, SLOW)
{
	struct rt_mode mode[2][2];
	struct vgpu vgpu[2];
	unsigned int i;

	admin_rebind();
	for (i = 0; i < 2; i++)
		make(&vgpu[i], mode[i]);
	admin_set(limit_of(&vgpu[0]), "2");
	admin_set(limit_of(&vgpu[1]), "0");
	check_not_paced(&vgpu[1], mode[1], "the other one has a limit");
	check_paced(&vgpu[0], mode[0], 2, "this one has it");
}
