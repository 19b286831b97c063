#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The openvgpu command while vGPUs and GPUs go away. A file of sysfs that goes
while it is open answers ENODEV when it is read: a library that is loaded before
the C library makes that happen at one file."""

import json
import os
import subprocess

from cli_machine import GPU, GPU2, IDLE, NOT_FOUND, OK, USED, CliTest, main

PRELOAD = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* At the file VANISH_AT, VANISH goes away. */
ssize_t read(int fd, void *buf, size_t size)
{
	ssize_t (*next)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
	const char *at = getenv("VANISH_AT"), *gone = getenv("VANISH");
	char link[64], path[4096], to[4200];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (!at || strcmp(path, at))
		return next(fd, buf, size);
	snprintf(to, sizeof(to), "%s.gone", gone);
	rename(gone, to);
	errno = ENODEV;
	return -1;
}
"""


class Vanish(CliTest):
    @classmethod
    def setUpClass(cls):
        cls.place = os.path.join(os.environ.get("UNIT_OUT", "/tmp"), "vanish.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", cls.place,
                        "-ldl"], input=PRELOAD.encode(), check=True)
        cls.sanitizer = subprocess.run(
            ["cc", "-print-file-name=libasan.so"], check=True,
            capture_output=True, text=True).stdout.strip()

    def fill(self):
        super().fill()
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", {"weight": 100})
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, {"state": "up"})

    def vanish(self, status, at, gone, *args, err=None):
        """Runs the command; while it reads @at, @gone goes."""
        path = self.machine.path(gone)
        result = self.expect(status, *args, err=err, env={
            "LD_PRELOAD": f"{self.sanitizer} {self.place}", "VANISH": path,
            "VANISH_AT": os.path.realpath(self.machine.path(at))})
        self.assertFalse(os.path.lexists(path), f"{args} did not read {at}")
        os.rename(path + ".gone", path)
        return result.out.decode()

    def of_vgpu(self, file):
        return (f"sys/devices/pci0000:00/{GPU}/{IDLE}/{file}",
                f"sys/bus/mdev/devices/{IDLE}")

    def test_show_vgpu(self):
        """Half of it is no answer."""
        self.fill()
        for file in ("openvgpu/state", "openvgpu/weight", "stats/trapped_writes"):
            for args in (("show", IDLE), ("show", IDLE, "--json")):
                out = self.vanish(NOT_FOUND, *self.of_vgpu(file), *args,
                                  err=f"there is no vGPU {IDLE}")
                self.assertNotIn("256mq", out)

    def test_lists(self):
        """It is left out, and the others are not."""
        self.fill()
        for args in (("list",), ("show", GPU)):
            out = self.vanish(OK, *self.of_vgpu("openvgpu/owner_pid"), *args)
            self.assertNotIn(IDLE, out)
            self.assertIn(USED, out)
        out = self.vanish(OK, *self.of_vgpu("stats/trapped_writes"), "metrics")
        self.assertNotIn(IDLE, out)
        self.assertIn(USED, out)

    def test_types(self):
        """As with a GPU that is unbound meanwhile."""
        self.fill()
        types = f"sys/devices/pci0000:00/{GPU}/mdev_supported_types"
        for file in ("available_instances", "name", "description"):
            at = f"{types}/openvgpu-1q/{file}"
            out = self.vanish(OK, at, f"{types}/openvgpu-1q", "types", "--json")
            self.assertEqual([(t["gpu"], t["type"]) for t in
                              json.loads(out)["types"]],
                             [(GPU, "openvgpu-256mq"), (GPU2, "openvgpu-256mq"),
                              (GPU2, "openvgpu-2q")])
            out = self.vanish(OK, at, types, "types")
            self.assertNotIn(GPU, out)
            self.assertIn(GPU2, out)
            self.vanish(NOT_FOUND, at, types, "types", "--gpu", GPU, err=GPU)

    def test_show_gpu(self):
        self.fill()
        at = f"sys/devices/pci0000:00/{GPU}/openvgpu/state"
        driver = f"sys/bus/pci/drivers/openvgpu/{GPU}"
        # The folder of a GPU that is unbound goes as a whole.
        device = f"sys/devices/pci0000:00/{GPU}"
        for args in (("show", GPU), ("sched", "show", GPU)):
            self.vanish(NOT_FOUND, at, driver if args[0] == "sched" else device,
                        *args, err=f"no GPU {GPU} is bound")

    def test_set(self):
        self.fill()
        self.machine.add_attributes(f"{GPU}/{IDLE}",
                                    {"display": "[region] dmabuf off"})
        self.vanish(NOT_FOUND, *self.of_vgpu("openvgpu/display"), "set", IDLE,
                    "display=off", err=f"there is no vGPU {IDLE}")


if __name__ == "__main__":
    main()
