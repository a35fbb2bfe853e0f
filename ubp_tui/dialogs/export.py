"""The dialog that takes things away: what, where, and whether files may be replaced; then progress and a stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Label, ProgressBar, Static

from ubp_core.vocabulary import INT8, RANDOM
from ubp_tui.renderables.cells import shown
from ubp_tui.widgets.plan.tick import Tick
from ubp_tui.work.exporting import KINDS, ExportJob, find_existing, name_files, write_files

FilesChosen = Callable[[tuple[tuple[str, Path], ...], bool, str], ExportJob]
"""Makes the job from the files, whether only marked layers are pruned in them, and what int8 is calibrated on."""
NO_PICTURES = f"int8: name a folder of pictures that the network takes, or {RANDOM} for tests of speed."


@dataclass(frozen=True)
class Written:
    """What was taken away."""

    paths: tuple[Path, ...]
    """The files."""
    notes: tuple[str, ...]
    """What to know of the whole network, a line each."""


class ExportDialog(ModalScreen[Written]):
    """Its result is what was written, or None if the user left."""

    BINDINGS = [  # noqa: RUF012 (Textual's own form)
        Binding("escape", "leave", "close"),
        Binding("enter", "accept", "export"),
    ]

    def __init__(
        self, name: str, marked: int, dtypes: tuple[str, ...], calibration: str, make_job: FilesChosen
    ) -> None:
        """Args: the first name of the files, the number of marked layers, the types of layers, what int8 was
        calibrated on before, what makes the job."""
        super().__init__()
        self._dtypes = dtypes
        self._calibration = calibration
        self._proposed_name = name
        self._marked = marked
        self._make_job = make_job
        self._cancel: Event | None = None
        self._confirmed: tuple[str, ...] = ()
        self._place: Widget | None = None

    def compose(self) -> ComposeResult:
        """Kinds, place, status, buttons."""
        with Vertical(id="export", classes="dialog") as panel:
            panel.border_title = f"Take away · {' and '.join(self._dtypes)}"
            for kind, (ending, note) in KINDS.items():
                yield Tick(f"{ending:<13} {note}", kind == "plan", id=f"export-{kind}", compact=True)
            which = "only the marked layer" if self._marked == 1 else f"only the {self._marked} marked layers"
            yield Tick(f"{which}, all others stay dense", bool(self._marked), id="export-marked", compact=True)
            with Horizontal(classes="percent-field"):
                yield Label("Folder", classes="field-label")
                yield Input(".", id="export-folder", compact=True)
            with Horizontal(classes="percent-field"):
                yield Label("Name", classes="field-label")
                yield Input(self._proposed_name, id="export-name", compact=True)
            with Horizontal(id="export-calibration-field", classes="percent-field"):
                yield Label("Pictures", classes="field-label")
                yield Input(
                    self._calibration, placeholder=f"folder, or {RANDOM}", id="export-calibration", compact=True
                )
            yield Static("", id="export-status", markup=False)
            yield ProgressBar(total=1.0, show_eta=False, id="export-progress")
            with Horizontal(classes="dialog-buttons"):
                yield Button("Export", id="export-ok", variant="primary", compact=True)
                yield Button("Cancel", id="export-cancel", compact=True)

    def on_mount(self) -> None:
        """Nothing runs yet."""
        self.query_one("#export-marked").display = bool(self._marked)
        self.query_one(ProgressBar).display = False
        self._forget_answer()

    def on_unmount(self) -> None:
        """The app ends: what is being written is given up, no file is left half done."""
        if self._cancel is not None:
            self._cancel.set()

    @property
    def running(self) -> bool:
        """Whether files are being written."""
        return self._cancel is not None

    def chosen_files(self) -> tuple[tuple[str, Path], ...]:
        """Kind and path of every file that is ticked."""
        kinds = [kind for kind in KINDS if self.query_one(f"#export-{kind}", Checkbox).value]
        folder, name = (self.query_one(f"#export-{part}", Input).value.strip() for part in ("folder", "name"))
        return name_files(folder or ".", name, kinds) if name else ()

    @property
    def _needs_pictures(self) -> bool:
        """Whether the whole network is written with layers of int8."""
        return INT8 in self._dtypes and self.query_one("#export-network", Checkbox).value

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _forget_answer(self) -> None:
        """Another file: what was agreed to does not count for it."""
        self._confirmed = ()
        button = self.query_one("#export-ok", Button)
        files, needed = self.chosen_files(), self._needs_pictures
        self.query_one("#export-calibration-field").display = needed
        missing = NO_PICTURES if needed and not self._pictures else ""
        complaint = missing if files else "Tick what to take away, and give it a name."
        button.label, button.variant, button.disabled = "Export", "primary", bool(complaint)
        self.show_status(complaint)

    @property
    def _pictures(self) -> str:
        """What int8 is calibrated on, as it was typed."""
        return self.query_one("#export-calibration", Input).value.strip()

    @on(Input.Submitted)
    @on(Button.Pressed, "#export-ok")
    def action_accept(self) -> None:
        """Write; where files would be replaced, ask first."""
        files = self.chosen_files()
        if self.running or self.query_one("#export-ok", Button).disabled:
            return
        existing = find_existing(files)
        if existing and existing != self._confirmed:
            self._confirmed = existing
            button = self.query_one("#export-ok", Button)
            button.label, button.variant = "Replace", "warning"
            verb = "is" if len(existing) == 1 else "are"
            self.show_status(f"{', '.join(existing)} {verb} there already. Replace writes over.")
            return
        self._cancel = Event()
        self._set_running(True)
        only_marked = bool(self._marked) and self.query_one("#export-marked", Checkbox).value
        self._write(
            self._make_job(files, only_marked, self._pictures if self._needs_pictures else ""),
            bool(existing),
            self._cancel,
        )

    def _set_running(self, running: bool) -> None:
        """Fields rest while files are written; then the focus is where it was, for Enter must not mean Cancel."""
        self._place = self.focused if running else self._place
        for widget in (*self.query(Input), *self.query(Checkbox), self.query_one("#export-ok", Button)):
            widget.disabled = running
        self.query_one(ProgressBar).display = running
        place = self.query_one("#export-cancel") if running else self._place
        if place is not None:
            place.focus()

    @work(thread=True, exclusive=True, group="export_files", description="write what is taken away")
    def _write(self, job: ExportJob, overwrite: bool, cancel: Event) -> None:
        """Write, off the event loop."""
        from ubp_core.errors import UbpError

        line = ""
        notes: tuple[str, ...] = ()
        try:
            notes = write_files(job, overwrite, lambda text, share: self._tell(text, share, cancel), cancel)
        except (UbpError, MemoryError) as error:
            line = str(error) or "not enough memory"
        if self.is_attached:
            self.call_later(self._finish, Written(tuple(path for _, path in job.files), notes), line)

    def _tell(self, text: str, share: float, cancel: Event) -> None:
        """One step, from the worker's thread."""
        if self.is_attached and not cancel.is_set():
            self.call_later(self._show_step, text, share)

    def _show_step(self, text: str, share: float) -> None:
        """Line and bar."""
        self.show_status(text)
        self.query_one(ProgressBar).update(progress=share)

    def _finish(self, written: Written, line: str) -> None:
        """Answer, or say why not."""
        self._cancel = None
        if not line:
            self.dismiss(written)
            return
        self._set_running(False)
        self._forget_answer()
        self.show_status(line)

    def show_status(self, line: str) -> None:
        """A line above the buttons."""
        self.query_one("#export-status", Static).update(shown(line))

    @on(Button.Pressed, "#export-cancel")
    def action_leave(self) -> None:
        """Stop what runs; a second time, or when nothing runs, leave."""
        if self._cancel is not None and not self._cancel.is_set():
            self._cancel.set()
            self.show_status("stopping ...")
        elif not self.running:
            self.dismiss()
