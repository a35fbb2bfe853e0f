"""Bringing a file's names to those of a network: what wrappers and larger models have put around and between them.

Owns the choice of the prefix that makes a file fit. Copies nothing and judges no shapes beyond counting those that fit.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from ubp_core.models.checkpoints.wrapping import StateDict
from ubp_core.printable import printable
from ubp_core.torch_private import set_versions, versions_of

_WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"})
"""Parts of names that wrappers put anywhere: DataParallel around the features alone, torch.compile around a block."""

_AVERAGE = re.compile(r"ema|avg|average|shadow|teacher", re.IGNORECASE)
_MAX_PREFIXES = 32


@dataclass(frozen=True, eq=False)
class Matched:
    """Tensors under the network's names, as far as the file has them."""

    state: StateDict
    prefix: str
    """What stood in front of the names."""
    notes: tuple[str, ...]
    """What was left out for that, a line."""


def match_names(expected: Mapping[str, torch.Tensor], state: StateDict) -> Matched:
    """Find the prefix under which a file has the most of a network's tensors.

    Args:
        expected: the network's state dict.
        state: the file's; it stays as it is where no other way of reading its names fits better.
    """
    best, most = Matched(state, "", ()), _count_fitting(expected, state)
    for names in (list(state), _without_wrappers(state)):
        for prefix in ("", *sorted(_find_prefixes(expected, names), key=lambda p: bool(_AVERAGE.search(p)))):
            renamed = OrderedDict(
                (name.removeprefix(prefix), value)
                for name, value in zip(names, state.values(), strict=True)
                if name.startswith(prefix)
            )
            fitting = _count_fitting(expected, renamed)
            if fitting > most:
                left = [key for key, name in zip(state, names, strict=True) if not name.startswith(prefix)]
                best, most = Matched(renamed, prefix, describe_surplus(prefix, left)), fitting
    if best.state is not state:
        set_versions(best.state, versions_of(state) or {})
    return best


def _count_fitting(expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> int:
    found = ((ours, state[name]) for name, ours in expected.items() if name in state)
    return sum(1 for ours, theirs in found if not theirs.is_nested and theirs.shape == ours.shape)


def _without_wrappers(state: StateDict) -> list[str]:
    """The names without the parts that wrappers added; as they are where two would become one."""
    names = [".".join(part for part in key.split(".") if part not in _WRAPPERS) for key in state]
    return names if len(set(names)) == len(names) else list(state)


def _find_prefixes(expected: Mapping[str, torch.Tensor], names: list[str]) -> list[str]:
    """What stands in front of some of the network's names in the file."""

    def found() -> Iterator[str]:
        keys = list(expected)
        for anchor in {keys[0], keys[len(keys) // 2], keys[-1]} if keys else ():
            for name in names:
                if name.endswith(f".{anchor}"):
                    yield name.removesuffix(anchor)

    return sorted(dict.fromkeys(found()), key=lambda p: (len(p), p))[:_MAX_PREFIXES]


def describe_surplus(prefix: str, left: Sequence[str]) -> tuple[str, ...]:
    """A line on tensors that aren't read; none where there are none.

    Args:
        prefix: under which the others were found.
        left: names in the file.
    """
    if not left:
        return ()
    names = ", ".join(map(printable, left[:3])) + (f" and {len(left) - 3} more" if len(left) > 3 else "")
    where = f"read under {printable(prefix)!r}; " if prefix else ""
    return (f"{where}left out, since the network has no such tensors: {names}",)
