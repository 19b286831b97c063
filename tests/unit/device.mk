# SPDX-License-Identifier: GPL-2.0-only
# The device core of refgpu, tested without a front end.
DEVICE := $(GRID) $(wildcard $(REFGPU)/device/*.c)
SOURCES_memory := $(REFGPU)/cpu/memory.c
SOURCES_packets := $(GRID) $(REFGPU)/device/packets.c
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
