"""Networks over folders of pictures: one that can be computed by hand, masks in torch against the packed file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ubp_core.cli.main import main
from ubp_core.errors import FileError, UsageError
from ubp_core.evaluation.evaluating import PictureStream, evaluate, of_file, of_module
from ubp_core.pictures.preparation import Preparation

SMALL = ("mobilenet_v1", "--weights", "random", "--width", "0.25", "--input-size", "32")
PLAIN = Preparation(4, 4, ratio=1.0, mean=(0.0,) * 3, deviation=(1.0,) * 3)


class ByColour(nn.Module):
    """Classes red, green, blue by the strongest colour."""

    def __init__(self, weights: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3)) * self.weights


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Two pictures for each of three classes, one of them in the wrong folder, and a file that is none."""
    strong = {"blue": [(0, 0, 200), (0, 0, 90)], "green": [(0, 200, 0), (0, 0, 80)], "red": [(200, 0, 0), (60, 0, 0)]}
    for name, pictures in strong.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        for number, colour in enumerate(pictures):
            Image.new("RGB", (4, 4), colour).save(tmp_path / "data" / name / f"{number}.png")
    (tmp_path / "data" / "red" / "broken.png").write_bytes(b"nothing")
    return tmp_path / "data"


NAMES = ("red", "green", "blue")


def test_accuracy_and_agreement_are_what_is_counted_by_hand(colours: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = evaluate(
        of_module(ByColour((1.0, 0.0, 1.0))),  # never green: then the first of equal ones
        of_module(ByColour()),
        colours,
        PLAIN,
        batch=4,
        classes=NAMES,
        step=lambda done, total, seconds: steps.append((done, total)),
    )
    assert found.pictures == 6 and [Path(name).name for name, _ in found.unreadable] == ["broken.png"]
    assert found.dense_top1 is not None and found.dense_top1.value == pytest.approx(5 / 6)
    assert found.top1 is not None and found.top1.value == pytest.approx(4 / 6)
    assert found.agreement is not None and found.agreement.value == pytest.approx(5 / 6)
    assert found.top5 is None and found.error is None and found.divergence is not None
    assert steps == [(4, 7), (7, 7)]
    digest = hashlib.sha256()
    for path in sorted(colours.rglob("[01].png")):
        digest.update(
            path.relative_to(colours).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest()
        )
    assert found.data == digest.hexdigest()


def test_the_dense_network_alone_needs_labels(colours: Path) -> None:
    found = evaluate(of_module(ByColour()), None, colours, PLAIN, classes=NAMES)
    assert found.top1 is not None and found.top1.value == pytest.approx(5 / 6)
    assert found.agreement is None and found.dense_top1 is None and found.divergence is None
    with pytest.raises(UsageError, match="the dense network has nothing to be judged by"):
        evaluate(of_module(ByColour()), None, colours, PLAIN, labelled=False)
    with pytest.raises(UsageError, match="the dense network has nothing to be judged by"):
        evaluate(of_module(ByColour()), None, colours / "red", PLAIN)


def test_what_does_not_classify_has_an_error(colours: Path) -> None:
    double = nn.Sequential(nn.Upsample(scale_factor=1), nn.Identity())
    with pytest.raises(UsageError, match="has classes, and the network does not classify"):
        evaluate(of_module(double), of_module(double), colours, PLAIN)
    found = evaluate(lambda images: 1.25 * images, lambda images: images, colours, PLAIN, labelled=False)
    assert found.error is not None and found.error.value == pytest.approx(0.25) and found.agreement is None


def test_limits_and_folders_without_pictures(colours: Path, tmp_path: Path) -> None:
    few = evaluate(of_module(ByColour()), of_module(ByColour()), colours, PLAIN, limit=2, labelled=False)
    assert few.pictures == 2 and few.agreement is not None and few.agreement.value == 1
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "one.png").write_bytes(b"no")
    with pytest.raises(FileError, match=r"none of 1 pictures can be read; one\.png: cannot identify"):
        evaluate(of_module(ByColour()), of_module(ByColour()), tmp_path / "bad", PLAIN)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="no picture in it"):
        evaluate(of_module(ByColour()), of_module(ByColour()), tmp_path / "empty", PLAIN)


def test_pictures_of_every_kind_are_read(tmp_path: Path) -> None:
    grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    kinds = {"grey.png": grey, "palette.gif": grey.convert("P"), "cmyk.jpg": grey.convert("CMYK")}
    kinds |= {
        "clear.png": grey.convert("RGBA"),
        "deep.png": Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8)),
    }
    for name, picture in kinds.items():
        picture.save(tmp_path / name)
    grey.save(tmp_path / "moving.gif", save_all=True, append_images=[grey, grey])
    (tmp_path / "half.jpg").write_bytes((tmp_path / "cmyk.jpg").read_bytes()[:200])
    stream = PictureStream(tmp_path, PLAIN)
    ((images, some),) = stream.batches(sorted(tmp_path.iterdir()), 8)
    assert [Path(name).name for name, _ in stream.unreadable] == ["half.jpg"]
    assert len(some) == stream.taken == 6 and images.shape == (8, 3, 4, 4) and np.isfinite(images).all()
    assert np.array_equal(images[6], images[0]), "the last batch is filled up"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from skimage import data

    folder = tmp_path_factory.mktemp("photos")
    for name in ("chelsea", "coffee", "rocket", "astronaut", "camera"):
        Image.fromarray(getattr(data, name)()).resize((60, 40)).save(folder / f"{name}.jpg")
    return folder


def judge(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["evaluate", *arguments, "--json", "-q"]) == 0
    record: dict[str, object] = json.loads(capsys.readouterr().out)
    return record


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "int8"])
def test_masks_in_torch_agree_with_the_packed_file(
    dtype: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, file = str(tmp_path / "plan.yaml"), str(tmp_path / "net.ubp")
    assert main(["plan", *SMALL, "--sparsity", "0.5", "--method", "bed", "--dtype", dtype, "-o", plan, "-q"]) == 0
    calibrate = ["--calibrate", str(photos)] if dtype == "int8" else []
    assert main(["export", "--plan", plan, *calibrate, "-o", file, "-q"]) == 0
    capsys.readouterr()
    asked = ["--data", str(photos)]
    masked, packed = judge([plan, *asked], capsys), judge([file, "--weights", "random", *asked], capsys)
    assert masked["pictures"] == packed["pictures"] == 5 and masked["data"] == packed["data"]
    tolerance = {"fp32": 1e-5, "fp16": 2e-3, "int8": 0.1}[dtype]
    for name in ("divergence", "top_change"):
        one, other = (record[name]["value"] for record in (masked, packed))  # type: ignore[index]
        assert abs(one - other) <= tolerance
    run, shape = of_file(Path(file))
    assert shape == (1, 3, 32, 32) and run(np.zeros(shape, np.float32)).shape == (1, 1000)


def test_what_is_printed(photos: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = str(tmp_path / "plan.yaml")
    assert main(["plan", *SMALL, "-o", plan, "-q"]) == 0
    assert main(["evaluate", plan, "--data", str(photos), "--limit", "3"]) == 0
    captured = capsys.readouterr()
    assert f"{plan}: 3 pictures of {photos}" in captured.out and "agrees with dense" in captured.out
    assert "change of the first class's probability" in captured.out and "top-1" not in captured.out
    assert "cut out of the middle" in captured.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([*SMALL], "has no sub-folders of classes, so the dense network has nothing to be judged by"),
        ([*SMALL, "--no-labels", "--classes", "x"], "--classes: --no-labels takes no classes"),
        ([*SMALL, "--classes", "none.txt"], "none.txt: No such file or directory"),
        (["none.ubp"], "none.ubp: "),
        (["none.yaml"], "none.yaml: "),
    ],
)
def test_what_can_not_be_judged(
    arguments: list[str], line: str, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments, "--data", str(photos)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("ubp: error: ") and line in error
