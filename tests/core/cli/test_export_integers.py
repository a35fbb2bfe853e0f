"""`ubp export --dtype int8`: what is written and told, what it is calibrated on, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
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


def test_layers_are_kept_by_name_and_by_what_they_cost(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--calibrate", str(photos), "--keep", "blocks.3.pointwise", "--keep-worst", "2", "--block-columns", "4")
    path = tmp_path / "net.ubp"
    assert main(["export", *MODEL, "--dtype", "int8", *options, "-o", str(path), "--json"]) == 0
    captured = capsys.readouterr()
    kept = json.loads(captured.out)["kept"]
    types = {layer.name: layer.dtype for layer in PackedFile.load(path).layers}
    assert types.pop("blocks.3.pointwise") == "fp32"
    assert [types.pop(cost["name"]) for cost in kept] == ["fp16", "fp16"] and set(types.values()) == {"int8"}
    assert kept[0]["error"] >= kept[1]["error"] > 0 and {cost["dtype"] for cost in kept} == {"fp16"}
    for cost in kept:
        assert f"{cost['name']} stays in fp16: alone in int8, it changes the outputs by {cost['error']:.2%}" in (
            captured.err
        )
    assert captured.err.count("a block of 4 is written as 4") == 1, "of the layer in fp32"
    assert main(["show", str(path)]) == 0
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if " blocks.3.pointwise " in line)
    assert "1x4 unaligned, optimal" in row and "int8" not in row
    assert "blocks.3.depthwise.fp32" in shown and "convert to fp32" in shown and "fp16, fp32 sums" in shown
    assert "4x4 unaligned, optimal, int8" in shown


def test_blocks_of_four_stay_whole_in_int8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--dtype", "int8", "--calibrate", "random", "--block-columns", "4")
    assert main(["export", *MODEL, *options, "-o", str(tmp_path / "net.ubp")]) == 0
    captured = capsys.readouterr()
    assert "is written as" not in captured.err and "1x4" not in captured.out


def test_a_network_that_reads_back_as_another_is_not_written(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ubp_core.quantisation.exports import exporting

    run = exporting.run_natively
    monkeypatch.setattr(
        exporting,
        "run_natively",
        lambda packed, images: [
            [np.nextafter(out, np.float32(np.inf)) for out in outs] for outs in run(packed, images)
        ],
    )
    path = tmp_path / "net.ubp"
    options = ("--dense", "--dtype", "int8", "--calibrate", str(photos))
    assert main(["export", *MODEL, *options, "-o", str(path)]) != 0
    error = capsys.readouterr().err
    assert (
        "the library makes other numbers of this network in int8 than the reference does (output 0, image 1)" in error
    )
    assert "please report this" in error and list(tmp_path.iterdir()) == [photos]


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (("--keep", "=fp16"), "need a layer's name, or name and type, such as conv1=fp16; got '=fp16'"),
        (("--keep", "stem.conv="), "'' is no type; choose from fp32, fp16"),
        (("--keep", "stem.conv=int4"), "'int4' is no type"),
        (("--keep-worst", "0"), "need a whole number from 1 on"),
        (("--keep-worst", "2=int4"), "'int4' is no type"),
        (("--keep-worst", "2=int8"), "the worst leave int8: choose from fp32, fp16"),
        (("--keep-worst", "99", "--calibrate", "{photos}"), "28 layers could be in int8, so the 99 worst can't stay"),
        (("--keep-worst", "2", "--calibrate", "random"), "--keep-worst: what int8 costs a layer is measured on"),
    ],
)
def test_layers_that_can_not_be_kept(
    tmp_path: Path, photos: Path, option: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [part.format(photos=photos) for part in option]
    arguments = ["export", *MODEL, "--dense", "--dtype", "int8", *given, "-o", str(tmp_path / "net.ubp")]
    try:
        assert main(arguments) == 2
    except SystemExit as ended:
        assert ended.code == 2
    assert line in " ".join(capsys.readouterr().err.split()) and not (tmp_path / "net.ubp").exists()


def test_pictures_that_can_not_be_read_are_named_and_counted(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.png", "b.jpg", "c.webp"):
        (photos / name).write_bytes(b"\x89PNG nothing")
    (photos / "coffee.jpg").write_bytes((photos / "coffee.jpg").read_bytes()[:300])
    options = ("--dense", "--dtype", "int8", "--calibrate", str(photos))
    assert main(["export", *MODEL, *options, "-o", str(tmp_path / "net.ubp")]) == 0
    errors = capsys.readouterr().err
    assert f"2 pictures of {photos}" in errors and errors.count("can't be read, left out (") == 3
    assert "2 more can't be read either" in errors
    for name in ("chelsea", "rocket"):
        (photos / f"{name}.jpg").write_bytes(b"nothing")
    assert main(["export", *MODEL, *options, "-o", str(tmp_path / "other.ubp")]) == 2
    assert "none of 7 pictures can be read; " in capsys.readouterr().err and not (tmp_path / "other.ubp").exists()


@pytest.mark.parametrize("option", [("--calibrate", "random"), ("--pictures", "3"), ("--observer", "percentile"),
                                    ("--keep-worst", "2")])  # fmt: skip
def test_options_of_int8_are_for_int8(
    tmp_path: Path, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *MODEL, *option, "-o", str(tmp_path / "net.ubp")]) == 2
    assert f"{option[0]}: is for --dtype int8; leave it out" in capsys.readouterr().err


def test_observers_are_those_of_the_library() -> None:
    assert tuple(observers.OBSERVERS) == OBSERVERS
    assert Recipe().observer == DEFAULT_OBSERVER
