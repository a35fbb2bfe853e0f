"""The native code of a clone while it is compiled behind the app: how far it is. No Textual."""

from __future__ import annotations

from ubp_core.installation.building import BuildProgress
from ubp_tui.observing import Runner, Signal
from ubp_tui.work.services import Services


class NativeCode:
    """Follows the build, where there is one; what needs its outputs waits for them by itself."""

    def __init__(self, services: Services, runner: Runner) -> None:
        """Args: what builds, what tells the event loop."""
        self.progress: BuildProgress | None = None
        """How far it is; None where nothing is being built."""
        self.changed = Signal()
        self._runner = runner
        self._build = services.build(self._report) if services.build else None

    def start(self) -> None:
        """Begin."""
        if self._build is not None:
            self._build.start()

    def close(self) -> None:
        """End it with the app; what is compiled stays."""
        if self._build is not None:
            self._build.stop()

    def _report(self, progress: BuildProgress) -> None:
        """From the build's thread."""
        self._runner.tell(self._take, progress)

    def _take(self, progress: BuildProgress) -> None:
        """It is further, or done."""
        self.progress = progress if progress.target else None
        self.changed.emit()
