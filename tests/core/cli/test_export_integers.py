"""`ubp export --dtype int8`: what is written and told, what it is calibrated on, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ubp_core.cli.main import main
from ubp_core.packed.file import PackedFile
from ubp_core.quantisation import observers
from ubp_core.quantisation.quantising import Recipe
from ubp_core.vocabulary import DEFAULT_OBSERVER, OBSERVERS

MODEL = ("mobilenet_v1", "--weights", "random", "--width", "0.25", "--input", "32x32")


def test_a_network_calibrated_on_pictures(tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--calibrate", str(photos), "--block-size", "4", "--sparsity", "0.5", "--method", "bed")
    kept = ("--keep", "stem.conv=fp16", "--keep", "classifier=fp32")
    path = tmp_path / "net.ubp"
    assert main(["export", *MODEL, "--dtype", "int8", *options, *kept, "-o", str(path), "--json"]) == 0
    captured = capsys.readouterr()
    record = json.loads(captured.out)
    assert record["calibration"]["random"] is False and record["calibration"]["observer"] == "least_squares"
    assert [Path(one).name for one in record["calibration"]["pictures"]] == ["chelsea.jpg", "coffee.jpg", "rocket.jpg"]
    assert [Path(one).name for one in record["calibration"]["unreadable"]] == ["broken.png"]
    assert 0 < record["type_costs"][0]["mean"] < 0.5 and record["relative_error"] < 1e-4
    packed = PackedFile.load(path)
    assert packed.source.endswith("int8, calibrated on 3 pictures")
    types = {layer.name: layer.dtype for layer in packed.layers}
    assert types.pop("stem.conv") == "fp16" and types.pop("classifier") == "fp32"
    assert set(types.values()) == {"int8"}
    pruned = [layer for layer in packed.layers if not layer.dense]
    assert len(pruned) == 13 and all(layer.method == "bed" and layer.block_size == 4 for layer in pruned)
    assert f"3 pictures of {photos}, scaled to" in captured.err and "broken.png: can't be read" in captured.err


def test_random_numbers_are_called_so_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.ubp"
    assert main(["export", *MODEL, "--dtype", "int8", "--calibrate", "random", "--dense", "-o", str(path)]) == 0
    captured = capsys.readouterr()
    assert "int8 is calibrated on RANDOM numbers: its times are right" in captured.err
    assert "int8, calibrated on RANDOM numbers, for speed alone" in captured.out
    assert "on a random image: output 0 differs" in captured.out and "the same class" not in captured.out
    assert {layer.dtype for layer in PackedFile.load(path).layers} == {"int8"}
    assert main(["show", str(path)]) == 0
    assert "calibrated on RANDOM numbers" in capsys.readouterr().out


def test_other_pictures_say_what_it_costs(tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "export",
        *MODEL,
        "--dense",
        "--dtype",
        "int8",
        "--calibrate",
        str(photos),
        "-o",
        str(tmp_path / "n.ubp"),
    ]
    assert main([*arguments, "--pictures", "3"]) == 0
    assert "against fp32, on the 3 pictures of --calibrate: output 0 differs" in capsys.readouterr().out
    assert main([*arguments, "--force", "--pictures", "2", "--data", str(photos), "--limit", "1"]) == 0
    captured = capsys.readouterr()
    assert "against fp32, on 1 picture: output 0 differs" in captured.out
    assert "calibrated on 2 pictures" in captured.out


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ((), "int8 needs --calibrate FOLDER with pictures, or --calibrate random to test speed"),
        (("--calibrate", "nowhere"), "nowhere: No such file or directory"),
        (("--calibrate", "{empty}"), "no picture in it (of 1 files); JPEG, PNG and the like are read"),
        (
            ("--calibrate", "{photos}", "--pictures", "9"),
            "3 pictures can be read, --pictures asks for 9; add some, or ask for fewer",
        ),
        (("--calibrate", "random", "--pictures", "9"), "--pictures: random numbers are no pictures; leave it out"),
        (("--calibrate", "random", "--io", "fp16"), "--io: int8 sums in 32-bit whole numbers, and its inputs and"),
        (("--calibrate", "random", "--keep", "no.such=fp16"), "no.such: the network does not apply this layer"),
    ],
)
def test_what_does_not_go_is_refused(
    tmp_path: Path, photos: Path, options: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty := tmp_path / "empty").mkdir()
    (empty / "notes.txt").write_text("no picture")
    given = [option.format(empty=empty, photos=photos) for option in options]
    path = tmp_path / "net.ubp"
    assert main(["export", *MODEL, "--dense", "--dtype", "int8", *given, "-o", str(path)]) == 2
    captured = capsys.readouterr().err
    assert line in captured
    assert not path.exists()


@pytest.mark.parametrize("option", [("--calibrate", "random"), ("--pictures", "3"), ("--observer", "percentile")])
def test_options_of_int8_are_for_int8(
    tmp_path: Path, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *MODEL, *option, "-o", str(tmp_path / "net.ubp")]) == 2
    assert f"{option[0]}: is for --dtype int8; leave it out" in capsys.readouterr().err


def test_observers_are_those_of_the_library() -> None:
    assert tuple(observers.OBSERVERS) == OBSERVERS
    assert Recipe().observer == DEFAULT_OBSERVER
