# Each target sets itself up from nothing but make and Python 3.11 or later.

PYTHON ?= python3
INCIDENT ?= sklusdt
BIN := .venv/bin
READY := .venv/.ready
PACKAGES := simulator scenarios replay bot_under_test

.PHONY: replay ablations test check bench clean

replay: $(READY)
	@$(BIN)/replay run $(INCIDENT)

ablations: $(READY)
	@mkdir -p build
	@$(BIN)/replay ablations --csv build/ablations.csv

# The tests in tests/pictures want Chromium (apt install chromium); without it they are skipped.
test: $(READY)
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup

check: $(READY)
	@$(BIN)/ruff format --check $(PACKAGES) tests
	@$(BIN)/ruff check $(PACKAGES) tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.lint_determinism simulator scenarios replay

bench: $(READY)
	@$(BIN)/python -m tests.bench

clean:
	rm -rf .venv build *.egg-info

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@echo "setting up .venv (once; a minute or so)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@
