#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""serve.py FOLDER SCENE - a made-up machine, and what Cockpit is to the page: serves the
bundle in FOLDER, and runs `openvgpu` for it. Prints its port, ends with its standard input.

POST /spawn runs a command, an object a line of the answer; /machine does to the machine
what a test asks for; /listening answers once the page would be told of an event."""

import http.server
import json
import mimetypes
import os
import select
import socket
import subprocess
import sys
import threading

from cli_machine import OPENVGPU
from machine import SCENES

HERE = os.path.dirname(os.path.abspath(__file__))

# Cockpit's own, for a page that asks for nothing else.
POLICY = ("default-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'self'; "
          "object-src 'none'; font-src 'self'; img-src 'self' data:")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder, machine):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.machine = machine
        self.calls = []
        self.language = ""
        self.admin = True
        self.listening = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, kind, data):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        name = self.path.split("?")[0].removeprefix("/openvgpu/")
        if name == "po.js":
            name = f"po.{self.server.language}.js"
        path = os.path.join(self.server.folder, os.path.basename(name))
        if self.path == "/base1/cockpit.js":
            path = os.path.join(HERE, "cockpit.js")
        if os.path.isfile(path):
            with open(path, "rb") as file:
                self.answer(200, mimetypes.guess_type(path)[0] or "text/plain", file.read())
        elif name == f"po.{self.server.language}.js" or self.path == "/favicon.ico":
            self.answer(200, "text/javascript", b"")
        else:
            self.answer(404, "text/plain", b"")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/spawn":
            self.spawn(body)
            return
        if self.path == "/listening":
            value = self.server.listening.wait(60)
        else:
            with self.server.machine.lock:
                value = getattr(self, f"do_{body['do']}")(*body.get("with", []))
        self.answer(200, "application/json", json.dumps(value).encode())

    # ------------------------------------------------------- what the page does

    def spawn(self, body):
        argv = body["argv"]
        assert argv[0] == "openvgpu", argv
        self.server.calls.append(argv)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        with subprocess.Popen([OPENVGPU, *argv[1:]], stdin=subprocess.DEVNULL, bufsize=0,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.server.machine.environment()) as process:
            self.pass_on(process)
        with self.server.machine.lock:
            self.server.machine.after(argv)
        self.line({"status": process.returncode})

    def pass_on(self, process):
        """Its output, until it ends or the page goes away."""
        kinds = {process.stdout: "out", process.stderr: "err"}
        while kinds:
            ready = select.select([*kinds, self.connection], [], [])[0]
            if self.connection in ready and self.is_away():
                process.terminate()
                return
            for stream in ready:
                if stream not in kinds:
                    continue
                data = os.read(stream.fileno(), 65536)
                if b"following" in data:
                    self.server.listening.set()
                if data:
                    self.line({kinds[stream]: data.decode("utf-8", "replace")})
                else:
                    del kinds[stream]

    def is_away(self):
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except ConnectionResetError:
            return True

    def line(self, value):
        try:
            self.wfile.write(json.dumps(value).encode() + b"\n")
        except OSError:
            pass

    # -------------------------------------------------------- what tests ask for

    def do_calls(self):
        return self.server.calls

    def do_language(self, language):
        self.server.language = language

    def do_admin(self, *value):
        if value:
            self.server.admin = value[0]
        return self.server.admin

    def do_read(self, name):
        return self.server.machine.machine.read(name)

    def do_write(self, name, text):
        self.server.machine.machine.write(name, text)

    def do_event(self, *args):
        self.server.machine.event(*args)

    def do_appear(self, *args):
        """Somebody else creates a vGPU."""
        self.server.machine.appear(*args)

    def do_vanish(self, uuid):
        """Somebody else removes a vGPU."""
        self.server.machine.vanish(uuid)

    def do_refuse(self, *args):
        self.server.machine.machine.refuse(*args)


def main():
    machine = SCENES[sys.argv[2]]()
    try:
        server = Server(sys.argv[1], machine)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
    finally:
        machine.end()


if __name__ == "__main__":
    main()
