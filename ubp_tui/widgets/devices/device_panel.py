"""The device panel: devices with state and mark; below, remedy and facts of the one under the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Static

from ubp_core.cells import shorten_middle
from ubp_tui.bench.devices import GONE, Devices
from ubp_tui.renderables.cells import shorten_end, shown

if TYPE_CHECKING:
    from ubp_core.devices import DeviceInfo

COLUMNS = ("chosen", "device", "kind", "state", "what")
MARK_WIDTH, FACT_WIDTH = 2, 12
"""Cells of the first column, and of the labels of facts."""
LEAST_NAME = 12
"""Cells of a device's name."""


class DevicePanel(Vertical):
    """A benchmark runs on the marked devices; where none is marked, on the one under the cursor.

    Rows never leave, so that no choice changes by itself.
    """

    @dataclass
    class Picked(Message):
        """The user chose a device."""

        name: str
        """Its name."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        """Start empty."""
        super().__init__(id=id)
        self.devices = Devices()
        """What is shown."""
        self._status: Mapping[str, str] = {}

    def show(self, devices: Devices, status: Mapping[str, str]) -> None:
        """Bring the rows up to date.

        Args:
            devices: all of them, with choice, marks and facts.
            status: how far a benchmark is, in place of a device's state, by name.
        """
        before = self.devices, self._status
        self.devices, self._status = devices, status
        if (devices, status) == before:
            return
        self._fill()
        # Only where another one was chosen: the user may have moved the cursor, and its message is still on the way.
        if devices.chosen in devices.infos and (devices.chosen != before[0].chosen or not before[0].infos):
            table = self._table()
            table.move_cursor(row=table.get_row_index(devices.chosen), animate=False)
        count = len(devices.marked)
        self.border_subtitle = f"{count} marked · b runs on them at once" if count else ""
        if devices != before[0]:
            self.show_details()

    def compose(self) -> ComposeResult:
        """Table, then remedy and facts."""
        yield DataTable[Text](id="device-table", cursor_type="row", cell_padding=0)
        with VerticalScroll(id="device-details", can_focus=False):
            yield Static("looking for devices", id="device-facts", markup=False)

    def on_mount(self) -> None:
        """Make the columns."""
        self.border_title = "Devices"
        table = self._table()
        for name, width in zip(COLUMNS, (MARK_WIDTH, None, None, None, None), strict=True):
            table.add_column("" if name == "chosen" else f"{name}  ", key=name, width=width)

    def _table(self) -> DataTable[Text]:
        """The table."""
        return self.query_one("#device-table", DataTable)

    def _fill(self) -> None:
        """Write every row."""
        table = self._table()
        rows = self._fit_names({name: self._cells(info) for name, info in self.devices.infos.items()})
        room = self._room_beside(list(rows.values()))
        for name, row in rows.items():
            cells = [Text(cell) for cell in (*row[:-1], shorten_end(row[-1], room))]
            if name not in table.rows:
                table.add_row(*cells, key=name)
                continue
            for column, cell in zip(COLUMNS, cells, strict=True):
                if table.get_cell(name, column) != cell:
                    table.update_cell(name, column, cell, update_width=True)

    def _fit_names(self, rows: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """The rows with names that leave room for the states."""
        states = max([0, *(sum(map(cell_len, row[2:4])) for row in rows.values())])
        room = max(LEAST_NAME, self._table().size.width - MARK_WIDTH - states - 2)
        return {name: (row[0], f"{shorten_middle(row[1].rstrip(), room)}  ", *row[2:]) for name, row in rows.items()}

    def _room_beside(self, rows: list[tuple[str, ...]]) -> int:
        """Cells that the other columns leave for the last one."""
        taken = 0
        for place, name in enumerate(COLUMNS[1:-1], 1):
            taken += max([len(f"{name}  "), *(cell_len(row[place]) for row in rows)])
        return self._table().size.width - MARK_WIDTH - taken

    def on_resize(self) -> None:
        """Fit the last column and the facts anew."""
        self._fill()
        self.call_after_refresh(self.show_details)

    def _cells(self, info: DeviceInfo) -> tuple[str, ...]:
        """One row; the kind is left to the name where they are the same word."""
        kind = {"host": "local", "emulator": "emulated", "adb": "phone"}[info.kind.value]
        if info.kind.value == "adb" and info.ready and not info.latency:
            kind = "virtual"
        state = "gone" if info.advice == GONE else info.state.value
        state = self._status.get(info.name, state)
        mark = "●" if info.name in self.devices.targets else ""
        return (mark, f"{shown(info.name)}  ", f"{kind}  ", f"{shown(state)}  ", shown(info.title))

    def show_details(self) -> None:
        """Remedy and facts of the chosen device, and why there is no phone."""
        chosen, note = self.devices.chosen, self.devices.note
        info = self.devices.infos.get(chosen)
        lines: list[Content] = []
        if info is not None:
            style = "$text-muted" if info.ready else "bold $text-warning"
            lines.append(Content.styled(shown(info.line if not info.ready else info.advice or info.line), style))
            told = self.devices.facts.get(chosen)
            facts = told.lines if told and info.ready else ()
            lines += [line for label, value in facts for line in self._fact_lines(label, value)]
        if note:
            lines += [Content("")] if lines else []
            lines.append(Content.styled(shown(note), "$text-muted"))
        self.query_one("#device-facts", Static).update(Content("\n").join(lines))

    def _fact_lines(self, label: str, value: str) -> list[Content]:
        """A fact beside its label, in as many lines as it needs; every cluster of cores begins one."""
        room = max(self.query_one("#device-facts").size.width - FACT_WIDTH, 20)
        parts = [line for part in shown(value).split("; ") for line in wrap(part, room)]
        labels = (label, *[""] * (len(parts) - 1))
        return [
            Content.assemble((f"{word:<{FACT_WIDTH}}", "$text-muted"), part)
            for word, part in zip(labels, parts, strict=True)
        ]

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Choose the device under the cursor."""
        message.stop()
        name, table = message.row_key.value, self._table()
        # Rows that are added move the cursor too, and its messages come late: only where it stands now counts.
        if name is None or name == self.devices.chosen or table.get_row_index(name) != table.cursor_row:
            return
        self.post_message(self.Picked(name))
