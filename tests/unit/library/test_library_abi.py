#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""libopenvgpu as others use it, see abi.py."""

import glob
import os
import re
import shutil
import subprocess
import unittest

from abi import Abi, run
from cli_machine import GPU, IDLE, USED, Machine, main
from tree import OUT, TOP, read

FILES = os.path.join(TOP, "tools/libopenvgpu/files.h")


class Library(Abi, unittest.TestCase):
    NAME = "libopenvgpu"
    HEADER = "openvgpu.h"
    PREFIX = "ovgpu_"
    SYMBOLS = "OVGPU_0"
    FUNCTIONS = 30
    LAYOUT = "tests/unit/library/library_abi.c"
    MOVED = ("ovgpu_vgpu", "ovgpu_vgpu.uuid has moved")
    CALLS = "openat"

    def test_pages_name_each_event(self):
        pages = "".join(read(path) for path in
                        glob.glob(os.path.join(TOP, "tools/dist/man/ovgpu_*.3")))
        events = re.findall(r"^\t(OVGPU_EVENT_\w+),", self.header(), re.M)
        self.assertGreater(len(events), 5)
        for name in events:
            self.assertIn(name, pages)

    def test_example(self):
        """doc/example-list.c, built as its comment says, with either library."""
        machine = Machine()
        self.addCleanup(shutil.rmtree, machine.top)
        machine.add_gpu(GPU, {"1q": (1024, 1, 0), "256mq": (256, 4, 2)})
        machine.add_vgpu(IDLE, GPU, "256mq")
        machine.add_vgpu(USED, GPU, "256mq", "open", 4242)
        machine.write(f"sys/devices/pci0000:00/{GPU}/{USED}/stats/run_ns",
                      "1500000000\n")
        source = os.path.join(TOP, "doc/example-list.c")
        self.assertIn("$(pkg-config --cflags --libs libopenvgpu)", read(source))
        program = os.path.join(self.place, "example-list")
        archive = os.path.join(self.libdir, "libopenvgpu.a")
        for libs in (self.flags("--libs"), [archive]):
            run("cc", "-Wall", "-Wextra", "-Werror", source,
                *self.flags("--cflags"), *libs, "-o", program)
            out = run(program, machine.path("sys"),
                      env={"LD_LIBRARY_PATH": self.libdir})
            self.assertEqual(out, f"""\
GPU {GPU}
  type openvgpu-256mq: 2 more can be created
  type openvgpu-1q: 0 more can be created
  vGPU {USED} openvgpu-256mq, used by process 4242, ran for 1.500 s
  vGPU {IDLE} openvgpu-256mq
""")
        done = subprocess.run([program, "/nowhere"], capture_output=True, check=False,
                              env={"LD_LIBRARY_PATH": self.libdir})
        self.assertEqual((done.returncode, done.stderr),
                         (1, b"cannot look at this machine: No such file or directory\n"))

    def test_install_tells_the_linker(self):
        """Programs find the library at once, unless it goes into a package."""
        fake, told = os.path.join(self.place, "bin"), os.path.join(self.place, "told")
        os.mkdir(fake)
        for name, body in (("ldconfig", f"echo told >>{told}"), ("id", "echo 0")):
            with open(os.path.join(fake, name), "w", encoding="ascii") as file:
                file.write(f"#!/bin/sh\n{body}\n")
            os.chmod(file.name, 0o755)
        env = dict(self.environment(), PATH=f"{fake}:{os.environ['PATH']}")
        for destdir, wanted in ((self.place + "/package", False), ("", True)):
            run("make", "-s", "-C", self.source, "install", f"O={self.build}",
                f"DESTDIR={destdir}", f"PREFIX={self.place}/installed",
                "SANITIZE=", "CFLAGS=-O2 -g", env=env)
            self.assertEqual(os.path.exists(told), wanted)
        self.assertTrue(os.path.exists(f"{self.place}/installed/lib/libopenvgpu.so.0"))

    def test_command_uses_nothing_else(self):
        """The command has no way into sysfs but the exported functions, and files.c,
        which it compiles for itself."""
        exported = {name.split("@")[0] for name in self.exported()}
        objects = glob.glob(os.path.join(OUT, "openvgpu.d/*.o"))
        self.assertGreater(len(objects), 10)
        used = set(re.findall(r" U (ovgpu_\w+)$", run("nm", *objects), re.M))
        self.assertGreater(len(used), 20)
        own = set(re.findall(r" T (ovgpu_\w+)$", run("nm", *objects), re.M))
        self.assertEqual(own, set(re.findall(r"\b(ovgpu_\w+)\(", read(FILES))))
        self.assertLessEqual(used - own, exported)
        for path in glob.glob(os.path.join(TOP, "tools/openvgpu/*.[ch]")):
            self.assertNotIn("internal.h", read(path), path)
            code = re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
            self.assertNotRegex(code, r'\b(open|fopen|opendir|stat|access)\("/sys', path)


main()
