// SPDX-License-Identifier: GPL-2.0-only
/*
 * native_registers.c - fuzzes the control page of the native personality: a guest
 * that reads and writes it, while commands and resets come to their end
 */
#include "fuzz.h"
#include "personality/native_registers.h"

#define CONSTANTS	3	/* the first registers of the struct */

/*
 * What the page should know of commands: one waits, and which; one is executed,
 * and was dropped meanwhile.
 */
static bool queued, executing, dropped;
static struct native_map wanted;
static unsigned int generation;

static void check_page(const struct native_registers *page, const uint64_t *constants)
{
	FUZZ_CHECK(page->features == constants[0] && page->framebuffer == constants[1] &&
		   page->sysmem_pages == constants[2], "a constant changed");
}

/* Whatever a driver says of itself, what is said of it is one short line. */
static void check_driver(uint64_t driver)
{
	bool mismatch = native_verdict(driver) >= OPENVGPU_NATIVE_GUEST_TOO_OLD;
	char line[48], why[256];

	native_driver_text(driver, line, sizeof(line));
	FUZZ_CHECK(strlen(line) >= 4 && strlen(line) < sizeof(line) - 1 && !strchr(line, '\n'),
		   "'%s'", line);
	FUZZ_CHECK(native_mismatch_text(driver, why, sizeof(why)) == mismatch,
		   "verdict %d", native_verdict(driver));
	FUZZ_CHECK(!mismatch || strlen(why) < 200, "%zu characters", strlen(why));
}

static void write_some(struct fuzz *fuzz, struct native_registers *page,
		       uint64_t offset, unsigned int size)
{
	struct native_registers before = *page;
	uint64_t value = fuzz_number(fuzz, size);
	unsigned int result = native_registers_write(page, offset, size, value);
	uint64_t fresh;

	FUZZ_CHECK(!(result & ~(NATIVE_BAD | NATIVE_RAISE | NATIVE_MAP | NATIVE_RESET |
				NATIVE_DRIVER)), "result 0x%x", result);
	if (result & NATIVE_BAD)
		FUZZ_CHECK(result == NATIVE_BAD && !memcmp(page, &before, sizeof(before)),
			   "a bad write at 0x%llx did something", (unsigned long long)offset);
	if (result & NATIVE_MAP) {
		FUZZ_CHECK(!before.map_blocked && !before.reset_wanted &&
			   !before.reset_running && before.map_status != OPENVGPU_NATIVE_BUSY,
			   "a command while another, or a reset, is carried out");
		FUZZ_CHECK(page->map_status == OPENVGPU_NATIVE_BUSY &&
			   page->job.list == page->map.list && page->job.first == page->map.first &&
			   page->job.pages == page->map.pages, "another command than was asked for");
		queued = true;
		wanted = page->job;
	} else {
		FUZZ_CHECK(!memcmp(&page->job, &before.job, sizeof(before.job)) &&
			   page->map_status == before.map_status,
			   "the command changed while it is carried out");
	}
	if (result & NATIVE_RAISE) {
		fresh = page->event_enable & ~before.event_enable;
		FUZZ_CHECK(fresh & page->event_status, "an interrupt for nothing");
	}
	FUZZ_CHECK(!(result & NATIVE_RESET) || page->reset_wanted, "no reset is wanted");
	check_driver(page->guest_driver);
}

static void read_some(const struct native_registers *page, uint64_t offset,
		      unsigned int size)
{
	bool bad = false, bad_half = false;
	uint64_t value = native_registers_read(page, offset, size, &bad), halves;

	FUZZ_CHECK(!bad || !value, "a bad read gives 0x%llx", (unsigned long long)value);
	FUZZ_CHECK(size == 8 || !(value >> (8 * size)), "%u bytes read 0x%llx", size,
		   (unsigned long long)value);
	if (size != 8 || bad)
		return;
	halves = native_registers_read(page, offset, 4, &bad_half) |
		 native_registers_read(page, offset + 4, 4, &bad_half) << 32;
	FUZZ_CHECK(!bad_half && halves == value, "0x%llx in halves 0x%llx",
		   (unsigned long long)value, (unsigned long long)halves);
}

/* The work item of the module that executes commands. */
static void worker(struct fuzz *fuzz, struct native_registers *page)
{
	uint64_t status = fuzz_below(fuzz, OPENVGPU_NATIVE_NO_MEMORY + 1);
	struct native_map job = { 0 };
	bool went;

	if (!executing) {
		went = native_registers_take(page, &job, &generation);
		FUZZ_CHECK(went == queued, "a command %s", went ? "that was dropped" : "is lost");
		FUZZ_CHECK(!went || !memcmp(&job, &wanted, sizeof(job)),
			   "another command than was asked for");
		executing = went;
		dropped = false;
		queued = false;
		return;
	}
	went = native_registers_complete(page, generation, status);
	FUZZ_CHECK(went != dropped, "the end of a command that was %sdropped",
		   dropped ? "" : "not ");
	FUZZ_CHECK(!went || page->map_status == status, "status %llu",
		   (unsigned long long)page->map_status);
	executing = false;
}

/* What the module does between a guest's accesses. */
static void module(struct fuzz *fuzz, struct native_registers *page)
{
	uint64_t events = fuzz_number(fuzz, 1);
	unsigned int result;

	switch (fuzz_below(fuzz, 7)) {
	case 0:
	case 1:
		worker(fuzz, page);
		return;
	case 2:
		result = native_registers_event(page, events);
		FUZZ_CHECK(result == (events & page->event_enable ? NATIVE_RAISE : 0),
			   "events 0x%llx of 0x%llx: 0x%x", (unsigned long long)events,
			   (unsigned long long)page->event_enable, result);
		FUZZ_CHECK((page->event_status & events) == events, "an event is lost");
		return;
	case 3:
		native_registers_stop(page);
		queued = false;
		dropped = true;
		return;
	case 4:
		page->reset_running = page->reset_wanted;
		page->reset_wanted = false;
		return;
	case 5:
		page->reset_running = false;
		return;
	default:
		native_registers_stop(page);
		queued = false;
		dropped = true;
		native_registers_reset(page);
		FUZZ_CHECK(!page->event_status && !page->event_enable && !page->map.list &&
			   page->map_status == OPENVGPU_NATIVE_OK && !page->map_blocked &&
			   !page->guest_driver,
			   "a reset leaves something");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct native_registers *page = calloc(1, sizeof(*page));
	struct fuzz fuzz = { data, size };
	uint64_t constants[CONSTANTS];
	unsigned int i;

	if (!page)
		return 0;
	for (i = 0; i < CONSTANTS; i++)
		constants[i] = fuzz_number(&fuzz, 4);
	queued = false;
	executing = false;
	dropped = false;
	page->features = constants[0];
	page->framebuffer = constants[1];
	page->sysmem_pages = constants[2];
	native_registers_reset(page);
	while (fuzz.left) {
		unsigned int what = (unsigned int)fuzz_number(&fuzz, 1);
		unsigned int bytes = 1u << (what >> 6);
		uint64_t offset = fuzz_below(&fuzz, what & 0x20 ? 0x4000 : 0xb8);

		/* vgpu/region.c splits accesses so that they are aligned. */
		offset &= ~(uint64_t)(bytes - 1);
		if ((what & 7) == 0)
			module(&fuzz, page);
		else if ((what & 7) < 3)
			read_some(page, offset, bytes);
		else
			write_some(&fuzz, page, offset, bytes);
		check_page(page, constants);
	}
	free(page);
	return 0;
}
