# `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml setup/environment.py
FOR_APP := $(VENV)/.for-app
FOR_ALL := $(VENV)/.for-all

.DEFAULT_GOAL := help
.PHONY: help tui test test-system test-lowest test-newest test-pythons lint native wheels sdist fuzz stress bench
.PHONY: native-for-tests bench-clone screenshots clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The app needs fewer packages than the tests; the native code compiles behind both.
$(FOR_APP): $(INPUTS)
	@$(PYTHON) setup/environment.py demo
	@touch $@

$(FOR_ALL): $(INPUTS)
	@$(PYTHON) setup/environment.py demo,dev
	@touch $@ $(FOR_APP)

native: $(FOR_ALL)  ## compile the native code
	@$(BIN)/python native/build.py

tui: $(FOR_APP)  ## set up, then open the app on a real trained network (ARGS="resnet50 --weights random")
	@UBP_BUILD=1 $(BIN)/ubp-tui $(ARGS)

test: test-system $(FOR_ALL)  ## every check: ruff, mypy, import contracts, pytest, native tests, ARM64 under qemu
	@$(MAKE) --no-print-directory -j 2 --output-sync native-for-tests lint
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --max-worker-restart 0

native-for-tests: $(FOR_ALL)
	@$(BIN)/python native/build.py tested

# Debian as root gets what the tests need; elsewhere a missing tool skips its tests, loudly.
test-system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then sh tests/install_tools.sh; fi

# Environments of their own, .venv-NAME: 2 to 6 GB each, to be removed by hand.
test-lowest test-newest test-pythons: test-%: native
	@$(BIN)/python tests/fast_tests.py $*
test-lowest: ## the fast tests with the lowest releases that pyproject.toml allows
test-newest: ## the fast tests with the newest ones
test-pythons: ## the fast tests with every Python from 3.11 on that this machine has

lint: $(FOR_ALL)  ## ruff, mypy for three systems, import contracts, clang-format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@printf '%s\n' linux win32 darwin | xargs -P 2 -I SYSTEM $(BIN)/mypy --platform SYSTEM --cache-dir .mypy_cache/SYSTEM
	@$(BIN)/lint-imports
	@find native examples tests -name '*.cpp' -o -name '*.h' -o -name '*.c' | xargs $(BIN)/clang-format --dry-run -Werror

fuzz: $(FOR_ALL)  ## a million changed files against C++ reader and runtime under sanitizers (RUNS=..., SEED=...)
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

bench-clone: $(FOR_ALL)  ## time line of a fresh clone with empty caches: packages, compiler, first frame, first map
	@$(BIN)/python tests/bench/bench_clone.py

wheels: $(FOR_ALL)  ## dist/: a wheel for each of the five desks
	@$(BIN)/python setup/wheels.py

sdist: $(FOR_ALL)  ## dist/: the sources, which build on a machine with pip only
	@$(BIN)/python -m hatchling build --target sdist

clean:  ## remove what was built (not .venv)
	rm -rf build dist core/ubp_core/_lib
