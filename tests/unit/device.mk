# SPDX-License-Identifier: GPL-2.0-only
# The device core of refgpu, tested without a front end.
DEVICE := $(GRID) $(addprefix $(REFGPU)/,context.c crc32.c device.c engine.c events.c head.c \
	  inject.c job.c packets.c partition.c registers.c scanout.c service.c stats.c user_page.c)
SOURCES_memory := $(REFGPU)/memory.c
SOURCES_packets := $(REFGPU)/packets.c
SOURCES_run_control := $(DEVICE)
SOURCES_rings := $(DEVICE)
SOURCES_commands := $(DEVICE)
SOURCES_registers := $(DEVICE)
SOURCES_isolation := $(DEVICE)
SOURCES_device_threads := $(DEVICE)
# Threads are for the thread sanitizer, which does not mix with the others.
$(OUT)/test_device_threads: SANITIZE = -fsanitize=thread -Wno-tsan

# The table of all registers, out of the header itself.
CFLAGS_registers := -I$(OUT)
$(OUT)/test_registers: $(OUT)/registers.inc
$(OUT)/registers.inc: registers.py $(TOP)/uapi/refgpu_hw.h
	@mkdir -p $(OUT)
	python3 registers.py $(TOP)/uapi/refgpu_hw.h > $@
