#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""ovgpu_open_remote(): the library says of another machine what it says there, and
neither a machine that goes away nor one that answers nonsense harms the program."""

import errno
import os
import shutil
import subprocess
import tempfile

from cli_machine import GPU, GPU2, IDLE, NEW, OPENVGPU, RELEASE, USED, CliTest, main
from tree import OUT, TOP

SSH = """\
#!/bin/sh
echo "$@" >> {top}/ssh.log
while [ "$1" != -- ]; do shift; done
[ "$3" = "openvgpu bridge" ] || exit 99
[ "$2" != ssh://away ] || exit 255
OPENVGPU_SYSFS={top}/sys OPENVGPU_PROC={top}/proc OPENVGPU_ROOT={top}/root exec {command} bridge
"""

# Passes so many bytes of what is there, and ends.
GOES_AWAY = """\
import os, subprocess, sys
there = subprocess.Popen([os.path.join(os.path.dirname(sys.argv[0]), "whole"), *sys.argv[1:]],
                         stdout=subprocess.PIPE, bufsize=0)
while COUNT:
    data = there.stdout.read(COUNT)
    if not data:
        break
    os.write(1, data)
    COUNT -= len(data)
there.kill()
"""
URL = "ssh://user@host"


class Remote(CliTest):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="openvgpu-remote.")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.program = os.path.join(cls.place, "remote")
        subprocess.run(["gcc", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
                        "-I", os.path.join(TOP, "tools/libopenvgpu"),
                        os.path.join(os.path.dirname(os.path.abspath(__file__)), "remote.c"),
                        os.path.join(OUT, "libopenvgpu.a"), "-o", cls.program], check=True)

    def setUp(self):
        super().setUp()
        self.fill()
        machine = self.machine
        machine.add_attributes(f"{GPU}/{USED}", {"weight": 100, "refuse_opens": 0})
        machine.add_attributes(f"{GPU}/{IDLE}", {"refuse_opens": 0})
        machine.write("proc/4242/cmdline", "qemu\0-name\0guest=a vm\0")
        machine.write("proc/sys/kernel/osrelease", RELEASE + "\n")
        machine.write(f"root/lib/modules/{RELEASE}/modules.alias",
                      "alias pci:v00001B36d00000100sv* openvgpu\n" + "alias x y\n" * 20000)
        machine.write(f"sys/kernel/debug/openvgpu/{GPU}/switches",
                      f"# x\n1000000000 0 3 {USED} quantum 2083333 2090000 50000 6249000\n" * 3000)
        self.ssh(SSH.format(top=machine.top, command=OPENVGPU))

    def ssh(self, text):
        self.machine.write("bin/ssh", text)
        os.chmod(self.machine.path("bin/ssh"), 0o755)

    def run_program(self, *args):
        path = self.machine.path("bin") + ":" + os.environ["PATH"]
        done = subprocess.run([self.program, *args], capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, PATH=path, ASAN_OPTIONS="exitcode=97"),
                              check=False)
        self.assertIn(done.returncode, (0, 1), done)
        return done.stdout

    def here(self, *args):
        return self.run_program(*(self.machine.path(tree) for tree in ("sys", "proc", "root")),
                                *args)

    def test_as_there(self):
        here = self.here()
        for words in (f"{GPU} 2\n", "openvgpu-256mq", "framebuffer_total=", "4242", "a vm", "log: 0",
                      f"{GPU2} openvgpu 1"):
            self.assertIn(words, here)
        self.assertEqual(self.run_program(URL), here)
        self.assertEqual(self.machine.read("ssh.log").strip(),
                         "-T -x -oBatchMode=yes -oConnectTimeout=10 -oServerAliveInterval=15 -- "
                         f"{URL} openvgpu bridge")

    def test_changes(self):
        machine = self.machine
        self.assertEqual(self.run_program(URL, "create", GPU2, "openvgpu-2q", NEW), "0 \n")
        self.assertEqual(machine.read(machine.create_file(GPU2, "2q")), NEW)
        self.assertEqual(self.run_program(URL, "weight", USED, "7"), "0 \n")
        # A file keeps what is behind it.
        self.assertEqual(machine.read(f"sys/devices/pci0000:00/{GPU}/{USED}/openvgpu/weight"),
                         "700\n")
        self.assertEqual(self.run_program(URL, "remove", USED), f"{-errno.EBUSY} \n")
        self.assertEqual(self.run_program(URL, "remove", IDLE), "0 \n")
        self.assertEqual(machine.read(f"sys/devices/pci0000:00/{GPU}/{IDLE}/remove"), "1")
        machine.refuse(GPU, "1q", f"vGPU {NEW} not created: no block\n")
        self.assertEqual(self.run_program(URL, "create", GPU, "openvgpu-1q", NEW),
                         f"{-errno.ENOSPC} vGPU {NEW} not created: no block\n")
        self.assertEqual(self.run_program(URL, "hand-over", GPU2),
                         f"{-errno.EOPNOTSUPP} it is on another machine: run openvgpu there\n")

    def test_urls(self):
        for url in ("host", "", "ssh://", "ssh://-x", "ssh://a b", "ssh://a;b", "http://a",
                    "ssh://$(x)", "ssh://a/b", "ssh://" + "x" * 300, "ssh://a@-b", "ssh://\n",
                    "ssh://[-x]", "ssh://a@[-x]:22"):
            self.assertEqual(self.run_program(url), f"open: {-errno.EINVAL}\n", url)
        self.assertFalse(os.path.exists(self.machine.path("ssh.log")))
        self.assertEqual(self.run_program("ssh://away"), f"open: {-errno.ENOTCONN}\n")
        os.unlink(self.machine.path("bin/ssh"))
        os.symlink("/nowhere", self.machine.path("bin/ssh"))

    def test_no_openvgpu_there(self):
        for text, err in (("echo welcome", errno.EPROTO), ("exec yes", errno.EPROTO),
                          ("exit 127", errno.ENOTCONN), ("printf openvgpu", errno.ENOTCONN),
                          ("echo openvgpu bridge 2", errno.EPROTO),
                          ("exec yes '' | tr '\\n' x", errno.EPROTO)):
            self.ssh(f"#!/bin/sh\n{text}\n")
            self.assertEqual(self.run_program(URL), f"open: {-err}\n", text)

    def test_nonsense(self):
        """It ends the bridge, with ENOTCONN for all that follows."""
        for answer in ("", "x", "0", "0 5", "0 -5", "0 99999999999", "-2 0", "99999 0", "0 0x",
                       "0 16777217", "0 18446744073709551616", "x" * 100, "\\000", "2 0\\n0 0 0"):
            self.ssh(f"#!/bin/sh\necho openvgpu bridge 1\nprintf '{answer}\\n'\n")
            out = self.run_program(URL)
            self.assertRegex(out, rf"^GPUs: (0|{-errno.ENOTCONN})\n", answer)
            self.assertRegex(out, rf"vGPUs: (0|{-errno.ENOTCONN})\n", answer)

    def test_hostile_names(self):
        """Names of files that are none."""
        for names in ("../x\\000..\\000", "a/b\\000", "\\000\\000\\000", "x" * 5000, "0000:01:00.0\\000" * 50):
            length = len(names.encode().decode("unicode_escape").replace("\\000", "x"))
            self.ssh("#!/bin/sh\necho openvgpu bridge 1\nfor i in 1 2 3 4 5 6 7 8 9; do\n"
                     f"printf '0 {length}\\n'; printf '{names}'; done\n")
            self.assertIn("GPUs: ", self.run_program(URL))

    def test_goes_away(self):
        """In the middle of it."""
        with open(self.machine.path("bin/ssh"), encoding="ascii") as file:
            self.machine.write("bin/whole", file.read())
        os.chmod(self.machine.path("bin/whole"), 0o755)
        for count in (10, 18, 30, 100, 1000, 5000):
            self.ssh(f"#!/usr/bin/env python3\nCOUNT = {count}\n" + GOES_AWAY)
            out = self.run_program(URL)
            if count < 18:
                self.assertEqual(out, f"open: {-errno.ENOTCONN}\n")
            else:
                self.assertRegex(out, rf"GPUs: (0|{-errno.ENOTCONN})\n")
                self.assertIn(f"vGPUs: {-errno.ENOTCONN}\n", out)

    def test_bridge_alone(self):
        """What comes from the other end."""
        for text in (b"", b"x\n", b"r 9 1 0\nx", b"r 0 99999 0\n", b"r 0 5 0\nab", b"z 0 1 0\nx",
                     b"r 0 1 99999999999\nx", b"r 0 1 0\n.", b"d 0 3 0\nbus", b"\0" * 100,
                     b"r 0 4 0\nnone" * 3, b"x" * 1000):
            done = subprocess.run([OPENVGPU, "bridge"], input=text, capture_output=True,
                                  env=self.environment(), check=False, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, b""), text)
            self.assertTrue(done.stdout.startswith(b"openvgpu bridge 1\n"))
        done = subprocess.run([OPENVGPU, "bridge"], input=b"d 0 3 0\nbusr 0 3 0\nbusl 0 1 0\nx",
                              capture_output=True, env=self.environment(), check=True)
        self.assertEqual(done.stdout, b"openvgpu bridge 1\n0 9\nmdev\0pci\0" +
                         f"{errno.EISDIR} 0\n{errno.ENOENT} 0\n".encode())


if __name__ == "__main__":
    main()
