// SPDX-License-Identifier: GPL-2.0-only
/*
 * native_registers.c - the control page of the native personality
 *
 * An access is 4 or 8 bytes; half a register is written under a mask. What a
 * register starts is left to the caller.
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <stdio.h>
#include <string.h>
#endif

#include "personality/native_registers.h"

/* NATIVE_VERSION as an interface, and the oldest whose drivers work with this page. */
#define NATIVE_NEWEST	OPENVGPU_NATIVE_INTERFACE(1, 2)
#define NATIVE_OLDEST	OPENVGPU_NATIVE_INTERFACE(1, 0)
#define LOW_HALF	0xffffffffULL

static bool resetting(const struct native_registers *registers)
{
	return registers->reset_wanted || registers->reset_running;
}

static unsigned int interface_oldest(__u64 driver)
{
	return driver >> 16 & 0xffff;
}

static unsigned int interface_newest(__u64 driver)
{
	return driver & 0xffff;
}

/**
 * native_verdict - whether this page is one that a guest's driver works with
 * @driver: GUEST_DRIVER
 *
 * Return: VERDICT.
 */
enum openvgpu_native_verdict native_verdict(__u64 driver)
{
	if (!(driver & LOW_HALF))
		return OPENVGPU_NATIVE_NO_VERDICT;
	if (interface_newest(driver) < NATIVE_OLDEST)
		return OPENVGPU_NATIVE_GUEST_TOO_OLD;
	if (interface_oldest(driver) > NATIVE_NEWEST)
		return OPENVGPU_NATIVE_HOST_TOO_OLD;
	return OPENVGPU_NATIVE_MATCH;
}

/* The whole register at @offset; false if there is none. */
static bool read_register(const struct native_registers *registers,
			  __u64 offset, __u64 *value)
{
	switch (offset) {
	case OPENVGPU_NATIVE_ID:
		*value = OPENVGPU_NATIVE_ID_VALUE;
		return true;
	case OPENVGPU_NATIVE_VERSION:
		*value = NATIVE_VERSION;
		return true;
	case OPENVGPU_NATIVE_FEATURES:
		*value = registers->features;
		return true;
	case OPENVGPU_NATIVE_FRAMEBUFFER:
		*value = registers->framebuffer;
		return true;
	case OPENVGPU_NATIVE_APERTURE_PAGES:
	case OPENVGPU_NATIVE_PINNED_MAX:
		*value = registers->sysmem_pages;
		return true;
	case OPENVGPU_NATIVE_MAP_PAGES_MAX:
		*value = NATIVE_MAP_PAGES_MAX;
		return true;
	case OPENVGPU_NATIVE_EVENT_STATUS:
		*value = registers->event_status;
		return true;
	case OPENVGPU_NATIVE_EVENT_ENABLE:
		*value = registers->event_enable;
		return true;
	case OPENVGPU_NATIVE_FAULT:
		*value = registers->fault;
		return true;
	case OPENVGPU_NATIVE_MAP_LIST:
		*value = registers->map.list;
		return true;
	case OPENVGPU_NATIVE_MAP_FIRST:
		*value = registers->map.first;
		return true;
	case OPENVGPU_NATIVE_MAP_PAGES:
		*value = registers->map.pages;
		return true;
	case OPENVGPU_NATIVE_MAP_STATUS:
		/* Commands are dropped until the reset is done. */
		*value = resetting(registers) ? OPENVGPU_NATIVE_BUSY :
						registers->map_status;
		return true;
	case OPENVGPU_NATIVE_MAPPED:
		*value = registers->mapped;
		return true;
	case OPENVGPU_NATIVE_STATE:
		*value = registers->state;
		return true;
	case OPENVGPU_NATIVE_RESET:
		*value = resetting(registers);
		return true;
	case OPENVGPU_NATIVE_FRAMEBUFFER_USED:
		*value = registers->framebuffer_used;
		return true;
	case OPENVGPU_NATIVE_HEADS:
		*value = registers->heads;
		return true;
	case OPENVGPU_NATIVE_HEAD_MAX:
		*value = registers->head_max;
		return true;
	case OPENVGPU_NATIVE_GUEST_DRIVER:
		*value = registers->guest_driver;
		return true;
	case OPENVGPU_NATIVE_VERDICT:
		*value = native_verdict(registers->guest_driver);
		return true;
	case OPENVGPU_NATIVE_MAP_COMMAND:
		*value = 0;
		return true;
	}
	*value = 0;
	return false;
}

/* Status bits that rise raise the vector if they are enabled. */
static unsigned int raise_if(const struct native_registers *registers,
			     __u64 bits)
{
	return bits & registers->event_status & registers->event_enable ?
	       NATIVE_RAISE : 0;
}

static unsigned int write_enable(struct native_registers *registers,
				 __u64 value)
{
	__u64 fresh = value & ~registers->event_enable;

	registers->event_enable = value;
	/* An event that came before its bit was enabled must not be missed. */
	return raise_if(registers, fresh);
}

/* The low half has the versions of the interface, the high one that of the driver. */
static unsigned int write_driver(struct native_registers *registers,
				 __u64 value, bool low)
{
	if (interface_newest(value) < interface_oldest(value))
		return NATIVE_BAD;
	registers->guest_driver = value;
	return low ? NATIVE_DRIVER : 0;
}

static unsigned int write_command(struct native_registers *registers,
				  __u64 command)
{
	if (registers->map_blocked || resetting(registers) ||
	    registers->map_status == OPENVGPU_NATIVE_BUSY)
		return NATIVE_BAD;
	registers->job = registers->map;
	registers->job.command = command;
	registers->map_status = OPENVGPU_NATIVE_BUSY;
	registers->map_queued = true;
	return NATIVE_MAP;
}

/*
 * @value replaces the bits of @mask. A register that acts does so when its low
 * half is written.
 */
static unsigned int write_register(struct native_registers *registers,
				   __u64 offset, __u64 value, __u64 mask)
{
	bool low = mask & 1;
	__u64 whole;

	if (!read_register(registers, offset, &whole))
		return NATIVE_BAD;
	value &= mask;
	whole = (whole & ~mask) | value;
	switch (offset) {
	case OPENVGPU_NATIVE_EVENT_STATUS:
		registers->event_status &= ~value;
		return 0;
	case OPENVGPU_NATIVE_EVENT_ENABLE:
		return write_enable(registers, whole);
	case OPENVGPU_NATIVE_MAP_LIST:
		registers->map.list = whole;
		return 0;
	case OPENVGPU_NATIVE_MAP_FIRST:
		registers->map.first = whole;
		return 0;
	case OPENVGPU_NATIVE_MAP_PAGES:
		registers->map.pages = whole;
		return 0;
	case OPENVGPU_NATIVE_FRAMEBUFFER_USED:
		registers->framebuffer_used = whole;
		return 0;
	case OPENVGPU_NATIVE_GUEST_DRIVER:
		return write_driver(registers, whole, low);
	case OPENVGPU_NATIVE_MAP_COMMAND:
		return low ? write_command(registers, value) : 0;
	case OPENVGPU_NATIVE_RESET:
		if (!low || !(value & 1))
			return 0;
		registers->reset_wanted = true;
		return NATIVE_RESET;
	}
	return NATIVE_BAD;
}

/* The halves of the MSI-X structures are the VMM's; they hold nothing here. */
static bool is_msix(__u64 offset)
{
	return offset >= OPENVGPU_NATIVE_MSIX_TABLE;
}

/**
 * native_registers_read - read from the page
 * @registers: the page, with mapped filled in
 * @offset: of the access, a multiple of @size
 * @size: bytes: 1, 2, 4 or 8
 * @bad: set to true if there is no such register or it is smaller than 4 bytes
 *
 * Return: the value; 0 for a bad access.
 */
__u64 native_registers_read(const struct native_registers *registers,
			    __u64 offset, unsigned int size, bool *bad)
{
	__u64 value;

	if (is_msix(offset))
		return 0;
	if (size < 4) {
		*bad = true;
		return 0;
	}
	if (!read_register(registers, offset & ~7ULL, &value))
		*bad = true;
	if (size == 8)
		return value;
	return offset & 4 ? value >> 32 : value & LOW_HALF;
}

/**
 * native_registers_write - write to the page
 * @registers: the page
 * @offset: of the access, a multiple of @size
 * @size: bytes: 1, 2, 4 or 8
 * @value: to be written
 *
 * Return: NATIVE_* flags: what the caller has to do.
 */
unsigned int native_registers_write(struct native_registers *registers,
				    __u64 offset, unsigned int size,
				    __u64 value)
{
	__u64 mask = ~0ULL;

	if (is_msix(offset))
		return 0;
	if (size < 4)
		return NATIVE_BAD;
	if (size == 4) {
		mask = offset & 4 ? ~LOW_HALF : LOW_HALF;
		value = offset & 4 ? value << 32 : value;
	}
	return write_register(registers, offset & ~7ULL, value, mask);
}

/**
 * native_registers_event - something happened that EVENT_STATUS shows
 * @registers: the page
 * @events: OPENVGPU_NATIVE_EVENT_* bits
 *
 * Return: NATIVE_RAISE or 0.
 */
unsigned int native_registers_event(struct native_registers *registers,
				    __u64 events)
{
	registers->event_status |= events;
	return raise_if(registers, events);
}

/**
 * native_registers_take - begin to execute the command that waits
 * @registers: the page
 * @job: filled in
 * @generation: filled in, for native_registers_complete()
 *
 * Return: whether one waits.
 */
bool native_registers_take(struct native_registers *registers,
			   struct native_map *job, unsigned int *generation)
{
	if (!registers->map_queued || registers->map_held)
		return false;
	registers->map_queued = false;
	*job = registers->job;
	*generation = registers->generation;
	return true;
}

/**
 * native_registers_complete - a command has been executed
 * @registers: the page
 * @generation: as native_registers_take() gave it
 * @status: enum openvgpu_native_status
 *
 * Return: whether the guest still wants to know; not after a reset.
 */
bool native_registers_complete(struct native_registers *registers,
			       unsigned int generation, __u64 status)
{
	if (generation != registers->generation)
		return false;
	registers->map_status = status;
	return true;
}

/**
 * native_registers_stop - drop all commands until native_registers_reset()
 * @registers: the page
 */
void native_registers_stop(struct native_registers *registers)
{
	registers->map_blocked = true;
	registers->map_queued = false;
	registers->generation++;
}

/**
 * native_registers_reset - all registers as after power-on
 * @registers: the page, after native_registers_stop()
 */
void native_registers_reset(struct native_registers *registers)
{
	registers->event_status = 0;
	registers->event_enable = 0;
	registers->fault = 0;
	registers->framebuffer_used = 0;
	registers->guest_driver = 0;
	memset(&registers->map, 0, sizeof(registers->map));
	registers->map_status = OPENVGPU_NATIVE_OK;
	registers->map_blocked = false;
	/* Another reset came first, and may belong to another VM. */
	if (!registers->reset_running)
		registers->reset_wanted = false;
}

/**
 * native_registers_raised - whether an event is shown that interrupts
 * @registers: the page
 *
 * Return: NATIVE_RAISE or 0.
 */
unsigned int native_registers_raised(const struct native_registers *registers)
{
	return raise_if(registers, ~0ULL);
}

static void save_map(const struct native_map *map, struct vgpu_pack *pack)
{
	vgpu_pack(pack, 8, map->list);
	vgpu_pack(pack, 8, map->first);
	vgpu_pack(pack, 8, map->pages);
	vgpu_pack(pack, 8, map->command);
}

static void load_map(struct native_map *map, struct vgpu_unpack *unpack)
{
	map->list = vgpu_unpack(unpack, 8);
	map->first = vgpu_unpack(unpack, 8);
	map->pages = vgpu_unpack(unpack, 8);
	map->command = vgpu_unpack(unpack, 8);
}

/**
 * native_registers_save - what a guest can read and has asked for
 * @registers: the page, held, and with no command begun
 * @pack: receives it
 */
void native_registers_save(const struct native_registers *registers,
			   struct vgpu_pack *pack)
{
	vgpu_pack(pack, 8, registers->event_status);
	vgpu_pack(pack, 8, registers->event_enable);
	vgpu_pack(pack, 8, registers->fault);
	vgpu_pack(pack, 8, registers->framebuffer_used);
	vgpu_pack(pack, 8, registers->guest_driver);
	vgpu_pack(pack, 8, registers->map_status);
	save_map(&registers->map, pack);
	vgpu_pack(pack, 1, registers->map_queued);
	save_map(&registers->job, pack);
}

/**
 * native_registers_load - the reverse
 * @registers: the page, after a reset, held
 * @unpack: has it
 *
 * What a guest may write may be anything. A command is checked when it is executed.
 *
 * Return: whether it makes sense; if not, the page is anything.
 */
bool native_registers_load(struct native_registers *registers,
			   struct vgpu_unpack *unpack)
{
	registers->event_status = vgpu_unpack(unpack, 8);
	registers->event_enable = vgpu_unpack(unpack, 8);
	registers->fault = vgpu_unpack(unpack, 8);
	registers->framebuffer_used = vgpu_unpack(unpack, 8);
	registers->guest_driver = vgpu_unpack(unpack, 8);
	registers->map_status = vgpu_unpack(unpack, 8);
	load_map(&registers->map, unpack);
	registers->map_queued = vgpu_unpack(unpack, 1);
	load_map(&registers->job, unpack);
	/* One is executed as long as the status says so, and no longer. */
	return registers->map_queued ==
	       (registers->map_status == OPENVGPU_NATIVE_BUSY);
}

/* The numbers of a version, as arguments of printf. */
#define DRIVER_VERSION(driver)						\
	(unsigned int)((driver) >> 56), (unsigned int)((driver) >> 48 & 0xff), \
	(unsigned int)((driver) >> 32 & 0xffff)
#define INTERFACE_VERSION(interface)					\
	(unsigned int)(interface) >> 8, (unsigned int)(interface) & 0xff

/**
 * native_driver_text - what a guest's driver says of itself, and the verdict
 * @driver: GUEST_DRIVER
 * @buf: receives the text, as "1.2.3 1.0-1.2 ok"; "none": it says nothing
 * @size: of @buf
 */
void native_driver_text(__u64 driver, char *buf, size_t size)
{
	static const char *const verdicts[] = {
		[OPENVGPU_NATIVE_MATCH]		= "ok",
		[OPENVGPU_NATIVE_GUEST_TOO_OLD]	= "guest_too_old",
		[OPENVGPU_NATIVE_HOST_TOO_OLD]	= "host_too_old",
	};
	enum openvgpu_native_verdict verdict = native_verdict(driver);

	if (verdict == OPENVGPU_NATIVE_NO_VERDICT) {
		snprintf(buf, size, "none");
		return;
	}
	snprintf(buf, size, "%u.%u.%u %u.%u-%u.%u %s", DRIVER_VERSION(driver),
		 INTERFACE_VERSION(interface_oldest(driver)),
		 INTERFACE_VERSION(interface_newest(driver)),
		 verdicts[verdict]);
}

/**
 * native_mismatch_text - which of guest and host is to be updated, and why
 * @driver: GUEST_DRIVER
 * @buf: receives the text for an administrator
 * @size: of @buf
 *
 * Return: whether one of them is.
 */
bool native_mismatch_text(__u64 driver, char *buf, size_t size)
{
	switch (native_verdict(driver)) {
	case OPENVGPU_NATIVE_GUEST_TOO_OLD:
		snprintf(buf, size,
			 "driver %u.%u.%u of its guest is too old: it is for interface %u.%u, this host has %u.%u and newer; update the driver in the guest",
			 DRIVER_VERSION(driver),
			 INTERFACE_VERSION(interface_newest(driver)),
			 INTERFACE_VERSION(NATIVE_OLDEST));
		return true;
	case OPENVGPU_NATIVE_HOST_TOO_OLD:
		snprintf(buf, size,
			 "this host is too old for driver %u.%u.%u of its guest, which needs interface %u.%u: this host has %u.%u; update openvgpu on the host",
			 DRIVER_VERSION(driver),
			 INTERFACE_VERSION(interface_oldest(driver)),
			 INTERFACE_VERSION(NATIVE_NEWEST));
		return true;
	default:
		return false;
	}
}
