// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_config.c - the virtual configuration space, the very source the module
 * has, as a guest's firmware and QEMU walk it
 */
#include <check.h>
#include <linux/pci_regs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pci/config_space.h"
#include "unit.h"

#define MIB	(1ULL << 20)

static struct vgpu_config config;

static uint32_t get(unsigned int offset, unsigned int size)
{
	uint8_t bytes[4] = { 0 };
	uint32_t value = 0;

	vgpu_config_read(&config, offset, size, bytes);
	for (unsigned int i = size; i--; )
		value = value << 8 | bytes[i];
	return value;
}

static unsigned int put(unsigned int offset, unsigned int size, uint32_t value)
{
	uint8_t bytes[4];

	for (unsigned int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	return vgpu_config_write(&config, offset, size, bytes);
}

static void setup(void)
{
	vgpu_config_init(&config, 0x1234, 0x5248, 0xabcd, 0x4321, 0x030200, 7);
	ck_assert(vgpu_config_add_bar(&config, 0, 16384, 0));
	ck_assert(vgpu_config_add_bar(&config, 2, 8192 * MIB,
				      VGPU_BAR_64 | VGPU_BAR_PREFETCH));
	ck_assert(vgpu_config_add_bar(&config, 4, 65536, VGPU_BAR_64));
	ck_assert(vgpu_config_add_pcie(&config));
	ck_assert(vgpu_config_add_msix(&config, 2, 0, 0x2000, 0, 0x3000));
	vgpu_config_reset(&config);
}

static unsigned int capability(uint8_t id)
{
	unsigned int at = get(PCI_CAPABILITY_LIST, 1);

	for (unsigned int steps = 0; at; steps++) {
		ck_assert_msg(steps < 48, "the capability list does not end");
		ck_assert_msg(at >= 0x40 && at % 4 == 0, "a capability at 0x%x", at);
		if (get(at, 1) == id)
			return at;
		at = get(at + 1, 1);
	}
	return 0;
}

START_TEST(test_identity)
{
	ck_assert_uint_eq(get(PCI_VENDOR_ID, 4), 0x52481234);
	ck_assert_uint_eq(get(PCI_CLASS_REVISION, 4), 0x03020007);
	ck_assert_uint_eq(get(PCI_SUBSYSTEM_VENDOR_ID, 4), 0x4321abcd);
	ck_assert_uint_eq(get(PCI_HEADER_TYPE, 1), 0);
	ck_assert_uint_eq(get(PCI_INTERRUPT_PIN, 1), 0);
	ck_assert(get(PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	/* No extended capabilities. */
	ck_assert_uint_eq(get(0x100, 4), 0);
	for (unsigned int i = 0; i < 0x40; i++)
		if (i != PCI_COMMAND)
			ck_assert_uint_eq(put(i, 1, 0), 0);
	ck_assert_uint_eq(get(PCI_VENDOR_ID, 4), 0x52481234);
	ck_assert_uint_eq(get(PCI_CLASS_REVISION, 4), 0x03020007);
	ck_assert_uint_eq(get(PCI_SUBSYSTEM_VENDOR_ID, 4), 0x4321abcd);
}
END_TEST

START_TEST(test_bar_sizing)
{
	put(PCI_BASE_ADDRESS_0, 4, ~0u);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_0, 4), ~0u - 16384 + 1);
	put(PCI_BASE_ADDRESS_1, 4, ~0u);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_1, 4), 0);
	/* 8 GiB: all of its size is in the upper half. */
	put(PCI_BASE_ADDRESS_2, 4, ~0u);
	put(PCI_BASE_ADDRESS_3, 4, ~0u);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_2, 4),
			  PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_3, 4), ~0u - 1);
	put(PCI_BASE_ADDRESS_4, 4, ~0u);
	put(PCI_BASE_ADDRESS_5, 4, ~0u);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_4, 4),
			  (~0u - 65536 + 1) | PCI_BASE_ADDRESS_MEM_TYPE_64);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_5, 4), ~0u);
	put(PCI_ROM_ADDRESS, 4, ~0u);
	ck_assert_uint_eq(get(PCI_ROM_ADDRESS, 4), 0);
	/* In bytes, in any order. */
	put(PCI_BASE_ADDRESS_0 + 3, 1, 0xfe);
	put(PCI_BASE_ADDRESS_0 + 1, 2, 0x12ff);
	put(PCI_BASE_ADDRESS_0, 1, 0xff);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_0, 4), 0xfe12c000);
	/* Across a register. */
	put(PCI_BASE_ADDRESS_4 + 2, 4, 0x56781234);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_4, 4), 0x12340004);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_5, 4), 0xffff5678);
}
END_TEST

START_TEST(test_bad_bars)
{
	ck_assert(!vgpu_config_add_bar(&config, 0, 0, 0));
	ck_assert(!vgpu_config_add_bar(&config, 0, 8, 0));
	ck_assert(!vgpu_config_add_bar(&config, 0, 3 * MIB, 0));
	ck_assert(!vgpu_config_add_bar(&config, 6, MIB, 0));
	ck_assert(!vgpu_config_add_bar(&config, 5, MIB, VGPU_BAR_64));
	ck_assert(!vgpu_config_add_bar(&config, 0, 4096 * MIB, 0));
	ck_assert(!vgpu_config_add_msix(&config, 0, 0, 0, 0, 0));
	ck_assert(!vgpu_config_add_msix(&config, 2, 0, 4, 0, 0));
	ck_assert(!vgpu_config_add_msix(&config, 2, 6, 0, 0, 0));
}
END_TEST

START_TEST(test_command)
{
	ck_assert(!vgpu_config_memory_enabled(&config));
	ck_assert_uint_eq(put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER),
			  VGPU_CONFIG_MEMORY | VGPU_CONFIG_MASTER);
	ck_assert(vgpu_config_memory_enabled(&config));
	ck_assert(vgpu_config_master_enabled(&config));
	ck_assert_uint_eq(put(PCI_COMMAND, 1, PCI_COMMAND_MEMORY), VGPU_CONFIG_MASTER);
	ck_assert(!vgpu_config_master_enabled(&config));
	/* No change, no flag. */
	ck_assert_uint_eq(put(PCI_COMMAND, 1, PCI_COMMAND_MEMORY), 0);
	ck_assert_uint_eq(get(PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	/* I/O decoding can't be had. */
	ck_assert_uint_eq(put(PCI_COMMAND, 4, 0xffff), VGPU_CONFIG_MASTER);
	ck_assert(!(get(PCI_COMMAND, 2) & PCI_COMMAND_IO));
	ck_assert(get(PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE);
	ck_assert_uint_eq(put(PCI_COMMAND, 1, 0), VGPU_CONFIG_MEMORY | VGPU_CONFIG_MASTER);
	/* The status half alone does not touch it. */
	ck_assert_uint_eq(put(PCI_STATUS, 2, 0xffff), 0);
	ck_assert(get(PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
}
END_TEST

START_TEST(test_write_one_to_clear)
{
	config.data[PCI_STATUS + 1] |= PCI_STATUS_REC_MASTER_ABORT >> 8 |
				       PCI_STATUS_DETECTED_PARITY >> 8;
	put(PCI_STATUS, 2, 0);
	ck_assert(get(PCI_STATUS, 2) & PCI_STATUS_REC_MASTER_ABORT);
	put(PCI_STATUS, 2, PCI_STATUS_REC_MASTER_ABORT);
	ck_assert_uint_eq(get(PCI_STATUS, 2), PCI_STATUS_DETECTED_PARITY |
			  PCI_STATUS_CAP_LIST);
}
END_TEST

START_TEST(test_pcie)
{
	unsigned int at = capability(PCI_CAP_ID_EXP);
	uint32_t devctl;

	ck_assert_uint_ne(at, 0);
	ck_assert_uint_eq(get(at + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_VERS, 2);
	ck_assert_uint_eq(get(at + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE,
			  PCI_EXP_TYPE_ENDPOINT << 4);
	ck_assert(get(at + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);

	/* A reset by any width that reaches the bit, and by no other. */
	devctl = get(at + PCI_EXP_DEVCTL, 2);
	ck_assert(!(devctl & PCI_EXP_DEVCTL_BCR_FLR));
	ck_assert_uint_eq(put(at + PCI_EXP_DEVCTL, 2, devctl), 0);
	ck_assert_uint_eq(put(at + PCI_EXP_DEVCTL, 1, 0xff), 0);
	ck_assert_uint_eq(put(at + PCI_EXP_DEVCTL, 2, devctl | PCI_EXP_DEVCTL_BCR_FLR),
			  VGPU_CONFIG_FLR);
	ck_assert_uint_eq(put(at + PCI_EXP_DEVCTL + 1, 1, 0x80), VGPU_CONFIG_FLR);
	ck_assert_uint_eq(put(at + PCI_EXP_DEVCTL - 2, 4, 0x80000000), VGPU_CONFIG_FLR);
	ck_assert_uint_eq(put(at + PCI_EXP_DEVSTA, 2, 0xffff), 0);
	/* It always reads 0. */
	ck_assert(!(get(at + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_BCR_FLR));
}
END_TEST

START_TEST(test_flr_keeps_command_and_bars)
{
	unsigned int at = capability(PCI_CAP_ID_EXP);

	put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	put(PCI_BASE_ADDRESS_0, 4, 0xfe000000);
	put(at + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	ck_assert_uint_eq(get(PCI_COMMAND, 2), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_0, 4), 0xfe000000);
}
END_TEST

START_TEST(test_msix_inert)
{
	unsigned int at = capability(PCI_CAP_ID_MSIX);

	ck_assert_uint_ne(at, 0);
	ck_assert_uint_eq(get(at + PCI_MSIX_FLAGS, 2), 1);
	ck_assert_uint_eq(get(at + PCI_MSIX_TABLE, 4), 0x2000);
	ck_assert_uint_eq(get(at + PCI_MSIX_PBA, 4), 0x3000);
	for (unsigned int i = 0; i < PCI_CAP_MSIX_SIZEOF; i++)
		ck_assert_uint_eq(put(at + i, 1, 0xff), 0);
	ck_assert_uint_eq(get(at + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE, 1);
	ck_assert_uint_eq(get(at + PCI_MSIX_TABLE, 4), 0x2000);
	ck_assert_uint_eq(get(at + PCI_MSIX_PBA, 4), 0x3000);
}
END_TEST

START_TEST(test_capabilities_run_out)
{
	unsigned int n = 0, at = get(PCI_CAPABILITY_LIST, 1), seen = 0;

	while (n < 100 && vgpu_config_add_msix(&config, 1, 0, 0, 0, 8))
		n++;
	ck_assert_msg(n > 0 && n < 30, "%u more capabilities fit", n);
	for (; at; at = get(at + 1, 1)) {
		seen++;
		ck_assert_msg(seen <= n + 2 && at < 256, "list: 0x%x", at);
	}
	ck_assert_uint_eq(seen, n + 2);
}
END_TEST

START_TEST(test_reset)
{
	struct vgpu_config fresh;

	setup();
	fresh = config;
	for (unsigned int i = 0; i < VGPU_CONFIG_SIZE; i++)
		put(i, 1, 0xa5);
	vgpu_config_reset(&config);
	ck_assert_mem_eq(config.data, fresh.data, sizeof(config.data));
}
END_TEST

START_TEST(test_class_changes)
{
	setup();
	vgpu_config_set_class(&config, 0x120001);
	ck_assert_uint_eq(get(PCI_CLASS_REVISION, 4), 0x12000107);
	vgpu_config_reset(&config);
	ck_assert_uint_eq(get(PCI_CLASS_REVISION, 4), 0x12000107);
}
END_TEST

START_TEST(test_outside)
{
	uint8_t bytes[8];

	memset(bytes, 0xff, sizeof(bytes));
	vgpu_config_read(&config, VGPU_CONFIG_SIZE - 4, 8, bytes);
	for (unsigned int i = 0; i < 8; i++)
		ck_assert_uint_eq(bytes[i], 0);
	ck_assert_uint_eq(put(VGPU_CONFIG_SIZE, 4, ~0u), 0);
	ck_assert_uint_eq(put(~0u, 4, ~0u), 0);
	ck_assert_uint_eq(put(VGPU_CONFIG_SIZE - 4, 4, ~0u), 0);
	ck_assert_uint_eq(get(VGPU_CONFIG_SIZE - 4, 4), 0);
}
END_TEST

/* Any write of 1, 2 or 4 bytes is the same as its bytes one by one. */
START_TEST(test_widths_agree)
{
	struct unit_random random = { unit_seed("config") };
	struct vgpu_config bytewise;

	for (unsigned int step = 0; step < 200000; step++) {
		unsigned int offset = unit_random(&random) % 260;
		unsigned int size = 1u << unit_random(&random) % 3;
		uint32_t value = (uint32_t)unit_random(&random);
		unsigned int flags, all = 0;

		bytewise = config;
		flags = put(offset, size, value);
		for (unsigned int i = 0; i < size; i++) {
			uint8_t byte = (uint8_t)(value >> (8 * i));

			all |= vgpu_config_write(&bytewise, offset + i, 1, &byte);
		}
		ck_assert_msg(flags == all && !memcmp(config.data, bytewise.data, 512),
			      "%u bytes 0x%x at 0x%x differ from single bytes", size,
			      value, offset);
	}
	/* Whatever was written: who walks the list comes to its end. */
	ck_assert_uint_eq(capability(0xfe), 0);
	ck_assert_uint_ne(capability(PCI_CAP_ID_EXP), 0);
	ck_assert_uint_ne(capability(PCI_CAP_ID_MSIX), 0);
}
END_TEST

/* What a guest has set is there after a move, and nothing else. */
START_TEST(test_moved)
{
	uint8_t bytes[VGPU_CONFIG_RW_SIZE];
	struct vgpu_config there = config;
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	unsigned int at;

	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_uint_eq(vgpu_config_restore(&config, bytes),
			  VGPU_CONFIG_MEMORY | VGPU_CONFIG_MASTER);
	for (at = 0; at < sizeof(bytes); at++) {
		uint8_t mask = config.writable[at] | config.clearable[at];

		ck_assert_msg(config.data[at] == (mask | config.power_on[at]),
			      "0x%x at 0x%x", config.data[at], at);
	}
	vgpu_config_reset(&config);
	vgpu_config_write(&config, PCI_COMMAND, 2, (const uint8_t *)&command);
	vgpu_config_write(&config, PCI_BASE_ADDRESS_0, 4, bytes);
	vgpu_config_read(&config, 0, sizeof(bytes), bytes);
	ck_assert_uint_eq(vgpu_config_restore(&there, bytes),
			  VGPU_CONFIG_MEMORY | VGPU_CONFIG_MASTER);
	ck_assert(!memcmp(there.data, config.data, sizeof(there.data)));
	ck_assert_uint_eq(vgpu_config_restore(&there, bytes), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, test_identity);
	tcase_add_test(tcase, test_bar_sizing);
	tcase_add_test(tcase, test_bad_bars);
	tcase_add_test(tcase, test_command);
	tcase_add_test(tcase, test_write_one_to_clear);
	tcase_add_test(tcase, test_pcie);
	tcase_add_test(tcase, test_flr_keeps_command_and_bars);
	tcase_add_test(tcase, test_msix_inert);
	tcase_add_test(tcase, test_capabilities_run_out);
	tcase_add_test(tcase, test_reset);
	tcase_add_test(tcase, test_class_changes);
	tcase_add_test(tcase, test_outside);
	tcase_add_test(tcase, test_widths_agree);
	tcase_add_test(tcase, test_moved);
	suite_add_tcase(suite, tcase);
	return unit_run(suite, "config");
}
