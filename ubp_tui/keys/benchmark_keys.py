"""Keys that lead to benchmarks and their history, and those of these two screens."""

from __future__ import annotations

from typing import Final

from ubp_tui.keys.key_action import make_section

BENCHMARK_KEYS: Final = (
    *make_section(
        "Benchmark",
        "explore",
        ("bench.run", "b", "benchmark", "bench", "benchmark the selected layer, or all marked ones"),
        (
            "bench.network",
            "B",
            "benchmark_network",
            "network",
            "benchmark the whole network, and say where its time goes",
        ),
        ("bench.devices", "d", "show_devices", "devices", "show the devices and choose one"),
    ),
    *make_section(
        "Benchmark screen",
        "benchmark",
        (
            "bench.again",
            "b",
            "start_again",
            "bench",
            "benchmark the same again, on the devices chosen now",
        ),
        ("bench.cancel", "c", "cancel", "stop", "end the benchmark; what is measured is kept"),
        ("bench.mark", "space", "toggle_mark", "mark", "mark the device, or unmark it; marked ones run at once"),
        ("bench.refresh", "r", "refresh", "look again", "ask all devices again; starts a missing adb server"),
        ("bench.threads", "t", "step_option('threads')", "threads", "threads on the device"),
        ("bench.cores", "o", "step_option('cores')", "cores", "cluster of cores to run on"),
        ("bench.runs", "n", "step_option('runs')", "runs", "samples per variant"),
        ("bench.warmup", "w", "step_option('warmup')", "warm-up", "runs that don't count"),
        ("bench.rest", "l", "step_option('rest')", "rest", "cool-down between layers"),
        ("bench.variants", "v", "step_option('variants')", "variants", "one choice, or several sparsities or sizes"),
        (
            "bench.dtypes",
            "z",
            "step_option('dtypes')",
            "type",
            "the type of the layers, another one, or rows for all types",
        ),
        ("bench.plot", "p", "step_plot", "plot", "bars, or kept importance over time"),
        ("bench.view_devices", "1", "show_view('devices')", "devices", "go to the devices"),
        ("bench.view_results", "2", "show_view('results')", "results", "go to the results"),
        ("bench.leave", "escape", "leave", "back", "back to the layers; a benchmark goes on"),
    ),
    *make_section(
        "History",
        "app",
        ("history.open", "h", "show_history", "history", "list earlier benchmarks"),
    ),
    *make_section(
        "History",
        "history",
        ("history.mark", "space", "mark_run", "mark", "mark two runs to compare them"),
        ("history.filter", "slash", "filter", "filter", "show only runs with words: device, model, layer"),
        ("history.export", "e", "export", "export", "write the list, or the marked runs, as CSV or JSON"),
        ("history.delete", "x", "delete", "delete", "delete the marked runs, or the selected one"),
        ("history.leave", "escape", "leave", "back", "show all runs again, then leave the history"),
    ),
)
"""In the order of the help screen."""
