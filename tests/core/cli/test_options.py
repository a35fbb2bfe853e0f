"""Options are one language: the same word means the same in every command, and none is silently without effect."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ubp_core import network, selection
from ubp_core.cli import main as entry
from ubp_core.cli.bench.command import settings_from
from ubp_core.cli.bench.packing import pack
from ubp_core.cli.main import ACTIONS, COMMANDS, command_parser, main
from ubp_core.cli.options.layers import named_layers
from ubp_core.cli.options.output import form_of
from ubp_core.cli.parsing import Arguments
from ubp_core.models import load_model
from ubp_core.models.spec import ModelSpec
from ubp_core.plan import Plan, make_plan

WORDS = (*COMMANDS, *ACTIONS)
MODEL = ("mobilenet_v1", "--weights", "random", "--width", "0.25", "--input-size", "32")
LAYER = "blocks.3.pointwise"
TWO_MEANINGS = {
    "--device": "bench runs there, the history filters runs that were made there",
    "--layer": "select takes one",
    "--input": "of an export with batch and channels",
    "--json": "the export of the history is a file",
    "--csv": "likewise",
    "--output": "every command has its own kind of file",
    "--all": "layers to pack, or to list",
    "--data": "what an export compares types on, or what is evaluated",
    "--methods": "the default differs with what is compared",
    "--block-size": "lists where several are compared; kernels have fewer",
    "--block-columns": "likewise",
    "--sparsity": "lists where several are compared",
    "--layers": "what happens without it differs",
    "--dtype": "lists where several are compared",
    "--limit": "of pictures, and of seconds that a benchmark may take",
}
"""Option: why it does not read the same everywhere."""


def options_of(words: str) -> dict[str, argparse.Action]:
    """The options of a command, by their long name."""
    parser = command_parser(words)
    found = {}
    for action in parser._actions:  # argparse has no public list of them
        for name in action.option_strings:
            if name.startswith("--"):
                found[name] = action
    return found


def test_an_option_reads_the_same_everywhere() -> None:
    seen: dict[str, set[tuple[Any, ...]]] = {}
    for words in WORDS:
        for name, action in options_of(words).items():
            meaning = (action.help, action.metavar, str(action.default), str(action.choices))
            seen.setdefault(name, set()).add(meaning)
    differing = {name for name, meanings in seen.items() if len(meanings) > 1}
    assert differing == {*TWO_MEANINGS}, "options that differ between commands"


@pytest.mark.parametrize("words", WORDS)
def test_what_prints_a_table_prints_it_in_every_form(words: str) -> None:
    options = {*options_of(words)}
    prints = words not in ("devices connect", "devices clean", "history export", "history delete")
    assert {"--json", "--csv", "--markdown", "--columns"} <= options if prints else "--columns" not in options
    assert "--quiet" in options


class Recorder(Arguments):
    """Arguments that note which of them are read."""

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name != "given":
            object.__getattribute__(self, "__dict__").setdefault("_read", set()).add(name)
        return super().__getattribute__(name)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    spec = ModelSpec("mobilenet_v1", "random", width=0.25, input_size=32)
    made = make_plan(spec.load(), spec=spec)
    made.save(tmp_path / "p.yaml")
    return tmp_path / "p.yaml"


VALUES = {
    "--arch": "resnet18", "--width": "0.25", "--input-size": "32", "--seed": "3", "--weights": "random",
    "--method": "abp", "--methods": "abp", "--block-size": "2", "--sparsity": "0.5", "--criterion": "l2",
    "--jobs": "1", "--layers": LAYER, "--layer": LAYER, "--floor": "0.1", "--ceiling": "0.9", "--scale": "mean",
    "--scope": "global", "--layer-override": f"{LAYER}=dense", "--measured-on": "emulator", "--columns": "layer",
    "--activation": "relu", "--input": "1x3x32x32", "--force": None,
}  # fmt: skip


def modes(plan: Path, folder: Path) -> dict[str, list[str]]:
    """Every way to use a command that has other options than its neighbour; quick ones."""
    one = ["--layers", LAYER]
    return {
        "layers": ["layers", *MODEL],
        "select": ["select", *MODEL, "--layer", LAYER],
        "compare": ["compare", *MODEL, *one],
        "compare plan": ["compare", "--plan", str(plan)],
        "plan": ["plan", *MODEL],
        "plan show": ["plan", "show", str(plan)],
        "plan again": ["plan", "again", str(plan)],
        "pack": ["pack", *MODEL, *one, "-o", str(folder / "a.ubp")],
        "pack dense": ["pack", *MODEL, *one, "--dense", "-o", str(folder / "a.ubp")],
        "pack plan": ["pack", "--plan", str(plan), "-o", str(folder / "a.ubp")],
        "export dense": ["export", *MODEL, "--dense", "-o", str(folder / "a.ubp")],
        "export plan": ["export", "--plan", str(plan), "-o", str(folder / "a.ubp")],
    }


MODES = tuple(modes(Path("p"), Path("f")))


def once_for_each_shape(export: Callable[..., Any]) -> Callable[..., Any]:
    """The real export, whose result is kept: capturing takes a second, and it reads no option."""
    kept: dict[Any, Any] = {}

    def export_once(model: Any, selections: Any, input_shape: Any, *others: Any, **named: Any) -> Any:
        if input_shape not in kept:
            kept[input_shape] = export(model, selections, input_shape, *others, **named)
        return kept[input_shape]

    return export_once


def with_options(arguments: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """The command with one more option, for each that has a value here."""
    words = " ".join(arguments[:2]) if " ".join(arguments[:2]) in ACTIONS else arguments[0]
    for name, action in options_of(words).items():
        if name in VALUES and not {name, *action.option_strings} & {*arguments}:
            value = VALUES[name]
            yield name, action.dest, [*arguments, name, *([] if value is None else [value])]


@pytest.mark.parametrize("mode", MODES)
def test_no_option_is_silently_without_effect(
    mode: str, plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UBP_HISTORY", str(tmp_path / "h.sqlite"))
    model = load_model("mobilenet_v1", weights="random", width=0.25, input_size=32)
    monkeypatch.setattr(ModelSpec, "load", lambda self, progress=None: model)
    monkeypatch.setattr("ubp_core.cli.parsing.Arguments", Recorder)
    monkeypatch.setattr(network, "export_network", once_for_each_shape(network.export_network))
    seen: list[Recorder] = []
    monkeypatch.setattr(entry, "form_of", lambda args: (seen.append(args), form_of(args))[1])
    for name, dest, line in with_options(modes(plan, tmp_path)[mode]):
        (tmp_path / "a.ubp").unlink(missing_ok=True)
        code = main(line)
        error = capsys.readouterr().err
        if code:
            named = any(word in error for word in (name, f"--{dest.replace('_', '-')}"))
            assert named, f"{line}: refused for something else: {error}"
        else:
            assert dest in seen[-1].__dict__["_read"], f"{line}: {name} has no effect"


@pytest.mark.parametrize("layers", [[], ["--layers", LAYER]])
@pytest.mark.parametrize("planned", [False, True])
def test_a_benchmark_selects_with_its_jobs_and_runs_with_its_threads(
    layers: list[str], planned: bool, plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[Any] = set()
    monkeypatch.setattr(selection, "thread_count", lambda threads, error: (seen.add(threads), 1)[1])
    args = command_parser("bench").parse_args([*MODEL, *layers, "--methods", "bed", "--jobs", "3", "--threads", "2"])
    model = load_model("mobilenet_v1", weights="random", width=0.25, input_size=32)
    assert pack(args, Plan.load(plan) if planned else None, model, (32, 32), tmp_path)
    assert seen == {3} and settings_from(args).threads == 2


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
@pytest.mark.parametrize("command", ["prune", "pack", "compare", "bench"])
def test_a_list_of_layers_without_a_name_is_refused(
    command: str, text: str, plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = {
        "prune": [str(plan), "--state-dict", str(tmp_path / "x.safetensors")],
        "pack": [*MODEL, "-o", str(tmp_path / "x.ubp")],
        "compare": MODEL,
        "bench": [*MODEL, "--device", "host"],
    }[command]
    assert main([command, *rest, "--layers", text]) == 2
    assert "--layers: names no layer" in capsys.readouterr().err
    assert not list(tmp_path.glob("x.*"))


def test_a_layer_with_blanks_around_its_name_is_named_as_it_is() -> None:
    assert named_layers([" a", "b , c"], [" a", "b", "c"]) == (" a", "b", "c")
