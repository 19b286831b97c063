/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * openvgpu_native.h - the control page of the native personality
 *
 * What a guest sees of a vGPU with the native personality is one PCIe
 * function (ids of the family: for refgpu REFGPU_PCI_DEVICE_ID_VGPU):
 *
 *   BAR0  16 KiB, trapped: control page at 0, MSI-X table at 8 KiB, PBA at
 *	   12 KiB
 *   BAR2  the framebuffer slice, prefetchable, mapped straight through; a
 *	   power of two that may be larger than the slice: what is behind
 *	   the slice has no meaning, and touching it does no harm
 *   BAR4  64 KiB, the user page of the hardware, mapped straight through
 *
 * MSI-X vector 0 is raised by the hardware (the user page's interrupt), vector
 * 1 by the host (an event of the control page).
 *
 * The control page is for what needs the host: no job submission passes
 * through it. Registers are 64 bits wide, naturally aligned, little endian;
 * 4-byte accesses to either half are allowed, a register with side effects
 * acts when its low half or the whole is written. Unknown offsets read 0
 * and drop writes. Nothing here ever blocks: a request is queued, and its
 * end is an event.
 *
 * Register comments read: ACCESS RESET-VALUE description.
 */
#ifndef OPENVGPU_NATIVE_H
#define OPENVGPU_NATIVE_H

#include <linux/types.h>

#define OPENVGPU_NATIVE_BAR_CONTROL	0
#define OPENVGPU_NATIVE_BAR_FRAMEBUFFER	2
#define OPENVGPU_NATIVE_BAR_USER	4

#define OPENVGPU_NATIVE_CONTROL_SIZE	0x4000
#define OPENVGPU_NATIVE_MSIX_TABLE	0x2000
#define OPENVGPU_NATIVE_MSIX_PBA	0x3000

#define OPENVGPU_NATIVE_VECTOR_USER	0
#define OPENVGPU_NATIVE_VECTOR_CONTROL	1
#define OPENVGPU_NATIVE_VECTORS		2

#define OPENVGPU_NATIVE_ID		0x000	/* RO 0x004e4f4349565500 OPENVGPU_NATIVE_ID_VALUE */
#define OPENVGPU_NATIVE_VERSION		0x008	/* RO 0x00010002 major in bits 31:16, minor in 15:0 */
#define OPENVGPU_NATIVE_FEATURES	0x010	/* RO - OPENVGPU_NATIVE_FEATURE_* */
#define OPENVGPU_NATIVE_FRAMEBUFFER	0x018	/* RO - bytes of the framebuffer slice */
#define OPENVGPU_NATIVE_APERTURE_PAGES	0x020	/* RO - 4 KiB pages of the system-memory aperture */
#define OPENVGPU_NATIVE_MAP_PAGES_MAX	0x028	/* RO - pages one MAP_COMMAND may name */
#define OPENVGPU_NATIVE_PINNED_MAX	0x030	/* RO - pages the vGPU may have mapped in all */
#define OPENVGPU_NATIVE_EVENT_STATUS	0x038	/* W1C 0 OPENVGPU_NATIVE_EVENT_* */
#define OPENVGPU_NATIVE_EVENT_ENABLE	0x040	/* RW 0 an event raises vector 1 only if set here */
#define OPENVGPU_NATIVE_FAULT		0x048	/* RO 0 stable fault code of the last fault (see doc/faults.md); 0: none */
#define OPENVGPU_NATIVE_RESET		0x050	/* RW 0 write 1: reset engine state, user page and mappings; framebuffer stays; reads 1 until done */
#define OPENVGPU_NATIVE_FRAMEBUFFER_USED 0x058	/* RW 0 bytes of the slice that the guest uses, as its driver says; for the administrator's eyes, nothing depends on it; since version 1.1 */
#define OPENVGPU_NATIVE_HEADS		0x060	/* RO - heads the user page has, from 0 on; since version 1.2 */
#define OPENVGPU_NATIVE_HEAD_MAX	0x068	/* RO - largest mode of a head: width 31:0, height 63:32; since version 1.2 */
#define OPENVGPU_NATIVE_GUEST_DRIVER	0x070	/* RW 0 OPENVGPU_NATIVE_DRIVER() of the guest's driver, see below; since version 1.2 */
#define OPENVGPU_NATIVE_VERDICT		0x078	/* RO 0 enum openvgpu_native_verdict on it; since version 1.2 */

/*
 * Guest and host are updated each in its own time. A driver says in GUEST_DRIVER
 * its version and the oldest and the newest version of this page that it can work
 * with, first of all, and again after each reset; 0 when it ends. VERDICT
 * answers at once whether the host has one of these; both are at their places in
 * every later version, a new major one too. Where it has not, both sides
 * tell their administrators which of the two is to be updated; nothing else
 * depends on it. A value whose newest version is older than its oldest is dropped.
 * With a host whose VERSION is below 1.2 both read 0.
 */
#define OPENVGPU_NATIVE_INTERFACE(major, minor) \
	((__u64)(major) << 8 | (__u64)(minor))	/* each at most 255 */

/**
 * OPENVGPU_NATIVE_DRIVER - value for OPENVGPU_NATIVE_GUEST_DRIVER
 * @major, @minor: of the driver's version, at most 255
 * @patch: likewise, at most 65535
 * @oldest: OPENVGPU_NATIVE_INTERFACE() of the oldest version it can work with; not 0
 * @newest: of the newest
 */
#define OPENVGPU_NATIVE_DRIVER(major, minor, patch, oldest, newest)	\
	((__u64)(major) << 56 | (__u64)(minor) << 48 | (__u64)(patch) << 32 | \
	 (__u64)(oldest) << 16 | (__u64)(newest))

enum openvgpu_native_verdict {
	OPENVGPU_NATIVE_NO_VERDICT	= 0,	/* no driver has said anything, or an older host */
	OPENVGPU_NATIVE_MATCH		= 1,
	OPENVGPU_NATIVE_GUEST_TOO_OLD	= 2,	/* update the guest's driver */
	OPENVGPU_NATIVE_HOST_TOO_OLD	= 3,	/* update openvgpu on the host */
};

/*
 * Mapping guest memory into the system-memory aperture. The guest puts the
 * guest-physical addresses of its 4 KiB pages, one 64-bit word a page, into
 * its own framebuffer at MAP_LIST, and writes MAP_COMMAND last. The pages
 * appear at aperture pages MAP_FIRST..MAP_FIRST+MAP_PAGES-1: to the hardware,
 * at REFGPU_SYSMEM_APERTURE + page * 4096. All or nothing: on failure no
 * entry has changed.
 *
 * The unit of unmapping is the unit of mapping: UNMAP names the MAP_FIRST of
 * a MAP and takes back all of it; MAP_PAGES is ignored. When an UNMAP is
 * complete the hardware can no longer reach the pages. The host takes a
 * mapping back by itself when the memory behind it goes away, at reset, and
 * when the VM ends.
 *
 * One command at a time: a MAP_COMMAND written while MAP_STATUS reads
 * OPENVGPU_NATIVE_BUSY is dropped. During a reset MAP_STATUS reads BUSY.
 */
#define OPENVGPU_NATIVE_MAP_LIST	0x080	/* RW 0 framebuffer offset of the page list, multiple of 8 */
#define OPENVGPU_NATIVE_MAP_FIRST	0x088	/* RW 0 first aperture page */
#define OPENVGPU_NATIVE_MAP_PAGES	0x090	/* RW 0 number of pages */
#define OPENVGPU_NATIVE_MAP_COMMAND	0x098	/* WO 0 OPENVGPU_NATIVE_MAP... */
#define OPENVGPU_NATIVE_MAP_STATUS	0x0a0	/* RO 0 enum openvgpu_native_status of the last command */
#define OPENVGPU_NATIVE_MAPPED		0x0a8	/* RO 0 pages mapped now */
#define OPENVGPU_NATIVE_STATE		0x0b0	/* RO - enum openvgpu_native_state; since version 1.2 */

#define OPENVGPU_NATIVE_ID_VALUE	0x004e4f4349565500ULL

#define OPENVGPU_NATIVE_FEATURE_SYSMEM	(1ULL << 0) /* MAP_* work */
#define OPENVGPU_NATIVE_FEATURE_HEADS	(1ULL << 1) /* the user page has heads */

#define OPENVGPU_NATIVE_EVENT_MAP	(1ULL << 0) /* the map command is complete */
#define OPENVGPU_NATIVE_EVENT_FAULT	(1ULL << 1) /* FAULT changed: the host had to reset this vGPU */
#define OPENVGPU_NATIVE_EVENT_REVOKED	(1ULL << 2) /* the host took mappings back by itself */
#define OPENVGPU_NATIVE_EVENT_DEAD	(1ULL << 3) /* the physical GPU is gone; comes again after each reset */

/*
 * While a reset runs, of the vGPU or of the physical GPU, and when that is gone, BAR2 and
 * BAR4 are memory without meaning, which has what the guest's programs write to it: no
 * register of the user page can tell. STATE does.
 */
enum openvgpu_native_state {
	OPENVGPU_NATIVE_NO_STATE	= 0,	/* an older host does not tell */
	OPENVGPU_NATIVE_HERE		= 1,	/* BAR2 and BAR4 are the hardware */
	OPENVGPU_NATIVE_AWAY		= 2,	/* not; until RESET reads 0, EVENT_FAULT or EVENT_DEAD */
};

enum openvgpu_native_command {
	OPENVGPU_NATIVE_MAP_WRITE	= 1,	/* map; the device may read and write */
	OPENVGPU_NATIVE_MAP_READ	= 2,	/* map; the device may read */
	OPENVGPU_NATIVE_UNMAP		= 3,
};

enum openvgpu_native_status {
	OPENVGPU_NATIVE_OK		= 0,
	OPENVGPU_NATIVE_BUSY		= 1,
	OPENVGPU_NATIVE_INVALID		= 2,	/* range, alignment, or unknown command */
	OPENVGPU_NATIVE_EXISTS		= 3,	/* an aperture page of the range is mapped */
	OPENVGPU_NATIVE_NOT_MAPPED	= 4,	/* UNMAP of what is not the start of a mapping */
	OPENVGPU_NATIVE_LIMIT		= 5,	/* more than PINNED_MAX, or the VM's locked-memory limit */
	OPENVGPU_NATIVE_NO_MEMORY	= 6,	/* an address is not guest memory, or can't be reached by the GPU */
};

#endif /* OPENVGPU_NATIVE_H */
