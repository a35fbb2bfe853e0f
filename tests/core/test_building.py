"""Building behind whatever uses it: who needs an output waits for it, and learns why there is none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepped_build import SteppedBuild
from ubp_core.errors import BuildError
from ubp_core.installation import building
from ubp_core.installation.building import BackgroundBuild, BuildProgress, wait_for


class Watched:
    """A background build whose reports are kept."""

    def __init__(self, folder: Path, *targets: str) -> None:
        """Args: of the command; what it builds."""
        self.reports: list[BuildProgress] = []
        self.grew = threading.Condition()
        command = SteppedBuild(folder)
        self.let_go = command.let_go
        self.build = BackgroundBuild(self._take, command.script, targets)

    def _take(self, progress: BuildProgress) -> None:
        with self.grew:
            self.reports.append(progress)
            self.grew.notify_all()

    def wait_until(self, progress: BuildProgress) -> None:
        """Until it was reported."""
        with self.grew:
            assert self.grew.wait_for(lambda: progress in self.reports, 60), self.reports


@pytest.fixture(autouse=True)
def _nothing_under_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(building, "_under_way", None)
    yield


def test_nobody_waits_where_nothing_is_built() -> None:
    wait_for("host")


def test_each_target_is_waited_for_by_itself(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "first", "second")
    watched.build.start()
    watched.wait_until(BuildProgress("first", 1, 2))
    came: list[str] = []
    waiting = threading.Thread(target=lambda: (wait_for("second"), came.append("second")))
    waiting.start()
    watched.let_go("first")
    wait_for("first")
    watched.wait_until(BuildProgress("second", 1, 2))
    assert not came
    watched.let_go("second")
    waiting.join(60)
    assert came == ["second"]
    watched.wait_until(BuildProgress("", 0, 0))
    wait_for("of no interest")


def test_a_failure_is_one_line_for_all_who_wait(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "broken", "second")
    for target in ("broken", "second"):
        watched.let_go(target)
    watched.build.start()
    for _ in range(2):
        with pytest.raises(BuildError) as failure:
            wait_for("broken")
        assert "broken.cpp:3:1: error: unknown type name 'this'" in str(failure.value)
        assert "\n" not in str(failure.value) and "native/build.py" in str(failure.value)
    wait_for("second")
    watched.wait_until(BuildProgress("broken", 0, 0, str(failure.value)))


def test_stopping_ends_the_command_and_whoever_waits(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "first", "second")
    watched.build.start()
    watched.wait_until(BuildProgress("first", 1, 2))
    watched.build.stop()
    for target in ("first", "second"):
        with pytest.raises(BuildError, match="stopped"):
            wait_for(target)


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    build = BackgroundBuild(lambda progress: None, tmp_path / "nothing.py", ("host",))
    build.start()
    with pytest.raises(BuildError, match=r"nothing\.py"):
        wait_for("host")


@pytest.mark.parametrize(
    ("script", "library", "wish", "wanted"),
    [(True, False, "", True), (True, True, "", False), (True, True, "1", True), (False, False, "1", False)],
)
def test_only_a_clone_builds_what_is_missing_or_asked_for(
    script: bool, library: bool, wish: str, wanted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, there in (("SCRIPT", script), ("LIBRARY", library)):
        path = tmp_path / name
        path.touch() if there else None
        monkeypatch.setattr(building, name, path)
    monkeypatch.setenv(building.WISH, wish)
    assert building.wants_build() is wanted
