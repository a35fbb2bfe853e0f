"""The line under the title while native code is compiled behind the app."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ubp_core.installation.building import BuildProgress
from ubp_tui.renderables.cells import shown
from ubp_tui.workspace.native_code import NativeCode

WORDS = {
    "host": ("the selection's library", "the map comes by itself"),
    "bench-host": ("the benchmark for this machine", "b waits for it"),
    "bench-arm64": ("the benchmark for phones", "b waits for it"),
    "qemu-count": ("the instruction counter", "the emulator waits for it"),
}
"""By target: what it is, and what its absence means."""


class BuildLine(Widget):
    """Stands there while something is compiled, or could not be."""

    progress: reactive[BuildProgress | None] = reactive(None)
    """What is compiled, and how far that is."""

    def __init__(self, native: NativeCode) -> None:
        """Args: whose progress is shown."""
        super().__init__(classes="build-line")
        self._native = native
        self.display = False

    def on_mount(self) -> None:
        """Follow the build."""
        self._native.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        """Show how far it is, or nothing."""
        self.progress = self._native.progress
        self.display = self.progress is not None
        self.set_class(bool(self.progress and self.progress.failure), "-failed")

    def render(self) -> Content:
        """What is compiled, how far, and what that means."""
        return describe_build(self.progress) if self.progress else Content()


def describe_build(progress: BuildProgress) -> Content:
    """One line."""
    if progress.failure:
        return Content(shown(progress.failure))
    what, means = WORDS.get(progress.target, (progress.target, "what needs it waits"))
    steps = f" {progress.done} of {progress.total}" if progress.total else ""
    return Content.assemble((f"Compiling {what}{steps}", "bold"), (f"  ({means})", "$text-muted"))
