"""Sessions: the file keeps everything and refuses what is wrong; the app puts it back; the offer on start."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot
from tui_world import make_app, make_model, make_services, screen_text, settle, until

from ubp_core.errors import PlanError
from ubp_core.models.spec import ModelSpec
from ubp_core.storage.folders import recent_file, session_file, tour_file
from ubp_core.vocabulary import DTYPES, METHODS
from ubp_tui.app import UbpApp, build_app
from ubp_tui.bench.options import CORE_WORDS, OPTIONS, RunOptions
from ubp_tui.choices.choice import Choice
from ubp_tui.choices.layer_choices import LayerChoices
from ubp_tui.dialogs.error import ErrorDialog
from ubp_tui.dialogs.session_offer import SessionOffer
from ubp_tui.main import _build, build_parser
from ubp_tui.renderables.layers.rows import COLUMNS
from ubp_tui.session.file import format_session, load_session, save_session
from ubp_tui.session.recent import note_recent
from ubp_tui.session.session import Session
from ubp_tui.session.start import SessionStart, find_session, keep_session
from ubp_tui.widgets.bench.options_bar import OptionsBar
from ubp_tui.widgets.bench.result_pane import ResultPane
from ubp_tui.widgets.controls.segments import Segments
from ubp_tui.widgets.curve.curve_plot import CurvePlot
from ubp_tui.widgets.devices.device_panel import DevicePanel
from ubp_tui.widgets.layers.layer_table import LayerTable
from ubp_tui.widgets.map.block_map import BlockMap
from ubp_tui.widgets.map.map_pane import MapPane
from ubp_tui.workspace.arrangement import Arrangement, MapPlace
from ubp_tui.workspace.tour import take_first_time

OLDER = Path(__file__).with_name("older")
"""Files that the first versions wrote."""
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
CHOICES = st.builds(
    Choice,
    st.sampled_from(METHODS),
    st.integers(1, 32),
    st.floats(0, 0.99, allow_subnormal=False).map(lambda share: round(share, 4)),
)
SESSIONS = st.builds(
    Session,
    st.builds(ModelSpec, WORDS, WORDS, st.none() | WORDS, st.floats(0.01, 8), st.integers(0, 2**40), st.just(160)),
    st.builds(
        lambda default, special, dense, dtype, named: LayerChoices(
            default, MappingProxyType(special), dense, dtype=dtype
        ).with_dtype("fp16", named),
        CHOICES,
        st.dictionaries(WORDS, CHOICES, max_size=3),
        st.frozensets(WORDS, max_size=3),
        st.sampled_from(DTYPES),
        st.lists(WORDS, max_size=3),
    ),
    st.lists(WORDS, max_size=3).map(tuple),
    WORDS,
    st.sampled_from(("layers", "map", "curves")),
    st.sampled_from(("all", "marked", "layer")),
    st.booleans(),
    st.builds(MapPlace, st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 12)),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=8),
    st.lists(WORDS, max_size=2).map(tuple),
    st.builds(
        RunOptions,
        **{option.name: st.sampled_from(CORE_WORDS if option.name == "cores" else option.values) for option in OPTIONS},
    ),
    st.builds(
        Arrangement,
        WORDS,
        st.booleans(),
        st.sampled_from(("", *(column.id for column in COLUMNS))),
        st.booleans(),
        st.sampled_from(("auto", "shown", "hidden")),
        st.sampled_from(("sparsity", "block size")),
        st.sampled_from(("bars", "scatter")),
    ),
)


@settings(max_examples=40)
@given(SESSIONS)
def test_a_file_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, session: Session) -> None:
    path = tmp_path_factory.mktemp("s") / "new" / "s.yaml"
    save_session(session, path)
    assert load_session(path) == session
    assert [entry.name for entry in path.parent.iterdir()] == ["s.yaml"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("session: 4", "session: 0", "session: version 0 is unknown"),
        ("view: layers", "view: sideways", "view: 'sideways' is unknown"),
        ("block_size: 4", "block_size: 99", "default.block_size: need a whole number from 1 to 32"),
        ("marked: []", "marked: yes", "marked: need a list"),
        ("scope: all", "scpoe: all", "'scpoe' is unknown"),
        ("dtype: fp32", "dtype: bf16", "dtype: 'bf16' is unknown; choose from fp32, fp16"),
        ("  name: small", "  seed: 3", "model: name is missing"),
        ("by_tap: false", "by_tap: {", "not YAML"),
        ("model:", "later: 1\nmodel:", "'later' is unknown"),
        ("session: 4", "session: 5", "written by a newer ubp-tui (form 5, this one knows 4)"),
        ("session: 4", "later: 1\nsession: 5", "written by a newer ubp-tui"),
        ("threads: '1'", "threads: 3", "benchmark.threads: '3' is unknown"),
        ("  sort: ''", "  sort: colour", "screens.sort: 'colour' is unknown"),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_field(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "s.yaml"
    text = format_session(Session(ModelSpec("small")))
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(PlanError) as caught:
        load_session(path)
    assert complaint in str(caught.value) and str(caught.value).startswith(f"{path}:")


def make_session() -> Session:
    """A session that differs from a fresh start in everything."""
    choices = (
        LayerChoices(Choice("optimal", 2, 0.6)).with_layers(["head"], block_size=8).with_dense(["block.1.conv"], True)
    )
    return Session(
        ModelSpec("small"),
        choices.with_dtype("fp16").with_dtype("fp32", ["stem"]),
        ("block.0.expand", "head"),
        "head",
        "map",
        "marked",
        False,
        MapPlace(7, 11, 1),
        "e",
        ("emulator",),
        RunOptions(threads="2", runs="50", variants="sizes", dtypes="all"),
        Arrangement("ubp-light-safe", True, "retained", True, "hidden", "block size", "scatter"),
        "my photos",
    )


async def test_the_app_puts_a_session_back_and_takes_the_same_down(size: tuple[int, int]) -> None:
    wanted = make_session()
    app = build_app(ModelSpec("other"), make_services(make_model()), Choice("bed"), session=wanted)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        explore, workspace = app.explore, app.workspace
        await until(pilot, lambda: explore.drawing.place is None)
        assert (workspace.layer, workspace.choices, workspace.scope) == ("head", wanted.choices, "marked")
        assert explore.query_one(LayerTable).marks.names == wanted.marked and app.workspace.spec == wanted.spec
        block_map = explore.query_one(BlockMap)
        assert block_map.cursor == (7, 11) and block_map.view is not None and block_map.view.level == 1
        await until(pilot, lambda: block_map.has_focus)
        assert app.theme == "ubp-light-safe" and explore.full and explore.query_one(CurvePlot).axis == "block size"
        assert explore.query_one(LayerTable).shown[:2] == ("block.0.expand", "head")
        assert not explore.query_one("#map-pictures").region.area
        await pilot.press("q")
    assert app.session == wanted


async def test_what_is_arranged_anew_is_taken_down() -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("s", "S", "y", "p")
        table, pane = app.explore.query_one(LayerTable), app.explore.query_one(MapPane)
        await until(pilot, lambda: table.marks.sort and pane.pictures != "auto")
        await pilot.press("d")
        await until(pilot, lambda: app.benchmark.is_mounted and bool(app.benchmark.query(OptionsBar)))
        app.queue.step_option("warmup")
        app.benchmark.action_step_plot()
        app.exit()
    assert app.session is not None
    arrangement = app.session.arrangement
    assert (arrangement.theme, arrangement.sort, arrangement.descending) == ("ubp-light", table.marks.sort, True)
    assert arrangement.pictures == pane.pictures and arrangement.plot == "scatter"
    assert app.session.options == RunOptions(warmup="0")


async def test_options_of_a_session_are_on_the_benchmark_screen() -> None:
    wanted = make_session()
    app = build_app(ModelSpec("small"), make_services(make_model()), Choice("bed"), session=wanted)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await until(pilot, lambda: bool(app.benchmark.is_mounted and app.benchmark.query(OptionsBar)))
        options, pane = app.benchmark.query_one(OptionsBar), app.benchmark.query_one(ResultPane)
        await until(pilot, lambda: app.queue.options == wanted.options and pane.plot == "scatter")
        assert options.query_one("#option-threads", Segments).chosen == "2"


async def test_devices_of_a_session_are_chosen_when_they_are_listed() -> None:
    app = build_app(ModelSpec("small"), make_services(make_model()), Choice("bed"), session=make_session())
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await until(pilot, lambda: bool(app.screen.query(DevicePanel)))
        panel = app.screen.query_one(DevicePanel)
        await until(pilot, lambda: panel.devices.picked)
        assert panel.devices.chosen == "emulator"
        app.exit()
    assert app.session is not None and app.session.devices == ("emulator",)


async def test_layers_that_the_model_does_not_have_are_forgotten() -> None:
    session = replace(make_session(), layer="gone", marked=("gone",), place=MapPlace(9999, 9999, 99))
    session = replace(session, choices=session.choices.with_layers(["gone"], block_size=1).with_dense(["away"], True))
    app = build_app(ModelSpec("small"), make_services(make_model()), Choice("bed"), session=session)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        assert app.workspace.layer == "block.0.expand" and app.explore.query_one(LayerTable).marks.names == ()
        assert app.workspace.choices.dense == {"block.1.conv"} and set(app.workspace.choices.special) == {"head"}


async def offer(app: UbpApp, pilot: Pilot[int]) -> None:
    """Wait for the question."""
    await until(pilot, lambda: isinstance(app.screen, SessionOffer))
    await pilot.pause()
    text = screen_text(app)
    assert "small" in text and "optimal N=2" in text and "2 marked" in text


@pytest.mark.parametrize(("key", "choice"), [("enter", Choice("optimal", 2, 0.6)), ("escape", Choice("bed"))])
async def test_the_last_session_is_offered(key: str, choice: Choice) -> None:
    app = build_app(ModelSpec("small"), make_services(make_model()), Choice("bed"), session=make_session(), offer=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await offer(app, pilot)
        assert app.workspace.model is None
        await pilot.press(key)
        await settle(app, pilot)
        assert app.workspace.choices.default == choice


async def test_quitting_before_the_model_is_there_keeps_the_session() -> None:
    app = build_app(ModelSpec("small"), make_services(make_model()), Choice("bed"), session=make_session(), offer=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await offer(app, pilot)
        await pilot.press("ctrl+c")
    assert app.session == make_session()


def test_which_session_a_command_line_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UBP_HOME", str(tmp_path))
    fresh = find_session(None, True, False)
    assert fresh.session is None and fresh.path is not None and not fresh.path.exists()
    keep_session(None, fresh)
    assert not fresh.path.exists()
    keep_session(make_session(), fresh)
    again = find_session(None, True, False)
    assert again.session == make_session() and again.offered
    model_named = find_session(None, True, True)
    assert model_named.session is None and model_named.theme == make_session().arrangement.theme != ""
    assert find_session(None, False, False).path is None
    named = find_session(str(fresh.path), True, False)
    assert named.session == make_session() and not named.offered
    with pytest.raises(PlanError, match="leave out MODEL"):
        find_session(str(fresh.path), True, True)
    assert find_session(str(tmp_path / "new.yaml"), True, True).path == tmp_path / "new.yaml"


@pytest.fixture
def last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the last session is; its folder is there."""
    monkeypatch.setenv("UBP_HOME", str(tmp_path))
    session_file().parent.mkdir()
    return session_file()


def test_a_last_session_that_is_broken_is_set_aside(last: Path) -> None:
    last.write_text("session: 0\n", encoding="utf-8")
    start = find_session(None, True, False)
    aside = last.with_name("last-session.refused.yaml")
    assert start.session is None and "version 0" in start.complaint and str(aside) in start.complaint
    keep_session(make_session(), start)
    assert aside.read_text() == "session: 0\n" and load_session(last) == make_session()
    last.write_text("session: [\n", encoding="utf-8")
    second = last.with_name("last-session.refused-2.yaml")
    assert str(second) in find_session(None, True, True).complaint, "also where MODEL is named"
    last.write_text("what", encoding="utf-8")
    find_session(None, True, False)
    kept = [last.with_name(f"last-session.refused{more}.yaml").read_text() for more in ("", "-2", "-3")]
    assert kept == ["session: 0\n", "session: [\n", "what"]


def test_the_session_of_the_first_version_is_gone_on_with(last: Path) -> None:
    shutil.copyfile(OLDER / "session.yaml", last)
    start = find_session(None, True, False)
    assert start.session is not None and start.offered and not start.complaint
    assert start.session.spec == ModelSpec("mobilenet_v1", "random", width=0.25, seed=3, input_size=96)
    assert start.session.choices.of("head") == Choice("bed", 8, 0.5)
    assert start.session.choices.dense == {"blocks.1.pointwise"} and start.session.layer == "blocks.3.pointwise"
    keep_session(start.session, start)
    assert load_session(last) == start.session


def test_the_session_of_the_version_before_types_is_gone_on_with_in_fp32(last: Path) -> None:
    shutil.copyfile(OLDER / "session-1.yaml", last)
    found, now = find_session(None, True, False).session, replace(make_session(), calibration="")
    assert found == replace(now, choices=now.choices.with_dtype("fp32"), options=replace(now.options, dtypes="chosen"))
    keep_session(found, SessionStart(path=last))
    assert last.read_text(encoding="utf-8").startswith("# A session") and "session: 4" in last.read_text("utf-8")
    assert load_session(last) == found


def test_both_types_of_a_session_before_int8_are_all_types(last: Path) -> None:
    text = format_session(make_session()).replace("session: 4", "session: 3").replace("calibration:", "#")
    last.write_text(text.replace("dtypes: all", "dtypes: both"), encoding="utf-8")
    assert load_session(last) == replace(make_session(), calibration="")


@pytest.mark.parametrize("model_given", [False, True])
def test_a_newer_last_session_is_left_as_it_is(
    last: Path, model_given: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    text = format_session(make_session()).replace("session: 4", "later: {a: 1}\nsession: 5")
    last.write_text(text, encoding="utf-8")
    start = find_session(None, True, model_given)
    assert start.session is None and start.path is None
    assert start.complaint == (
        f"{last}: written by a newer ubp-tui (form 5, this one knows 4) and left as it is; update ubp-tui. "
        "Until then no session is kept but with --session FILE."
    )
    keep_session(make_session(), start)
    assert [path.read_text() for path in last.parent.iterdir()] == [text]
    with pytest.raises(PlanError, match="written by a newer ubp-tui"):
        find_session(str(last), True, False)
    assert capsys.readouterr().err == ""


def test_a_home_that_can_not_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UBP_HOME", "/proc/none")  # where not even root makes a folder
    start = find_session(None, True, False)
    assert start.session is None and not start.complaint
    keep_session(make_session(), start)
    assert capsys.readouterr().err == ("ubp-tui: the session is not kept: /proc/none: No such file or directory\n")
    assert note_recent(recent_file(), ModelSpec("x")) == "" and not take_first_time(tour_file())


def test_a_session_that_became_newer_meanwhile_is_left_as_it_is(last: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = find_session(None, True, False)
    last.write_text("session: 5\n", encoding="utf-8")
    keep_session(make_session(), start)
    assert last.read_text(encoding="utf-8") == "session: 5\n"
    err = capsys.readouterr().err
    assert err.startswith("ubp-tui: the session is not kept: ") and "update ubp-tui" in err and err.count("\n") == 1


async def test_a_last_session_that_is_refused_is_said_before_the_model_is_loaded(tmp_path: Path) -> None:
    services = replace(make_services(make_model()), tour=tmp_path / "tour-seen")
    app = build_app(ModelSpec("small"), services, Choice("bed"), complaint="/x/last.yaml: version 7 is unknown")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog) and "version 7 is unknown" in screen_text(app))
        assert app.workspace.model is None
        await pilot.press("enter")
        await settle(app, pilot)
        assert app.screen is app.explore


async def test_the_tour_follows_the_offer(tmp_path: Path) -> None:
    services = replace(make_services(make_model()), tour=tmp_path / "tour-seen")
    app = build_app(ModelSpec("small"), services, Choice("bed"), session=make_session(), offer=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await offer(app, pilot)
        assert app.tour.place is None
        await pilot.press("enter")
        await settle(app, pilot)
        assert app.workspace.choices == make_session().choices
        assert app.tour.place == 0


def test_no_session_shows_no_tour_and_a_theme_of_the_command_line_wins() -> None:
    def build(*words: str) -> UbpApp:
        return _build(build_parser().parse_args(words), SessionStart(make_session()))

    assert build("--no-session").services.tour is None and build().services.tour is not None
    named = build_parser().parse_args(["small"])
    assert _build(named, SessionStart(theme="ubp-light")).theme == "ubp-light", "MODEL is named: of the last session"
    assert _build(named, SessionStart(theme="gone")).theme == build_app(ModelSpec("small")).theme
    app = build("--theme", "dark-safe")
    assert app.theme == "ubp-dark-safe" and app.session is not None
    assert app.session.arrangement == replace(make_session().arrangement, theme="ubp-dark-safe")


def test_a_session_that_can_not_be_kept_is_a_line_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    keep_session(make_session(), find_session(str(tmp_path / "file" / "s.yaml"), True, False))
    assert "the session is not kept" in capsys.readouterr().err


def test_the_app_of_the_tests_keeps_nothing() -> None:
    assert make_app().session is None
