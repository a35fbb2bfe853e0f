"""How the app's models tell what changed, and how they let others work. No Textual.

A model (workspace, benchmark queue) is touched on the event loop only. It emits a signal once its own state is whole;
observers read the state and decide when to draw. What takes time is given to a runner, whose threads tell the model
what came out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Observer = Callable[[], object]
"""Called when something changed; reads what it needs."""
Cancelled = Callable[[], bool]
"""Whether nobody waits for a work any more."""
Work = Callable[[Cancelled], None]
"""What a thread does: computes, looks for its cancellation before every step, and tells what came out."""


class Signal:
    """Something that can change, and who wants to know."""

    def __init__(self) -> None:
        """Start without observers."""
        self._observers: list[Observer] = []

    def connect(self, observer: Observer) -> Callable[[], None]:
        """Call the observer from now on at every change.

        Returns:
            What ends that; for an observer that goes before the model does.
        """
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def emit(self) -> None:
        """Call the observers, in the order in which they came."""
        for observer in tuple(self._observers):
            observer()


class Runner(Protocol):
    """Runs what takes time beside the event loop."""

    def run(self, name: str, work: Work, description: str, exclusive: bool = True) -> None:
        """Begin a work on a thread; work of the same name that is still under way is cancelled if `exclusive`."""

    def cancel(self, name: str) -> None:
        """Nobody waits for work of this name any more."""

    def tell(self, call: Callable[..., object], *arguments: Any) -> None:
        """From a thread: let the event loop make this call soon, in order."""


class InlineRunner:
    """Runs everything at once, in the caller's thread: for models without an app."""

    def run(self, name: str, work: Work, description: str, exclusive: bool = True) -> None:
        """Do the work before returning."""
        work(lambda: False)

    def cancel(self, name: str) -> None:
        """There is never anything under way."""

    def tell(self, call: Callable[..., object], *arguments: Any) -> None:
        """Make the call."""
        call(*arguments)
