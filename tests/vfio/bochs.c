// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs.c - the bochs personality on the real module: firmware and drivers
 * find what they look for, what the guest draws is what a VMM is shown, and
 * nothing a guest does harms anybody
 */
#include <linux/pci_regs.h>
#include <sys/ioctl.h>

#include "admin.h"
#include "bochs_guest.h"
#include "vm.h"

#define WIDTH	640u
#define HEIGHT	480u
#define PITCH	(4 * WIDTH)
#define TYPE	"64mb"	/* 1600x1200 */

static uint32_t config(struct vgpu *vgpu, unsigned int offset,
		       unsigned int bytes)
{
	return (uint32_t)plain_read(vgpu, RT_CONFIG, offset, bytes);
}

/* What Linux's driver, OVMF and SeaBIOS look at before they touch a mode. */
TEST(what_drivers_check, 0)
{
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	struct vgpu vgpu;
	unsigned int at;
	uint32_t value;

	bochs_make(&vgpu, TYPE);
	value = config(&vgpu, PCI_VENDOR_ID, 4);
	CHECK(value == 0x11111234, "ids are 0x%08x", value);
	value = config(&vgpu, PCI_CLASS_REVISION, 4);
	CHECK(value == 0x03800002, "class and revision are 0x%08x", value);
	value = config(&vgpu, PCI_SUBSYSTEM_VENDOR_ID, 4);
	CHECK(value && value != 0x11001af4, "subsystem 0x%08x: %s", value,
	      value ? "QEMU's" : "none");
	CHECK(!config(&vgpu, PCI_INTERRUPT_PIN, 1), "interrupt pin %u",
	      config(&vgpu, PCI_INTERRUPT_PIN, 1));
	at = plain_capability(&vgpu, PCI_CAP_ID_EXP);
	CHECK(at, "no PCI Express capability");
	CHECK(config(&vgpu, at + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR,
	      "no function-level reset");
	CHECK(!plain_capability(&vgpu, PCI_CAP_ID_MSIX) &&
	      !plain_capability(&vgpu, PCI_CAP_ID_MSI), "interrupts");
	irq.index = VFIO_PCI_MSIX_IRQ_INDEX;
	CHECK(!ioctl(vgpu.device->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq) &&
	      !irq.count, "%u MSI-X vectors", irq.count);

	value = bochs_get(&vgpu, DISPI_ID);
	CHECK(value == 0xb0c5, "DISPI id 0x%04x", value);
	value = bochs_get(&vgpu, DISPI_MEMORY_64K);
	CHECK(value * 65536ULL == vgpu.device->region[0].size,
	      "%u x 64 KiB of memory, BAR0 of 0x%llx bytes", value,
	      (unsigned long long)vgpu.device->region[0].size);
	CHECK(vgpu.device->region[0].size == 64 * MIB, "BAR0 of 0x%llx bytes",
	      (unsigned long long)vgpu.device->region[0].size);
	value = (uint32_t)bochs_read(&vgpu, BOCHS_EXTENDED, 4);
	CHECK(value == 8, "extended registers of %u bytes", value);
	value = (uint32_t)bochs_read(&vgpu, BOCHS_BYTE_ORDER, 4);
	CHECK(value == 0x1e1e1e1e, "byte order 0x%08x", value);
}

static uint32_t sized(struct vgpu *vgpu, unsigned int bar)
{
	unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
	uint32_t value = 0xffffffff, old = config(vgpu, at, 4);

	OK(rt_config_write(vgpu->device, at, &value, 4));
	value = config(vgpu, at, 4);
	OK(rt_config_write(vgpu->device, at, &old, 4));
	return value;
}

TEST(bars, 0)
{
	static const unsigned int size[RT_BARS] = {
		[BOCHS_BAR_MEMORY]	= 64 * MIB,
		[BOCHS_BAR_REGISTERS]	= BOCHS_REGISTERS_SIZE,
	};
	uint8_t *memory, data[64];
	struct vgpu vgpu;
	unsigned int i;
	uint32_t value;
	bool map;

	bochs_make(&vgpu, TYPE);
	for (i = 0; i < RT_BARS; i++) {
		CHECK(vgpu.device->region[i].size == size[i],
		      "BAR%u has 0x%llx bytes, not 0x%x", i,
		      (unsigned long long)vgpu.device->region[i].size, size[i]);
		value = sized(&vgpu, i);
		CHECK((value & ~0xfu) == (size[i] ? -size[i] : 0),
		      "BAR%u sizes as 0x%08x", i, value);
		map = vgpu.device->region[i].flags & VFIO_REGION_INFO_FLAG_MMAP;
		CHECK(map == (i == BOCHS_BAR_MEMORY), "BAR%u: flags 0x%x", i,
		      vgpu.device->region[i].flags);
	}
	value = sized(&vgpu, BOCHS_BAR_MEMORY);
	CHECK((value & 0xf) == PCI_BASE_ADDRESS_MEM_PREFETCH,
	      "video memory's BAR has flags 0x%x", value & 0xf);

	/* Both ways to video memory are one. */
	memory = rt_framebuffer(vgpu.device, 0);
	fill_words(memory, 64 * MIB, 5);
	CHECK(differing_word(memory, 64 * MIB, 5) < 0,
	      "video memory does not keep what is written");
	CHECK(pread(vgpu.device->fd, data, sizeof(data),
		    (off_t)vgpu.device->region[0].offset + 1001) == sizeof(data) &&
	      !memcmp(data, memory + 1001, sizeof(data)),
	      "reading and mapping differ");
}

/* A BIOS finds no BAR of 64 bits, and a driver of 2 GiB gets its sums wrong. */
TEST(large_slices, ONCE)
{
	static const struct {
		const char *type;
		uint64_t bar;
	} large[] = {
		{ "256mb", 256 * MIB }, { "512mb", 256 * MIB },
		{ "512ma", 256 * MIB }, { "16ma", 16 * MIB },
	};
	struct vgpu vgpu;
	unsigned int i;

	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		bochs_make(&vgpu, large[i].type);
		CHECK(vgpu.device->region[0].size == large[i].bar &&
		      bochs_get(&vgpu, DISPI_MEMORY_64K) * 65536ULL ==
		      large[i].bar, "%s: BAR0 of 0x%llx bytes, %u x 64 KiB",
		      large[i].type,
		      (unsigned long long)vgpu.device->region[0].size,
		      bochs_get(&vgpu, DISPI_MEMORY_64K));
		vgpu_remove(&vgpu);
	}
}

/* ------------------------------------------------------------------ picture */

static void check_dark(struct vgpu *vgpu, const char *why)
{
	struct vfio_device_gfx_plane_info plane;

	CHECK(!bochs_shown(vgpu, &plane), "%s: %ux%u are shown", why,
	      plane.width, plane.height);
}

/* The window shows what lies at @offset in lines of @pitch bytes. */
static void check_window(struct vgpu *vgpu, const uint8_t *window,
			 uint64_t offset, unsigned int pitch, const char *what)
{
	const uint8_t *memory = rt_framebuffer(vgpu->device, offset);
	struct vfio_device_gfx_plane_info plane;
	unsigned int line;

	CHECK(bochs_shown(vgpu, &plane), "%s: nothing is shown", what);
	for (line = 0; line < plane.height; line++)
		CHECK(!memcmp(window + line * plane.stride,
			      memory + line * pitch, 4 * plane.width),
		      "%s: line %u is not what the guest drew", what, line);
}

TEST(modes, 0)
{
	struct vgpu vgpu;

	bochs_make(&vgpu, TYPE);
	check_dark(&vgpu, "no mode yet");
	bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
	bochs_plane(&vgpu, FOURCC_XR24, WIDTH, HEIGHT, PITCH);
	bochs_mode(&vgpu, 1600, 1200, 32);
	bochs_plane(&vgpu, FOURCC_XR24, 1600, 1200, 6400);
	bochs_mode(&vgpu, 1920, 1080, 32);
	/* Cut off at the right; a VMM need not know how long lines were. */
	bochs_plane(&vgpu, FOURCC_XR24, 1600, 1080, 6400);
	CHECK(bochs_get(&vgpu, DISPI_XRES) == 1600, "XRES %u, beyond the type's",
	      bochs_get(&vgpu, DISPI_XRES));
	bochs_mode(&vgpu, WIDTH, HEIGHT, 16);
	bochs_plane(&vgpu, FOURCC_RG16, WIDTH, HEIGHT, 2 * WIDTH);
	bochs_mode(&vgpu, WIDTH, HEIGHT, 24);
	bochs_plane(&vgpu, FOURCC_RG24, WIDTH, HEIGHT, 3 * WIDTH);
	bochs_mode(&vgpu, WIDTH, HEIGHT, 8);
	check_dark(&vgpu, "8 bits a pixel");
	bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
	bochs_set(&vgpu, DISPI_ENABLE, 0);
	check_dark(&vgpu, "switched off");
	/* What the type can do at most. */
	bochs_set(&vgpu, DISPI_ENABLE, 2);
	CHECK(bochs_get(&vgpu, DISPI_XRES) == 1600 &&
	      bochs_get(&vgpu, DISPI_YRES) == 1200 &&
	      bochs_get(&vgpu, DISPI_BPP) == 32, "at most %ux%u, %u bits",
	      bochs_get(&vgpu, DISPI_XRES), bochs_get(&vgpu, DISPI_YRES),
	      bochs_get(&vgpu, DISPI_BPP));
	/* SeaBIOS: four registers, and nothing else. */
	vgpu_reset(&vgpu, BY_VMM);
	bochs_set(&vgpu, DISPI_XRES, 1024);
	bochs_set(&vgpu, DISPI_YRES, 768);
	bochs_set(&vgpu, DISPI_BPP, 32);
	bochs_set(&vgpu, DISPI_ENABLE, 1);
	bochs_plane(&vgpu, FOURCC_XR24, 1024, 768, 4096);
}

TEST(picture_and_flips, 0)
{
	const uint8_t *window;
	struct vgpu vgpu;
	unsigned int i;

	bochs_make(&vgpu, TYPE);
	fill_words(rt_framebuffer(vgpu.device, 0), 64 * MIB, 77);
	bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
	window = bochs_window(&vgpu);
	check_window(&vgpu, window, 0, PITCH, "first picture");
	for (i = 1; i < 20; i++) {
		bochs_set(&vgpu, DISPI_Y_OFFSET, (uint16_t)(HEIGHT * (i % 3)));
		check_window(&vgpu, window, PITCH * HEIGHT * (i % 3), PITCH,
			     "flip");
	}
	/* What is drawn now is seen now. */
	bochs_set(&vgpu, DISPI_Y_OFFSET, 0);
	fill_words(rt_framebuffer(vgpu.device, 0), PITCH * HEIGHT, 78);
	check_window(&vgpu, window, 0, PITCH, "drawn again");
	/* In the middle of a line, of a page, of a picture. */
	bochs_set(&vgpu, DISPI_VIRT_WIDTH, 800);
	bochs_set(&vgpu, DISPI_X_OFFSET, 33);
	bochs_set(&vgpu, DISPI_Y_OFFSET, 7);
	check_window(&vgpu, window, 7 * 3200 + 33 * 4, 3200, "panned");
	/* The last picture of memory, and one that would end behind it. */
	bochs_mode(&vgpu, 1024, 768, 32);
	bochs_set(&vgpu, DISPI_Y_OFFSET, 64 * MIB / 4096 - 768);
	check_window(&vgpu, window, 64 * MIB - 4096 * 768, 4096, "last picture");
	bochs_set(&vgpu, DISPI_Y_OFFSET, 64 * MIB / 4096 - 767);
	check_dark(&vgpu, "beyond memory");
	/* A mode larger than the type's: its upper left part. */
	bochs_mode(&vgpu, 1920, 1080, 32);
	check_window(&vgpu, window, 0, 7680, "cut off");
}

TEST(blanking, 0)
{
	struct vgpu vgpu;
	unsigned int i;

	bochs_make(&vgpu, TYPE);
	bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
	for (i = 0; i < 3; i++) {
		bochs_plane(&vgpu, FOURCC_XR24, WIDTH, HEIGHT, PITCH);
		bochs_blank(&vgpu, true);
		check_dark(&vgpu, "blanked");
		bochs_blank(&vgpu, false);
	}
}

TEST(byte_order, 0)
{
	struct vgpu vgpu;

	bochs_make(&vgpu, TYPE);
	bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
	bochs_write(&vgpu, BOCHS_BYTE_ORDER, 4, 0xbebebebe);
	CHECK(bochs_read(&vgpu, BOCHS_BYTE_ORDER, 4) == 0xbebebebe,
	      "byte order 0x%08x",
	      (unsigned int)bochs_read(&vgpu, BOCHS_BYTE_ORDER, 4));
	bochs_plane(&vgpu, FOURCC_BX24, WIDTH, HEIGHT, PITCH);
	bochs_write(&vgpu, BOCHS_BYTE_ORDER, 4, 12345);
	bochs_plane(&vgpu, FOURCC_BX24, WIDTH, HEIGHT, PITCH);
	bochs_write(&vgpu, BOCHS_BYTE_ORDER, 4, 0x1e1e1e1e);
	bochs_plane(&vgpu, FOURCC_XR24, WIDTH, HEIGHT, PITCH);
}

/* ------------------------------------------------------------------ monitor */

/* As Linux reads it: byte by byte, the header first. */
static void read_edid(struct vgpu *vgpu, uint8_t edid[256])
{
	unsigned int i, bytes;
	uint8_t sum = 0;

	for (i = 0; i < 256; i++)
		edid[i] = (uint8_t)bochs_read(vgpu, i, 1);
	CHECK(!memcmp(edid, "\0\xff\xff\xff\xff\xff\xff\0", 8),
	      "the EDID begins with 0x%016llx",
	      (unsigned long long)bochs_read(vgpu, 0, 8));
	bytes = 128 * (1 + edid[126]);
	CHECK(bytes <= 256, "EDID of %u bytes", bytes);
	for (i = 0; i < bytes; i++)
		sum += edid[i];
	CHECK(!sum, "wrong checksum of the EDID");
}

TEST(edid, 0)
{
	unsigned int x, y, i;
	uint8_t edid[2][256], again[256];
	struct vgpu vgpu[2];

	for (i = 0; i < 2; i++) {
		bochs_make(&vgpu[i], TYPE);
		read_edid(&vgpu[i], edid[i]);
	}
	CHECK(memcmp(edid[0], edid[1], 128), "two vGPUs with one monitor");
	/* OVMF takes its mode from the first timing. */
	x = edid[0][56] | (edid[0][58] & 0xf0u) << 4;
	y = edid[0][59] | (edid[0][61] & 0xf0u) << 4;
	CHECK(x >= 640 && x <= 1600 && y >= 480 && y <= 1200,
	      "the monitor prefers %ux%u, the type has 1600x1200", x, y);
	vgpu_reset(&vgpu[0], BY_VMM);
	read_edid(&vgpu[0], again);
	CHECK(!memcmp(edid[0], again, 256), "another monitor after a reset");
	bochs_write(&vgpu[0], 0, 8, UINT64_MAX);
	read_edid(&vgpu[0], again);
	CHECK(!memcmp(edid[0], again, 256), "a guest wrote its EDID");
}

/* ------------------------------------------------------------------- resets */

static void check_fresh(struct vgpu *vgpu, const char *after)
{
	unsigned int i;
	uint8_t edid[256];

	for (i = DISPI_XRES; i < DISPI_MEMORY_64K; i++)
		CHECK(!bochs_get(vgpu, i), "after %s register %u is 0x%x", after,
		      i, bochs_get(vgpu, i));
	CHECK(bochs_read(vgpu, BOCHS_BYTE_ORDER, 4) == 0x1e1e1e1e,
	      "after %s pixels are big endian", after);
	check_dark(vgpu, after);
	read_edid(vgpu, edid);
	/* Nor is it blanked. */
	bochs_set(vgpu, DISPI_XRES, WIDTH);
	bochs_set(vgpu, DISPI_YRES, HEIGHT);
	bochs_set(vgpu, DISPI_BPP, 32);
	bochs_set(vgpu, DISPI_ENABLE, 1);
	bochs_plane(vgpu, FOURCC_XR24, WIDTH, HEIGHT, PITCH);
}

TEST(resets, 0)
{
	struct vgpu vgpu;
	unsigned int round;

	bochs_make(&vgpu, TYPE);
	fill_words(rt_framebuffer(vgpu.device, 0), MIB, 3);
	for (round = 0; round < 6; round++) {
		bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
		bochs_set(&vgpu, DISPI_VIRT_WIDTH, 1000);
		bochs_set(&vgpu, DISPI_X_OFFSET, 10);
		bochs_write(&vgpu, BOCHS_BYTE_ORDER, 4, 0xbebebebe);
		bochs_blank(&vgpu, true);
		if (round & 1) {
			vgpu_reset(&vgpu, BY_FUNCTION);
			check_fresh(&vgpu, "a function-level reset");
		} else {
			vgpu_reset(&vgpu, BY_VMM);
			check_fresh(&vgpu, "VFIO_DEVICE_RESET");
		}
		CHECK(differing_word(rt_framebuffer(vgpu.device, 0), MIB, 3) < 0,
		      "a reset changed video memory");
	}
	bochs_blank(&vgpu, true);
	vgpu_close(&vgpu);
	plain_open(&vgpu);
	check_fresh(&vgpu, "another open");
	CHECK(!*(uint64_t *)rt_framebuffer(vgpu.device, 4096),
	      "the next owner sees the former one's memory");
}

/* ------------------------------------------------------- hostile and others */

TEST(hostile, SLOW)
{
	struct vfio_device_gfx_plane_info plane;
	unsigned int i, at, size, shown = 0;
	uint64_t random = 88172645463325252, bad;
	const uint8_t *window;
	struct vgpu vgpu;

	bochs_make(&vgpu, TYPE);
	bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
	window = bochs_window(&vgpu);
	bad = host_stat(vgpu.uuid, "bad_accesses");
	for (size = 1; size <= 8; size++)
		for (at = 0; at + size <= BOCHS_REGISTERS_SIZE;
		     at += at < 0x620 ? 3 : 61) {
			bochs_read(&vgpu, at, size);
			bochs_write(&vgpu, at, size, UINT64_MAX);
		}
	CHECK(host_stat(vgpu.uuid, "bad_accesses") > bad,
	      "accesses to nothing are not counted");
	for (i = 0; i < 3000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		size = 1u << (random & 3);
		at = (BOCHS_DISPI + (unsigned int)(random >> 8) % 32) & ~(size - 1);
		if (random & 0x40)
			bochs_write(&vgpu, at, size, random >> 16);
		else
			bochs_write(&vgpu, at, size,
				    random >> 16 & 0x03ff03ff03ff03ff);
		if (random & 0x80) {
			bochs_set(&vgpu, DISPI_BPP, 32);
			bochs_set(&vgpu, DISPI_ENABLE, 1);
			bochs_blank(&vgpu, false);
		}
		if (!bochs_shown(&vgpu, &plane))
			continue;
		shown++;
		CHECK(plane.width <= 1600 && plane.height <= 1200 &&
		      plane.size >= (plane.height - 1) * plane.stride +
		      plane.width * 2 && plane.stride % 4 == 0,
		      "%ux%u, %u bytes a line, %u bytes", plane.width,
		      plane.height, plane.stride, plane.size);
		/* QEMU reads all of it. */
		(void)*(volatile const uint8_t *)window;
		(void)*(volatile const uint8_t *)(window + plane.size - 1);
	}
	CHECK(shown, "none of these modes is shown");
	bochs_mode(&vgpu, WIDTH, HEIGHT, 32);
	bochs_write(&vgpu, BOCHS_BYTE_ORDER, 4, 0x1e1e1e1e);
	bochs_plane(&vgpu, FOURCC_XR24, WIDTH, HEIGHT, PITCH);
}

/* Two displays and one that computes: each has its own. */
TEST(neighbours, 0)
{
	static const char *const policy[] = {
		"equal_share", "fixed_share", "best_effort",
	};
	const uint8_t *window[2];
	struct vgpu vgpu[2], computes;
	unsigned int i, round;

	for (i = 0; i < 2; i++) {
		bochs_make(&vgpu[i], TYPE);
		bochs_mode(&vgpu[i], WIDTH, HEIGHT, 32);
		window[i] = bochs_window(&vgpu[i]);
	}
	vgpu_make(&computes, "64mq");
	for (round = 0; round < 3; round++) {
		admin_set(admin_gpu_path("scheduler"), policy[round]);
		for (i = 0; i < 2; i++)
			fill_words(rt_framebuffer(vgpu[i].device, 0), 4 * MIB,
				   10 * round + i);
		vgpu_works(&computes, round);
		for (i = 0; i < 2; i++) {
			CHECK(differing_word(rt_framebuffer(vgpu[i].device, 0), 4 * MIB,
					     10 * round + i) < 0,
			      "somebody wrote to the memory of display %u", i);
			check_window(&vgpu[i], window[i], 0, PITCH,
				     "own picture");
		}
		CHECK(memcmp(window[0], window[1], PITCH * HEIGHT),
		      "two displays show one picture");
	}
	vgpu_close(&vgpu[0]);
	check_window(&vgpu[1], window[1], 0, PITCH, "after the other's end");
}
