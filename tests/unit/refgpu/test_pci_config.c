// SPDX-License-Identifier: GPL-2.0-only
/* The config space of the reference GPU, walked as a PCI core walks it. */
#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "front/pci_config.h"
#include "unit.h"

static struct pci_config cfg;

static const struct pci_config_desc desc = {
	.vendor = 0x1234,
	.device = 0x5247,
	.subvendor = 0x1234,
	.subdevice = 7,
	.revision = 3,
	.class = 0x030200,
	.bars = {
		[0] = { 16 << 20, true, false },
		[2] = { 64ull << 30, true, true },
		[4] = { 8192, true, false },
	},
	.msix_vectors = 66,
	.msix_bar = 4,
	.msix_table = 0,
	.msix_pba = 4096,
};

static void setup(void)
{
	ck_assert_int_eq(pci_config_init(&cfg, &desc), 0);
}

static uint32_t get(unsigned int at, unsigned int len)
{
	uint32_t v = 0;

	pci_config_read(&cfg, at, &v, len);
	return v;
}

static unsigned int set(unsigned int at, uint32_t v, unsigned int len)
{
	return pci_config_write(&cfg, at, &v, len);
}

static unsigned int find_cap(unsigned int id)
{
	unsigned int at = get(PCI_CAPABILITY_LIST, 1), steps;

	for (steps = 0; at && steps < 48; steps++) {
		ck_assert_uint_ge(at, 0x40);
		ck_assert_uint_eq(at % 4, 0);
		if (get(at, 1) == id)
			return at;
		at = get(at + 1, 1);
	}
	ck_assert_msg(steps < 48, "the capability list has no end");
	return 0;
}

START_TEST(identity)
{
	ck_assert_uint_eq(get(PCI_VENDOR_ID, 4), 0x52471234);
	ck_assert_uint_eq(get(PCI_CLASS_REVISION, 4), 0x03020003);
	ck_assert_uint_eq(get(PCI_SUBSYSTEM_VENDOR_ID, 4), 0x00071234);
	ck_assert_uint_eq(get(PCI_HEADER_TYPE, 1), 0);
	ck_assert_uint_eq(get(PCI_INTERRUPT_PIN, 1), 0);
	ck_assert(get(PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	set(PCI_VENDOR_ID, 0, 4);
	ck_assert_uint_eq(get(PCI_VENDOR_ID, 4), 0x52471234);
	ck_assert_uint_eq(find_cap(0x77), 0);
}
END_TEST

START_TEST(bar_sizing)
{
	uint64_t size;
	unsigned int i;

	for (i = 0; i < 6; i++)
		set(PCI_BASE_ADDRESS_0 + 4 * i, UINT32_MAX, 4);
	for (i = 0; i < 6; i += 2) {
		uint64_t v = get(PCI_BASE_ADDRESS_0 + 4 * i, 4) |
			(uint64_t)get(PCI_BASE_ADDRESS_0 + 4 * i + 4, 4) << 32;

		ck_assert_uint_eq(v & PCI_BASE_ADDRESS_MEM_TYPE_MASK, PCI_BASE_ADDRESS_MEM_TYPE_64);
		ck_assert_uint_eq(!!(v & PCI_BASE_ADDRESS_MEM_PREFETCH), i == 2);
		size = ~(v & PCI_BASE_ADDRESS_MEM_MASK) + 1;
		ck_assert_uint_eq(size, desc.bars[i].size);
	}
	set(PCI_BASE_ADDRESS_0, 0xfe123456, 4);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_0, 4), 0xfe000004);
}
END_TEST

START_TEST(command)
{
	ck_assert(!pci_config_bus_master(&cfg));
	ck_assert_uint_eq(set(PCI_COMMAND, 0xffff, 2), PCI_CONFIG_EVENT_COMMAND);
	ck_assert(pci_config_bus_master(&cfg));
	ck_assert_uint_eq(get(PCI_COMMAND, 2), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			  PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	/* The same again changes nothing; one byte of it does. */
	ck_assert_uint_eq(set(PCI_COMMAND, 0xffff, 2), 0);
	ck_assert_uint_eq(set(PCI_COMMAND, 0, 1), PCI_CONFIG_EVENT_COMMAND);
	ck_assert(!pci_config_bus_master(&cfg));
	ck_assert_uint_eq(get(PCI_COMMAND, 2), PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
}
END_TEST

START_TEST(express_and_reset)
{
	unsigned int at = find_cap(PCI_CAP_ID_EXP);

	ck_assert_uint_ne(at, 0);
	ck_assert_uint_eq((get(at + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE) >> 4,
			  PCI_EXP_TYPE_ENDPOINT);
	ck_assert(get(at + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	set(PCI_COMMAND, PCI_COMMAND_MASTER, 2);
	set(PCI_BASE_ADDRESS_0, 0xfe000000, 4);
	ck_assert_uint_eq(set(at + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_CERE, 2), 0);
	ck_assert(get(at + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_CERE);
	ck_assert_uint_eq(set(at + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2),
			  PCI_CONFIG_EVENT_FLR | PCI_CONFIG_EVENT_COMMAND);
	ck_assert(!(get(at + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_BCR_FLR));
	ck_assert_uint_eq(get(PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(get(PCI_BASE_ADDRESS_0, 4), 0x4);
	/* by byte, as some software does */
	ck_assert(set(at + PCI_EXP_DEVCTL + 1, 0x80, 1) & PCI_CONFIG_EVENT_FLR);
	/* Device status sits behind device control: its bits clear, they do not set. */
	set(at + PCI_EXP_DEVSTA, 0xffff, 2);
	ck_assert_uint_eq(get(at + PCI_EXP_DEVSTA, 2), 0);
}
END_TEST

START_TEST(msix)
{
	unsigned int at = find_cap(PCI_CAP_ID_MSIX);

	ck_assert_uint_ne(at, 0);
	ck_assert_uint_eq(get(at + PCI_MSIX_FLAGS, 2), 65);
	ck_assert_uint_eq(get(at + PCI_MSIX_TABLE, 4), 4);
	ck_assert_uint_eq(get(at + PCI_MSIX_PBA, 4), 4096 | 4);
	set(at + PCI_MSIX_FLAGS, 0xffff, 2);
	ck_assert_uint_eq(get(at + PCI_MSIX_FLAGS, 2),
			  65 | PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
}
END_TEST

START_TEST(power_management)
{
	unsigned int at = find_cap(PCI_CAP_ID_PM);

	ck_assert_uint_ne(at, 0);
	ck_assert(get(at + PCI_PM_CTRL, 2) & PCI_PM_CTRL_NO_SOFT_RESET);
	set(at + PCI_PM_CTRL, 3, 2);
	ck_assert_uint_eq(get(at + PCI_PM_CTRL, 2), PCI_PM_CTRL_NO_SOFT_RESET | 3);
}
END_TEST

START_TEST(extended)
{
	uint32_t header = get(0x100, 4);

	ck_assert_uint_eq(PCI_EXT_CAP_ID(header), PCI_EXT_CAP_ID_ERR);
	ck_assert_uint_eq(PCI_EXT_CAP_NEXT(header), 0);
	set(0x100 + PCI_ERR_UNCOR_MASK, UINT32_MAX, 4);
	ck_assert_uint_ne(get(0x100 + PCI_ERR_UNCOR_MASK, 4), 0);
	set(0x100 + PCI_ERR_UNCOR_STATUS, UINT32_MAX, 4);
	ck_assert_uint_eq(get(0x100 + PCI_ERR_UNCOR_STATUS, 4), 0);
}
END_TEST

START_TEST(serial_number)
{
	struct pci_config_desc other = desc;
	uint32_t header;

	other.serial = 0x0123456789abcdef;
	ck_assert_int_eq(pci_config_init(&cfg, &other), 0);
	header = get(PCI_EXT_CAP_NEXT(get(0x100, 4)), 4);
	ck_assert_uint_eq(PCI_EXT_CAP_ID(header), PCI_EXT_CAP_ID_DSN);
	ck_assert_uint_eq(PCI_EXT_CAP_NEXT(header), 0);
	set(PCI_EXT_CAP_NEXT(get(0x100, 4)) + 4, 0, 4);
	ck_assert_uint_eq(get(PCI_EXT_CAP_NEXT(get(0x100, 4)) + 4, 4), 0x89abcdef);
	ck_assert_uint_eq(get(PCI_EXT_CAP_NEXT(get(0x100, 4)) + 8, 4), 0x01234567);
}
END_TEST

START_TEST(whole_and_beyond)
{
	static uint8_t all[PCI_CONFIG_SIZE + 16], again[PCI_CONFIG_SIZE];
	unsigned int i;

	pci_config_read(&cfg, 0, all, sizeof(all));
	ck_assert_uint_eq(all[0], 0x34);
	ck_assert_uint_eq(all[PCI_CONFIG_SIZE], 0xff);
	pci_config_read(&cfg, UINT64_MAX, all, 4);
	ck_assert_uint_eq(all[0], 0xff);
	ck_assert_uint_eq(set(PCI_CONFIG_SIZE - 1, UINT32_MAX, 4), 0);
	ck_assert_uint_eq(pci_config_write(&cfg, UINT64_MAX - 1, all, 4), 0);

	/* Everything written with ones, then zeroes, then reset: as it was. */
	pci_config_read(&cfg, 0, again, sizeof(again));
	for (i = 0; i < PCI_CONFIG_SIZE; i++)
		if (i != cfg.express + PCI_EXP_DEVCTL + 1)
			ck_assert(!(set(i, 0xff, 1) & PCI_CONFIG_EVENT_FLR));
	for (i = 0; i < PCI_CONFIG_SIZE; i++)
		set(i, 0, 1);
	pci_config_reset(&cfg);
	pci_config_read(&cfg, 0, all, PCI_CONFIG_SIZE);
	ck_assert_mem_eq(all, again, PCI_CONFIG_SIZE);
}
END_TEST

START_TEST(nonsense)
{
	struct pci_config_desc d = desc;

	d.bars[0].size = 3 << 20;
	ck_assert_int_eq(pci_config_init(&cfg, &d), -EINVAL);
	d = desc;
	d.bars[2].wide = false;
	ck_assert_int_eq(pci_config_init(&cfg, &d), -EINVAL);
	d = desc;
	d.bars[3].size = 4096;
	ck_assert_int_eq(pci_config_init(&cfg, &d), -EINVAL);
	d = desc;
	d.msix_pba = 512;
	ck_assert_int_eq(pci_config_init(&cfg, &d), -EINVAL);
	d = desc;
	d.msix_vectors = 2048;
	ck_assert_int_eq(pci_config_init(&cfg, &d), -EINVAL);
	d = desc;
	d.msix_pba = 8192;
	ck_assert_int_eq(pci_config_init(&cfg, &d), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pci_config");
	TCase *tc = tcase_create("pci_config");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, identity);
	tcase_add_test(tc, bar_sizing);
	tcase_add_test(tc, command);
	tcase_add_test(tc, express_and_reset);
	tcase_add_test(tc, msix);
	tcase_add_test(tc, power_management);
	tcase_add_test(tc, extended);
	tcase_add_test(tc, serial_number);
	tcase_add_test(tc, whole_and_beyond);
	tcase_add_test(tc, nonsense);
	suite_add_tcase(s, tc);
	return unit_run(s, "test_pci_config");
}
