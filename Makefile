# SPDX-License-Identifier: GPL-2.0-only
#
# OpenVGPU: module, tools and tests. `make help` lists the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=
INSTALL_MOD_PATH ?=
BUILD ?= $(CURDIR)/build
KERNEL ?=

export BUILD PREFIX DESTDIR

MODULE := $(BUILD)/module/native
VM := tests/vm

all: tools modules

help:
	@echo 'Build and install'
	@echo '  make [all]          tools and kernel module'
	@echo '  make tools          tools only: openvgpu, refgpu, openvgpu-entitled'
	@echo '  make modules        kernel module; KDIR=FOLDER names the kernel build folder'
	@echo '                      (default: the running kernel'"'"'s headers)'
	@echo '  make install        install both; DESTDIR, PREFIX (/usr/local), INSTALL_MOD_PATH'
	@echo '  make uninstall      remove what install made, with the same variables'
	@echo '  make web            the page in Cockpit (node, npm), which install and deb then have'
	@echo '  make deb            Debian packages into build/deb'
	@echo '  make clean          remove build/'
	@echo
	@echo 'Try it (root, Debian 12 or 13; the first run sets up a test machine in a cache)'
	@echo '  make demo           guests compute on one GPU, show a desktop and a console'
	@echo '  make vm-shell       a prompt in the host machine; KERNEL=6.1|6.12|7.2'
	@echo
	@echo 'Test'
	@echo '  make check          every layer, on three kernels'
	@echo '  make check-full     every suite on every kernel and the debug kernel; goes on'
	@echo '                      where a former run of the same files ended'
	@echo '  make check-unit     unit tests (user space)'
	@echo '  make check-fuzz     fuzz targets of the parsers, with fixed inputs (user space)'
	@echo '  make check-web      the page in Cockpit, in a browser; part of check-full (root)'
	@echo '  make check-vm       tests in the machine; KERNEL=6.1|6.12|7.2 for one of them'
	@echo '  make check-headers  builds the module against the headers of every kernel'
	@echo '  make check-debug    the same on a kernel with KASAN, lockdep, kmemleak'
	@echo '  make fuzz MINUTES=N new random inputs for so long; SEED=S repeats them'
	@echo '  make coverage       lines of the module that SUITES (default: fuzz-vmm, fuzz-alloc)'
	@echo '                      reach, on the debug kernel'
	@echo '  make lint           checkpatch, sparse, W=1, ranks, licences, shellcheck'
	@echo '  make bench          benchmarks; results in build/bench'
	@echo '  make deps           install what building and testing needs, build the test machine'

tools:
	$(MAKE) -C tools all

modules: $(KDIR)/Makefile
	@mkdir -p $(MODULE)
	@cp -au Kbuild kernel uapi $(MODULE)/
	$(MAKE) -C $(KDIR) M=$(MODULE) modules

$(KDIR)/Makefile:
	@echo 'No kernel headers in $(KDIR).' >&2
	@echo 'Install them (Debian: apt install linux-headers-amd64), or name a kernel build' >&2
	@echo 'folder with make modules KDIR=FOLDER. make tools builds the user-space part.' >&2
	@false

# Packages run depmod and ldconfig themselves, on the machine they are installed
# on. Kbuild would run depmod, but not with Debian's headers, which come without
# System.map.
install: install-tools install-modules

install-tools: tools
	$(MAKE) -C tools install

install-modules: modules
	$(MAKE) -C $(KDIR) M=$(MODULE) INSTALL_MOD_DIR=updates \
		INSTALL_MOD_PATH=$(DESTDIR)$(INSTALL_MOD_PATH) \
		DEPMOD=true modules_install
	$(if $(DESTDIR)$(INSTALL_MOD_PATH),,depmod -a $$(cat $(KDIR)/include/config/kernel.release))

# Removes what an installation now would make, so the list can't be out of date.
# What an administrator wrote stays.
uninstall:
	rm -rf $(BUILD)/uninstall
	$(MAKE) -C tools install DESTDIR=$(BUILD)/uninstall
	cd $(BUILD)/uninstall && find . ! -type d | while read -r file; do \
		rm -f "$(DESTDIR)/$$file"; \
	done
	cd $(BUILD)/uninstall && find . -depth -mindepth 3 -type d | while read -r folder; do \
		rmdir "$(DESTDIR)/$$folder" 2>/dev/null || true; \
	done
	rm -f $(DESTDIR)$(INSTALL_MOD_PATH)/lib/modules/*/updates/openvgpu.ko* \
		$(DESTDIR)$(INSTALL_MOD_PATH)/lib/modules/*/updates/kernel/guest/refgpu.ko*
	$(if $(DESTDIR)$(INSTALL_MOD_PATH),,depmod -a)
	$(if $(DESTDIR),,[ "$$(id -u)" != 0 ] || ldconfig)

web:
	$(MAKE) -C tools/cockpit web

deb:
	tools/dist/build-deb $(BUILD)

clean:
	rm -rf $(BUILD)

deps:
	$(VM)/setup

check:
	$(VM)/setup
	$(VM)/check-all unit fuzz 6.12 7.2 6.1

check-full:
	$(VM)/setup --debug-kernel
	$(VM)/check-all --full unit fuzz web 6.12 7.2 6.1 debug

check-unit:
	$(MAKE) -C tests/kernels all
	$(MAKE) -C tests/unit check

check-fuzz:
	tests/fuzz/run

check-web:
	tests/web/run

check-vm:
	$(VM)/setup
	$(VM)/check-all $(or $(KERNEL),6.12 7.2 6.1)

check-headers:
	$(VM)/setup
	$(VM)/check-headers

check-debug:
	$(VM)/setup --debug-kernel
	$(VM)/check-all debug

fuzz:
	$(VM)/setup
	tests/fuzz/campaign $(or $(MINUTES),10) $(SEED)

coverage: SUITES ?= fuzz-vmm fuzz-alloc
coverage:
	$(VM)/setup --debug-kernel
	COVERAGE=1 $(VM)/check debug $(SUITES)
	$(VM)/coverage $(SUITES:%=debug-%)

vm-shell:
	$(VM)/setup
	$(VM)/build-for-vm $(or $(KERNEL),6.12)
	$(VM)/host --shell --name shell --kernel $(or $(KERNEL),6.12)

demo:
	$(VM)/setup
	$(VM)/demo

lint:
	$(VM)/setup
	$(VM)/lint

bench:
	$(VM)/setup
	tests/bench/run

.PHONY: all help tools modules install install-tools install-modules uninstall web deb \
	clean deps \
	check check-full check-unit check-fuzz check-web check-vm check-headers check-debug fuzz coverage \
	vm-shell demo lint bench
