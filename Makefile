# Two commands matter: `make demo` sees it work, `make test` proves it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run  ## Run the whole pipeline on embedded parts (ONCE=1: then stop)
	$(BIN)/civicmeter demo $(if $(ONCE),--once) $(DEMO_ARGS)

test: parts  ## Run the tests on real mosquitto, InfluxDB, PostgreSQL and Chromium
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: parts  ## What CI runs: lint, types, import contract, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: parts  ## Measure; writes build/bench.json
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

lock:  ## Resolve the locked dependencies anew
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install -q uv
	for extra in "" "-dev"; do \
	  build/lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --extra build $${extra:+--extra dev} -o requirements$$extra.lock pyproject.toml; \
	done

parts: $(VENV)/.dev
	$(BIN)/python -m tests.servers --install

clean:  ## Remove what was built; data folders stay
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# A stamp per lock file: set-up is repeated only when a lock changes.
$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.12 …"; exit 2; }
	$(PYTHON) -m venv $(VENV)

.PHONY: help demo test check bench lock parts clean
