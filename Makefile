# Every target sets up what it needs in .venv; a machine with Python 3.11+ and make is enough.
#   make PYTHON=/usr/bin/python3.12 test                               another interpreter
#   make TORCH_INDEX=https://download.pytorch.org/whl/cu128 setup      another build of PyTorch
VENV := .venv
BIN := $(VENV)/bin
# What the demonstration needs, and beside it what tests and checks need.
DEMO := $(VENV)/.ready-demo
READY := $(VENV)/.ready-dev
export TORCH ?= torch==2.13.0
export TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
export PYTHON
# Two test processes of one thread each: more only fight over small matrices.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2

.DEFAULT_GOAL := help
.PHONY: help setup demo reproduce test test-all test-edge check format docs site resolve bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## make the virtual environment

$(DEMO): pyproject.toml constraints.txt tools/set_up.sh tools/install.sh
	@tools/set_up.sh $(VENV) models,plots,synthetic
	@touch $@

$(READY): $(DEMO)
	@tools/set_up.sh $(VENV) dev
	@touch $@

demo: $(DEMO) ## draw a site, adapt, distil, search before and after: the whole system in minutes
	$(BIN)/crossreid demo

reproduce: $(READY) ## all tables and figures of the paper on drawn people: hours; it resumes
	$(BIN)/python -m papers.mllmembed all --preset tiny --results benchmarks/results/reproduction
	$(BIN)/python -m tools.write_results

test: $(READY) ## the tests, but for those marked slow
	JAXTYPING_DISABLE=1 $(PYTEST) -m "traced and not slow"
	$(PYTEST)

test-all: $(READY) ## every test, slow ones too
	JAXTYPING_DISABLE=1 $(PYTEST) -m "traced"
	$(PYTEST) -m "not traced"

test-edge: $(READY) ## what a device needs, in an environment without torch: packs open, embed, search
	tools/check_without_torch.sh $(VENV)

check: $(READY) ## lint, formatting, types, layers, documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m tools.write_reference --check
	$(BIN)/python -m tools.write_results --check
	$(BIN)/python -m tools.write_performance --check
	$(BIN)/python -m tools.write_reliability --check
	$(BIN)/python -m tools.write_expansion --check
	$(BIN)/python -m tools.write_readme --check
	$(BIN)/python tools/check_docs.py
	$(BIN)/python tools/check_words.py

format: $(READY) ## put the code in its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(READY) ## write anew what pages take from code and records
	$(BIN)/python -m tools.write_reference
	$(BIN)/python -m tools.write_results
	$(BIN)/python -m tools.write_performance
	$(BIN)/python -m tools.write_reliability
	$(BIN)/python -m tools.write_expansion
	$(BIN)/python -m tools.write_readme

site: $(DEMO) ## the documentation as web pages, in build/site
	@tools/set_up.sh $(VENV) docs
	$(BIN)/mkdocs build --strict --quiet

resolve: $(DEMO) ## ask the package index on which platforms and Pythons each extra can be installed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/check_resolution.py

bench: $(READY) ## measure on this machine; results go to benchmarks/results
	set -e; for benchmark in benchmarks/*.py; do $(BIN)/python $$benchmark; done

clean: ## remove what the targets made, but not runs or the demo's world
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src papers tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
