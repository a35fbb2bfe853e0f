# `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
INPUTS := pyproject.toml hatch_build.py
TARGETS := host bench-host bench-arm64 qemu-count
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help tui test test-system test-lowest test-newest test-pythons lint native fuzz stress bench screenshots clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): $(INPUTS)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV): torch, torchvision and the rest (a minute or two, once)"
	@$(PIP) torch torchvision
	@$(PIP) "hatchling>=1.25" editables "ninja>=1.11" "simde-py>=0.8" "ziglang>=0.14"
	@$(PIP) --no-build-isolation --editable ".[demo,dev]"
	@touch $@

native: $(STAMP)  ## compile the native code
	@$(BIN)/python native/build.py $(TARGETS)

tui: native  ## set up, then open the app on a real trained network (ARGS="resnet50 --weights random")
	@$(BIN)/ubp-tui $(ARGS)

test: test-system native lint  ## every check: ruff, mypy, import contracts, pytest, native tests, ARM64 under qemu
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# Debian as root gets what the tests need; elsewhere a missing tool skips its tests, loudly.
test-system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then sh tests/install_tools.sh; fi

# Environments of their own, .venv-NAME: 2 to 6 GB each, to be removed by hand.
test-lowest test-newest test-pythons: test-%: native
	@$(BIN)/python tests/fast_tests.py $*
test-lowest: ## the fast tests with the lowest releases that pyproject.toml allows
test-newest: ## the fast tests with the newest ones
test-pythons: ## the fast tests with every Python from 3.11 on that this machine has

lint: $(STAMP)  ## ruff, mypy, import contracts, clang-format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@find native examples tests -name '*.cpp' -o -name '*.h' -o -name '*.c' | xargs $(BIN)/clang-format --dry-run -Werror

fuzz: $(STAMP)  ## a million changed files against C++ reader and runtime under sanitizers (RUNS=..., SEED=...)
	@$(BIN)/python tests/native/run_fuzzer.py --runs $(or $(RUNS),1000000) --seed $(or $(SEED),1)

stress: native  ## random networks, exported and run, against PyTorch (RUNS=..., SEED=...): some minutes
	@$(BIN)/python tests/native/stress.py --runs $(or $(RUNS),500) --seed $(or $(SEED),1)

bench-kernels: native  ## tables of docs/performance.md: modelled cycles and host ratios of the kernels
	@$(BIN)/python tests/bench/bench_kernels.py

bench-networks: native  ## tables of docs/performance.md: whole networks, modelled and on this machine
	@$(BIN)/python tests/bench/bench_networks.py

bench-map: native  ## repaint and response times of the app's block map
	@$(BIN)/python tests/bench/bench_map.py

bench-keys: native  ## how long a key waits while ResNet-50 loads, is selected and benchmarked; start-up times
	@$(BIN)/python tests/bench/bench_keys.py

bench: native  ## ResNet-50: the selection against torch.topk, a mask update against a training step
	@$(BIN)/python tests/bench/bench_selection.py
	@$(BIN)/python tests/bench/bench_pruning.py

faults: native  ## the table of faults of docs/devices.md, each injected for real into a test phone
	@$(BIN)/python tests/phone/measure_faults.py

transcripts: native  ## write docs/transcripts/ from real runs here, in the emulator and on test phones
	@$(BIN)/python tests/phone/make_transcripts.py

screenshots: native  ## draw screenshots/ from the app on the real network
	@$(BIN)/python screenshots/make.py

clean:  ## remove what was built (not .venv)
	rm -rf build dist core/ubp_core/_lib
