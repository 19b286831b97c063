#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_nvidia.py - doc/nvidia.md names commands, options and functions that there
are, and has all of NVML's vGPU functions
"""
import os
import re
import subprocess
import sys

from manuals import check, run
from tree import OUT

OPENVGPU = os.path.join(OUT, "openvgpu")

# Those with "Vgpu" in their names, without versions; of pairs, Get.
FUNCTIONS = {
    "nvmlDevice": """GetVirtualizationMode GetHostVgpuMode GetSupportedVgpus
        GetCreatableVgpus GetActiveVgpus GetVgpuCapabilities GetVgpuHeterogeneousMode
        GetVgpuTypeSupportedPlacements GetVgpuTypeCreatablePlacements GetVgpuUtilization
        GetVgpuInstancesUtilizationInfo GetVgpuProcessUtilization
        GetVgpuProcessesUtilizationInfo GetVgpuSchedulerLog GetVgpuSchedulerState
        SetVgpuSchedulerState GetVgpuSchedulerCapabilities GetVgpuMetadata
        GetPgpuMetadataString VgpuForceGspUnload GetGridLicensableFeatures""",
    "nvmlVgpuType": """GetName GetClass GetLicense GetDeviceID GetFramebufferSize
        GetNumDisplayHeads GetResolution GetFrameRateLimit GetMaxInstances
        GetMaxInstancesPerVm GetMaxInstancesPerGpuInstance GetGpuInstanceProfileId
        GetCapabilities GetBAR1Info GetFbReservation GetGspHeapSize""",
    "nvmlVgpuInstance": """GetVmID GetUUID GetMdevUUID GetVmDriverVersion GetFbUsage
        GetType GetFrameRateLimit GetLicenseStatus GetLicenseInfo GetEncoderCapacity
        GetEncoderSessions GetEncoderStats GetFBCStats GetFBCSessions GetGpuInstanceId
        GetGpuPciId GetEccMode GetAccountingMode GetAccountingPids GetAccountingStats
        GetMetadata GetPlacementId GetRuntimeStateSize ClearAccountingPids""",
    "nvmlGpuInstance": """GetActiveVgpus GetCreatableVgpus GetVgpuHeterogeneousMode
        GetVgpuSchedulerState GetVgpuSchedulerLog GetVgpuTypeCreatablePlacements""",
    "nvml": "GetVgpuVersion SetVgpuVersion GetVgpuCompatibility GetVgpuDriverCapabilities",
}


def rows(manual):
    """The cells of all rows of its tables."""
    return re.findall(r"^\| (.*) \| (.*) \|$", manual, re.M)


def named(cell):
    """NVML functions of a cell: the first is whole, others leave its prefix out."""
    prefix = ""
    for word in re.findall(r"`(\w+)`", cell):
        match = re.match(r"(nvml(?:Device|VgpuType|VgpuInstance|GpuInstance)?)"
                         r"((?:Get|Set|Clear|Create|Destroy|Event|Vgpu)\w*)$", word)
        if match:
            prefix = match[1]
            yield prefix, match[2]
        elif prefix:
            yield prefix, word


def test_functions(_header, manual):
    """All are there, each once."""
    found = [pair for cell, _ in rows(manual) for pair in named(cell)]
    for prefix, names in FUNCTIONS.items():
        for name in names.split():
            check(found.count((prefix, name)) == 1, "%s%s is there %d times" %
                  (prefix, name, found.count((prefix, name))))


def test_no_because(_header, manual):
    """What is not there has a reason, and no cell is empty."""
    for what, here in rows(manual):
        check(here.strip(), "%s: nothing" % what)
        check(not re.search(r"\bno,(?! because)", here), "%s: '%s'" % (what, here))


def help_of(words):
    """Help of the command that a line begins with; None: there is no such command."""
    for count in (2, 1):
        done = subprocess.run([OPENVGPU, *words[:count], "--help"], text=True, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)
        if len(words) >= count and not done.returncode:
            return done.stdout
    return None


def test_commands(_header, manual):
    """They and their long options exist."""
    lines = set(re.findall(r"`openvgpu ([^`]*)`", manual))
    check(len(lines) > 40, "only %d commands" % len(lines))
    for line in lines:
        words = line.split()
        if words[0] == "-H":
            words = ["list"]
        text = help_of(words)
        check(text is not None, "openvgpu %s: no such command" % line)
        for option in re.findall(r"--[a-z-]+", line):
            check(text is None or option in text, "openvgpu %s: no option %s" % (line, option))


def test_columns(_header, manual):
    """Columns that it names are of that command."""
    for line in re.findall(r"`openvgpu ([^`]*--columns [^`]*)`", manual):
        words = line.split()
        known = re.search(r"^Columns: (.*)$", help_of(words), re.M)[1].split()
        for column in words[words.index("--columns") + 1].split(","):
            check(column in known, "openvgpu %s: no column %s" % (line, column))


def test_library(header, manual):
    """Functions of the library are declared."""
    names = set(re.findall(r"`(ovgpu_\w+)\(\)`", manual))
    check(len(names) > 15, "only %d functions" % len(names))
    for name in names:
        check(re.search(r"\b%s\(" % name, header), "%s() is not in openvgpu.h" % name)


def test_attributes(_header, manual):
    """Attributes that a cell calls sysfs's are described."""
    known = set(re.findall(r"^What:.*/(?:openvgpu|stats)/(\w+)$",
                           open(os.path.join(os.path.dirname(__file__), "../../../doc",
                                             "sysfs-driver-openvgpu"), encoding="utf-8").read(),
                           re.M))
    for _, here in rows(manual):
        for part in re.findall(r"sysfs ((?:`\w+`(?:, | and )?)+)", here):
            for name in re.findall(r"`(\w+)`", part):
                check(name in known, "no attribute %s" % name)


def test_links(_header, manual):
    """They lead somewhere."""
    there = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
             for title in re.findall(r"^#+ (.*)$", manual, re.M)}
    for anchor in re.findall(r"\]\(#([^)]+)\)", manual):
        check(anchor in there, "#%s leads nowhere" % anchor)
    folder = os.path.join(os.path.dirname(__file__), "../../../doc")
    for file in re.findall(r"\]\(([\w.-]+)\)", manual):
        check(os.path.exists(os.path.join(folder, file)), "%s is not there" % file)


if __name__ == "__main__":
    sys.exit(run("nvidia", "tools/libopenvgpu/openvgpu.h", "doc/nvidia.md",
                 (test_functions, test_no_because, test_commands, test_columns, test_library,
                  test_attributes, test_links)))
