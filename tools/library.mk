# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A C library, built into $(BUILD)/tools: NAME.so.N and NAME.a. O=DIR names another
# place, SANITIZE=1 adds the address and undefined behaviour sanitizers,
# SANITIZE=thread that for threads. LIBDIR is where it is installed.
#
# Included by the Makefile of a library's folder, which sets
#
#	NAME	as libopenvgpu; NAME.map has the exported symbols, NAME.pc.in is for
#		pkg-config
#	ABI	the number in the library's name
#	RELEASE	that of its file; a release that adds functions raises the second part
#	PARTS	the sources without ".c"
#	HEADERS	what is installed below INCLUDEDIR
#	PAGES	pattern of the names of its functions and manual pages
#	LIBRARY_CFLAGS	for its sources, beside the usual ones

BUILD ?= $(abspath ../../build)
O ?= $(BUILD)/tools
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man
INCLUDEDIR ?= $(PREFIX)/include
include ../version.mk

SONAME := $(NAME).so.$(ABI)

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wwrite-strings -Werror=format -Werror=implicit-function-declaration
ifeq ($(SANITIZE),1)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
else ifeq ($(SANITIZE),thread)
SANITIZERS := -fsanitize=thread -fno-omit-frame-pointer
endif

D := $(O)/$(NAME).d
OBJECTS := $(PARTS:%=$(D)/%.o)

all: $(O)/$(NAME).a $(O)/$(SONAME)

# A sanitizer's library has to be linked by the program that it is for.
$(O)/$(SONAME): $(OBJECTS) $(NAME).map Makefile ../library.mk
	$(CC) $(CFLAGS) $(SANITIZERS) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) \
		-Wl,--version-script,$(NAME).map \
		$(if $(SANITIZERS),,-Wl,-z,defs) -o $@ $(OBJECTS)
	ln -sf $(SONAME) $(O)/$(NAME).so

$(O)/$(NAME).a: $(OBJECTS)
	$(RM) $@
	$(AR) rcs $@ $(OBJECTS)

$(D)/%.o: %.c Makefile ../library.mk
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARNINGS) $(SANITIZERS) -fPIC \
		-I../../uapi -D_GNU_SOURCE -DOPENVGPU_VERSION='"$(OPENVGPU_VERSION)"' \
		$(LIBRARY_CFLAGS) -MMD -MP -c -o $@ $<

install: all
	install -D -m 644 $(O)/$(SONAME) \
		$(DESTDIR)$(LIBDIR)/$(NAME).so.$(RELEASE)
	ln -sf $(NAME).so.$(RELEASE) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/$(NAME).so
	install -m 644 $(O)/$(NAME).a $(DESTDIR)$(LIBDIR)/$(NAME).a
	install -D -m 644 -t $(DESTDIR)$(INCLUDEDIR) $(HEADERS)
	@mkdir -p $(DESTDIR)$(LIBDIR)/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(OPENVGPU_VERSION)|' \
		-e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' \
		-e 's|@INCLUDEDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' \
		$(NAME).pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/$(NAME).pc
# On this machine, programs find it from now on; PATH of "su" lacks /sbin.
	$(if $(DESTDIR),,[ "$$(id -u)" != 0 ] || PATH=$$PATH:/usr/sbin:/sbin ldconfig)
# tools/dist installs the pages; here are the other names that they have.
	@mkdir -p $(DESTDIR)$(MANDIR)/man3
	set -e; for page in ../dist/man/$(PAGES).3; do \
		page=$${page##*/}; \
		sed -n 's/^\.Nm \($(subst *,[a-z_]*,$(PAGES))\)\( ,\)*$$/\1.3/p' \
			../dist/man/$$page | \
		while read -r name; do \
			[ $$name = $$page ] || ln -sf $$page $(DESTDIR)$(MANDIR)/man3/$$name; \
		done; \
	done

clean:
	$(RM) -r $(D) $(O)/$(NAME).a $(O)/$(NAME).so*

.PHONY: all install clean

-include $(OBJECTS:.o=.d)
