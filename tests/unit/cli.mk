# SPDX-License-Identifier: GPL-2.0-only
#
# test_cli*.py run a sanitized openvgpu that lies beside them.

$(patsubst test_%.py,$(OUT)/test_%,$(wildcard test_cli*.py)): $(OUT)/openvgpu

$(OUT)/openvgpu: $(TOP)/uapi/openvgpu_settings.h $(wildcard $(foreach d,openvgpu libopenvgpu,$(TOP)/tools/$(d)/*.[ch] \
			$(TOP)/tools/$(d)/Makefile))
	$(MAKE) -C $(TOP)/tools/openvgpu O=$(OUT) SANITIZE=1 CFLAGS="$(CFLAGS)"
