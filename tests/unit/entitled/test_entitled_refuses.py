#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu-entitled: whom and what it refuses, with the reason: tokens, requests, options, TLS."""
import json
import re
import socket
import ssl
import sys
import time
import warnings

from entitled_server import DAY, ServerTest, main, vgpu

LEASE = {"host": "h1", "vgpu": vgpu(1), "series": "q"}


class Tokens(ServerTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.admin = self.token("*", "admin")
        for pool in ("blue", "red"):
            self.expect(201, "PUT", f"/v1/pools/{pool}", self.admin, {"vgpus": 3})

    def refused(self, reason, token, status=401):
        """Wherever it is shown, and nothing is done."""
        for method, path, body in (("PUT", "/v1/pools/blue", {"vgpus": 9}), ("POST", "/v1/leases", LEASE),
                                   ("GET", "/v1/usage", None), ("GET", "/metrics", None)):
            answer = self.expect(status, method, path, token, body, reason)
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        pools = self.expect(200, "GET", "/v1/usage", self.admin).json["pools"]
        self.assertEqual([(pool["limits"]["vgpus"], pool["used"]["vgpus"]) for pool in pools], [(3, 0)] * 2)

    def test_missing(self):
        self.refused("token-missing", None)
        self.expect(401, "GET", "/v1/usage", reason="token-missing", Authorization="Basic eDp5")
        self.expect(401, "GET", "/v1/usage", reason="token-malformed", Authorization="Bearer =")
        # What does not exist is nobody's secret.
        self.expect(404, "GET", "/", reason="no-such-path")

    def test_forged(self):
        self.assertEqual(self.ask("GET", "/v1/usage", self.signed()).status, 200)
        self.make_keys("other")
        self.refused("token-forged", self.token("*", "admin", key="other"))
        self.refused("token-forged", self.signed(key="other"))
        head, claims, signature = self.token().split(".")
        self.refused("token-forged", ".".join((head, self.admin.split(".")[1], signature)))
        self.refused("token-forged", f"{head}.{claims}.")
        self.refused("token-forged", f"{head}.{claims}")

    def test_algorithms(self):
        self.refused("token-algorithm", self.signed({"alg": "none"}, key=None))
        self.refused("token-algorithm", self.signed({"alg": "HS256"}, password=self.read("token.pub")))
        self.refused("token-algorithm", self.signed({"alg": "RS256"}))
        self.refused("token-algorithm", self.signed({"alg": "es256"}))
        self.refused("token-malformed", self.signed({"alg": 256}))
        self.refused("token-malformed", "x.y.z")
        self.refused("token-malformed", "A" * 20000)

    def test_expired(self):
        now = int(time.time())
        self.refused("token-expired", self.signed(exp=now - 1))
        self.assertEqual(self.ask("GET", "/v1/usage", self.signed(exp=now + 600)).status, 200)
        # The log tells which one, and not more often than once a second.
        self.assertIn("token 0123 refused: token-expired", self.log())
        self.assertLess(self.log().count("refused"), 8)

    def test_early(self):
        now = int(time.time())
        self.refused("token-early", self.signed(iat=now + DAY, exp=now + 2 * DAY))
        answer = self.ask("GET", "/v1/usage", self.signed(iat=now + DAY, exp=now + 2 * DAY))
        for text in answer.json["error"]["message"], answer.json["error"]["action"]:
            self.assertIn("clock of the server", text)
        self.assertEqual(self.ask("GET", "/v1/usage", self.signed(iat=now + 60)).status, 200)

    def lines_of(self, kind):
        """Lines of the log with these words, and how many they say were left out."""
        lines = [line for line in self.log().splitlines() if kind in line]
        return len(lines), sum(int(number) for line in lines
                               for number in re.findall(r"\((\d+) such lines", line))

    def test_log_is_bounded(self):
        """Of what anybody can cause, a line a second, with how many are missing; and all are counted."""
        self.expect(200, "PUT", "/v1/pools/blue", self.admin, {"vgpus": 1})
        host = self.token()
        self.lease(201, 1, host)
        for words, event, ask in (
                ("forbidden: token-scope", "forbidden",
                 lambda: self.expect(403, "GET", "/metrics", host, None, "token-scope")),
                ("refused, the pool is full", "refused", lambda: self.lease(409, 2, host, "pool-full")),
                ("granted again", "granted-again", lambda: self.lease(200, 1, host)),
                ("of nobody refused", "token-refused",
                 lambda: self.expect(401, "GET", "/metrics", "x", None, "token-malformed"))):
            count = 0
            while not self.lines_of(words)[1]:
                ask()
                count += 1
            lines, left_out = self.lines_of(words)
            self.assertEqual(lines + left_out, count, self.log())
            self.assertIn(f'event="{event}"}} {count}\n', self.expect(200, "GET", "/metrics", self.admin).text)

    def test_foreign(self):
        for claims in ({"iss": "another"}, {"scope": "root"}, {"pool": "a/b"}, {"exp": None}, {"exp": "9"},
                       {"jti": None}, {"scope": 1}, {"host": "h1"}, {"scope": "host", "host": "a/b"},
                       {"scope": "host", "host": ""}, {"scope": "host", "host": 1}, {"scope": "host", "host": None}):
            self.refused("token-foreign", self.signed(**claims))

    def test_scopes_and_pools(self):
        host, read, red = self.token(), self.token("blue", "read"), self.token("red")
        lease = self.lease(201, 1, host)["id"]
        self.expect(403, "PUT", "/v1/pools/blue", host, {"vgpus": 9}, "token-scope")
        self.expect(403, "GET", "/metrics", host, None, "token-scope")
        self.expect(403, "POST", "/v1/leases", read, LEASE, "token-scope")
        self.expect(403, "DELETE", f"/v1/leases/{lease}", read, None, "token-scope")
        # Another tenant can't see, renew or return it, nor ask in this one's name.
        self.expect(404, "POST", f"/v1/leases/{lease}/renew", red, None, "no-lease")
        self.expect(404, "DELETE", f"/v1/leases/{lease}", red, None, "no-lease")
        self.expect(403, "POST", "/v1/leases", red, {**LEASE, "pool": "blue"}, "token-pool")
        self.expect(403, "GET", "/v1/usage?pool=blue", red, None, "token-pool")
        self.expect(403, "PUT", "/v1/pools/red", self.token("blue", "admin"), {"vgpus": 9}, "token-pool")
        # One for all pools has to say which.
        self.expect(400, "POST", "/v1/leases", self.admin, LEASE, "bad-value")
        self.expect(201, "POST", "/v1/leases", self.admin, {**LEASE, "pool": "red"})
        self.assertEqual((self.used(host), self.used(red, "red")), (1, 1))


    def test_token_of_one_host(self):
        first, second = self.token("blue", "host", "--host", "h1"), self.token("blue", "host", "--host", "h2")
        lease = self.lease(201, 1, first)["id"]
        # In the name of another it gets no id, and changes nothing.
        for more in ({}, {"ttl": 600}):
            answer = self.lease(403, 1, second, "token-host", **more)
            self.assertNotIn(lease, json.dumps(answer))
        self.expect(404, "POST", f"/v1/leases/{lease}/renew", second, {"ttl": 600}, "no-lease")
        self.expect(404, "DELETE", f"/v1/leases/{lease}", second, None, "no-lease")
        self.assertNotIn(lease, self.expect(200, "GET", "/v1/usage?pool=blue", second).text)
        self.assertEqual(self.lease(200, 1, first)["ttl"], DAY)
        self.lease(201, 2, second, host="h2")
        self.expect(200, "POST", f"/v1/leases/{lease}/renew", first)
        # One of no host is for all, as the document says.
        self.assertEqual(self.lease(200, 1, self.token())["id"], lease)
        self.expect(200, "DELETE", f"/v1/leases/{lease}", first)
        # Each pool by itself, where it is for all.
        everywhere = self.token("*", "host", "--host", "h1")
        self.lease(201, 1, everywhere, pool="red")
        self.lease(403, 1, everywhere, "token-host", pool="red", host="h2")


class Requests(ServerTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.admin, self.host = self.token("*", "admin"), self.token()
        self.expect(201, "PUT", "/v1/pools/blue", self.admin, {"vgpus": 3})

    def test_paths_and_methods(self):
        for path in ("/v1", "/v1/leases/", "/v1/leases/a/b", "/v1/pools/", "/v1/pools/a/b", "/v2/usage",
                     "/v1/pools/%2e%2e%2f", "/v1/pools/" + "a" * 64, "/v1/leases/a/renew/", "/metrics/x"):
            self.expect(404, "POST", path, self.admin, reason="no-such-path")
        for method, path, allow in (("POST", "/v1/pools/blue", "PUT"), ("GET", "/v1/leases", "POST"),
                                    ("PUT", "/v1/usage", "GET"), ("GET", "/v1/leases/a", "DELETE"),
                                    ("BREW", "/metrics", "GET")):
            answer = self.expect(405, method, path, self.admin, reason="no-such-method")
            self.assertEqual(answer.headers["Allow"], allow)

    def test_bodies(self):
        for body in ("{", "[]", "1", '"x"', "null", "{} {}", '{"a": {"b": {"c": {"d": 1}}}}',
                     b"\xff", b"\0", b'{"host": "\xff"}', "{" * 5000, '{"vgpus": 1,}'):
            self.expect(400, "PUT", "/v1/pools/blue", self.admin, body, "bad-json")
            self.expect(400, "POST", "/v1/leases", self.host, body, "bad-json")
        for change in ({"host": None}, {"host": 1}, {"host": ""}, {"host": "a b"}, {"host": "a" * 64},
                       {"host": "h\0x"}, {"vgpu": "x"}, {"vgpu": vgpu(1).upper().replace("0", "A")},
                       {"vgpu": vgpu(1) + "0"}, {"series": ""}, {"series": "C"}, {"series": "cq"},
                       {"series": "\u00e9"}, {"series": "1"}, {"ttl": 599}, {"ttl": 90 * DAY + 1}, {"ttl": "x"},
                       {"ttl": 1e3}, {"ttl": True}, {"framebuffer_mib": -1}, {"framebuffer_mib": 2 ** 63},
                       {"compute_slices": 2 ** 64 - 1}, {"compute_slices": 1e30}, {"pool": "a/b"}):
            self.expect(400, "POST", "/v1/leases", self.host, {**LEASE, **change}, "bad-value")
        # Some versions of json-c don't read it, others take it for the largest that they know.
        self.assertEqual(self.ask("POST", "/v1/leases", self.host, {**LEASE, "ttl": 2 ** 64}).status, 400)
        self.expect(400, "POST", "/v1/leases", self.host, {**LEASE, "tll": 600}, "unknown-key")
        for limits in ({}, {"vgpus": None}, {"vgpus": -1}, {"vgpus": 1000001}, {"vgpus": 1, "framebuffer_mib": "1"},
                       {"vgpus": 1, "series": []}, {"vgpus": 1, "series": {"q": 1}},
                       {"vgpus": 1, "series": {"a/b": {}}}, {"vgpus": 1, "series": {"": {}}},
                       {"vgpus": 1, "series": {chr(ord("a") + i): {} for i in range(17)}},
                       {"vgpus": 1, "series": {"C": {}}}, {"vgpus": 1, "series": {"cq": {}}}):
            self.expect(400, "PUT", "/v1/pools/blue", self.admin, limits, "bad-value")
        self.expect(400, "PUT", "/v1/pools/blue", self.admin, {"vgpus": 1, "vgpu": 1}, "unknown-key")
        self.expect(400, "PUT", "/v1/pools/blue", self.admin, {"vgpus": 1, "series": {"q": {"x": 1}}}, "unknown-key")
        # No part of a character is told.
        for length in range(35, 42):
            answer = self.expect(400, "PUT", "/v1/pools/blue", self.admin, {"a" * length + "\u20ac": 1}, "unknown-key")
            self.assertIn("'" + ("a" * length + "\u20ac").encode()[:40].decode(errors="ignore") + "'",
                          answer.json["error"]["message"])
        pool = self.expect(200, "GET", "/v1/usage", self.host).json["pools"][0]
        self.assertEqual((pool["limits"]["vgpus"], pool["used"]["vgpus"]), (3, 0))
        # The last one counts, as the document says.
        self.expect(200, "PUT", "/v1/pools/blue", self.admin, '{"vgpus": 1, "vgpus": 2}')
        pool = self.expect(200, "GET", "/v1/usage", self.host).json["pools"][0]
        self.assertEqual(pool["limits"]["vgpus"], 2)

    def test_size_of_bodies(self):
        body = json.dumps(LEASE)
        fits, over = body + " " * (16384 - len(body)), body + " " * (16385 - len(body))
        self.expect(201, "POST", "/v1/leases", self.host, fits)
        self.expect(413, "POST", "/v1/leases", self.host, over, "body-too-large")
        # A length that is known at the end only.
        connection = self.connect()
        for text, status in ((fits, 200), (over, 413)):
            connection.request("POST", "/v1/leases", iter([text[:9000].encode(), text[9000:].encode()]),
                               {"Authorization": f"Bearer {self.host}"}, encode_chunked=True)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status)
        connection.close()
        # Without a token it is not taken at all.
        with socket.create_connection(("127.0.0.1", self.port), 60) as client:
            client.sendall(b"POST /v1/leases HTTP/1.1\r\nHost: x\r\nContent-Length: 16000\r\n\r\n{")
            self.assertIn(b" 401 ", client.recv(4096).split(b"\r\n")[0])
        # And more of it than anybody needs ends the connection.
        with socket.create_connection(("127.0.0.1", self.port), 60) as client:
            client.sendall(f"POST /v1/leases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.host}\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n".encode())
            chunk, sent = b"4000\r\n" + b" " * 0x4000 + b"\r\n", 0
            try:
                while sent < 1000:
                    client.sendall(chunk)
                    sent += 1
            except OSError:
                pass
            self.assertLess(sent, 1000)
        self.assertEqual(self.used(self.host), 1)

    def test_number_of_connections(self):
        clients = [socket.create_connection(("127.0.0.1", self.port), 60) for _ in range(100)]
        ended = []
        for client in clients[64:]:
            try:
                ended.append(client.recv(1) == b"")
            except ConnectionResetError:
                ended.append(True)
        self.assertEqual(ended, [True] * 36)
        for client in clients:
            client.close()
        # They are gone, and so there is room; the server sees it in its own time.
        for _ in range(1000):
            try:
                self.assertEqual(self.used(self.host), 0)
                return
            except OSError:
                time.sleep(0.01)
        self.fail("no connection is taken any more")

    def test_nonsense(self):
        for text in (b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00" * 50,
                     b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * 100000 + b"\r\n\r\n",
                     b"POST /v1/leases HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/leases HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.port), 60) as client:
                try:
                    client.sendall(text)
                except OSError:
                    pass
        self.assertEqual(self.used(self.host), 0)
        self.assertEqual(self.end(), 0, self.log())


class Options(ServerTest):
    def fails(self, status, text, *args):
        result = self.run_program(*args)
        self.assertEqual((result.returncode, result.stdout), (status, ""), result.stderr)
        self.assertIn(text, result.stderr)

    def test_usage(self):
        for word in ("--help", "-h"):
            self.assertIn("usage: openvgpu-entitled serve", self.run_program(word).stdout)
        self.assertRegex(self.run_program("--version").stdout, r"^openvgpu-entitled \d+\.\d+\.\d+\n$")
        self.fails(2, "no command given")
        self.fails(2, "'sell' is not serve or token", "sell")
        # getopt itself would say it under the command's name.
        for command, text, *args in (("serve", "unknown option '--colour'", "--colour", "red"),
                                     ("serve", "unknown option '-x'", "-xy"), ("token", "unknown option '-p'", "-p"),
                                     ("serve", "--listen needs a value", "--listen"),
                                     ("token", "--pool needs a value", "--pool")):
            result = self.run_program(command, *args)
            self.assertEqual((result.returncode, result.stderr),
                             (2, f"openvgpu-entitled: {text}: try 'openvgpu-entitled --help'\n"))
        self.fails(2, "'x' is too much", "serve", "x")
        for text in ("x", "localhost:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:1x", "[::1:1",
                     "::1:1", ":1", "[]:1", "1.2.3:4"):
            self.fails(2, "--listen can't be", "serve", "--listen", text)
        for text in ("0.0.0.0:0", "192.0.2.1:1", "[::]:0", "[::ffff:127.0.0.1]:0"):
            self.fails(2, "give --tls-cert and --tls-key", "serve", "--listen", text)
        self.fails(2, "belong together", "serve", "--tls-cert", "x")
        key = ("token", "--token-key", self.path("token.key"))
        self.fails(2, "--pool is missing", *key)
        self.fails(2, "--pool can't be 'a b'", *key, "--pool", "a b")
        self.fails(2, "--scope can't be 'root'", *key, "--pool", "a", "--scope", "root")
        self.fails(2, "--host can't be 'a b'", *key, "--pool", "a", "--host", "a b")
        self.fails(2, "--host is for tokens of scope host", *key, "--pool", "a", "--host", "h1", "--scope", "read")
        for days in ("0", "-1", "x", "1.5", "3661", ""):
            self.fails(2, "--days can't be", *key, "--pool", "a", "--days", days)
        for url in ("x", "ftp://x", "https://a b", 'https://"', "https://" + "a" * 300):
            self.fails(2, "--url can't be", *key, "--pool", "a", "--url", url)
        self.fails(2, "at most 8", *key, "--pool", "a", *["--url", "https://x"] * 9)

    def test_files(self):
        self.fails(1, "No such file", "serve", "--token-key", self.path("nothing"))
        # Nobody gives the server what signs, nor signs with what checks.
        self.fails(1, "no public key", "serve", "--token-key", self.path("token.key"))
        self.fails(1, "no private key", "token", "--pool", "a", "--token-key", self.path("token.pub"))
        self.make_keys("large", "P-384")
        self.fails(1, "not of the curve P-256", "serve", "--token-key", self.path("large.pub"))
        self.fails(1, "unable to open", "serve", "--token-key", self.path("token.pub"),
                   "--database", "/nowhere/leases.db")
        self.fails(1, "not a database", "serve", "--token-key", self.path("token.pub"),
                   "--database", self.path("token.pub"))

    def test_token(self):
        self.start()
        result = self.run_program("token", "--token-key", self.path("token.key"), "--pool", "blue", "--days", "1",
                                  "--url", "https://a.example:8484")
        number = result.stderr.split()[1].rstrip(":")
        self.assertIn("pool blue, scope host, 1 days", result.stderr)
        self.lease(404, 1, result.stdout.strip(), "no-pool")
        self.expect(201, "PUT", "/v1/pools/blue", self.token("*", "admin"), {"vgpus": 1})
        self.lease(201, 1, result.stdout.strip())
        self.assertIn(f"granted, token {number}", self.log())


class Tls(ServerTest):
    def test_tls(self):
        self.make_certificate()
        files = ("--tls-cert", self.path("tls.crt"), "--tls-key", self.path("tls.key"))
        self.assertEqual(self.start(*files, listen="0.0.0.0:0")[1], "https")
        # Without TLS there is nothing to be had, least of all an answer.
        with socket.create_connection(("127.0.0.1", self.port), 60) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP", client.recv(4096))
            except ConnectionResetError:
                pass
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", self.port), 60) as client:
            self.assertRaises(OSError, old.wrap_socket, client)
        # Who does not trust the certificate sends no token.
        self.tls = ssl.create_default_context()
        self.assertRaises(ssl.SSLError, self.ask, "GET", "/v1/usage", "x")
        self.trust_server()
        self.expect(201, "PUT", "/v1/pools/blue", self.token("*", "admin"), {"vgpus": 1})
        self.lease(201, 1, self.token())
        self.assertEqual(self.end(), 0, self.log())

    def test_bad_certificate(self):
        self.make_certificate()
        for cert, key in (("tls.key", "tls.key"), ("tls.crt", "token.key"), ("nothing", "tls.key"),
                          ("tls.crt", "nothing")):
            result = self.run_program(*self.serve_options(), "--tls-cert", self.path(cert),
                                      "--tls-key", self.path(key))
            self.assertEqual(result.returncode, 1, f"{cert} {key}: {result.stdout}")
            self.assertRegex(result.stderr, "with certificate '.*' and key '.*'|No such file")


if __name__ == "__main__":
    sys.exit(main("entitled_refuses"))
