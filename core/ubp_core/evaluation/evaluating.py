"""`evaluate`: runs networks over the pictures of a folder, so many at a time, and says what came out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ubp_core.errors import FileError, UsageError
from ubp_core.evaluation.labels import class_names, class_of, match_classes
from ubp_core.evaluation.measures import (
    TOP_FEW,
    Mean,
    Share,
    divergences,
    is_among_first,
    output_errors,
    top_changes,
)
from ubp_core.network.network import Network
from ubp_core.pictures.folder import find_pictures, read_picture, spread
from ubp_core.pictures.preparation import Preparation
from ubp_core.torch_private import tree_leaves

BATCH = 16
"""Pictures that are in memory at the same time, where a network has no batch of its own."""
Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From images [batch, channels, height, width] to the network's first output."""


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    pictures: int
    """That were run."""
    unreadable: tuple[tuple[str, str], ...]
    """Files that are no pictures after all, each with the reason in a line."""
    data: str
    """SHA-256 of names and contents of the pictures, in hexadecimal."""
    seconds: float
    """Of the whole; decoding included."""
    agreement: Share | None = None
    """Of pictures with the same first class as the dense network's; None where that is what ran, or it does not
    classify."""
    divergence: Mean | None = None
    """Kullback-Leibler divergence from the dense network, in nats."""
    top_change: Mean | None = None
    """Change of the probability of the dense network's first class."""
    error: Mean | None = None
    """Relative output error, where the network does not classify."""
    top1: Share | None = None
    """Where there are labels; so is what follows."""
    top5: Share | None = None
    """None where the network has no more classes than that."""
    dense_top1: Share | None = None
    dense_top5: Share | None = None


@dataclass
class Found:
    """What was found of each picture so far."""

    same: list[bool] = field(default_factory=list)
    numbers: dict[str, list[float]] = field(default_factory=dict)
    hits: dict[str, list[bool]] = field(default_factory=dict)

    def take(self, outputs: NDArray[Any], dense: NDArray[Any] | None, labels: NDArray[np.int64] | None) -> None:
        """Some pictures more."""
        if outputs.ndim != 2 and dense is not None:
            self._add("error", output_errors(outputs, dense))
            return
        if dense is not None:
            self.same += (outputs.argmax(1) == dense.argmax(1)).tolist()
            self._add("divergence", divergences(outputs, dense))
            self._add("top_change", top_changes(outputs, dense))
        if labels is None:
            return
        for name, scores in (("", outputs), ("dense_", dense)):
            if scores is None:
                continue
            self.hits.setdefault(f"{name}top1", []).extend(is_among_first(scores, labels, 1).tolist())
            if scores.shape[1] > TOP_FEW:
                self.hits.setdefault(f"{name}top5", []).extend(is_among_first(scores, labels, TOP_FEW).tolist())

    def _add(self, name: str, values: NDArray[np.float64]) -> None:
        self.numbers.setdefault(name, []).extend(values.tolist())

    def sum_up(self) -> dict[str, Share | Mean]:
        """Shares and means by field of `Evaluation`."""
        found: dict[str, Share | Mean] = {name: Mean.of(values) for name, values in self.numbers.items()}
        shares = {**self.hits, "agreement": self.same}
        return found | {name: Share.of(sum(each), len(each)) for name, each in shares.items() if each}


def evaluate(
    run: Run,
    dense: Run | None,
    folder: Path,
    preparation: Preparation,
    *,
    batch: int = BATCH,
    limit: int | None = None,
    labelled: bool = True,
    classes: Sequence[str] | None = None,
    step: Callable[[int, int, float], None] = lambda done, total, seconds: None,
) -> Evaluation:
    """Runs a network, and the dense one beside it, over pictures.

    Args:
        run: what is judged; see `of_module` and `of_file`.
        dense: what it is compared with; None where it is the dense network itself.
        folder: with one sub-folder for each class, or of any pictures.
        preparation: what is done to each picture.
        batch: images of each run; the last ones are filled up.
        limit: at most so many pictures, evenly from all.
        labelled: whether sub-folders are classes.
        classes: names of the network's classes in their order.
        step: called before each batch with pictures done, how many there are, and seconds gone by; may raise to end it.

    Raises:
        FileError: the folder can't be read, or holds no picture that can.
        UsageError: classes that don't match; or nothing to compare with, and no labels.
    """
    paths = find_pictures(folder)
    names = class_names(folder, paths) if labelled else ()
    if dense is None and not names:
        raise UsageError(f"{folder}: has no sub-folders of classes, so the dense network has nothing to be judged by")
    chosen = paths if limit is None else spread(paths, limit)
    found, stream, started, numbers = Found(), PictureStream(folder, preparation), perf_counter(), dict[str, int]()
    for images, some in stream.batches(chosen, batch):
        step(stream.seen, len(chosen), perf_counter() - started)
        count = len(some)
        outputs = run(images)[:count]
        if names and outputs.ndim != 2:
            raise UsageError(f"{folder}: has classes, and the network does not classify; --no-labels compares outputs")
        numbers = numbers or (match_classes(names, outputs.shape[1], classes) if names else {})
        labels = np.array([numbers[class_of(folder, path) or ""] for path in some], np.int64) if numbers else None
        found.take(outputs, None if dense is None else dense(images)[:count], labels)
    if not stream.taken:
        path, reason = stream.unreadable[0]
        raise FileError(f"{folder}: none of {len(stream.unreadable)} pictures can be read; {Path(path).name}: {reason}")
    seconds, sums = perf_counter() - started, found.sum_up()
    return Evaluation(stream.taken, tuple(stream.unreadable), stream.hash.hexdigest(), seconds, **sums)  # type: ignore[arg-type]


class PictureStream:
    """Decodes pictures so many at a time."""

    def __init__(self, folder: Path, preparation: Preparation) -> None:
        """Args: of the pictures, what is done to each."""
        self._folder, self._preparation = folder, preparation
        self.seen = self.taken = 0
        """Files looked at, and pictures given out."""
        self.unreadable: list[tuple[str, str]] = []
        self.hash = hashlib.sha256()

    def batches(self, paths: Sequence[Path], size: int) -> Iterator[tuple[NDArray[np.float32], list[Path]]]:
        """Images [size, channels, height, width], and the files of the first of them; others fill up the last batch."""
        images: list[NDArray[np.float32]] = []
        some: list[Path] = []
        for path in paths:
            try:
                images.append(read_picture(path, self._preparation))
                content = path.read_bytes()
            except Exception as error:  # whatever a decoder makes of a broken file
                self.unreadable.append((str(path), (str(error).splitlines() or [type(error).__name__])[0]))
            else:
                some.append(path)
                name = path.relative_to(self._folder).as_posix().encode("utf-8", "surrogateescape")
                self.hash.update(name + b"\0" + hashlib.sha256(content).digest())
            self.seen += 1
            if len(some) == size:
                self.taken += size
                yield np.stack(images), some
                images, some = [], []
        if some:
            self.taken += len(some)
            yield np.stack([images[place % len(images)] for place in range(size)]), some


def of_module(module: nn.Module) -> Run:
    """Runs a module of torch in eval mode."""
    module = module.eval()

    @torch.no_grad()
    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        result: NDArray[np.float32] = tree_leaves(module(torch.from_numpy(images)))[0].numpy()
        return result

    return run


def of_file(path: Path, threads: int = 1) -> tuple[Run, tuple[int, ...]]:
    """Runs a packed network in its own types by the library; and the shape of its input.

    Raises:
        UbpError: the file can't be used, or holds no network of one input.
    """
    network = Network.load(path, threads)
    if len(network.inputs) != 1:
        raise UsageError(f"{path}: has {len(network.inputs)} inputs; pictures are one")

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs = network.run(images)
        return outputs[0] if isinstance(outputs, tuple) else outputs

    return run, network.inputs[0]
