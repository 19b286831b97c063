#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""librefgpu_drm as others use it, see abi.py."""

import os
import re
import unittest

from abi import Abi, run
from cli_machine import main
from tree import TOP, read


class Library(Abi, unittest.TestCase):
    NAME = "librefgpu_drm"
    HEADER = "librefgpu_drm.h"
    PREFIX = "refgpu_drm_"
    SYMBOLS = "REFGPU_DRM_0"
    FUNCTIONS = 20
    LAYOUT = "tests/unit/drm/drm_abi.c"
    MOVED = ("refgpu_drm_job", "refgpu_drm_job has another size")
    THREAD_STATE = 256
    CALLS = "ioctl"

    def test_pages_name_each_parameter(self):
        page = read("tools/dist/man/refgpu_drm_open.3")
        names = re.findall(r"^\t(DRM_REFGPU_PARAM_\w+) =", read("uapi/refgpu_drm.h"), re.M)
        self.assertGreater(len(names), 7)
        for name in names:
            self.assertIn(name, page)

    def test_pages_name_each_flag_and_state(self):
        pages = read("tools/dist/man/refgpu_drm_buffer_create.3") + \
            read("tools/dist/man/refgpu_drm_submit.3")
        names = re.findall(r"\b(DRM_REFGPU_(?:BO|CONTEXT)_[A-Z_]+)(?:\t+\(1U| =)",
                           read("uapi/refgpu_drm.h"))
        self.assertGreater(len(names), 8)
        for name in names:
            self.assertIn(name, pages)

    def test_example(self):
        """doc/example-job.c, built as its comment says; test_drm_example.c runs it."""
        source = os.path.join(TOP, "doc/example-job.c")
        self.assertIn("$(pkg-config --cflags --libs librefgpu_drm)", read(source))
        archive = os.path.join(self.libdir, "librefgpu_drm.a")
        for libs in (self.flags("--libs"), [archive]):
            run("cc", "-Wall", "-Wextra", "-Werror", source, *self.flags("--cflags"), *libs,
                "-o", os.path.join(self.place, "example-job"))


main()
