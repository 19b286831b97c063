# SPDX-License-Identifier: GPL-2.0-only
#
# test_cli.py runs a sanitized openvgpu that lies beside it.

$(OUT)/test_cli: $(OUT)/openvgpu

$(OUT)/openvgpu: $(wildcard $(TOP)/tools/openvgpu/*.[ch] $(TOP)/tools/openvgpu/Makefile)
	$(MAKE) -C $(TOP)/tools/openvgpu O=$(OUT) SANITIZE=1 CFLAGS="$(CFLAGS)"
