# make run: the first result.  make test, make lint, make sanitize: what a change must pass.  make format: tidy up. make golden: see below.
# PYTHON chooses the interpreter that .venv is made with: 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# A check runs in a process that writes nothing, so it would compile its modules every time.
COMPILE := $(BIN)/python -m compileall -q src/chainrule

.PHONY: run test sanitize bench golden lint format clean

run: $(VENV)/installed
	@$(BIN)/chainrule train

test: $(VENV)/installed-test
	@$(COMPILE)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The native engine's tests with every memory access and every operation checked. Leaks are Python's own.
sanitize: $(VENV)-sanitize/installed
	CHAINRULE_REQUIRE_ALL=1 LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so)" ASAN_OPTIONS=detect_leaks=0 \
	    $(VENV)-sanitize/bin/python -m pytest -q -n 2 -p no:cacheprovider tests/test_native.py tests/test_ensemble.py tests/test_native_functions.py -k "not rounding"

$(VENV)-sanitize/installed: $(wildcard src/core/*) pyproject.toml
	@$(PYTHON) -m venv $(VENV)-sanitize
	@$(VENV)-sanitize/bin/python -m pip install --quiet --disable-pip-version-check ".[test]" --config-settings=cmake.define.CHAINRULE_SANITIZE=ON
	@touch $@

# The engine against its rivals, on this machine: writes docs/speed.md, docs/speed.json and docs/costs.svg.
ROUNDS ?= 5
bench: $(VENV)-bench/installed
	$(VENV)-bench/bin/python benchmarks/engine/run.py --rounds $(ROUNDS)

$(VENV)-bench/installed: $(wildcard src/core/*) $(wildcard src/chainrule/*.py src/chainrule/*/*.py) benchmarks/requirements.txt pyproject.toml
	@$(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt .
	@touch $@

# Writes the golden files of the tests anew; read their difference before you commit it.
golden: $(VENV)/installed-test
	CHAINRULE_WRITE_GOLDEN=1 $(BIN)/python -m pytest -q tests/test_rendering.py -k golden

format: $(VENV)/installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(VENV)-sanitize $(VENV)-bench .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	    { echo "chainrule needs Python 3.11 or newer, and $(PYTHON) is not: try make run PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

# What an extra needs, without building chainrule once more.
REQUIREMENTS := import sys, tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies'][sys.argv[1]], sep='\n')

# The stamps are files, so that a changed pyproject.toml installs again.
$(VENV)/installed: $(BIN)/python pyproject.toml $(wildcard src/core/*)
	@echo "Installing into $(VENV): with a C++ compiler about a minute" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@$(BIN)/python -c "$(REQUIREMENTS)" test | $(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement /dev/stdin
	@touch $@

# mypy reads the tests too, so it needs what they import.
$(VENV)/installed-lint: $(VENV)/installed-test
	@$(BIN)/python -c "$(REQUIREMENTS)" lint | $(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement /dev/stdin
	@touch $@
