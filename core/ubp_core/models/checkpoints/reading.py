"""Reading a checkpoint file that nobody vouches for: tensors out, or one line that says why not.

Owns the file formats and the refusal of bad files. Runs no code from a file: safetensors has none, and a pickle is read
with `weights_only=True` and nothing else. Must not know any network.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ubp_core.errors import ModelError
from ubp_core.models.catalogue import CHECKPOINT_SUFFIXES, SAFETENSORS_SUFFIX
from ubp_core.models.checkpoints.quantised import describe_class, find_quantised
from ubp_core.models.checkpoints.shards import INDEX_SUFFIX, describe_shard, is_index, read_shards
from ubp_core.models.checkpoints.sizes import check_claims
from ubp_core.models.checkpoints.unpickling import ALLOWED
from ubp_core.models.checkpoints.wrapping import StateDict, Wrapped, find_states, strip_prefix
from ubp_core.printable import printable

_BLOCKED_GLOBAL = re.compile(r"unsupported\W+(?:global|function|class|type)\W+(?:global\W+)?([\w.]+)", re.IGNORECASE)

_ZIP_MAGIC = b"PK\x03\x04"

MAP_FROM_BYTES = 1 << 30
"""Larger zips are mapped: optimizer states beside the weights then cost nothing. Smaller ones are read, which also
checks the size of every record."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The tensors of one file."""

    path: Path
    state: StateDict
    """Tensors on the CPU by name, wrapping prefixes taken off; a file's own order, or natural order for safetensors."""
    inside: str
    """Where in the file they were: "" at the top, else the keys in front, such as "checkpoint.state_dict"."""
    tensors: StateDict
    """All tensors that lie there, by the file's own keys."""
    prefix: str = ""
    """What the keys have in front of the names in `state`."""
    notes: tuple[str, ...] = ()
    """What else people should know of the file, a line each."""
    quantised: str | None = None
    """A line on weights that another tool has made integers of; None where there are none."""
    others: tuple[str, ...] = ()
    """Other places in the file that have weights."""


def read_checkpoint(path: Path, inside: str | None = None) -> Checkpoint:
    """Read the tensors of a `.safetensors` file, of one written by `torch.save`, or of shards with an index.

    Args:
        path: the file.
        inside: the keys, joined by dots, that lead to one of several state dicts; None takes the likeliest.

    Raises:
        ModelError: anything that can't be used; the line begins with the file's name.
    """
    states = find_states(_read_content(path))
    if not states:
        raise ModelError(
            f"{path}: holds no tensors by name; expected a state dict, or one inside 'state_dict' or 'model'"
        )
    chosen = states[0] if inside is None else _choose(path, states, inside)
    check_claims(path, chosen.tensors)
    state, prefix = strip_prefix(chosen)
    others = tuple(printable(s.inside) for s in states if s is not chosen and s.path and s.named_weights)
    notes = tuple(_describe(path, chosen, others))
    quantised = find_quantised(chosen.tensors, chosen.strangers)
    return Checkpoint(path, state, chosen.inside, chosen.tensors, prefix, notes, quantised, others)


def _choose(path: Path, states: list[Wrapped], inside: str) -> Wrapped:
    """The state dict that the user named."""
    for state in states:
        if inside in (state.inside, printable(state.inside)):
            return state
    choices = ", ".join(repr(printable(state.inside)) for state in states[:5] if state.path) or "nothing but the top"
    raise ModelError(f"{path}: there are no tensors inside {printable(inside)!r}; choose from {choices}")


def _describe(path: Path, chosen: Wrapped, others: tuple[str, ...]) -> Iterator[str]:
    """What isn't read of a file."""
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        names = ", ".join(map(repr, others[:3])) + more
        taken = f"inside {printable(chosen.inside)!r}" if chosen.path else "at the top"
        yield f"the weights {taken} are taken; there are others inside {names}: {path.name}:{others[0]} takes those"
    if chosen.strangers:
        names = ", ".join(map(printable, chosen.strangers[:3])) + (", ..." if len(chosen.strangers) > 3 else "")
        yield f"what lies beside its tensors and is none isn't written again: {names}"
    remark = describe_shard(path)
    if remark:
        yield remark


def _read_content(path: Path) -> Any:
    """What a file holds, as its format has it."""
    _check_file(path)
    with _refusals(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about storages and old formats; of no use to whoever opens a file
        if is_index(path):
            return read_shards(path, _read_content)
        return _read_safetensors(path) if path.suffix.lower() == SAFETENSORS_SUFFIX else _read_torch(path)


def _check_file(path: Path) -> None:
    """Refuse what isn't a readable file with content and a known suffix."""
    if path.suffix.lower() not in CHECKPOINT_SUFFIXES and not is_index(path):
        kinds = ", ".join(CHECKPOINT_SUFFIXES)
        raise ModelError(
            f"{path}: unknown kind of file {path.suffix!r}; a checkpoint ends in one of {kinds}, {INDEX_SUFFIX}"
        )
    try:
        if path.is_dir():
            raise ModelError(f"{path}: is a folder, not a checkpoint file")
        if not path.exists():
            raise ModelError(f"{path}: no such file")
        if not path.is_file():
            raise ModelError(f"{path}: is not a regular file")
        if path.stat().st_size == 0:
            raise ModelError(f"{path}: is empty")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from error


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """All tensors, in natural order of their names: the format itself sorts by type and name."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in sorted(file.keys(), key=_natural_key)}


def _read_torch(path: Path) -> Any:
    """Whatever `torch.save` wrote."""
    mapped = _is_zip(path) and path.stat().st_size >= MAP_FROM_BYTES
    with torch.serialization.safe_globals(list(ALLOWED)):
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)


def _is_zip(path: Path) -> bool:
    """Whether the file begins like torch's present format; older files are bare pickles."""
    with path.open("rb") as file:
        return file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn whatever a reader raises on a bad file into one line."""
    try:
        yield
    except ModelError:
        raise
    except (
        Exception
    ) as error:  # readers raise OSError, RuntimeError, KeyError, UnpicklingError, EOFError ... on bad bytes
        raise ModelError(f"{path}: {_explain(path, str(error))}") from error


def _explain(path: Path, message: str) -> str:
    """What is wrong with a file, in words, from a reader's message."""
    if "TorchScript" in message or "Cannot use ``weights_only=True`` with" in message:
        return "refused: it is a TorchScript or legacy tar archive; save `model.state_dict()` instead"
    asked = _BLOCKED_GLOBAL.search(message)
    if "weights_only" in message or "WeightsUnpickler" in message:
        if asked:
            return describe_class(asked.group(1)) or (
                f"refused: besides tensors it asks for {asked.group(1)}, and nothing from a file is run; "
                "save `model.state_dict()` instead"
            )
        return "refused: it is not a plain pickle of tensors (broken, or more than a state dict)"
    if path.suffix.lower() == SAFETENSORS_SUFFIX:
        return f"is not a valid safetensors file: {printable(message.splitlines()[0] if message else 'broken')}"
    if _is_zip(path):
        return "is a broken or truncated PyTorch file"
    return "is not a PyTorch checkpoint (broken or truncated)"


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts layer2 before layer10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", name)]
