#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu on other machines, with an ssh that runs what it is told by a shell of
this one, in a made-up machine of its own."""

import json
import os
import shutil
import signal
import subprocess

from cli_hello import hello
from cli_machine import (
    FAILURE, GPU, GPU2, IDLE, INCOMPATIBLE, NOT_FOUND, OK, OPENVGPU, USAGE, USED, CliTest, main)
from cli_terminal import Terminal

# As OpenSSH: options, "--", a host, and words that it joins by blanks for a shell.
SSH = """\
#!/bin/sh
echo "$@" >> {top}/ssh.log
while [ "$1" != -- ]; do shift; done
[ "$2" != away ] || {{ echo "ssh: away: no route" >&2; exit 255; }}
[ "$2" != bare ] || exec sh -c 'exit 127'
shift 2
exec ${{REMOTE_SHELL:-sh}} -c "exec $*"
"""

# What the words are, for the shell that is not to change any.
WORDS = """\
#!/usr/bin/env python3
import json, sys
print(json.dumps([word.encode("utf-8", "surrogateescape").hex() for word in sys.argv[1:]]))
"""

HOSTILE = ["; touch X", "$(touch X)", "`touch X`", "'; touch X; '", '"; touch X; "',
           "\\", "\\'", "'\\'; touch X; '", "a\\", "&& touch X", "| touch X", "> X", "!touch",
           "!!", "~", "*", "?", "[a]", "{a,b}", "#x", "$HOME", "$IFS", "=ls", "^a^b", "",
           " ", "a b", "-", "--", "--x=y", "%s", b"\xff'", "\u00e4'\\", "^", "a'b'c", "''",
           "\\\\", "x" * 5000, "(touch X)", "x;", "&"]


class RemoteTest(CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        self.bin = self.machine.path("bin")
        self.script("ssh", SSH.format(top=self.machine.top))
        self.script("openvgpu", f'#!/bin/sh\nexec {OPENVGPU} "$@"\n')

    def script(self, name, text):
        self.machine.write(f"bin/{name}", text)
        os.chmod(self.machine.path(f"bin/{name}"), 0o755)

    def environment(self, **more):
        return dict(super().environment(**more), PATH=f"{self.bin}:{os.environ['PATH']}")

    def told(self):
        """What ssh was told."""
        return self.machine.read("ssh.log").splitlines()


class Remote(RemoteTest):
    def test_as_here(self):
        for args in (["list"], ["list", "--json"], ["--json", "show", IDLE], ["types"],
                     ["sched", "show"], ["--version"], ["--help"]):
            here = self.expect(OK, *args).out
            self.assertEqual(self.expect(OK, "-H", "user@host", *args).out, here, args)
        self.assertEqual(self.told()[0], "-T -x -- user@host openvgpu list")
        uuid = self.expect(OK, "-H", "host", "create", "2q").out.decode().strip()
        self.assertEqual(self.machine.read(self.machine.create_file(GPU2, "2q")), uuid)

    def test_forms(self):
        for form in (["-H", "a@b"], ["-Ha@b"], ["--host", "a@b"], ["--host=a@b"]):
            self.expect(OK, *form, "list", "--quiet")
            self.assertEqual(self.told()[-1], "-T -x -- a@b openvgpu list --quiet")
        for args in (["--json", "-H", "h", "list"], ["-H", "h", "--json", "list"],
                     ["-H", "h", "list", "--json"]):
            self.assertEqual(len(json.loads(self.expect(OK, *args).out)["vgpus"]), 2)
        # Behind the command it is none.
        self.expect(USAGE, "list", "-H", "h", err="unknown option")

    def test_status(self):
        self.expect(NOT_FOUND, "-H", "h", "show", GPU2[:-1] + "7", err="no GPU")
        self.assertEqual(self.expect_json(NOT_FOUND, "-H", "h", "remove", IDLE[:-1] + "0")
                         ["error"]["code"], NOT_FOUND)
        for uuid, heads in ((USED, 1), (IDLE, 4)):
            self.machine.add_attributes(f"{GPU}/{uuid}", {
                "migration_hello": hello(uuid=uuid, heads=heads)})
        self.expect(INCOMPATIBLE, "-H", "h", "migration", "check", USED, IDLE, err="heads")
        self.expect(USAGE, "-H", "h", "lst", err="did you mean 'list'?")
        self.expect(USAGE, "-H", "h", err="no command given")
        self.expect(FAILURE, "-H", "away", "list", err="could not reach away")
        self.assertIn("away", self.expect_json(FAILURE, "-H", "away", "list")["error"]["message"])
        self.expect(FAILURE, "-H", "bare", "list", err="is it installed there?")
        os.unlink(os.path.join(self.bin, "ssh"))
        self.expect(FAILURE, "-H", "h", "list", env={"PATH": self.bin}, err="cannot run ssh")

    def test_hostile_hosts(self):
        for host in ("", "-", "-oProxyCommand=touch X", "a b", "a;b", "$(x)", "`x`", "a'b",
                     'a"b', "a\nb", "a|b", "a\\b", "a/b", "@b", "a@-b", "~", "*", "%h",
                     "ssh://", "ssh://-x", "ssh://a/b", b"\xff", "x" * 256, "a&b", "a>b",
                     "[-x]", "a@[-x]", "ssh://[-x]:22", "ssh://a@[-x]", "a%b", "a,b", "a=b",
                     "a b@c", "a#b", "a!b", "{a,b}", "a\tb", "a\x7f", "ssh://ssh://-x"):
            for form in (["-H", host], ["--host", host]):
                self.expect(USAGE, *form, "list", err="not the name of a host")
        self.assertFalse(os.path.exists(self.machine.path("ssh.log")))
        for host in ("h", "u@h.example", "u_1@10.0.0.1", "[fe80::1]", "ssh://u@h:2222", "::1"):
            self.expect(OK, "-H", host, "list")

    def test_hostile_arguments(self):
        """Each word arrives as it is, whichever shell is there."""
        self.script("openvgpu", WORDS)
        shells = [shell for shell in ("sh", "bash", "dash", "zsh", "csh", "tcsh", "fish",
                                      "mksh", "busybox sh") if shutil.which(shell.split()[0])]
        self.assertIn("bash", shells)
        words = [word if isinstance(word, bytes) else word.encode() for word in HOSTILE]
        for shell in shells:
            done = subprocess.run(
                [OPENVGPU, "-H", "h", "x", *words], cwd=self.machine.path("root"),
                env=self.environment(REMOTE_SHELL=shell), check=False, capture_output=True)
            self.assertEqual(done.returncode, OK, (shell, done))
            self.assertEqual([bytes.fromhex(word) for word in json.loads(done.stdout)],
                             [b"x", *words], shell)
            self.assertEqual(os.listdir(self.machine.path("root")), [], shell)

    def test_control_characters(self):
        for word in ("a\nb", "\n", "\t", "\x1b", "\x7f", "\r"):
            self.expect(USAGE, "-H", "h", "show", word, err="control character")
        self.assertFalse(os.path.exists(self.machine.path("ssh.log")))

    def test_stop(self):
        """What follows ends here and there."""
        self.script("openvgpu", f"#!/bin/sh\necho $$ >{self.machine.top}/pid\necho line\n"
                    "exec sleep 1000\n")
        for args, status in ((["top", "--follow"], OK), (["remove", IDLE], FAILURE)):
            process = subprocess.Popen([OPENVGPU, "-H", "h", *args], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=self.environment())
            self.assertEqual(process.stdout.readline(), b"line\n")
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, out), (status, b""), err)
            with self.assertRaises(ProcessLookupError):
                os.kill(int(self.machine.read("pid")), 0)

    def test_terminal(self):
        """Only for what draws on it."""
        for args, option in ((["list"], "-T"), (["top", "--json"], "-T"), (["top"], "-t"),
                             (["events"], "-T")):
            self.script("openvgpu", "#!/bin/sh\necho done\n")
            terminal = Terminal([OPENVGPU, "-H", "h", *args], self.environment(TERM="vt100"),
                                24, 80, subprocess.DEVNULL)
            self.addCleanup(terminal.close)
            self.assertTrue(terminal.wait(lambda text: "done" in text), args)
            self.assertEqual(terminal.end(), 0)
            self.assertEqual(self.told()[-1].split()[0], option, args)

    def test_children_ignored(self):
        """By whoever starts it."""
        for args in (["-H", "h"], ["fleet", "--hosts", self.machine.path("fleet")]):
            self.machine.write("fleet", "h\n")
            done = subprocess.run([OPENVGPU, *args, "list", "-q"], stdin=subprocess.DEVNULL,
                                  preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
                                  capture_output=True, env=self.environment(), timeout=60, check=False)
            self.assertEqual(done.returncode, OK, done)
            self.assertIn(USED.encode(), done.stdout)

    def test_input(self):
        self.machine.write("config.yaml", "version: v1\nvgpu-configs:\n  default:\n"
                           "    - devices: all\n      settings: {}\n")
        with open(self.machine.path("config.yaml"), "rb") as file:
            done = subprocess.run([OPENVGPU, "-H", "h", "assert", "-"], stdin=file,
                                  capture_output=True, env=self.environment(), check=False)
        self.assertEqual(done.returncode, OK, done)


class Fleet(RemoteTest):
    def hosts(self, *lines):
        self.machine.write("fleet", "".join(line + "\n" for line in lines))
        return ["fleet", "--hosts", self.machine.path("fleet")]

    def test_lines(self):
        args = self.hosts("# all", "  one  # the first", "", "user@two", "three")
        out = self.expect(OK, *args, "list", "--quiet").out.decode()
        self.assertEqual(out, "".join(f"{host:8}  {uuid}\n" for host in ("one", "user@two", "three")
                                      for uuid in (USED, IDLE)))
        self.assertEqual(sorted(line.split(" -- ")[1] for line in self.told()), sorted(
            f"{host} openvgpu list --quiet" for host in ("one", "user@two", "three")))
        self.assertIn("-oBatchMode=yes", self.told()[0])

    def test_json(self):
        args = self.hosts("one", "away", "bare", "two")
        for words in (["--json", "show", IDLE], ["show", IDLE, "--json"]):
            value = json.loads(self.expect(FAILURE, *args, *words, err="away: ssh could").out)
            self.assertEqual([(host["host"], host["status"]) for host in value["hosts"]],
                             [("one", 0), ("away", 1), ("bare", 1), ("two", 0)])
            self.assertEqual([bool(host["output"]) for host in value["hosts"]],
                             [True, False, False, True])
            self.assertEqual(value["hosts"][3]["output"]["vgpu"]["uuid"], IDLE)
            self.assertIsNone(value["hosts"][0]["reason"])
            self.assertIn("installed", value["hosts"][2]["reason"])

    def test_first_failure_is_the_status(self):
        self.script("openvgpu", "#!/bin/sh\necho out; echo err >&2; exit 3\n")
        result = self.run_cli(*self.hosts("a", "away", "b"), "list")
        self.assertEqual(result.status, 3)
        self.assertEqual(result.out, b"a     out\nb     out\n")
        self.assertEqual(result.err.decode().splitlines(), [
            "a     err", "away  ssh: away: no route",
            "openvgpu: away: ssh could not reach it, or lost it", "b     err"])

    def test_they_run_at_the_same_time(self):
        """Each waits until all have begun; and there may be more than that."""
        self.machine.write("begun/x")
        os.unlink(self.machine.path("begun/x"))
        top = self.machine.top
        self.script("openvgpu", f"#!/bin/sh\ntouch {top}/begun/$$\n"
                    f"while [ $(ls {top}/begun | wc -l) -lt 8 ]; do sleep 0.05; done\necho $1\n")
        out = self.expect(OK, *self.hosts(*(f"h{i}" for i in range(8))), "list").out.decode()
        self.assertEqual(out, "".join(f"h{i}  list\n" for i in range(8)))
        self.script("openvgpu", "#!/bin/sh\necho ok\n")
        out = self.expect(OK, *self.hosts(*(f"n{i:03}" for i in range(100))), "list").out
        self.assertEqual(out.decode(), "".join(f"n{i:03}  ok\n" for i in range(100)))

    def test_hostile_output(self):
        """What a host prints can neither forge a line nor reach the terminal."""
        self.script("openvgpu", "#!/bin/sh\nprintf 'a\\033[2J\\rb  x\\377'; printf '\\033c' >&2\n")
        result = self.expect(OK, *self.hosts("h"), "list")
        self.assertEqual(result.out, b"h  a\\x1b[2J\\x0db  x\\xff\n")
        self.assertEqual(result.err, b"h  \\x1bc\n")
        value = json.loads(self.expect(OK, *self.hosts("h"), "--json", "list").out)
        self.assertEqual((value["hosts"][0]["output"], value["hosts"][0]["reason"]),
                         (None, "what it printed is no JSON object"))
        self.script("openvgpu", "#!/bin/sh\nexec yes\n")
        self.expect(FAILURE, *self.hosts("h"), "--json", "list", err="too much")

    def test_bad_files(self):
        for line in ("-oProxyCommand=x", "a b;c d;", "$(x)", "a;b", "@x", "x" * 300, "a\x1bb"):
            args = self.hosts("good", line.split(" ")[0] if ";c" not in line else "a;c")
            self.expect(USAGE, *args, "list", err="line 2 of the file")
        self.expect(USAGE, *self.hosts("a", "b", "a"), "list", err="line 3 of the file: host a")
        self.expect(NOT_FOUND, *self.hosts("#", ""), "list", err="no host")
        self.expect(NOT_FOUND, "fleet", "--hosts", "/nowhere", "list", err="/nowhere")
        self.expect(FAILURE, "fleet", "--hosts", self.machine.top, "list")
        self.assertFalse(os.path.exists(self.machine.path("ssh.log")))

    def test_bad_commands(self):
        args = self.hosts("h")
        for words in (["lst"], ["events"], ["top", "--follow"], ["fleet", "list"],
                      ["complete", "x"], ["sched"], ["list", "a\nb"], []):
            self.expect(USAGE, *args, *words)
        self.assertFalse(os.path.exists(self.machine.path("ssh.log")))
        self.expect(USAGE, *args, "show", "x", err="h  openvgpu: 'x' is neither")


if __name__ == "__main__":
    main()
