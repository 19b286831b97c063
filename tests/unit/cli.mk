# SPDX-License-Identifier: GPL-2.0-only
#
# test_cli*.py run a sanitized openvgpu that lies beside them.

$(OUT)/test_cli $(OUT)/test_cli_sched $(OUT)/test_cli_top: $(OUT)/openvgpu

$(OUT)/openvgpu: $(wildcard $(TOP)/tools/openvgpu/*.[ch] $(TOP)/tools/openvgpu/Makefile)
	$(MAKE) -C $(TOP)/tools/openvgpu O=$(OUT) SANITIZE=1 CFLAGS="$(CFLAGS)"
