// SPDX-License-Identifier: GPL-2.0-only
/*
 * personality.c - which device a vGPU is to its guest: by its type, and as the
 * administrator chooses
 */
#include <linux/pci_regs.h>

#include "admin.h"
#include "bochs_guest.h"
#include "vm.h"

static const char *personality(const struct vgpu *vgpu)
{
	return admin_vgpu_path(vgpu->uuid, "openvgpu/personality");
}

static void expect_error(const struct vgpu *vgpu, const char *name, int error,
			 const char *word)
{
	const char *const words[] = { vgpu->uuid, "personality", word };

	admin_refused(personality(vgpu), name, error, words, 3);
}

TEST(defaults_of_types, ONCE)
{
	static const struct {
		const char *type, *choice;
	} wanted[] = {
		{ "64ma", "native [bochs]" }, { "64mb", "native [bochs]" },
		{ "64mq", "[native] bochs" }, { "64mc", "[native]" },
	};
	struct vgpu vgpu;
	unsigned int i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		OK(host_create_any(wanted[i].type, vgpu.uuid));
		admin_expect(personality(&vgpu), wanted[i].choice);
		expect_error(&vgpu, "vga\n", EINVAL, "native");
		expect_error(&vgpu, "\n", EINVAL, "native");
		expect_error(&vgpu, "boch\n", EINVAL, "native");
		admin_expect(personality(&vgpu), wanted[i].choice);
	}
	expect_error(&vgpu, "bochs\n", EOPNOTSUPP, "64mc");
	admin_expect(personality(&vgpu), "[native]");
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
}

TEST(change, 0)
{
	struct vgpu vgpu;
	unsigned int round;

	OK(host_create_any("64mq", vgpu.uuid));
	for (round = 0; round < 10; round++) {
		admin_set(personality(&vgpu), "bochs\n");
		admin_expect(personality(&vgpu), "native [bochs]");
		plain_open(&vgpu);
		bochs_mode(&vgpu, 640, 480, 32);
		bochs_plane(&vgpu, FOURCC_XR24, 640, 480, 4 * 640);
		expect_error(&vgpu, "native\n", EBUSY, "open");
		bochs_plane(&vgpu, FOURCC_XR24, 640, 480, 4 * 640);
		vgpu_close(&vgpu);

		admin_set(personality(&vgpu), "native");
		/* To itself is fine too. */
		admin_set(personality(&vgpu), "native");
		admin_expect(personality(&vgpu), "[native] bochs");
		vgpu_open(&vgpu);
		vgpu_works(&vgpu, round);
		expect_error(&vgpu, "bochs\n", EBUSY, "open");
		/* Its work may still be on the way when it is released. */
		rt_control_write(vgpu.device, OPENVGPU_NATIVE_RESET, 1);
		vgpu_close(&vgpu);
	}
}

/* Who opens it finds one or the other, and not the parts of both. */
TEST(change_and_open_race, SLOW)
{
	unsigned int i;
	struct vgpu vgpu;
	pid_t child;

	OK(host_create_any("64mq", vgpu.uuid));
	child = fork();
	CHECK(child >= 0, "fork: %s", strerror(errno));
	if (!child) {
		for (i = 0; ; i++) {
			host_write(personality(&vgpu), i & 1 ? "bochs" : "native");
			usleep(500);
		}
	}
	for (i = 0; i < 40; i++) {
		uint32_t ids = 0;

		plain_open(&vgpu);
		ids = (uint32_t)plain_read(&vgpu, RT_CONFIG, PCI_VENDOR_ID, 4);
		CHECK(ids == 0x11111234 || ids == (REFGPU_PCI_DEVICE_ID_VGPU << 16 |
						   REFGPU_PCI_VENDOR_ID),
		      "ids 0x%08x", ids);
		CHECK(vgpu.device->region[2].size == (ids == 0x11111234 ?
		      BOCHS_REGISTERS_SIZE : 64 * MIB),
		      "ids 0x%08x with a BAR2 of 0x%llx bytes", ids,
		      (unsigned long long)vgpu.device->region[2].size);
		vgpu_close(&vgpu);
	}
	vm_kill(child);
	OK(host_remove(vgpu.uuid));
}
