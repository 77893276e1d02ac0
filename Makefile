# `make help` lists the commands. Everything runs in .venv, which is made from pinned requirements when it is missing or old.
.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help demo dev rehearse quick test check bench load simulate mutants requirements clean stale

PY = .venv/bin/python
BIN = .venv/bin

demo: .venv/ready ## real calls through the real package on this machine; no account needed
	@$(PY) -m laptop.demo

dev: .venv/ready .build/sdks/ready ## the same, kept running and reloaded on a change; your team's files, or TEAM=folder; MORE=--busy: people call now and then
	@$(PY) -m laptop.dev $(MORE) $(if $(TEAM),"$(TEAM)")

rehearse: .venv/ready ## a first deployment step by step, on this machine: every command and what it prints
	@$(PY) -m laptop.rehearse $(if $(TEAM),"$(TEAM)")

quick: .venv/ready ## the habit of every day: lint, types, import rules, unit and webhook tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(PY) -m pytest -q -n auto tests/unit tests/webhooks

# In processes of their own: the others' replace what the threads of a local AWS that goes on would use.
# They wait more than they work, and have real deadlines: four at once, wherever.
WITH_AWS = tests/laptop tests/load

# Where it is set, as in many a container, each of the hundreds of processes would compile anew all that it loads.
test: export PYTHONDONTWRITEBYTECODE =

ifdef TEAM
test: .venv/ready .build/clients/ready .build/sdks/ready
	@$(PY) -m tests.support.with_team "$(TEAM)" $(MAKE) test
else
test: check .build/clients/ready .build/sdks/ready ## everything: the checks, then every test; TEAM=folder: in a copy where these are the team's files
	$(PY) -m pytest -n auto $(addprefix --ignore=,$(WITH_AWS))
	$(PY) -m pytest -n 4 $(WITH_AWS)
endif

check: .venv/ready ## lint, format, types, import rules, CloudFormation; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/cfn-lint infra/*

bench: .venv/ready ## the speed ratios and the price of a thousand calls
	@$(PY) -m bench

load: CALLS = 10,30,100,300
load: .venv/ready ## bursts of calls with SQS delivering twice: make load CALLS=10,30 (MORE=--json)
	@$(PY) -m load $(CALLS) $(MORE)

simulate: CALLS = 1000
simulate: FAULTS = all
simulate: .venv/ready ## calls against all that can go wrong: make simulate CALLS=1000 (SEED=1 FAULTS=all JSON=summary.json)
	@$(PY) -m tests.simulation --calls $(CALLS) --faults $(FAULTS) $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON))

mutants: COUNT = 100
mutants: .venv/ready ## which small changes of chalicelib no test notices, drawn at random: make mutants COUNT=100 (SEED="1 2 3")
	@$(PY) -m tests.mutants --count $(COUNT) $(if $(SEED),--seed $(SEED))

requirements: .venv/ready ## refresh every pin to the newest that fits
	$(BIN)/uv pip compile $(COMPILE) requirements.in --output-file requirements.txt
	$(BIN)/uv pip compile $(COMPILE) requirements-dev.in --output-file requirements-dev.txt

# Universal: one file for Python 3.11 and newer on every system, with markers where they differ.
COMPILE = --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest --no-emit-index-url --generate-hashes \
	--custom-compile-command "make requirements"

clean: ## remove the virtual environment and everything that was built
	rm -rf .venv .build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## what there is to call (this list)
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "  %-18s %s\n", $$1, $$2 }'

# Anew with each change of what it holds, and when it has lost its Python or another one is asked for.
.venv/ready: requirements.txt requirements-dev.txt tools/venv.sh tools/packages.py $(shell PYTHON="$(PYTHON)" sh tools/venv.sh stale)
	@PYTHON="$(PYTHON)" sh tools/venv.sh

# Once: other majors of Twilio's clients, for the tests of the emulator.
.build/clients/ready: tools/clients.py $(wildcard tests/emulator/clients/*.txt) tests/emulator/clients/package-lock.json | .venv/ready
	@$(PY) -m tools.clients

# Once: the libraries for browsers, bundled, and the Node that does it. Without a network what needs them is left out.
.build/sdks/ready: tools/sdks.py tools/clients.py $(wildcard sdks/*) | .venv/ready
	@$(PY) -m tools.sdks

stale:
