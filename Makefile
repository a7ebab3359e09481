# The commands of the project; `make help` lists them. Each sets up what it needs first, once.
DATA ?= data/demo
RESULTS ?= results
PYTHON ?= python3
# More options for the command line, as in `make run OPTIONS="--size 500 --device cpu"`.
OPTIONS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
# What a variable holds as one word for the shell, whatever spaces, quotes, dollars and other signs are in it.
quoted = '$(subst ','\'',$(value $(1)))'
ARGUMENTS = $(call quoted,DATA) --results $(call quoted,RESULTS) $(if $(LAMBDA),--smooth.lambda $(LAMBDA)) $(OPTIONS)

.DEFAULT_GOAL := help
.PHONY: run segment stylize smooth onestage compare ui explain status test lint bench clean help

run: $(READY) ## All stages and the comparison; make run DATA=folder RESULTS=folder for your own photos
	@$(BIN)/photostyle run $(ARGUMENTS)

segment: ## Masks for pairs without, found in the photos, to look at and edit
stylize: ## Stage one only
smooth: ## Stage two only, in seconds; make smooth LAMBDA=1e-2
onestage: ## The paper's one-stage method only, to compare with
compare: ## Scores, contact sheets and the report of what there is
ui: ## A page on this machine: drag lambda, try two photos of your own
explain: ## A page that explains the method, with live figures
segment stylize smooth onestage compare ui explain: $(READY)
	@$(BIN)/photostyle $@ $(ARGUMENTS)

status: $(READY) ## What is current, stale, failed or missing
	@$(BIN)/photostyle status $(ARGUMENTS)

test: $(READY_DEV) ## The tests
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(READY_DEV) ## ruff, mypy and the import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY_DEV) ## Both stages, native size, video and looks, against the other ways of computing them
	@$(BIN)/python -m tests.benchmarks.bench_smooth
	@$(BIN)/python -m tests.benchmarks.bench_native
	@$(BIN)/python -m tests.benchmarks.bench_stylize
	@$(BIN)/python -m tests.benchmarks.bench_video
	@$(BIN)/python -m tests.benchmarks.bench_look

clean: ## Removes the virtual environment and the caches; results stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks *.egg-info

help: ## This list
	@grep -hE '^[a-z ]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): pyproject.toml pipeline/set_up.sh
	@sh pipeline/set_up.sh $(PYTHON) $(VENV) .
	@touch $@

$(READY_DEV): $(READY)
	@sh pipeline/set_up.sh $(PYTHON) $(VENV) '.[dev]'
	@touch $@
