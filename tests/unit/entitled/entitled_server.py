# SPDX-License-Identifier: GPL-2.0-only
"""entitled_server.py - openvgpu-entitled of a test: its keys, tokens, and the program on the loopback"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest

from tree import OUT

PROGRAM = os.path.join(OUT, "openvgpu-entitled")
DAY = 86400


def base64url(data):
    """Without padding, as in tokens."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_signature(der):
    """r and s of ECDSA, 32 bytes each, of openssl's DER."""
    numbers, rest = [], der[2:]
    for _ in range(2):
        length = rest[1]
        numbers.append(int.from_bytes(rest[2:2 + length], "big").to_bytes(32, "big"))
        rest = rest[2 + length:]
    return b"".join(numbers)


def openssl(*args, data=None):
    """What the program prints."""
    return subprocess.run(["openssl", *args], input=data, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def vgpu(number):
    """A UUID."""
    return f"00000000-0000-4000-8000-{number:012x}"


class Answer:
    """Status, headers, and the body, which is JSON unless it is metrics."""

    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()
        self.json = json.loads(self.text) if "json" in self.headers["Content-Type"] else None

    @property
    def reason(self):
        """Of an error."""
        return self.json.get("error", {}).get("reason")


class ServerTest(unittest.TestCase):
    """Has a folder with keys and a database, and a server when it starts one."""
    server = None
    url = port = None
    tls = None

    def setUp(self):
        # The disk of a busy machine takes long to say that it has written.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.mkdtemp(prefix="openvgpu-entitled.", dir=memory)
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(self.kill)
        self.make_keys("token")

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def make_keys(self, name, curve="P-256"):
        """NAME.key and NAME.pub"""
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}",
                "-out", self.path(f"{name}.key"))
        openssl("pkey", "-in", self.path(f"{name}.key"), "-pubout", "-out", self.path(f"{name}.pub"))

    def make_certificate(self, name="tls"):
        """NAME.key and NAME.crt, for 127.0.0.1"""
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.crt"))

    # ------------------------------------------------------------ the program

    def run_program(self, *args):
        """Until it ends."""
        return subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, check=False)

    def serve_options(self, listen="127.0.0.1:0"):
        return ["serve", "--listen", listen, "--database", self.path("leases.db"),
                "--token-key", self.path("token.pub")]

    def start(self, *more, listen="127.0.0.1:0", env=None):
        """Start the server, and wait until it listens."""
        with open(self.path("log"), "a", encoding="utf-8") as log:
            self.server = subprocess.Popen([PROGRAM, *self.serve_options(listen), *more],
                                           stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        line = self.server.stdout.readline()
        found = re.fullmatch(r"listening on (https?)://(.*):(\d+)\n", line)
        self.assertTrue(found, f"it says '{line}', and in its log: {self.log()}")
        self.port = int(found[3])
        return found

    def end(self, number=signal.SIGTERM):
        """End the server; its exit status."""
        self.server.send_signal(number)
        status = self.server.wait(60)
        self.server.stdout.close()
        self.server = None
        return status

    def kill(self):
        if self.server:
            self.end(signal.SIGKILL)

    def log(self):
        return self.read("log").decode()

    # ------------------------------------------------------------------ tokens

    def token(self, pool="blue", scope="host", *more, key="token"):
        """One that the program signs."""
        result = self.run_program("token", "--token-key", self.path(f"{key}.key"), "--pool", pool,
                                  "--scope", scope, *more)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.strip()

    def signed(self, header=None, key="token", password=None, **claims):
        """One that is signed here, with other claims; without a key it is not."""
        what = {"iss": "openvgpu-entitled", "jti": "0123", "pool": "blue", "scope": "admin",
                "exp": int(time.time()) + DAY, **claims}
        text = ".".join(base64url(json.dumps(part).encode()) for part in
                        (header or {"alg": "ES256", "typ": "JWT"}, what))
        if password:
            return f"{text}.{base64url(hmac.new(password, text.encode(), hashlib.sha256).digest())}"
        if not key:
            return text + "."
        der = openssl("dgst", "-sha256", "-sign", self.path(f"{key}.key"), data=text.encode())
        return f"{text}.{base64url(raw_signature(der))}"

    # ---------------------------------------------------------------- requests

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def trust_server(self, *names):
        """TLS from now on, with these certificates of make_certificate() as the only ones."""
        self.tls = ssl.create_default_context(
            cadata="".join(self.read(f"{name}.crt").decode() for name in names or ("tls",)))

    def ask(self, method, path, token=None, body=None, **headers):
        """One request on a connection of its own."""
        connection = self.connect()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def expect(self, status, method, path, token=None, body=None, reason=None, **headers):
        """The answer has this status, and an error says why and what to do."""
        answer = self.ask(method, path, token, body, **headers)
        self.assertEqual((answer.status, answer.reason if answer.json else None), (status, reason),
                         f"{method} {path} {body}: {answer.text}")
        if status >= 400:
            self.assertTrue(answer.json["error"]["message"] and answer.json["error"]["action"], answer.text)
        return answer

    def lease(self, status, number, token, reason=None, **more):
        """Ask for a lease of host h1's vGPU NUMBER."""
        return self.expect(status, "POST", "/v1/leases", token, {
            "host": "h1", "vgpu": vgpu(number), "series": "q", **more}, reason).json

    def used(self, token, pool="blue"):
        """How many vGPUs are leased."""
        pools = self.expect(200, "GET", "/v1/usage", token).json["pools"]
        return {entry["pool"]: entry["used"]["vgpus"] for entry in pools}[pool]


def main(name):
    """Runs all tests; the exit status."""
    result = unittest.main(argv=[name], exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    print(f"{name}: {result.testsRun - failed} passed, {failed} failed")
    return failed != 0
