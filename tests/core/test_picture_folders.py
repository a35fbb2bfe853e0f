"""Pictures of a folder as inputs: which files, how prepared, and what a broken one does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ubp_core.errors import FileError, UsageError
from ubp_core.pictures.folder import find_pictures, read_picture, read_pictures, spread
from ubp_core.pictures.preparation import Preparation, find_preset, preparation_for


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    from skimage import data

    return Image.fromarray(data.chelsea())  # 451 x 300


@pytest.fixture
def folder(tmp_path: Path, photo: Image.Image) -> Path:
    """Three pictures on two levels, and what is none."""
    (tmp_path / "cats" / ".thumbnails").mkdir(parents=True)
    for name in ("b.PNG", "cats/a.jpg", "cats/c.webp", "cats/.hidden.png", "cats/.thumbnails/d.png"):
        photo.resize((40, 30)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "more").symlink_to(tmp_path / "cats")
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_pictures_are_found_on_all_levels(folder: Path) -> None:
    assert names(find_pictures(folder)) == ["b.PNG", "a.jpg", "c.webp"]


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere: No such file or directory"):
        find_pictures(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(FileError, match=r"no picture in it \(of 1 files\)"):
        find_pictures(tmp_path)
    with pytest.raises(FileError, match="Not a directory"):
        find_pictures(tmp_path / "notes.txt")


def test_broken_pictures_are_named_and_left_out(folder: Path) -> None:
    cut = (folder / "b.PNG").read_bytes()[:300]
    (folder / "cats" / "a.jpg").write_bytes(cut)
    (folder / "empty.png").write_bytes(b"")
    seen: list[tuple[int, int]] = []
    found = read_pictures(folder, Preparation(8, 8), 10, lambda *counts: seen.append(counts))
    assert names(list(found.paths)) == ["b.PNG", "c.webp"] and found.images.shape == (2, 3, 8, 8)
    assert names([path for path, _ in found.unreadable]) == ["a.jpg", "empty.png"]
    assert all(reason for _, reason in found.unreadable)
    assert seen == [(0, 4), (1, 4), (1, 4), (1, 4)]
    assert names(list(read_pictures(folder, Preparation(8, 8), 2).paths)) == ["b.PNG", "c.webp"]  # of b and a
    for path in (folder / "b.PNG", folder / "cats" / "c.webp"):
        path.write_bytes(b"nothing")
    with pytest.raises(FileError, match=r"none of 4 pictures can be read; b\.PNG: cannot identify"):
        read_pictures(folder, Preparation(8, 8), 10)


@given(st.integers(1, 300), st.integers(1, 300))
def test_pictures_are_taken_evenly(count: int, limit: int) -> None:
    taken = spread(range(count), limit)
    assert len(taken) == min(count, limit) and taken[0] == 0 and taken == sorted(set(taken))
    steps = np.diff([*taken, count])
    assert steps.max() - steps.min() <= 1


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50", "efficientnet_b0"])
def test_torchvisions_networks_get_torchvisions_inputs(name: str, photo: Image.Image) -> None:
    prepared = preparation_for(name, 3, 224, 224).apply(photo)
    expected = find_preset(name)(photo).numpy()
    assert prepared.dtype == np.float32 and np.array_equal(prepared, expected)


def test_efficientnet_lite_has_its_own(photo: Image.Image) -> None:
    preparation = preparation_for("efficientnet_lite0", 3, 224, 224)
    assert preparation.bicubic and preparation.ratio == 256 / 224
    white = Image.new("RGB", (300, 300), (255, 255, 255))
    assert np.allclose(preparation.apply(white), 1.0)
    assert "224x224" in str(preparation) and "bicubic" in str(preparation)


def test_unknown_networks_get_the_usual() -> None:
    assert preparation_for("my own", 3, 32, 48) == Preparation(32, 48)
    with pytest.raises(UsageError, match="the network takes 6 channels, pictures have 3 or 1"):
        preparation_for("my own", 6, 32, 48)


@pytest.mark.parametrize("size", [(451, 300), (30, 200), (5, 3)])
@pytest.mark.parametrize("wanted", [(24, 24), (16, 40)])
def test_every_size_fits(size: tuple[int, int], wanted: tuple[int, int], photo: Image.Image) -> None:
    prepared = Preparation(*wanted).apply(photo.resize(size))
    assert prepared.shape == (3, *wanted) and np.isfinite(prepared).all()
    assert np.abs(prepared).max() < 3  # no black edge beyond the picture's own colours


def test_one_channel_is_brightness(photo: Image.Image) -> None:
    prepared = preparation_for("digits", 1, 28, 28).apply(photo)
    assert prepared.shape == (1, 28, 28) and -1 <= prepared.min() < prepared.max() <= 1


def test_a_camera_held_upright(tmp_path: Path, photo: Image.Image) -> None:
    """The file says how it was held; its pixels lie on their side."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    photo.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    turned = read_picture(tmp_path / "turned.png", Preparation(32, 32))
    assert np.allclose(turned, Preparation(32, 32).apply(photo), atol=1e-5)
