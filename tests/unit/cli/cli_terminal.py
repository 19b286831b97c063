# SPDX-License-Identifier: GPL-2.0-only
"""A terminal for tests of programs that fill one: a pseudo terminal, and as
much of a VT100 as ncurses uses of it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

SEQUENCE = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z@`])|\x1b[()][0-9A-Z]|"
                      rb"\x1b([^\[()])")


class Screen:
    """What a VT100 shows after some output."""

    def __init__(self, rows, columns):
        self.pending = b""
        self.resize(rows, columns)

    def resize(self, rows, columns):
        """Empty, as xterm is not, but the program draws all of it anew."""
        self.rows, self.columns = rows, columns
        self.row = self.column = 0
        self.saved = (0, 0)
        self.top, self.bottom = 0, rows - 1
        self.cells = [[" "] * columns for _ in range(rows)]

    def lines(self):
        return ["".join(line).rstrip() for line in self.cells]

    def text(self):
        return "\n".join(self.lines())

    def feed(self, data):
        data = self.pending + data
        at = 0
        while at < len(data):
            if data[at] != 0x1b:
                self.character(data[at])
                at += 1
                continue
            match = SEQUENCE.match(data, at)
            if not match:
                if len(data) - at < 16:
                    break       # the rest is still to come
                raise AssertionError(f"unknown sequence {data[at:at + 16]!r}")
            self.sequence(match)
            at = match.end()
        self.pending = data[at:]

    def scroll(self, lines):
        """Up by so many lines, inside the scrolling region."""
        for _ in range(abs(lines)):
            gone, new = ((self.top, self.bottom) if lines > 0 else
                         (self.bottom, self.top))
            del self.cells[gone]
            self.cells.insert(new, [" "] * self.columns)

    def character(self, code):
        if code == 10:
            if self.row == self.bottom:
                self.scroll(1)
            else:
                self.row = min(self.row + 1, self.rows - 1)
        elif code == 13:
            self.column = 0
        elif code == 8:
            self.column = max(self.column - 1, 0)
        elif code == 9:
            self.column = min(self.column // 8 * 8 + 8, self.columns - 1)
        elif code >= 32:
            self.cells[self.row][min(self.column, self.columns - 1)] = chr(code)
            self.column += 1

    def sequence(self, match):
        private, text, kind, single = match.groups()
        if single == b"7":
            self.saved = (self.row, self.column)
        elif single == b"8":
            self.row, self.column = self.saved
        elif single == b"M":
            if self.row == self.top:
                self.scroll(-1)
            else:
                self.row -= 1
        if not kind or private:
            return
        numbers = [int(n or 0) for n in text.split(b";")]
        first = numbers[0]
        column = min(self.column, self.columns - 1)
        if kind == b"H":
            self.row = min(max(first, 1), self.rows) - 1
            self.column = min(max((numbers + [1])[1], 1), self.columns) - 1
        elif kind in b"ABCD":
            step = max(first, 1) * (-1 if kind in b"AD" else 1)
            if kind in b"AB":
                self.row = min(max(self.row + step, 0), self.rows - 1)
            else:
                self.column = min(max(column + step, 0), self.columns - 1)
        elif kind == b"r":
            self.top = max(first, 1) - 1
            self.bottom = (numbers[1] if len(numbers) > 1 else self.rows) - 1
            self.row = self.column = 0
        elif kind in b"JK":
            line = self.cells[self.row]
            if first == 1:
                line[:column + 1] = [" "] * (column + 1)
            else:
                start = 0 if first == 2 else column
                line[start:] = [" "] * (self.columns - start)
            if kind == b"J":
                others = (range(self.rows) if first == 2 else
                          range(self.row) if first == 1 else
                          range(self.row + 1, self.rows))
                for row in others:
                    self.cells[row] = [" "] * self.columns
        elif kind not in b"mhl":
            raise AssertionError(f"unknown sequence {match.group()!r}")


class Terminal:
    """Runs a program in a terminal of its own."""

    def __init__(self, args, env, rows=24, columns=120, stderr=None):
        self.screen = Screen(rows, columns)
        self.master, slave = pty.openpty()
        self.size(rows, columns)
        # Its own session, so that the terminal's signals reach it alone.
        self.process = subprocess.Popen(
            args, stdin=slave, stdout=slave, stderr=stderr or slave, env=env,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("4H", rows, columns, 0, 0))

    def resize(self, rows, columns):
        """Tells the program as a terminal does."""
        self.read(0)
        self.screen.resize(rows, columns)
        self.size(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def keys(self, text):
        os.write(self.master, text.encode())

    def read(self, timeout):
        """Takes what was written; False at the end of it."""
        while select.select([self.master], [], [], timeout)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:     # the program has ended
                return False
            if not data:
                return False
            self.screen.feed(data)
            timeout = 0
        return True

    def wait(self, wanted, timeout=60):
        """Until wanted(text) is true of the screen; says what it saw."""
        end = time.monotonic() + timeout
        while not wanted(self.screen.text()):
            if not self.read(0.1) or time.monotonic() > end:
                return wanted(self.screen.text())
        return True

    def end(self, timeout=60):
        """The exit status."""
        end = time.monotonic() + timeout
        while self.read(0.1) and time.monotonic() < end:
            pass
        try:
            return self.process.wait(max(1, end - time.monotonic()))
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def hang_up(self):
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()
