#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_settings.py - everything that names settings agrees with uapi/openvgpu_settings.h

Names, ranges, defaults and words in the manual pages, the documents and the
examples of configuration. (The module, the library and the command are compiled
from the header.)
"""
import os
import re
import subprocess
import sys

from manuals import check, run
from tree import TOP, read


class Setting:
    """One setting: name, range and default of a number, or words of a choice."""

    def __init__(self, kind, arguments):
        self.name = arguments[1]
        self.number = kind == "NUMBER"
        self.words = arguments[2].strip('"').split() if kind == "CHOICE" else []
        if self.number:
            self.min, self.max, self.default = map(int, arguments[2:5])
        flags = arguments[-2]
        self.zero = "OR_ZERO" in flags
        self.scheduling = "SCHEDULING" in flags
        self.closed_only = "CLOSED_ONLY" in flags
        self.for_now = "FOR_NOW" in flags

    def takes(self, value):
        """Whether the number is in range."""
        return self.min <= value <= self.max or (self.zero and value == 0)


def settings(header, thing):
    """NAME -> Setting of a GPU or VGPU."""
    text = header.replace("\\\n", " ")
    line = re.search(r"^#define OPENVGPU_%s_SETTINGS\(.*?\)\s+(.*)$" % thing, text, re.M).group(1)
    calls = re.findall(r'(NUMBER|CHOICE|UUID|NAME)\(((?:"[^"]*"|[^()"])*)\)', line)
    found = [Setting(kind, [a.strip() for a in re.findall(r'(?:"[^"]*"|[^,"])+', arguments)])
             for kind, arguments in calls]
    check(len(found) >= 7, "only %d settings of a %s found: has the header's style changed?"
          % (len(found), thing))
    return {setting.name: setting for setting in found}


def same_names(where, told, wanted):
    """Check a list of names, in any order."""
    check(sorted(told) == sorted(wanted), "%s: only there %s, only in the header %s" %
          (where, sorted(set(told) - set(wanted)), sorted(set(wanted) - set(told))))


def same_text(where, setting, text, with_range=True):
    """Check the range, default and words that a description tells."""
    text = " ".join(text.split())
    if setting.number and with_range:
        # "frozen" is described by what 0 and 1 do.
        told = [tuple(map(int, pair)) for pair in re.findall(r"\b(\d+) to (\d+)\b", text)]
        low = {setting.min, 0} if setting.zero else {setting.min}
        check((setting.max == 1 and not told) or
              (len(told) == 1 and told[0][0] in low and told[0][1] == setting.max),
              "%s: %s: ranges %s, the header has %d to %d" %
              (where, setting.name, told, setting.min, setting.max))
    for value in re.findall(r"\bdefaults?:? (\d+)\b(?! with)", text) if setting.number else ():
        check(int(value) == setting.default, "%s: %s: default %s, the header has %d" %
              (where, setting.name, value, setting.default))
    for word in setting.words:
        check(word in text, "%s: %s: '%s' is not there" % (where, setting.name, word))


def test_meanings(header, _manual):
    """What the header says of a setting names the words that it lists."""
    for thing in ("GPU", "VGPU"):
        for setting in settings(header, thing).values():
            meaning = re.search(r"\b%s,.*?([^\"]*)\"\)" % setting.name,
                                header.replace("\\\n", " ")).group(1)
            for word in setting.words:
                check(word in meaning, "%s: '%s' is not in its meaning" % (setting.name, word))


def items(page, head):
    """NAME -> text of the items of the list behind a line of a manual page."""
    text = page.split(head + "\n", 1)[1].split("\n.El\n", 1)[0]
    return dict(re.findall(r"^\.It Cm (\w+)\n(.*?)(?=^\.It|\Z)", text, re.M | re.S))


def test_manual_pages(header, _manual):
    """openvgpu(8), openvgpu(4) and openvgpu-config(5)."""
    for thing, head in (("GPU", "Of a GPU:"), ("VGPU", "Of a vGPU:")):
        wanted = settings(header, thing)
        told = items(read("tools/dist/man/openvgpu.8"), head)
        same_names("openvgpu(8)", told, wanted)
        for name in set(told) & set(wanted):
            same_text("openvgpu(8)", wanted[name], told[name])
    gpu, vgpu = settings(header, "GPU"), settings(header, "VGPU")
    page = read("tools/dist/man/openvgpu.4")
    told = items(page, "driver is bound to it." if "driver is bound to it.\n.Bl" in page
                 else re.search(r"^(.*)\n\.It Cm scheduler\n", page, re.M).group(1))
    same_names("openvgpu(4), parameters", told,
               ["scheduler", "sched_hz", "averaging_factor", "preempt_timeout_us"])
    for name in set(told) & set(gpu):
        same_text("openvgpu(4)", gpu[name], told[name])
    lists = page.split(".Sh ATTRIBUTES", 1)[1]
    for head, wanted in (("\nThe GPU.\n", gpu), ("\nA vGPU.\n", vgpu)):
        text = lists.split(head, 1)[1].split("\n.It", 1)[0]
        told = re.findall(r"\w+", " ".join(re.findall(r"^\.Cm ([\w ,.]*,[\w ,.]*|\w+ \.)$", text, re.M)))
        same_names("openvgpu(4), attributes", told, wanted)
    page = read("tools/dist/man/openvgpu-config.5")
    told = page.split(".It Cm settings\n", 1)[1].split("\n.It", 1)[0]
    same_names("openvgpu-config(5), GPU", re.findall(r"^\.Cm (\w+)", told, re.M), gpu)
    told = page.split("and may say its settings:\n", 1)[1].split("as in", 1)[0]
    # A pause does not last: configurations have none, and nothing like it.
    same_names("openvgpu-config(5), vGPU", re.findall(r"^\.Cm (\w+)", told, re.M),
               [name for name, setting in vgpu.items() if not setting.for_now])


def test_sysfs(header, manual):
    """doc/sysfs-driver-openvgpu: what can be written, and its range."""
    for thing, path in (("GPU", "/sys/bus/pci/devices/.../openvgpu/"),
                        ("VGPU", "/sys/bus/mdev/devices/<UUID>/openvgpu/")):
        wanted, told = settings(header, thing), {}
        for entry in re.split(r"^What:\s+", manual, flags=re.M)[1:]:
            where, _, text = entry.partition("\n")
            if where.startswith(path) and "(RW)" in text:
                told[where[len(path):]] = text
        # Held only while a vGPU is removed: nobody configures it.
        told.pop("refuse_opens", None)
        # Likewise while a GPU goes to another driver.
        told.pop("hand_over", None)
        # And a step of a removal of the GPU.
        told.pop("firmware_mode_next", None)
        # A number that the instance has until the next restart.
        told.pop("compute_instance", None)
        same_names("sysfs-driver-openvgpu", told, wanted)
        for name in set(told) & set(wanted):
            same_text("sysfs-driver-openvgpu", wanted[name], told[name])


def test_scheduler_document(header, _manual):
    """doc/scheduler.md: the tables of settings."""
    text = read("doc/scheduler.md").split("\n## Settings\n", 1)[1].split("\n## ", 1)[0]
    tables = re.split(r"^\| of a (?=v?GPU)", text, flags=re.M)[1:]
    check(len(tables) == 2, "scheduler.md: %d tables of settings" % len(tables))
    for thing, table in zip(("GPU", "VGPU"), tables):
        wanted = {n: s for n, s in settings(header, thing).items() if s.scheduling}
        told = []
        for cell, words in re.findall(r"^\| (`[^|]*) \| (.*) \|$", table, re.M):
            names = re.findall(r"`(\w+)`", cell)
            told += names
            if len(names) == 1 and names[0] in wanted and names[0] != "scheduler":
                same_text("scheduler.md", wanted[names[0]], words)
            elif names == ["fault_limit", "fault_window_s"]:
                defaults = list(map(int, re.search(r"default (\d+) in (\d+)", words).groups()))
                check(defaults == [wanted[name].default for name in names],
                      "scheduler.md: defaults %s of %s" % (defaults, names))
        same_names("scheduler.md", [name for name in told if name != "sched_state"], wanted)


def test_examples(header, manual):
    """modprobe.d, config.yaml and the descriptions of module parameters have the defaults."""
    gpu, vgpu = settings(header, "GPU"), settings(header, "VGPU")
    # Parameters that are no settings of a GPU.
    soft = dict(re.findall(r'^MODULE_PARM_DESC\((soft_\w+), ".*?(?:default )?(\d+)(?: \(default\)|\)"\))',
                           read("kernel/host/family/soft/gpu.c"), re.M))
    for name, value in re.findall(r"^#options openvgpu (\w+)=(\w+)$",
                                  read("tools/dist/modprobe.d/openvgpu.conf"), re.M):
        if name in soft:
            check(value == soft[name], "modprobe.d: %s=%s, the module says %s"
                  % (name, value, soft[name]))
            continue
        wanted = gpu[name].words[0] if gpu[name].words else str(gpu[name].default)
        check(value == wanted, "modprobe.d: %s=%s, the header has %s" % (name, value, wanted))
    for name, value in re.findall(r"^#\s+(\w+): (\d+)$",
                                  read("tools/dist/examples/config.yaml"), re.M):
        setting = gpu.get(name) or vgpu.get(name)
        check(setting and setting.takes(int(value)), "config.yaml: %s: %s" % (name, value))
    parameters = manual.split("/sys/module/openvgpu/parameters/", 1)[1]
    defaults = re.search(r"(\w+), (\d+)\s+\([^)]*\), (\d+) and\s+(\d+) unless", parameters).groups()
    check(defaults == (gpu["scheduler"].words[0], *(str(gpu[name].default) for name in
                       ("sched_hz", "averaging_factor", "preempt_timeout_us"))),
          "sysfs-driver-openvgpu: defaults of parameters %s" % (defaults,))
    source = "".join(read(os.path.relpath(os.path.join(folder, file), TOP))
                     for folder, _, files in os.walk(os.path.join(TOP, "kernel/host"))
                     for file in files if file.endswith(".c"))
    for name, text in re.findall(r'MODULE_PARM_DESC\((\w+), "([^"]*)"\)', source):
        if name in gpu:
            same_text("modinfo", gpu[name], text)
            for value in re.findall(r"\bdefault (\d+)|\b(\d+) \(default\)", text):
                check(int("".join(value)) == gpu[name].default, "modinfo: %s: %s" % (name, text))
    for setting in (*gpu.values(), *vgpu.values()):
        for word in setting.words:
            check('"%s"' % word in source, "the module has no %s '%s'" % (setting.name, word))


if __name__ == "__main__":
    sys.exit(run("settings", "uapi/openvgpu_settings.h", "doc/sysfs-driver-openvgpu",
                 (test_meanings, test_manual_pages, test_sysfs,
                  test_scheduler_document, test_examples)))
