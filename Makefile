# Two commands matter: `make demo` sees it work, `make test` proves it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run  ## Run the whole pipeline on embedded parts (ONCE=1: then stop)
	$(BIN)/civicmeter demo $(if $(ONCE),--once) $(DEMO_ARGS)

test: parts  ## Run the tests on real mosquitto, InfluxDB, PostgreSQL and Chromium; ROOM=ingest: a room's, in seconds
	$(BIN)/python -m pytest $(if $(ROOM),-m "not long and not slow" $(ROOM) $(wildcard tests/*/$(ROOM))) $(PYTEST_ARGS)

fix: $(VENV)/.dev  ## Format, and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(VENV)/.dev  ## Format, lint, import contract, dead code, dependencies: changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry .

types: $(VENV)/.dev  ## Check the types (the first time takes a minute)
	$(BIN)/mypy

check: lint types test  ## What CI runs: lint, types, import contract, tests

bench: parts  ## Measure; writes build/bench.json
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

lock:  ## Resolve the locked dependencies anew
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install -q uv
	for extra in "" "-dev"; do \
	  build/lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --extra build $${extra:+--extra dev} -o requirements$$extra.lock pyproject.toml; \
	done

parts: $(VENV)/.dev
	@$(PYTHON) deploy/environment.py parts

clean:  ## Remove what was built; data folders stay
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# A stamp per lock file: set-up is repeated only when a lock changes.
$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) deploy/environment.py run
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@$(PYTHON) deploy/environment.py dev
	@touch $@ $(VENV)/.run

.PHONY: help demo test fix lint types check bench lock parts clean
