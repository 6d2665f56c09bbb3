# Targets are sentences: `make demo`, `make test`, `make check`. Needs Python 3.11 or later, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One worker more than there are processors: where one waits for a browser or a service, another works.
SPREAD := --numprocesses $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)') --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types contracts check campaign bench bench-console kill-loop clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

install: $(READY) ## Make the environment and install the locked dependencies

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("ml-connector needs Python 3.11 or later.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## Run the whole loop live; ONCE=1 ends by itself, SANDBOX_FAULTS=on lets things go wrong
	@$(BIN)/ml-connector demo $(if $(ONCE),--once) $(if $(filter on,$(SANDBOX_FAULTS)),--faults)

test: install ## Run all tests, those of storage and flows on SQLite and on PostgreSQL
	$(BIN)/python -m pytest $(SPREAD)
	$(BIN)/python tests/run_postgresql.py $(SPREAD)

lint: install ## Check style
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks

types: install ## Check types
	$(BIN)/mypy

contracts: install ## Check that imports point down only
	$(BIN)/lint-imports

check: test lint types contracts ## Run everything that must hold

SEEDS ?= 200
campaign: install ## Live through SEEDS lives with every fault at every boundary; SEED=123 replays one and tells it
	@PYTHONPATH=tests $(BIN)/python -m campaign $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

bench: install ## Measure CPU, memory and round trips against instant simulators
	$(BIN)/python benchmarks/run.py

bench-console: install ## Measure every screen of the console with 100,000 documents; ONLY=audit asks for one, KEEP=FOLDER keeps the database
	$(BIN)/python benchmarks/console.py $(if $(ONLY),--only $(ONLY)) $(if $(KEEP),--home $(KEEP)) $(if $(DATABASE),--database $(DATABASE))

KILLS ?= 40
kill-loop: install ## Kill the server KILLS times in a run of 2,000 invoices on SQLite (DATABASE=postgresql://... for the other)
	$(BIN)/python benchmarks/kill_loop.py --kills $(KILLS) $(if $(DATABASE),--database $(DATABASE))

clean: ## Remove the environment and what was generated
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
