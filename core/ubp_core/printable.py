"""How text from outside is shown: names in files, serials, models, governors, what adb and libraries say.

Used where something is shown, never before: keys, stored values and what is sent to a device stay as they are.
"""

from __future__ import annotations


def printable(text: str) -> str:
    """A text in one line without anything that a terminal could take for a command.

    Control characters, line breaks, invisible marks (such as those that turn the direction of writing) and bytes that
    are no text become "?".
    """
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(map(printable, text.split("\n")))
