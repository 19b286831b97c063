# SPDX-License-Identifier: GPL-2.0-only
#
# What the OpenCL library and its compiler are built with. Where something is missing
# OPENCL_MISSING names it, and the library is left out.

OPENCL_CLANG ?= clang-19
OPENCL_LIBCLC ?= /usr/lib/clc/nvptx64--.bc
OPENCL_MISSING := $(strip \
	$(if $(wildcard /usr/include/CL/cl_icd.h),,opencl-c-headers) \
	$(if $(shell command -v $(OPENCL_CLANG)),,$(OPENCL_CLANG)) \
	$(if $(wildcard $(OPENCL_LIBCLC)),,libclc-19) \
	$(if $(shell command -v ld.lld-19),,lld-19))
OPENCL_NOTE = OpenCL is left out: it needs $(OPENCL_MISSING)
