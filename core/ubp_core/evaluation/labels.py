"""Which class of a network each sub-folder of pictures stands for."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ubp_core.errors import FileError, UsageError

IMAGENET_CLASSES = 1000


def class_of(folder: Path, path: Path) -> str | None:
    """The sub-folder that a picture lies in, at any depth; None right in the folder."""
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else None


def class_names(folder: Path, paths: Sequence[Path]) -> tuple[str, ...]:
    """Names of the classes, sorted; none where any picture lies beside the sub-folders, or there is only one."""
    names = {class_of(folder, path) for path in paths}
    if None in names or len(names) < 2:
        return ()
    return tuple(sorted(name for name in names if name is not None))


def match_classes(names: Sequence[str], outputs: int, listed: Sequence[str] | None = None) -> dict[str, int]:
    """The number of each class, by name of its sub-folder.

    Args:
        names: of the sub-folders, sorted.
        outputs: how many classes the network has.
        listed: names of the network's classes in their order, where somebody says so.

    Raises:
        UsageError: names that mean no class; the line shows three of each side.
    """
    if listed is not None:
        return _by_name(names, outputs, listed, "--classes")
    numbers = {name: int(name) for name in names if name.isascii() and name.isdigit()}
    if len(numbers) == len(names) and max(numbers.values()) < outputs and len({*numbers.values()}) == len(names):
        return numbers
    if len(names) == outputs:
        return {name: number for number, name in enumerate(names)}
    if outputs == IMAGENET_CLASSES:
        return _by_name(names, outputs, imagenet_names(), "ImageNet")
    raise UsageError(
        f"{len(names)} classes of pictures ({_three(names)}), and the network has {outputs}: name its classes with "
        "--classes FILE, a line for each, or take the pictures without labels (--no-labels)"
    )


def _by_name(names: Sequence[str], outputs: int, listed: Sequence[str], source: str) -> dict[str, int]:
    """Classes by their names, which count without case, `_` and `-` being blanks."""
    if len(listed) != outputs:
        raise UsageError(f"{source} has {len(listed)} classes, the network {outputs}")
    places: dict[str, list[int]] = {}
    for number, name in enumerate(listed):
        places.setdefault(_plain(name), []).append(number)
    unknown = [name for name in names if len(places.get(_plain(name), ())) != 1]
    if unknown:
        raise UsageError(
            f"folders {_three(unknown)} are no classes of {source} ({_three(listed)}), or are two of them; name the "
            "network's classes as the folders are called with --classes FILE, or leave the labels out (--no-labels)"
        )
    return {name: places[_plain(name)][0] for name in names}


def read_classes(path: Path) -> tuple[str, ...]:
    """Names of a network's classes, one in each line.

    Raises:
        FileError: it can't be read, or is no text.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: {getattr(error, 'strerror', None) or 'is no UTF-8 text'}") from None
    return tuple(line.strip() for line in lines if line.strip())


def imagenet_names() -> tuple[str, ...]:
    """Names of ImageNet's 1,000 classes, as torchvision's weights have them."""
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.DEFAULT.meta["categories"])


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").replace("-", " ").split())


def _three(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
