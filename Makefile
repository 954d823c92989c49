# make demo · make test · make lint · make bench
# PYTHON=python3.12 picks another interpreter; PIP=1 uses plain pip instead of uv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tests start a thousand processes; without bytecode each compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# One more than CI has cores: a test waits for a job, an answer or a disk for a sixth of its time.
WORKERS ?= 3

ifdef PIP
install = $(1)/bin/python -m pip install --quiet --upgrade 'pip>=25.1' && $(1)/bin/python -m pip install --quiet
else
uv := $(shell command -v uv || echo $(BIN)/uv)
install = $(uv) pip install --quiet --python $(1)/bin/python
endif

.PHONY: help
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
ifndef PIP
	command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv
endif

$(VENV)/.ready: pyproject.toml runtime/pyproject.toml | $(BIN)/python
	$(call install,$(VENV)) --group dev --editable './runtime[arrow,excel,mysql,redshift,cli,redshift-local]' scikit-learn
	touch $@

# Foreign clients that drive the local AWS in tests, and other people's linters.
.tools/%/.ready: pyproject.toml | $(VENV)/.ready
	$(PYTHON) -m venv .tools/$*
	$(call install,.tools/$*) --group $*
	touch $@

# A linter of state machines; there is none for Python. It takes npm.
.tools/asl/.ready: tests/linters/package.json tests/linters/package-lock.json
	mkdir -p $(@D)
	cp $^ $(@D)
	npm ci --prefix $(@D) --silent
	touch $@

.PHONY: setup
setup: $(VENV)/.ready .tools/sagemaker/.ready .tools/sam/.ready .tools/lint/.ready .tools/asl/.ready ## Install everything the tests need

.PHONY: demo
demo: $(VENV)/.ready ## Generate a project and run its pipeline on a local AWS
	$(BIN)/python tests/demo.py build/demo

# What a real image takes and is not here; empty when it can be built.
image_lacks = $(strip $(shell for tool in buildah debootstrap docker-registry; do \
  command -v $$tool > /dev/null || echo $$tool; done; [ "$$(id -u)" = 0 ] || echo root))

# The template's files take longest, so they begin: no core waits for the last of them.
.PHONY: test
test: setup lint ## Lint, type-check and run every test
	$(if $(image_lacks),@echo "Left out: tests of a real image. They need: $(image_lacks) (.ci/run brings all)")
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(if $(image_lacks),-m 'not image and not long')

.PHONY: long
long: setup ## Run the tests that `make test` leaves out for time
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m long

.PHONY: lowest
lowest: setup ## Run the runtime's tests with the oldest versions that it allows
	$(PYTHON) -m venv --clear .tools/lowest
	$(uv) pip install --quiet --python .tools/lowest/bin/python --resolution lowest-direct \
	  './runtime[arrow,excel,mysql,redshift,cli,redshift-local]'
	$(uv) pip install --quiet --python .tools/lowest/bin/python --group dev scikit-learn
	.tools/lowest/bin/python -m pytest -n $(WORKERS) --dist loadfile -W default runtime/tests

.PHONY: lint
lint: $(VENV)/.ready ## Format, lint, types and import walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.ready ## Mend what can be mended mechanically
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: setup .tools/peers/.ready ## Print the measured figures
	$(BIN)/python runtime/benchmarks/living_loop.py
	$(BIN)/python runtime/benchmarks/weights.py
	$(BIN)/python runtime/benchmarks/s3.py
	$(BIN)/python runtime/benchmarks/athena.py
	$(BIN)/python runtime/benchmarks/redshift.py

.PHONY: fidelity
fidelity: setup .tools/peers/.ready ## Measure every type on every route, and write docs/types.md
	$(BIN)/python -m runtime.benchmarks.fidelity --write

.PHONY: clean
clean: ## Remove everything that make made
	rm -rf build dist $(VENV) .tools
