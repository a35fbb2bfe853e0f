"""What the tests of benchmarks in the app share: tiny layers, the real services with few runs, our own processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from textual.pilot import Pilot
from tui_world import make_model, make_services, until

from ubp_core.benchmark import BenchSettings
from ubp_core.models import LoadedModel
from ubp_core.models.spec import ModelSpec
from ubp_tui.app import UbpApp, build_app
from ubp_tui.bench.services import default_bench_services
from ubp_tui.choices.choice import Choice

BENCH_SIZES = [(80, 24), (160, 48)]
BUILD = Path(__file__).parents[2] / "native" / "build.py"
FEW = BenchSettings(runs=3, warmup=0)


def build_programs() -> None:
    """Compile ubp_bench for this machine and for ARM64, and the counter; what they do is tested elsewhere."""
    subprocess.run([sys.executable, str(BUILD), "bench-host", "bench-arm64", "qemu-count"], check=True, timeout=600)


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else gets meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def tiny_model() -> LoadedModel:
    """The small model, with biases and images, as loaded networks have them."""
    model = make_model()
    layers = tuple(
        replace(layer, output_hw=None if layer.kind == "linear" else (4, 4), bias=np.zeros(layer.shape[0], np.float32))
        for layer in model.layers
    )
    return replace(model, layers=layers)


def bench_app(history: Path, port: int, settings: BenchSettings = FEW, model: LoadedModel | None = None) -> UbpApp:
    """The app with the real benchmark services, a history of its own, and no adb server."""
    bench = replace(default_bench_services(f"127.0.0.1:{port}"), settings=lambda: settings, history=history)
    services = replace(make_services(model or tiny_model()), bench=bench)
    return build_app(ModelSpec("small"), services, Choice("bed"))


async def rest(app: UbpApp, pilot: Pilot[int]) -> None:
    """Wait until no benchmark is wanted or under way and every worker has finished."""
    await until(pilot, lambda: app.queue.devices.complete)
    await until(pilot, lambda: not (app.queue.waiting or app.queue.running))
    await app.workers.wait_for_complete()
    await pilot.pause()


def programs_running() -> list[int]:
    """Process ids of the ubp_bench that this process has started and that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, fields = entry.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue  # It has ended meanwhile.
        state, parent = fields.split()[:2]
        if name.startswith("ubp_bench") and int(parent) == os.getpid() and state != "Z":
            found.append(int(entry.parent.name))
    return found
