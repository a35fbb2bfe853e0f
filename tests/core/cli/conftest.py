"""Shared by tests of commands: a folder of pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three pictures, and a file that is none."""
    from skimage import data

    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).resize((60, 40)).save(folder / f"{name}.jpg")
    (folder / "broken.png").write_bytes(b"nothing")
    return folder
