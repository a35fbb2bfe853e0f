"""Numbers and names from the command line: every numeric option, found from the parsers, with values that are none."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch

from ubp_core.cli.main import ACTIONS, COMMANDS, command_parser, main
from ubp_core.numerals import read_real, read_share
from ubp_core.plan.overrides import Override
from ubp_core.vocabulary import MAX_THREADS

NO_NUMBERS = [
    "",
    "x",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "0x10",
    "1_0",
    "\u0663",
    "1,5x",
    "9" * 20,
    "-" + "9" * 20,
    "9" * 5000,
]
NEEDED = {
    "select": ["--layer", "a"],
    "plan show": ["t.yaml"],
    "plan again": ["t.yaml"],
    "prune": ["t.yaml", "--table", "new.csv"],
    "pack": ["--layers", "a", "-o", "new.ubp"],
    "export": ["-o", "new.ubp"],
    "evaluate": ["--data", "."],
}
PROBES = ("1", "0.5", "8x8", "1x3x8x8")


def numeric_options() -> list[tuple[str, str]]:
    """Command or action, and the name of an option behind which numbers stand."""
    found = []
    for name in [*COMMANDS, *ACTIONS]:
        for action in command_parser(name)._actions:
            if action.option_strings and any(is_number(action.type, probe) for probe in PROBES):
                found.append((name, action.option_strings[-1]))
    return found


def is_number(parse: object, probe: str) -> bool:
    if not callable(parse):
        return False
    try:
        value = parse(probe)
    except (ValueError, argparse.ArgumentTypeError):
        return False
    return all(isinstance(part, int | float) for part in (value if isinstance(value, tuple) else (value,)))


OPTIONS = numeric_options()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("numbers")
    torch.save({"a.weight": torch.randn(16, 16, 3, 3)}, place / "t.pth")
    assert main(["plan", str(place / "t.pth"), "-o", str(place / "t.yaml"), "--quiet"]) == 0
    return place


def test_the_options_are_found() -> None:
    assert {("bench", "--runs"), ("bench", "--input"), ("export", "--input"), ("select", "--sparsity")} <= set(OPTIONS)
    assert {("plan", "--floor"), ("layers", "--seed"), ("pack", "--stride"), ("compare", "--block-size")} <= set(
        OPTIONS
    )


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_what_is_no_number_or_too_large_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, option: str
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    model = [] if name in ("prune", "plan show", "plan again") else ["t.pth"]
    for value in NO_NUMBERS:
        code = main([*name.split(), *model, *NEEDED.get(name, []), f"{option}={value}"])
        out, err = capsys.readouterr()
        (line,) = [line for line in err.split("\n") if "error:" in line]
        assert (code, out) == (2, "") and option.strip("-") in line.replace("input size", "input-size"), (value, line)
        assert len(line) < 300, value
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["layers", "mobilenet_v1", "--input-size", "4097"], "need 1 to 4096"),
        (["layers", "mobilenet_v1", "--width", "9"], "more than 0 and at most 8"),
        (["layers", "mobilenet_v1", "--seed", "-1"], "need 0 or more"),
        (["select", "t.pth", "--layer", "a", "-j", str(MAX_THREADS + 1)], f"need 1 to {MAX_THREADS}"),
        (["bench", "t.pth", "--layers", "a", "--threads", str(MAX_THREADS + 1)], f"need 1 to {MAX_THREADS}"),
        (["bench", "t.pth", "--layers", "a", "--runs", "1000001"], "need 1 to 1,000,000"),
        (["bench", "t.pth", "--layers", "a", "--runs", str(2**62)], "need 1 to 1,000,000"),
        (["bench", "t.pth", "--layers", "a", "--input", "65536x1"], "1 to 65535"),
        (["bench", "t.pth", "--layers", "a", "--batch", "4097"], "1 to 4096"),
        (["devices", "--adb-host", "localhost:65536"], "port"),
        (["devices", "--adb-host", "localhost:99999999999999999999"], "port"),
        (["history", "show", str(2**63 - 1)], f"there is no run {2**63 - 1}: ubp history lists what there is"),
    ],
)
def test_numbers_out_of_range(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("UBP_HISTORY", str(folder / "none"))
    code = main(arguments)
    out, err = capsys.readouterr()
    assert (code, out) == (2, "") and words in err and "Traceback" not in err


@pytest.mark.parametrize(
    "text", ["\u0661", "1_0", "+5", "-5", "05", "1.0", "0x1", " 1", "x", "", "9" * 19, "9" * 400, "9" * 5000]
)
@pytest.mark.parametrize("words", ["show", "compare 1", "export 1", "delete"])
def test_what_is_no_number_of_a_run(capsys: pytest.CaptureFixture[str], words: str, text: str) -> None:
    assert main(["history", *words.split(), "--", text]) == 2
    assert "error: argument ID: need a run's number, as `ubp history` lists them, got '" in capsys.readouterr().err


@pytest.mark.parametrize(
    "side", ["\u0663\u0662", "3_2", "+32", "-32", "032", "32.0", " 32", "", "0", "9" * 20, "9" * 5000]
)
def test_what_is_no_side_of_an_input(capsys: pytest.CaptureFixture[str], side: str) -> None:
    for shape in (f"{side}x32", f"1x3x32x{side}", f"{side}x3x32x32"):
        assert main(["export", f"--input={shape}", "-o", "net.ubp"]) == 2
        err = capsys.readouterr().err
        assert "error: argument --input: need height x width, or batch x channels x height x width" in err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("75", "need 0 <= s < 1, got 75; did you mean 0.75?"),
        ("12.5", "need 0 <= s < 1, got 12.5; did you mean 0.125?"),
        ("1", "need 0 <= s < 1, got 1"),
        ("100", "need 0 <= s < 1, got 100"),
        ("100%", "need 0 <= s < 1, got 100%"),
        ("750%", "need 0 <= s < 1, got 750%"),
        ("-5%", "need 0 <= s < 1, got -5%"),
        ("75%%", "need a share such as 0.75 or 75%, got '75%%'"),
        ("%", "need a share such as 0.75 or 75%, got '%'"),
    ],
)
def test_a_sparsity_that_is_none(capsys: pytest.CaptureFixture[str], text: str, line: str) -> None:
    assert main(["plan", "mobilenet_v1", f"--sparsity={text}"]) == 2
    assert capsys.readouterr().err.endswith(f"error: argument --sparsity: {line}\n")


def test_per_cent_is_a_share_everywhere() -> None:
    for hundredths in range(100):
        assert read_share(f"{hundredths}%") == read_share(f"{hundredths} %") == float(f"{hundredths / 100:.2f}")
    assert command_parser("plan").parse_args(["--sparsity", "75%", "--floor", "5%"]).sparsity == 0.75
    assert command_parser("compare").parse_args(["--sparsity", "50%,0.75"]).sparsity == (0.5, 0.75)
    assert Override.parse("a=sparsity:90%,floor:5%") == Override("a", sparsity=0.9, floor=0.05)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["history", "shw", "1"], "`ubp history` has no action 'shw'; did you mean show?"),
        (["plan", "agian", "x.yaml"], "`ubp plan` has no action 'agian'; did you mean again?"),
        (["devices", "conect", "x"], "did you mean connect?"),
        (["histroy"], "did you mean history?"),
        (["plan", "show", "t.yaml", "--job"], "argument -j/--jobs: expected one argument"),
        (["prune", "t.yaml", "--weights", "x.safetensors"], "--weights x.safetensors; did you mean --state-dict?"),
        (["prune", "t.yaml", "--weights=x.safetensors"], "did you mean --state-dict?"),
        (["plan", "show", "t.yaml", "--device", "host"], "did you mean --measured-on?"),
        (["select", "t.pth", "--layer", "a", "--threads", "2"], "did you mean --jobs?"),
        (["layers", "--threads", "2"], "ubp layers --help lists its options"),
        (["layers", "--prunabel"], "did you mean --prunable?"),
        (["history", "list", "--sinse", "x"], "did you mean --since?"),
    ],
)
def test_words_that_are_nearly_right(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["select", "t.pth", "--layer", "blocks.1.cnv"],
        ["compare", "t.pth", "--layers", "blocks.1.cnv"],
        ["pack", "t.pth", "--layers", "blocks.1.cnv", "-o", "new.ubp"],
        ["bench", "t.pth", "--layers", "blocks.1.cnv", "--input", "4x4"],
        ["prune", "t.yaml", "--table", "new.csv", "--layers", "blocks.1.cnv"],
        ["plan", "t.pth", "--layer-override", "blocks.1.cnv=dense"],
        ["bench", "--plan", "t.yaml", "--layers", "blocks.1.cnv"],
    ],
)
def test_a_layer_that_is_nearly_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({f"blocks.{n}.conv.weight": torch.randn(16, 16, 3, 3) for n in range(3)}, "t.pth")
    assert main(["plan", "t.pth", "-o", "t.yaml", "--quiet"]) == 0
    capsys.readouterr()
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert "did you mean blocks.1.conv" in err, err


def test_minus_zero_is_zero() -> None:
    assert [str(read_real("-0")), str(read_share("-0.0%"))] == ["0.0", "0.0"]
