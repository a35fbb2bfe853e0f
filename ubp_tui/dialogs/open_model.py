"""The dialog that opens another model: a name or a path to type, the models of late, and the files of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.text import Text, TextType
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, DirectoryTree, Input, OptionList, Static
from textual.widgets.option_list import Option

from ubp_core.models.spec import ModelSpec
from ubp_tui.choices.paths import typed_path
from ubp_tui.renderables.cells import shown
from ubp_tui.session.recent import describe_spec

ENDINGS: Final = (".safetensors", ".pt", ".pth", ".tar", ".bin", ".ckpt")
"""Endings of the files that are offered."""
HINT: Final = "A network's name, or a checkpoint's path; below: models of late, and the files of this folder."


class CheckpointTree(DirectoryTree):
    """Folders, and the files in them that may be checkpoints."""

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """What is shown."""
        for path in paths:
            try:
                wanted = path.suffix in ENDINGS or path.is_dir()
            except OSError:
                continue
            if wanted and not path.name.startswith("."):
                yield path

    def process_label(self, label: TextType) -> Text:
        """A file's name as it is shown."""
        return Text(shown(str(label)))


class OpenDialog(ModalScreen[ModelSpec]):
    """Its result is the model, or None if the user left."""

    BINDINGS = [  # noqa: RUF012 (Textual's own form)
        Binding("escape", "dismiss", "close"),
    ]

    def __init__(self, recent: tuple[ModelSpec, ...], folder: Path | None = None) -> None:
        """Args: models that were opened lately, the folder whose files are offered (by default the present one)."""
        super().__init__()
        self._recent = recent
        self._folder = folder or Path.cwd()

    def compose(self) -> ComposeResult:
        """Line, hint, models of late, files, buttons."""
        with Vertical(id="open-model", classes="dialog") as panel:
            panel.border_title = "Open a model"
            yield Input(id="open-name", placeholder="resnet50, or a path", compact=True)
            yield Static(HINT, id="open-hint", markup=False)
            if self._recent:
                options = [Option(Content(shown(describe_spec(spec)))) for spec in self._recent]
                yield OptionList(*options, id="open-recent", compact=True)
            yield CheckpointTree(self._folder, id="open-files")
            with Horizontal(classes="dialog-buttons"):
                yield Button("Open", id="open-ok", variant="primary", compact=True)
                yield Button("Cancel", id="open-cancel", compact=True)

    @on(Input.Submitted)
    @on(Button.Pressed, "#open-ok")
    def _accept(self) -> None:
        """Open what is typed."""
        text = self.query_one(Input).value.strip()
        if text:
            self.dismiss(ModelSpec(str(typed_path(text)) if text.startswith("~") else text))
        else:
            self.query_one("#open-hint", Static).update("Type a name or a path, or choose one below.")

    @on(OptionList.OptionSelected)
    def _take_recent(self, message: OptionList.OptionSelected) -> None:
        """Open a model of late."""
        self.dismiss(self._recent[message.option_index])

    @on(DirectoryTree.FileSelected)
    def _take_file(self, message: DirectoryTree.FileSelected) -> None:
        """Open a file."""
        self.dismiss(ModelSpec(str(message.path)))

    @on(Button.Pressed, "#open-cancel")
    def _leave(self) -> None:
        """No answer."""
        self.dismiss()
