"""Pictures in folders as batches whose order and augmentation depend on seed, epoch and position only.

So a resumed run sees what the interrupted one would have seen, with any number of loading processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms

from ubp_core.errors import ConfigError
from ubp_core.training.config import DataConfig

EVAL_MARGIN = 256 / 224
"""With "crop", validation pictures are scaled by this and cut in the middle, as is usual."""


class SeededPictures(Dataset[tuple[Tensor, int]]):
    """Pictures by index; an augmentation draws from a generator of its own for each epoch and picture."""

    def __init__(self, source: Any, indices: list[int], transform: Any, seed: int) -> None:
        self.source, self.indices, self.transform, self.seed = source, indices, transform, seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, label = self.source.samples[self.indices[index]]
        try:
            picture = self.source.loader(path)
        except Exception as error:  # whatever an image library raises on a broken file
            raise ConfigError(f"{path}: can't be read as a picture: {error}") from error
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(mix_seed(self.seed, self.epoch, index))
            return self.transform(picture), int(label)


@dataclass(frozen=True)
class Pictures:
    """Both parts of the data."""

    train: SeededPictures
    plain: SeededPictures
    """The training pictures without augmentation, for batch-norm statistics."""
    validation: SeededPictures
    classes: tuple[str, ...]
    """Names of the sub-folders, sorted; the network's outputs in this order."""
    skipped: tuple[str, ...] = ()
    """Files and folders that are left out: hidden ones, and such as are no pictures by their names."""


def open_pictures(config: DataConfig, seed: int) -> Pictures:
    """Find the pictures.

    Raises:
        ConfigError: a folder that is missing, empty or has other classes than the training folder.
    """
    train = _open_folder("data.train", config.train)
    skipped = [f"{config.train}/{name}" for name in train.skipped]
    order = torch.randperm(len(train.samples), generator=torch.Generator().manual_seed(seed)).tolist()
    if config.validation is None:
        held, source = order[: max(1, round(config.validation_share * len(order)))], train
        used = sorted(set(order) - set(held))
        if not used:
            raise ConfigError(f"data.train: {config.train} has too few pictures to set some aside")
    else:
        source = _open_folder("data.validation", config.validation)
        skipped += [f"{config.validation}/{name}" for name in source.skipped]
        if source.classes != train.classes:
            odd = sorted(set(source.classes) ^ set(train.classes))[0]
            raise ConfigError(f"data.validation: class {odd!r} is not in both folders")
        used, held = list(range(len(order))), list(range(len(source.samples)))
    plain = _transform(config, False)
    return Pictures(
        train=SeededPictures(train, used, _transform(config, True), seed),
        plain=SeededPictures(train, used, plain, seed),
        validation=SeededPictures(source, sorted(held), plain, seed),
        classes=tuple(train.classes),
        skipped=tuple(skipped),
    )


def epoch_batches(
    pictures: SeededPictures, epoch: int, batch_size: int, start: int, workers: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """The training batches of an epoch in its random order; an incomplete last one is left out.

    Args:
        pictures: what to train on.
        epoch: from 0.
        batch_size: at most the number of pictures is used.
        start: batches that were already seen.
        workers: loading processes.
    """
    pictures.epoch = epoch
    generator = torch.Generator().manual_seed(mix_seed(pictures.seed, epoch, -1))
    order = torch.randperm(len(pictures), generator=generator).tolist()
    size = min(batch_size, len(pictures))
    return _load(pictures, [chunk for chunk in _cut(order, size) if len(chunk) == size][start:], workers)


def ordered_batches(pictures: SeededPictures, batch_size: int, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Every picture once, in order."""
    return _load(pictures, _cut(range(len(pictures)), batch_size), workers)


def batches_per_epoch(pictures: SeededPictures, batch_size: int) -> int:
    """How many `epoch_batches` gives from the start."""
    return len(pictures) // min(batch_size, len(pictures))


def _cut(order: Sequence[int], size: int) -> list[list[int]]:
    """Pieces of a size; the last may be shorter."""
    return [list(order[begin : begin + size]) for begin in range(0, len(order), size)]


def mix_seed(*numbers: int) -> int:
    """One seed from several numbers; close ones give unrelated seeds."""
    return int(np.random.SeedSequence([number & 0xFFFF_FFFF for number in numbers]).generate_state(1)[0])


def _load(pictures: SeededPictures, batches: list[list[int]], workers: int) -> Iterator[tuple[Tensor, Tensor]]:
    # A generator of its own: a loader draws its processes' seed, which must not come from the network's.
    generator = torch.Generator().manual_seed(0)
    return iter(DataLoader(pictures, batch_sampler=batches, num_workers=workers, generator=generator))


class PictureFolder(datasets.ImageFolder):  # type: ignore[misc]
    """One sub-folder for each class. Hidden folders and files are none, nor are files that are no pictures by name."""

    def __init__(self, folder: str) -> None:
        self.skipped: list[str] = []
        """What is left out, as paths from the folder."""
        super().__init__(folder, is_valid_file=self._is_picture)

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """Sub-folders that aren't hidden, sorted."""
        folders = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        self.skipped += [f"{name}/" for name in folders if _is_hidden(name)]
        names = [name for name in folders if not _is_hidden(name)]
        if not names:
            raise FileNotFoundError("there is none")
        return names, {name: number for number, name in enumerate(names)}

    def _is_picture(self, path: str) -> bool:
        """Whether a file counts; notes those that don't."""
        place = Path(path).relative_to(self.root)
        good = not any(map(_is_hidden, place.parts)) and place.name.lower().endswith(datasets.folder.IMG_EXTENSIONS)
        if not good:
            self.skipped.append(str(place))
        return good


def _is_hidden(name: str) -> bool:
    """What editors and systems leave in folders: .ipynb_checkpoints, ._1.png, .DS_Store, @eaDir, __MACOSX."""
    return name.startswith((".", "@eaDir", "__MACOSX", "__pycache__", "$RECYCLE.BIN"))


def _open_folder(key: str, folder: str) -> PictureFolder:
    if not Path(folder).is_dir():
        raise ConfigError(f"{key}: {folder} is not a folder")
    try:
        found = PictureFolder(folder)
    except (FileNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{key}: {folder} needs one sub-folder of pictures for each class: {reason}") from error
    if len(found.classes) < 2:
        raise ConfigError(f"{key}: {folder} has one class only; need one sub-folder for each of two or more")
    return found


def _transform(config: DataConfig, training: bool) -> Any:
    """From a picture to float32 [3, size, size]."""
    size = config.image_size
    steps: list[Any] = [transforms.Resize((size, size))]
    if config.augment == "crop":
        steps = [transforms.Resize(round(size * EVAL_MARGIN)), transforms.CenterCrop(size)]
        if training:
            steps = [transforms.RandomResizedCrop(size, (0.35, 1.0)), transforms.RandomHorizontalFlip()]
    elif training and config.augment == "shift":
        steps.append(transforms.RandomCrop(size, padding=max(1, size // 8)))
    elif training and config.augment == "flip":
        steps.append(transforms.RandomHorizontalFlip())
    return transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(config.mean, config.std)])
