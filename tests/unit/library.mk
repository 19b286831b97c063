# SPDX-License-Identifier: GPL-2.0-only
# libopenvgpu, on made-up trees and in network namespaces of its own.
comma := ,
LIBRARY := $(wildcard $(TOP)/tools/libopenvgpu/*.c)
LIBRARY_FLAGS := -D_GNU_SOURCE -DOPENVGPU_VERSION='"1.2.3"'
SOURCES_library := $(LIBRARY)
CFLAGS_library := $(LIBRARY_FLAGS)
# It makes memory run out.
LIBS_library := $(addprefix -Wl$(comma)--wrap=,malloc calloc reallocarray strdup)
SOURCES_library_events := $(LIBRARY)
CFLAGS_library_events := $(LIBRARY_FLAGS)
SOURCES_library_threads := $(LIBRARY)
CFLAGS_library_threads := $(LIBRARY_FLAGS)
$(OUT)/test_library_threads: SANITIZE = -fsanitize=thread -Wno-tsan
$(addprefix $(OUT)/test_library,$(empty) _events _threads): $(wildcard $(TOP)/tools/libopenvgpu/*.h)

$(OUT)/test_cli_set: $(OUT)/openvgpu
$(OUT)/test_library_abi: $(OUT)/openvgpu
