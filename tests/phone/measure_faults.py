"""Injects every fault for real and prints the table of docs/devices.md: what the user sees, and how soon after it.

Run `make faults`. The time is from the fault, or where that is there from the beginning from the start of the run, to
the line; it holds for this machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from phone.adb_server import AdbServer
from phone.model import PhoneModel
from phone.phone import Phone
from phone.programs import build_program
from ubp_core.benchmark import BenchProgress, BenchSettings, PackedVariants, make_variants, pack_variants
from ubp_core.benchmark import run_comparison as run
from ubp_core.devices import DeviceError
from ubp_core.devices.adb.device import AdbPhone
from ubp_core.devices.adb.server import ServerAddress, connect_wireless, make_client
from ubp_core.models import Layer

LONG = BenchSettings(min_time_s=300, warmup=0, limit_s=600)
GONE_S = 30.0
WIDEST = 110
"""Letters of a line; the rest is left out."""


@dataclass
class Lab:
    """A server, a phone and what is to be run."""

    stack: ExitStack
    actor: Path
    packed: PackedVariants
    folder: Path
    model: PhoneModel = field(default_factory=PhoneModel)

    def __post_init__(self) -> None:
        self.server = self.stack.enter_context(AdbServer())
        self.phone = self.stack.enter_context(Phone(self.model))
        self.client = make_client(ServerAddress("127.0.0.1", self.server.port, given=True))
        try:
            connect_wireless(self.client, self.phone.address)
        except DeviceError:
            if self.model.authorized:
                raise
        self.device = AdbPhone(self.client, self.phone.serial)
        self.cancel = Event()
        self.struck = 0.0

    def role(self, role: str) -> Path:
        """A program that behaves like that."""
        path = self.folder / f"ubp_bench@{role}"
        path.write_bytes(self.actor.read_bytes())
        return path

    def measure(self, program: Path | None, strike: Callable[[], object] | None) -> tuple[str, float]:
        """Runs; `strike` is done once variants take turns. Returns the line and the seconds since."""
        self.struck = time.monotonic()

        def watch(step: BenchProgress) -> None:
            if strike is not None and not striking and step.live and step.live.step == "taking turns":
                striking.append(Thread(target=hit))
                striking[0].start()

        def hit() -> None:
            self.struck = time.monotonic()
            assert strike is not None
            strike()

        striking: list[Thread] = []
        done = run(self.device, [self.packed], LONG, on_progress=watch, cancel=self.cancel, program=program)
        return done.failure, time.monotonic() - self.struck

    def wait_until_gone(self) -> float:
        """Waits until nothing of ours runs on the phone; returns the seconds since the fault."""
        until = time.monotonic() + GONE_S
        while left := self.phone.processes():
            if time.monotonic() > until:
                raise SystemExit(f"still running: {left}")
        return time.monotonic() - self.struck


FROZEN = "link frozen"
"""Behind it nobody can reach the program."""
Fault = tuple[str, PhoneModel, str, Callable[[Lab], Callable[[], object]] | None]
"""What it is, the phone, the role of the program (empty: the real one), and what is done in mid-run."""

FAULTS: tuple[Fault, ...] = (
    ("dialog not accepted", PhoneModel(authorized=False), "", None),
    ("32-bit phone", PhoneModel(abis="armeabi-v7a,armeabi"), "", None),
    ("Android 6", PhoneModel(features="cmd"), "", None),
    ("cable pulled, Wi-Fi lost", PhoneModel(), "", lambda lab: lambda: lab.phone.order("refuse")),
    ("phone restarted", PhoneModel(), "", lambda lab: lambda: lab.phone.order("reboot")),
    (FROZEN, PhoneModel(), "", lambda lab: lambda: lab.phone.order("freeze")),
    ("adb server killed", PhoneModel(), "", lambda lab: lab.server.stop),
    ("cancelled", PhoneModel(), "", lambda lab: lab.cancel.set),
    ("disk full", PhoneModel(data_bytes=1 << 20), "", None),
    ("folder that may not execute", PhoneModel(data_noexec=True), "", None),
    ("SIGILL", PhoneModel(), "illegal", None),
    ("SIGSEGV", PhoneModel(), "segv", None),
    ("garbage", PhoneModel(), "garbage", None),
    ("output cut off", PhoneModel(), "truncated", None),
    ("hang", PhoneModel(), "hang", None),
    ("hang that ignores SIGTERM", PhoneModel(), "stubborn", None),
)


def main() -> None:
    """Prints the table."""
    weight = np.random.default_rng(1).standard_normal((64, 64, 1, 1)).astype(np.float32)
    layer = Layer("conv", "conv", weight, bias=None, output_hw=(7, 7))
    print("| fault | line | seconds | nothing runs after |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        actor, packed = build_program("actor", here), pack_variants(layer, make_variants(), here / "packed")
        for name, model, role, strike in FAULTS:
            with ExitStack() as stack:
                lab = Lab(stack, actor, packed, here, model)
                line, seconds = lab.measure(lab.role(role) if role else None, strike(lab) if strike else None)
                gone = f"{lab.wait_until_gone():.1f}" if name != FROZEN else "see below"
            shown = line if len(line) <= WIDEST else line[:WIDEST] + "..."
            print(f"| {name} | {shown} | {seconds:.1f} | {gone} |", flush=True)


if __name__ == "__main__":
    main()
