"""Texts from outside that want to be something else: markup, commands to the terminal, two lines, endless."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import cast

import numpy as np
from canned_bench import DEVICES, FACTS, CannedBench, StillWatch, canned_bench, finished_run
from tui_world import make_model

from ubp_core.benchmark import BenchProgress, BenchRun
from ubp_core.devices import DeviceFacts, DeviceWatch
from ubp_core.models import LoadedModel
from ubp_tui.bench.job import PackedJob
from ubp_tui.bench.options import RunOptions
from ubp_tui.bench.services import DeviceList, OnDevices

NAMES = (
    "a[b",
    "enc[/enc]",
    "[/]",
    "[bold red]x[/bold red]",
    "[@click=app.quit]go[/]",
    "tail\\[",
    "esc\x1b[31m.\x1b]0;pwned\x07bel",
    "two\nlines",
    "tab\tin\rside",
    "nul\x00 \x9bcsi \x7f",
    "漢字の層.重み付き.畳み込み層の長い名前.一二三四五六七八九十",
    "e\u0301a\u0308o\u0302.u\u0323n\u0303",
    "rtl\u202egnp.\u200f\u05e9\u05dc\u05d5\u05dd",
    "zero\u200bwidth\ufeff",
    "a_name_that_is_much_longer_than_any_terminal_is_wide" * 4 + ".dotted.end[0]",
    "$primary {x} %s \\n",
)
"""Names of layers; of devices and models too."""
RAW = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of signs that must not reach a terminal."""


def raw_signs(text: str) -> set[str]:
    """Signs that steer a terminal; line breaks between rows are not among them."""
    return {sign for sign in text.replace("\n", "") if unicodedata.category(sign) in RAW}


def hostile_model() -> LoadedModel:
    """A network whose layers have these names."""
    first, draw = make_model().layer("block.0.expand"), np.random.default_rng(3).standard_normal
    layers = tuple(
        replace(
            first,
            name=name,
            weight=draw(first.shape, np.float32),
            bias=np.zeros(first.shape[0], np.float32),
            output_hw=(4, 4),
            skip_reason=f"shares the weight of {NAMES[6]}" if number == 1 else None,
        )
        for number, name in enumerate(NAMES)
    )
    return LoadedModel(NAMES[6], f"from {NAMES[7]} [/x]", False, layers, 32)


@dataclass(frozen=True)
class HostileBench(CannedBench):
    """Devices that call themselves such names, and runs on them."""

    def watch_devices(self, on_devices: OnDevices) -> DeviceWatch:
        """One device for every name, and a note."""
        phone = DEVICES[2]
        infos = tuple(replace(phone, name=f"adb:{name}", title=f"model {name}") for name in NAMES)
        unready = replace(DEVICES[3], name="adb:\x1b[2Jbad", advice=f"say {NAMES[6]} [/]")
        on_devices(DeviceList((DEVICES[0], *infos, unready), f"note {NAMES[6]} {NAMES[3]}", True))
        return cast(DeviceWatch, StillWatch())

    def read_facts(self, name: str) -> DeviceFacts:
        """Names in every fact."""
        clusters = tuple(replace(c, governor="gov\x1b[5m[/]", core="core[b]\n") for c in FACTS.clusters)
        return replace(FACTS, model=NAMES[6], soc=NAMES[7], clusters=clusters)

    def run(
        self,
        packed: PackedJob,
        device: str,
        options: RunOptions,
        on_progress: Callable[[BenchProgress], object],
        cancel: Event,
    ) -> BenchRun:
        """A finished run with names and warnings of this kind."""
        return hostile_run(finished_run(packed.layers, packed.job.model), device)


def hostile_run(run: BenchRun, device: str) -> BenchRun:
    """A run in which everything that comes from outside wants to be something else."""
    layers = tuple(replace(layer, warnings=(f"governor {NAMES[6]} [/]",)) for layer in run.layers)
    failure = f"the phone said {NAMES[6]} [/x]\x9b2J"
    return replace(run, device=device, title=f"Phone {NAMES[6]} [/]", layers=layers, failure=failure)


def hostile_bench(history: Path) -> HostileBench:
    """The services with a history of their own."""
    canned = canned_bench(history)
    return HostileBench(canned.server, canned.settings, history)
