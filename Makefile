# What there is to do here; bare `make` lists it. Python 3.11 and make are enough: every target
# sets up .venv by itself, with the exact packages of constraints.txt (uv does it faster, if present).
#
#   make test ARGS="-k paging -x"    hands arguments to pytest
#   make test PYTHON=python3.12      which Python the new .venv is made with

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo test test-laws test-peers mutants bench lint typing docs constraints clean

help: ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1    \2/p' Makefile

demo: $(READY) ## see it work, without an account: local service, tap, DuckDB file, report; twice
	@$(BIN)/python demo.py $(ARGS)

test: $(READY) ## every test that needs Python alone, a minute of the laws included
	@$(BIN)/python -m pytest $(ARGS)

test-laws: $(READY) ## the short form of every campaign: nothing is ever lost (15 minutes at most)
	@$(BIN)/python -m pytest tests/laws -m "not peers" -n auto --dist worksteal $(ARGS)

test-peers: $(READY) ## against PostgreSQL, Meltano, other targets, real clients, a browser
	@$(BIN)/python -m pytest -m peers $(ARGS)

mutants: $(READY) ## small mistakes put into the core one by one, each to fail a test; ARGS="--module retry"
	@$(BIN)/python -m tests.mutation $(ARGS)

bench: $(READY) ## measure against peers, write benchmarks/RESULTS.md; ARGS="--case cpu --rounds 3", ARGS=--short
	@$(BIN)/python -m benchmarks $(ARGS)

lint: $(READY) ## style: ruff, every rule but those named in pyproject.toml
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

typing: $(READY) ## types: mypy, strict
	@$(BIN)/mypy

docs: $(READY) ## write anew what is generated: meta.yml, the settings table in README.md
	@$(BIN)/python docs/generate.py

constraints: $(READY) ## choose the newest packages that fit pyproject.toml, with their hashes
	@test -x .cache/envs/uv/bin/uv || { $(PYTHON) -m venv .cache/envs/uv && .cache/envs/uv/bin/pip install -q uv; }
	@.cache/envs/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command "make constraints" \
	  --extra report --group dev --output-file constraints.txt pyproject.toml

clean: ## remove .venv, caches and what was built
	@rm -rf .venv .cache build dist output *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Exact packages first, checked by hash; then this project itself, which needs nothing more.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
ifdef UV
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" $(VENV)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r constraints.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { \
	  echo "No virtual environment could be made: install Python's venv module (Debian: apt install python3-venv) or uv." >&2; exit 1; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@
