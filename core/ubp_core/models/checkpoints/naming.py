"""Names of layers from keys of a file: short, printable and each of them once. Keys themselves stay as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ubp_core.printable import printable

WEIGHT = ".weight"

_FORMS: tuple[Callable[[str], str], ...] = (
    lambda key: printable(key.removesuffix(WEIGHT)),
    printable,
    lambda key: escape(key.removesuffix(WEIGHT)),
    lambda key: escape(key),
)
"""How a key may be written as a layer's name, best first."""


def name_layers(keys: Iterable[str]) -> dict[str, str]:
    """A name for every key: the module's path; where two would have the same, the key itself or its escaped form.

    Args:
        keys: all different.
    """
    left = list(keys)
    names: dict[str, str] = {}
    taken: set[str] = set()
    for form in _FORMS:
        counts = Counter(map(form, left))
        for key in left:
            if counts[form(key)] == 1 and form(key) not in taken:
                names[key] = form(key)
        taken = set(names.values())
        left = [key for key in left if key not in names]
    for key in left:  # escaped forms differ from one another, but may equal a name that stands there
        names[key] = next(name for i in range(2, len(names) + 3) if (name := f"{escape(key)} ({i})") not in taken)
        taken.add(names[key])
    return names


def escape(text: str) -> str:
    """The text with what can't be printed as escape codes: different texts stay different."""
    return "".join(char if char.isprintable() and char != "\\" else _escape_char(char) for char in text)


def _escape_char(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
