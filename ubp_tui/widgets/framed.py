"""A pane with a frame whose texts change often."""

from __future__ import annotations

from typing import Self

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region

from ubp_tui.renderables.cells import shown


class Framed(Vertical):
    """Repaints only its frame where only the texts in it change.

    Textual repaints the whole pane and everything on it when a text in its frame is set, even to what it is already.
    """

    _only_frame = False

    def set_titles(self, title: str | Content | None = None, subtitle: str | Content | None = None) -> None:
        """Set the texts in the frame; None leaves one as it is."""
        for name, text in (("border_title", title), ("border_subtitle", subtitle)):
            if text is None:
                continue
            content = text if isinstance(text, Content) else Content(shown(text))
            if (getattr(self, name) or "") == content.markup:
                continue
            self._only_frame = True
            setattr(self, name, content)
            self._only_frame = False

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint the pane, or only what is meant."""
        if self._only_frame and self.is_mounted:
            # In cells of the content: the frame is around it.
            width, height = self.outer_size
            left, top = self.content_offset
            regions = tuple(Region(-left, y - top, width, 1) for y in (0, height - 1))
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
