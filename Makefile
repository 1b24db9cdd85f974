# Everything a newcomer runs. Each target prepares .venv first; a second run takes seconds.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.prepared
DOCS ?=
QUESTIONS ?=
INTENTS ?=
SIZE ?= 5000
ENTRIES ?= 100000
PARALLEL ?=

.DEFAULT_GOAL := help
.PHONY: help setup chat serve services test torture check format bench train lock

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## prepare .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Clausewise needs Python 3.11 or newer; call: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Preparing $(VENV) (once; about 1.3 GB on disk) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on "uv>=0.13,<1"
	$(BIN)/uv pip sync --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --quiet --compile-bytecode --editable .
	$(BIN)/python -m knowledge.lemmas
	@touch $(STAMP)

chat: setup  ## talk to the assistant in this terminal, on demo data
	@$(BIN)/clausewise chat --demo

serve: setup  ## open the web chat on demo data; the REST API and Telegram's webhook too
	@$(BIN)/clausewise serve --demo

services: setup  ## install Chromium and Redis, which tests drive, where apt may
	@$(BIN)/python -m tests.install

test: services  ## run every test
	$(BIN)/python -m pytest -n auto --dist worksteal

torture: setup  ## half an hour: forgeries of the log, kill -9 around every step, hundreds of parallel presses, load
	$(BIN)/python -m pytest -m torture tests/torture

check: setup  ## ruff, mypy --strict, import contracts, the tests of the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/docs

format: setup  ## let ruff rewrite the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## quality, time, comparison, encoder, intents, size; actions, turns, the log; DOCS= QUESTIONS= INTENTS= SIZE= ENTRIES=
	@$(BIN)/python -m tests.bench $(if $(DOCS),--docs "$(DOCS)") $(foreach file,$(QUESTIONS),--questions "$(file)") $(foreach file,$(INTENTS),--intents "$(file)") --size "$(SIZE)"
	@$(BIN)/python -m tests.bench.acting
	@$(BIN)/python -m tests.bench.turns
	@$(BIN)/python -m tests.bench.log --entries "$(ENTRIES)"

train: setup  ## teach the encoder anew from PARALLEL=folder of sentence pairs; an hour; then routing's weights
	@test -n "$(PARALLEL)" || { echo "Give the folder of en-XX.tsv.gz files: make train PARALLEL=folder"; exit 1; }
	$(BIN)/uv pip install --python $(BIN)/python --editable ".[train]"
	$(BIN)/python -m knowledge.encoder.training "$(PARALLEL)"
	$(BIN)/python -m bot.routing.learning

lock: setup  ## resolve the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev pyproject.toml --output-file requirements.lock
