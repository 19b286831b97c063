#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""libopenvgpu as others use it: installed, found by pkg-config, with exactly the
symbols that header, version script and manual pages have, laid out as before."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from cli_machine import GPU, IDLE, USED, Machine, main
from tree import OUT, TOP, read

SOURCE = os.path.join(TOP, "tools/libopenvgpu")
HEADER = os.path.join(SOURCE, "openvgpu.h")
FILES = os.path.join(SOURCE, "files.h")
LAYOUT = os.path.join(TOP, "tests/unit/library/library_abi.c")
PREFIX = "/usr"
LIBDIR = "/usr/lib/anywhere"


def run(*args, **options):
    """Output of a program that must succeed."""
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{' '.join(args)}: status {done.returncode}\n"
                             f"{done.stdout}")
    return done.stdout


def declared():
    """{name: "int name(int a, char *b)"} of the header."""
    text = re.sub(r"/\*.*?\*/", "", read(HEADER), flags=re.S)
    text = re.sub(r"\bOVGPU_PRINTF\(\d+, \d+\)", "", text)
    text = re.sub(r"\{[^{}]*\}", "", re.sub(r"^#.*(\\\n.*)*", "", text, flags=re.M))
    found = {}
    for statement in text.split(";"):
        match = re.search(r"([a-z_][\w\s]*?[\s*]+)(ovgpu_\w+)\(([^()]*)\)\s*$",
                          statement)
        if match:
            found[match[2]] = normal(*match.groups())
    return found


def normal(result, name, arguments):
    text = f"{result} {name}({arguments})"
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([*(),])\s*", r"\1", text).strip()


def documented():
    """The same of the manual pages, and where each is."""
    found, pages = {}, {}
    for path in sorted(glob.glob(os.path.join(TOP, "tools/dist/man/ovgpu_*.3"))):
        for match in re.finditer(r"^\.Ft (.*)\n\.Fo (\w+)\n((?:\.Fa .*\n)*)\.Fc$",
                                 read(path), re.M):
            arguments = re.findall(r'^\.Fa "?(.*?)"?$', match[3], re.M)
            found[match[2]] = normal(match[1], match[2], ",".join(arguments))
            pages[match[2]] = os.path.basename(path)
    return found, pages


class Abi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="openvgpu-abi.")
        cls.build = os.path.join(cls.place, "build")
        cls.root = os.path.join(cls.place, "root")
        run("make", "-s", "-C", SOURCE, "install", f"O={cls.build}",
            f"DESTDIR={cls.root}", f"PREFIX={PREFIX}", f"LIBDIR={LIBDIR}",
            "SANITIZE=", "CFLAGS=-O2 -g", env=cls.environment())
        cls.libdir = cls.root + LIBDIR
        cls.library = os.path.join(cls.libdir, "libopenvgpu.so.0")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    @staticmethod
    def environment():
        """Without what a make above this hands down."""
        return {name: value for name, value in os.environ.items()
                if name not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "CFLAGS",
                                "O", "BUILD", "DESTDIR", "PREFIX")}

    def flags(self, *options):
        env = dict(self.environment(), PKG_CONFIG_SYSROOT_DIR=self.root,
                   PKG_CONFIG_LIBDIR=os.path.join(self.libdir, "pkgconfig"))
        return run("pkg-config", *options, "libopenvgpu", env=env).split()

    def exported(self):
        lines = run("nm", "-D", "--defined-only", self.library).splitlines()
        return {line.split()[2] for line in lines if not line.split()[1] == "A"}

    def test_exports_are_what_is_declared(self):
        names = {f"{name}@@OVGPU_0" for name in declared()}
        self.assertGreater(len(names), 30)
        self.assertEqual(self.exported(), names)

    def test_no_formats(self):
        """Other languages can call each, and no text from outside is a format."""
        for declaration in declared().values():
            self.assertNotIn("...", declaration)

    def test_version_script_names_each(self):
        listed = re.findall(r"^\t\t(ovgpu_\w+);$",
                            read(os.path.join(SOURCE, "libopenvgpu.map")), re.M)
        self.assertEqual(listed, sorted(listed))
        self.assertEqual(set(listed), set(declared()))

    def test_pages_describe_each(self):
        pages, where = documented()
        self.assertEqual(pages, declared())
        for name, page in where.items():
            text = read(os.path.join(TOP, "tools/dist/man", page))
            head = text[text.index(".Sh NAME"):text.index(".Sh LIBRARY")]
            self.assertRegex(head, rf"\.Nm {name}( ,)?\n")
            body = text[text.index(".Sh DESCRIPTION"):]
            self.assertRegex(body, rf"\.Fn {name}\b", f"{page} says nothing of it")
            installed = os.path.join(self.root, "usr/share/man/man3", name + ".3")
            if page != name + ".3":
                self.assertEqual(os.readlink(installed), page)

    def test_pages_name_each_constant(self):
        """Enumerations and structures of the header are on a page."""
        pages = "".join(read(path) for path in
                        glob.glob(os.path.join(TOP, "tools/dist/man/*.3")))
        header = read(HEADER)
        for name in re.findall(r"^struct (ovgpu_\w+) \{", header, re.M):
            self.assertIn(f"struct {name} {{", pages)
            members = re.search(rf"^struct {name} \{{(.*?)^\}};", header,
                                re.M | re.S)[1]
            page = re.search(rf"^struct {name} \{{(.*?)^\}};", pages,
                             re.M | re.S)[1]
            names = [re.findall(r"\w+", line.split(";")[0].split("[")[0])[-1]
                     for line in members.splitlines() if ";" in line]
            shown = [re.findall(r"\w+", line.split(";")[0].split("[")[0])[-1]
                     for line in page.splitlines() if ";" in line]
            self.assertEqual(shown, names, name)
        for name in re.findall(r"^\t(OVGPU_EVENT_\w+),", header, re.M):
            self.assertIn(name, pages)

    def test_layout(self):
        """And that this test would see it if something moved."""
        compile_ = ("cc", "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only", "-x", "c")
        run(*compile_, *self.flags("--cflags"), LAYOUT)
        moved = os.path.join(self.place, "moved")
        os.mkdir(moved)
        text = read(HEADER).replace("struct ovgpu_vgpu {", "struct ovgpu_vgpu {\n\tint x;")
        with open(os.path.join(moved, "openvgpu.h"), "w", encoding="utf-8") as file:
            file.write(text)
        with self.assertRaisesRegex(AssertionError, "ovgpu_vgpu.uuid has moved"):
            run(*compile_, f"-I{moved}", LAYOUT)

    def test_soname(self):
        dynamic = run("readelf", "-d", self.library)
        self.assertIn("Library soname: [libopenvgpu.so.0]", dynamic)
        self.assertEqual(re.findall(r"NEEDED.*\[(.*)\]", dynamic), ["libc.so.6"])
        self.assertEqual(os.readlink(os.path.join(self.libdir, "libopenvgpu.so")),
                         "libopenvgpu.so.0")

    def test_header_stands_alone(self):
        file = os.path.join(self.place, "alone")
        for suffix, compiler in (("c", ("cc", "-std=c99")), ("c", ("cc", "-std=c17")),
                                 ("cc", ("clang", "-std=c++11")),
                                 ("cc", ("clang", "-std=c++20"))):
            with open(f"{file}.{suffix}", "w", encoding="ascii") as out:
                out.write("#include <openvgpu.h>\n#include <openvgpu.h>\n"
                          "int main(void) { return !ovgpu_version(); }\n")
            run(*compiler, "-pedantic-errors", "-Wall", "-Wextra", "-Werror",
                f"{file}.{suffix}", *self.flags("--cflags", "--libs"), "-o", file)
            run(file, env={"LD_LIBRARY_PATH": self.libdir})

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

    def test_pkg_config(self):
        self.assertEqual(self.flags("--modversion"), [version()])
        file = read(os.path.join(self.libdir, "pkgconfig/libopenvgpu.pc"))
        self.assertIn(f"prefix={PREFIX}\nlibdir=${{prefix}}/lib/anywhere\n", file)
        self.assertNotIn(self.place, file)
        self.assertEqual(run("cc", "-x", "c", "-", "-o", self.place + "/version",
                             *self.flags("--cflags", "--libs"), input="""
#include <openvgpu.h>
#include <stdio.h>
int main(void) { puts(ovgpu_version()); return 0; }
"""), "")
        self.assertEqual(run(self.place + "/version",
                             env={"LD_LIBRARY_PATH": self.libdir}).strip(), version())

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
            run("make", "-s", "-C", SOURCE, "install", f"O={self.build}",
                f"DESTDIR={destdir}", f"PREFIX={self.place}/installed",
                "SANITIZE=", "CFLAGS=-O2 -g", env=env)
            self.assertEqual(os.path.exists(told), wanted)
        self.assertTrue(os.path.exists(f"{self.place}/installed/lib/libopenvgpu.so.0"))

    def test_no_state(self):
        """No variables, nothing of libc that keeps some, prints or exits."""
        objects = glob.glob(os.path.join(self.build, "libopenvgpu.d/*.o"))
        self.assertGreater(len(objects), 5)
        sections = re.findall(r"^\.(?:data|bss|tdata|tbss)(?:\.(?!rel\.ro)\S*)? +(\d+) ",
                              run("size", "-A", *objects), re.M)
        self.assertGreaterEqual(len(sections), 2 * len(objects))
        self.assertEqual(set(sections), {"0"})
        wanted = {line.split()[-1].split("@")[0] for line in
                  run("nm", "-D", "--undefined-only", self.library).splitlines()}
        self.assertIn("openat", wanted)
        self.assertFalse(wanted & {
            "strerror", "strtok", "localtime", "gmtime", "getenv", "setenv", "exit",
            "abort", "_exit", "printf", "puts", "fprintf", "signal", "sigaction",
            "chdir", "setlocale", "rand", "random", "stdout", "stderr"})

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


def version():
    text = read(os.path.join(TOP, "kernel/host/base/version.h"))
    return re.search(r'VGPU_DRIVER_VERSION\s+"(.*)"', text)[1]


main()
