"""Runs programs on a phone: brings files there once, runs them under limits, leaves nothing running.

Owns `/data/local/tmp/ubp-tui`. Knows nothing of what the programs do.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from ubp_core.devices.adb.link import SHORT_S, AdbLink
from ubp_core.devices.adb.push import PushRefused, push_bytes
from ubp_core.devices.adb.stream import EXIT, STDERR, STDOUT, ShellStream, StreamEnded, StreamSilent
from ubp_core.devices.device import Execution, Limits, OnLine
from ubp_core.devices.error_lines import ErrorLines
from ubp_core.devices.errors import DeviceError, LinkLost, NoSpace, RunCancelled
from ubp_core.devices.remote_script import (
    KILL_AFTER_S,
    LEFTOVER_SCRIPT,
    PREPARE_SCRIPT,
    ROOT,
    free_bytes,
    kill_script,
    run_script,
    settle_script,
)
from ubp_core.numerals import read_whole
from ubp_core.units import format_bytes

SPARE_BYTES = 4 << 20
"""Left free beside what is pushed."""
PUSH_ANSWER_S = 10.0
GONE_S = 5.0
"""How long to see to it that a cancelled program is gone."""
WRONG_CONTENT = 3
TIMED_OUT, KILLED = 124, 137


class AdbSession:
    """See `Session`. Made by `AdbDevice.session`, used by one thread."""

    def __init__(self, link: AdbLink, name: str) -> None:
        self.link, self.name = link, name

    def prepare(self) -> int | None:
        """Makes our folder and returns the free space in bytes, None where it can't be read.

        Raises:
            DeviceError: another benchmark runs there, or the folder can't be made.
        """
        if running := self.link.ask(LEFTOVER_SCRIPT).stdout.split():
            raise DeviceError(
                f"{self.name}: another benchmark of ours runs there (process {running[0]}): "
                "wait for its end, or stop it with ubp devices clean"
            )
        answer = self.link.ask(PREPARE_SCRIPT)
        if answer.code:
            reason = answer.stderr.strip() or f"exit {answer.code}"
            if "No space left" in reason:
                raise NoSpace(f"{self.name}: storage full, not even a folder fits: free some space")
            raise DeviceError(f"{self.name}: {ROOT} can't be used: {reason}")
        return free_bytes(answer.stdout)

    def place(self, files: Sequence[Path], program: bool = False) -> list[str]:
        """See `Session.place`."""
        free = self.prepare()
        contents = [path.read_bytes() for path in files]
        targets = [cache_path(data, path, program) for data, path in zip(contents, files, strict=True)]
        missing = {target: data for target, data in zip(targets, contents, strict=True) if not self.has(target, data)}
        needed = sum(map(len, missing.values())) + SPARE_BYTES
        if missing and free is not None and free < needed:
            raise NoSpace(
                f"{self.name}: storage full: needs {format_bytes(needed)}, has {format_bytes(free)}: free some space"
            )
        for target, data in missing.items():
            self.push(data, target, "755" if program else "644")
        return targets

    def has(self, target: str, data: bytes) -> bool:
        """Whether the file is there already; only whole ones ever get their name."""
        from adbutils import AdbError

        try:
            return bool(self.link.device.sync.stat(target).size == len(data))
        except (AdbError, EOFError, OSError, AssertionError, ValueError) as error:
            raise self.link.loss() from error
        except Exception as error:  # adbutils unpacks a short answer of a lost link: struct.error
            if type(error).__name__ != "error":
                raise
            raise self.link.loss() from error

    def push(self, data: bytes, target: str, mode: str) -> None:
        """Brings one file there: under a passing name, then checked, then named."""
        from adbutils import AdbError

        passing = f"{ROOT}/cache/part-{secrets.token_hex(8)}"
        try:
            push_bytes(self.link.device, data, passing, int(mode, 8), PUSH_ANSWER_S)
        except (AdbError, EOFError, OSError, PushRefused) as error:
            reason = str(error) if isinstance(error, PushRefused) else ""
            raise self.push_failure(len(data), passing, reason) from error
        answer = self.link.ask(settle_script(passing, target, mode, hashlib.sha1(data).hexdigest()), SHORT_S * 3)
        if answer.code == WRONG_CONTENT:
            raise DeviceError(f"{self.name}: a file arrived damaged: check the cable and start again")
        if answer.code:
            raise DeviceError(f"{self.name}: {answer.stderr.strip() or 'a pushed file could not be named'}")

    def push_failure(self, size: int, passing: str, reason: str) -> DeviceError:
        """Why a push failed: the phone's reason, else what it says when asked."""
        try:
            free = free_bytes(self.link.ask(f"rm -f {passing}; {PREPARE_SCRIPT}").stdout)
        except LinkLost as loss:
            return loss
        if "No space left" in reason or (free is not None and free < size + SPARE_BYTES):
            return NoSpace(f"{self.name}: storage full while pushing {format_bytes(size)}: free some space")
        return DeviceError(f"{self.name}: the phone refused a file below {ROOT}: {reason or 'no reason given'}")

    def execute(
        self, argv: Sequence[str], limits: Limits, on_line: OnLine | None = None, cancel: Event | None = None
    ) -> Execution:
        """See `Session.execute`."""
        return RemoteRun(self, argv, limits, on_line or (lambda line: None), cancel).follow()

    def kill(self, session: int | None, limits: Limits) -> str:
        """Sees to it that a session's processes are gone; returns how that ended, for people."""
        bound = f"its program ends by itself within {round(limits.total_s) + KILL_AFTER_S} s"
        if session is None:
            return bound
        until = time.monotonic() + GONE_S
        try:
            while time.monotonic() < until:
                if not self.link.ask(kill_script(session), limits.answer_s).stdout.split():
                    return "its program is gone"
        except LinkLost:
            return f"the phone does not answer; {bound}"
        return f"its program could not be killed; {bound}"


class RemoteRun:
    """One program on the phone, from its start marker to its end marker."""

    def __init__(
        self, session: AdbSession, argv: Sequence[str], limits: Limits, on_line: OnLine, cancel: Event | None
    ) -> None:
        self.session, self.limits, self.cancel = session, limits, cancel
        self.nonce = secrets.token_hex(8)
        self.command = run_script(argv, limits.total_s, self.nonce)
        self.stdout = bytearray()
        self.errors = ErrorLines(limits, on_line)
        self.started = time.monotonic()

    def follow(self) -> Execution:
        """Runs it."""
        from adbutils import AdbError

        try:
            stream = ShellStream(self.session.link.device, self.command, self.limits.answer_s)
        except (AdbError, EOFError, OSError) as error:
            raise self.session.link.loss() from error
        try:
            code = self.read_all(stream)
        except StreamEnded as error:
            raise self.session.link.loss() from error
        finally:
            stream.close()
        return self.result(code)

    def read_all(self, stream: ShellStream) -> int:
        """Reads to the exit code; asks a phone that has gone quiet whether it is still there."""
        last = self.started + self.limits.total_s + KILL_AFTER_S + self.limits.answer_s
        while True:
            quiet = self.errors.heard + self.errors.quiet_s
            asked = time.monotonic() + self.limits.answer_s
            try:
                packet = stream.next_packet(min(last, quiet, asked), self.cancel)
            except StreamSilent:
                self.silence(stream, min(last, quiet))
                continue
            if packet is None:
                stream.close()
                raise RunCancelled(f"{self.session.name}: cancelled; {self.session.kill(self.number, self.limits)}")
            self.errors.note_life()
            if packet.kind == EXIT:
                self.errors.splitter.finish()
                return packet.data[0] if packet.data else 255
            if packet.kind == STDOUT:
                self.stdout += packet.data
            elif packet.kind == STDERR:
                self.errors.splitter.feed(packet.data)

    def silence(self, stream: ShellStream, last: float) -> None:
        """Nothing came for a while: a lost phone, a hang, or just a slow program."""
        if not self.session.link.alive(self.limits.answer_s):
            raise self.session.link.loss()
        if time.monotonic() >= last:
            quiet = self.errors.silent_s
            stream.close()
            end = self.session.kill(self.number, self.limits)
            raise DeviceError(f"{self.session.name}: the program hangs (no sign of life for {quiet:.0f} s); {end}")

    @property
    def number(self) -> int | None:
        """Session number on the phone; None before the start marker."""
        words = bytes(self.stdout[:200]).split(b"\n")[0].split()
        marked = len(words) == 2 and words[0] == f"ubp-start-{self.nonce}".encode() and b"\n" in self.stdout
        return read_whole(words[1].decode(errors="replace")) if marked else None

    def result(self, code: int) -> Execution:
        """Checks the markers and strips them.

        Raises:
            LinkLost: the end marker is missing, so the output is not whole.
        """
        seconds = time.monotonic() - self.started
        body = bytes(self.stdout).removesuffix(f"\nubp-end-{self.nonce} {code}\n".encode())
        if self.number is None or len(body) == len(self.stdout):
            reason = "; ".join(line for line in self.errors.kept[-2:] if line) or "no end marker"
            raise LinkLost(f"{self.session.name}: the output is not whole ({reason}): start again")
        body = body[body.index(b"\n") + 1 :]
        mark = f"\nubp-code-{self.nonce} ".encode()
        place = body.rfind(mark)
        if place < 0:  # the program did not come to its own end
            timed_out = seconds >= self.limits.total_s - 0.5
            return Execution(TIMED_OUT if timed_out else KILLED, body, self.errors.text, seconds, timed_out)
        ended = read_whole(body[place + len(mark) :].decode(errors="replace").strip())
        if ended is None:
            raise LinkLost(f"{self.session.name}: the output is not whole (no exit code): start again")
        return Execution(ended, body[:place], self.errors.text, seconds)


def cache_path(data: bytes, path: Path, program: bool) -> str:
    """Where a file with this content lives on every phone; its own name goes no further than the program's."""
    digest = hashlib.sha256(data).hexdigest()[:32]
    return f"{ROOT}/cache/{digest}" + (f"-{path.name}" if program else path.suffix)
