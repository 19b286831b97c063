# SPDX-License-Identifier: GPL-2.0-only
"""abi.py - tests of a C library as others use it: installed, found by pkg-config, with
exactly the symbols that header, version script and manual pages have, laid out as
before."""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from tree import TOP, read

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


def normal(result, name, arguments):
    """A declaration in one spelling."""
    text = f"{result} {name}({arguments})"
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([*(),])\s*", r"\1", text).strip()


def version():
    """The project's."""
    text = read("kernel/host/base/version.h")
    return re.search(r'VGPU_DRIVER_VERSION\s+"(.*)"', text)[1]


class Abi:
    """For a unittest.TestCase that sets the following."""
    NAME = ""  # of the library, and of its folder in tools
    HEADER = ""  # file name
    PREFIX = ""  # of functions and of structures
    SYMBOLS = ""  # version of the symbols
    FUNCTIONS = 0  # it has more
    LAYOUT = ""  # path of the C file with the offsets of everything
    MOVED = ("", "")  # a structure, and what LAYOUT says when it gets a new first member
    THREAD_STATE = 0  # bytes that each thread has for itself
    CALLS = ""  # a function of libc that it must call

    @classmethod
    def setUpClass(cls):
        cls.source = os.path.join(TOP, "tools", cls.NAME)
        cls.place = tempfile.mkdtemp(prefix="openvgpu-abi.")
        cls.build = os.path.join(cls.place, "build")
        cls.root = os.path.join(cls.place, "root")
        run("make", "-s", "-C", cls.source, "install", f"O={cls.build}",
            f"DESTDIR={cls.root}", f"PREFIX={PREFIX}", f"LIBDIR={LIBDIR}",
            "SANITIZE=", "CFLAGS=-O2 -g", env=cls.environment())
        cls.libdir = cls.root + LIBDIR
        cls.library = os.path.join(cls.libdir, cls.NAME + ".so.0")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    @staticmethod
    def environment():
        """Without what a make above this hands down."""
        return {name: value for name, value in os.environ.items()
                if name not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "CFLAGS",
                                "O", "BUILD", "DESTDIR", "PREFIX")}

    def header(self):
        """Its text."""
        return read(os.path.join(self.source, self.HEADER))

    def declared(self):
        """{name: "int name(int a, char *b)"} of the header."""
        text = re.sub(r"/\*.*?\*/", "", self.header(), flags=re.S)
        text = re.sub(r"\{[^{}]*\}", "", re.sub(r"^#.*(\\\n.*)*", "", text, flags=re.M))
        found = {}
        for statement in text.split(";"):
            match = re.search(rf"([a-z_][\w\s]*?[\s*]+)({self.PREFIX}\w+)\(([^()]*)\)\s*$",
                              statement)
            if match:
                found[match[2]] = normal(*match.groups())
        return found

    def documented(self):
        """The same of the manual pages, and where each is."""
        found, pages = {}, {}
        for path in sorted(glob.glob(os.path.join(TOP, f"tools/dist/man/{self.PREFIX}*.3"))):
            for match in re.finditer(r"^\.Ft (.*)\n\.Fo (\w+)\n((?:\.Fa .*\n)*)\.Fc$",
                                     read(path), re.M):
                arguments = re.findall(r'^\.Fa "?(.*?)"?$', match[3], re.M)
                found[match[2]] = normal(match[1], match[2], ",".join(arguments))
                pages[match[2]] = os.path.basename(path)
        return found, pages

    def flags(self, *options):
        """What pkg-config says."""
        env = dict(self.environment(), PKG_CONFIG_SYSROOT_DIR=self.root,
                   PKG_CONFIG_LIBDIR=os.path.join(self.libdir, "pkgconfig"))
        return run("pkg-config", *options, self.NAME, env=env).split()

    def exported(self):
        """The symbols with their versions."""
        lines = run("nm", "-D", "--defined-only", self.library).splitlines()
        return {line.split()[2] for line in lines if not line.split()[1] == "A"}

    def test_exports_are_what_is_declared(self):
        names = {f"{name}@@{self.SYMBOLS}" for name in self.declared()}
        self.assertGreater(len(names), self.FUNCTIONS)
        self.assertEqual(self.exported(), names)

    def test_archive_keeps_to_its_names(self):
        """Programs that are linked with the archive can have functions of any name."""
        archive = os.path.join(self.libdir, self.NAME + ".a")
        names = re.findall(r"^\w+ [A-Z] (\w+)$", run("nm", "--defined-only", archive), re.M)
        self.assertGreater(len(names), self.FUNCTIONS)
        for name in names:
            self.assertRegex(name, f"^{self.PREFIX}")

    def test_no_formats(self):
        """Other languages can call each, and no text from outside is a format."""
        for declaration in self.declared().values():
            self.assertNotIn("...", declaration)

    def test_version_script_names_each(self):
        listed = re.findall(rf"^\t\t({self.PREFIX}\w+);$",
                            read(os.path.join(self.source, self.NAME + ".map")), re.M)
        self.assertEqual(listed, sorted(listed))
        self.assertEqual(set(listed), set(self.declared()))

    def test_pages_describe_each(self):
        pages, where = self.documented()
        self.assertEqual(pages, self.declared())
        for name, page in where.items():
            text = read(os.path.join(TOP, "tools/dist/man", page))
            head = text[text.index(".Sh NAME"):text.index(".Sh LIBRARY")]
            self.assertRegex(head, rf"\.Nm {name}( ,)?\n")
            body = text[text.index(".Sh DESCRIPTION"):]
            self.assertRegex(body, rf"\.Fn {name}\b", f"{page} says nothing of it")
            installed = os.path.join(self.root, "usr/share/man/man3", name + ".3")
            if page != name + ".3":
                self.assertEqual(os.readlink(installed), page)

    def test_pages_show_each_structure(self):
        pages = "".join(read(path) for path in
                        glob.glob(os.path.join(TOP, f"tools/dist/man/{self.PREFIX}*.3")))
        header = self.header()
        for name in re.findall(rf"^struct ({self.PREFIX}\w+) \{{", header, re.M):
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

    def test_layout(self):
        """And that this test would see it if something moved."""
        compile_ = ("cc", "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only", "-x", "c")
        layout = os.path.join(TOP, self.LAYOUT)
        run(*compile_, *self.flags("--cflags"), layout)
        moved = os.path.join(self.place, "moved")
        os.mkdir(moved)
        structure, words = self.MOVED
        text = self.header().replace(f"struct {structure} {{", f"struct {structure} {{\n\tint x;")
        with open(os.path.join(moved, self.HEADER), "w", encoding="utf-8") as file:
            file.write(text)
        with self.assertRaisesRegex(AssertionError, words):
            run(*compile_, f"-I{moved}", *self.flags("--cflags"), layout)

    def test_soname(self):
        dynamic = run("readelf", "-d", self.library)
        self.assertIn(f"Library soname: [{self.NAME}.so.0]", dynamic)
        # The second one has what finds the state of a thread.
        self.assertLessEqual(set(re.findall(r"NEEDED.*\[(.*)\]", dynamic)),
                             {"libc.so.6", "ld-linux-x86-64.so.2"})
        self.assertEqual(os.readlink(os.path.join(self.libdir, self.NAME + ".so")),
                         self.NAME + ".so.0")

    def test_header_stands_alone(self):
        file = os.path.join(self.place, "alone")
        for suffix, compiler in (("c", ("cc", "-std=c99")), ("c", ("cc", "-std=c17")),
                                 ("cc", ("clang", "-std=c++11")),
                                 ("cc", ("clang", "-std=c++20"))):
            with open(f"{file}.{suffix}", "w", encoding="ascii") as out:
                out.write(f"#include <{self.HEADER}>\n#include <{self.HEADER}>\n"
                          f"int main(void) {{ return !{self.PREFIX}version(); }}\n")
            run(*compiler, "-pedantic-errors", "-Wall", "-Wextra", "-Werror",
                f"{file}.{suffix}", *self.flags("--cflags", "--libs"), "-o", file)
            run(file, env={"LD_LIBRARY_PATH": self.libdir})

    def test_pkg_config(self):
        self.assertEqual(self.flags("--modversion"), [version()])
        file = read(os.path.join(self.libdir, f"pkgconfig/{self.NAME}.pc"))
        self.assertIn(f"prefix={PREFIX}\nlibdir=${{prefix}}/lib/anywhere\n", file)
        self.assertNotIn(self.place, file)
        self.assertEqual(run("cc", "-x", "c", "-", "-o", self.place + "/version",
                             *self.flags("--cflags", "--libs"), input=f"""
#include <{self.HEADER}>
#include <stdio.h>
int main(void) {{ puts({self.PREFIX}version()); return 0; }}
"""), "")
        self.assertEqual(run(self.place + "/version",
                             env={"LD_LIBRARY_PATH": self.libdir}).strip(), version())

    def test_no_state(self):
        """No variables but the thread's, nothing of libc that keeps some, prints or exits."""
        objects = glob.glob(os.path.join(self.build, self.NAME + ".d/*.o"))
        self.assertGreaterEqual(len(objects), 5)
        sizes = re.findall(r"^\.(data|bss|tdata|tbss)(?:\.(?!rel\.ro)\S*)? +(\d+) ",
                           run("size", "-A", *objects), re.M)
        self.assertGreaterEqual(len(sizes), 2 * len(objects))
        self.assertEqual({size for kind, size in sizes if kind[0] != "t"}, {"0"})
        self.assertEqual(sum(int(size) for kind, size in sizes if kind[0] == "t"),
                         self.THREAD_STATE)
        wanted = {line.split()[-1].split("@")[0] for line in
                  run("nm", "-D", "--undefined-only", self.library).splitlines()}
        self.assertIn(self.CALLS, wanted)
        self.assertFalse(wanted & {
            "strerror", "strtok", "localtime", "gmtime", "getenv", "setenv", "exit",
            "abort", "_exit", "printf", "puts", "fprintf", "signal", "sigaction",
            "chdir", "setlocale", "rand", "random", "stdout", "stderr"})
