# SPDX-License-Identifier: GPL-2.0-only
"""For tests of commands that write to the made-up machine's sysfs, where fake_kernel.c
does what the kernel would do, and notes what was written."""

import os
import shutil
import subprocess
import tempfile

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_kernel.c")


class FakeKernel:
    """Stands before CliTest, or a class of it, among the bases of a test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="openvgpu-kernel.")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.library = os.path.join(folder, "fake_kernel.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o",
                        cls.library, SOURCE], check=True)

    def environment(self, **more):
        # The sanitizer's library, which wants to be the first, is behind it.
        env = super().environment(LD_PRELOAD=self.library, **more)
        return dict(env, ASAN_OPTIONS=env["ASAN_OPTIONS"] + ":verify_asan_link_order=0")

    def writes(self):
        return [line.split(" ", 1) for line in self.machine.read("sys/writes").splitlines()]
