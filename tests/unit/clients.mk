# SPDX-License-Identifier: GPL-2.0-only
#
# test_clients.py has a model of a GPU that places vGPUs with the module's source.

$(OUT)/test_clients: $(OUT)/libbuddy.so clients.py

$(OUT)/libbuddy.so: $(TOP)/kernel/host/place/buddy.c $(TOP)/kernel/host/place/buddy.h
	@mkdir -p $(OUT)
	$(CC) $(CFLAGS) -std=gnu11 -fPIC -shared -I$(TOP)/kernel/host $< -o $@
