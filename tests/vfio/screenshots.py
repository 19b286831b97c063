#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
screenshots.py SOCKET FOLDER INSIDE PID: takes screenshots of a machine's
outputs when a program in it asks for one

A file FOLDER/NAME.want holds the id of a display device. The picture becomes
FOLDER/NAME.ppm, and .want becomes .done. SOCKET is QEMU's QMP socket, INSIDE
the folder's name as QEMU sees it. Ends with the process PID.
"""
import json
import os
import socket
import sys
import time


class Qmp:
    """One connection to QEMU."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        # A UNIX socket's path has at most 107 bytes.
        self.socket.connect(os.path.realpath(path))
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        """Runs a command; events in between are of no interest."""
        json.dump({"execute": command, "arguments": arguments}, self.stream)
        self.stream.write("\n")
        self.stream.flush()
        while True:
            line = self.stream.readline()
            if not line:
                raise OSError("QEMU closed the connection")
            answer = json.loads(line)
            if "error" in answer:
                raise OSError(answer["error"]["desc"])
            if "return" in answer:
                return answer["return"]


def runs(pid):
    """Whether the process is there and not a zombie."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def serve(path, folder, inside, pid):
    """Answers until the process ends."""
    qmp = None
    while runs(pid):
        time.sleep(0.02)
        wanted = [n[:-5] for n in os.listdir(folder) if n.endswith(".want")] \
            if os.path.isdir(folder) else []
        for name in wanted:
            want = os.path.join(folder, name + ".want")
            with open(want, encoding="ascii") as text:
                device = text.read()
            if not device.endswith("\n"):
                continue    # is just being written
            try:
                qmp = qmp or Qmp(path)
                qmp.ask("screendump", device=device.strip(), head=0,
                        filename="%s/%s.ppm" % (inside, name))
            except OSError as error:
                print("# screenshot of %s: %s" % (device.strip(), error), flush=True)
                qmp = None
                time.sleep(1)
                continue
            os.rename(want, os.path.join(folder, name + ".done"))


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
