"""Which folders are classes and which files are pictures: only real ones, and what is left out is said."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from training_samples import write_config
from ubp_core.cli.main import main
from ubp_core.errors import ConfigError
from ubp_core.training.config import DataConfig
from ubp_core.training.data import open_pictures

RUBBISH = (
    ".ipynb_checkpoints/1-checkpoint.png",
    ".hidden/2.png",
    "__MACOSX/3.png",
    "@eaDir/4.png",
    "a/._1.png",
    "a/.ipynb_checkpoints/5.png",
    "a/.DS_Store",
    "a/Thumbs.db",
    "b/notes.txt",
    "stray.png",
)


def write_picture(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(file, "PNG")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes of three pictures."""
    for name in ("a/1.png", "a/2.PNG", "a/3.jpg", "b/1.png", "b/2.png", "b/inner/3.png"):
        write_picture(tmp_path / "pics" / name)
    return tmp_path / "pics"


def test_only_real_folders_are_classes_and_only_real_pictures_count(pictures: Path) -> None:
    clean = open_pictures(DataConfig(str(pictures)), 0)
    for name in RUBBISH:
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        (pictures / name).write_bytes(b"no picture")
    (pictures / ".empty").mkdir()
    found = open_pictures(DataConfig(str(pictures), validation=str(pictures)), 0)
    assert found.classes == clean.classes == ("a", "b")
    assert len(found.train) == len(found.validation) == 6 == len(clean.train) + len(clean.validation)
    for picture in range(6):
        found.train[picture]
    names = {Path(path).relative_to(pictures).as_posix() for path in found.skipped}
    assert names == {
        ".empty", ".hidden", ".ipynb_checkpoints", "@eaDir", "__MACOSX", "a/.DS_Store", "a/.ipynb_checkpoints/5.png",
        "a/._1.png", "a/Thumbs.db", "b/notes.txt",
    }  # fmt: skip
    assert clean.skipped == ()


def test_loading_processes_that_begin_anew_see_the_same_pictures(pictures: Path) -> None:
    """On Windows and macOS they are not forked: what they load is pickled."""
    found = open_pictures(DataConfig(str(pictures), augment="shift"), 0).train
    found.epoch = 3
    again = pickle.loads(pickle.dumps(found))
    for picture in range(len(found)):
        assert torch.equal(again[picture][0], found[picture][0]) and again[picture][1] == found[picture][1]


def test_hidden_folders_alone_are_no_classes(tmp_path: Path) -> None:
    write_picture(tmp_path / ".a" / "1.png")
    write_picture(tmp_path / ".b" / "1.png")
    with pytest.raises(ConfigError, match="needs one sub-folder of pictures for each class: there is none"):
        open_pictures(DataConfig(str(tmp_path)), 0)
    write_picture(tmp_path / "c" / "1.png")
    with pytest.raises(ConfigError, match="has one class only"):
        open_pictures(DataConfig(str(tmp_path)), 0)


def test_a_check_says_what_is_left_out(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pictures / "a" / "._1.png").write_bytes(b"no picture")
    (pictures / ".ipynb_checkpoints").mkdir()
    config = write_config(
        tmp_path / "run.yaml", pictures, tmp_path / "out", data__train=str(pictures), data__validation=None
    )
    assert main(["train", str(config), "--check"]) == 0
    printed = capsys.readouterr()
    assert "2 classes" in printed.out
    assert "left out, hidden or no picture" in printed.err and "a/._1.png" in printed.err
    assert main(["train", str(config), "--check", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["classes"] == ["a", "b"] and len(record["skipped_files"]) == 2
