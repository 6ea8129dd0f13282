# Every target sets up what it needs by itself, into .venv and ~/.cache/gitlease-dev
# (GITLEASE_DEV_CACHE names another folder).

PYTHON ?= python3
# Much of a run is waiting: for clocks, limits and other processes.
WORKERS ?= $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))
TESTS ?=
UPGRADE ?=
LIFE ?= 24
RACE ?= 600
ROUNDS ?= 8
WORKSPACES ?= 100
INPUTS ?= 1000000
FUZZ ?=
JOURNAL ?= 1000000
LOCK = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(UPGRADE)
export PYTHONDONTWRITEBYTECODE = 1

# None of them is a file.
.PHONY: $(shell sed -n 's/^\([a-z0-9]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: venv ## show a clone and pushes that outlive their tokens
	@PATH="$(CURDIR)/.venv/bin:$$PATH" gitlease demo

test: check machines ## run everything: checks, then all tests (TESTS=path narrows them)
	@.venv/bin/pytest -n $(WORKERS) --dist worksteal $(TESTS)

evidence: check machines ## run everything, and write down what it has shown, into docs/evidence.md
	@# One word with the file: as a word of its own pytest takes it for a place where tests are.
	@.venv/bin/pytest -n $(WORKERS) --dist worksteal --evidence=docs/evidence.md

check: venv ## lint, formatting, types, import contracts
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache --no-logo

format: venv ## format the code and fix what ruff can
	@.venv/bin/ruff check --fix --quiet || true
	@.venv/bin/ruff format

bench: venv system ## measure against the budgets and others, into bench.json and docs/performance.md
	@.venv/bin/python -m tools.peers
	@.venv/bin/python -m tools.bench --journal $(JOURNAL)
	@.venv/bin/python -m tools.bench.page bench.json

soak: venv system ## let WORKSPACES live for SECONDS among random troubles, and see whether git notices
	@.venv/bin/python -m tools.soak --seconds $(or $(SECONDS),3600) --workspaces $(WORKSPACES) --page docs/soak.md

memory: venv ## take 100,000 leases from one broker, and see whether its memory stays flat
	@.venv/bin/python -m tools.bench.memory

recovery: machines ## take GitHub away in many ways, ROUNDS times, from tokens that live LIFE seconds
	@GITLEASE_TEST_LIFE=$(LIFE) GITLEASE_TEST_ROUNDS=$(ROUNDS) \
		.venv/bin/pytest -s tests/flows/workspace/test_recovery.py

faults: machines ## make every fault on every wire, and write docs/faults.md
	@GITLEASE_TEST_FAULTS=docs/faults.md .venv/bin/pytest -s tests/flows/test_faults.py

races: venv ## let another user swap our folders while they are read and written, for RACE seconds
	@GITLEASE_TEST_RACE=$(RACE) .venv/bin/pytest -s -o timeout=0 \
		tests/flows/attack/folders/test_races.py

siege: machines ## attack a broker at full length: 10,000 sockets, slow readers, floods (3 minutes)
	@GITLEASE_TEST_SIEGE=1 .venv/bin/pytest -s tests/flows/attack -k broker

compare: venv ## ask the sh helper and the Python one INPUTS requests, and compare the answers
	@.venv/bin/python -m tools.compare --inputs $(INPUTS)

fuzz: venv ## fuzz what reads foreign bytes, each target SECONDS long (FUZZ=target picks one)
	@.venv/bin/python -m tools.fuzz --seconds $(or $(SECONDS),600) $(FUZZ)

docs: reference ## build the documentation into build/site, and look for dead links
	@.venv/bin/python -m tools.docs.site

reference: venv ## write what the reference has from the code
	@.venv/bin/python -m tools.docs.reference

build: venv ## build sdist and wheel into dist/
	@rm -rf dist
	@.venv/bin/python -m build --no-isolation --outdir dist

lock: ## pin what pyproject.toml asks for, by hash (needs uv; UPGRADE=--upgrade for the newest)
	@$(LOCK) --extra app --extra broker --extra emulator --group dev -o requirements/dev.txt
	@$(LOCK) --extra app --constraint requirements/dev.txt -o requirements/app.txt
	@$(LOCK) --group fuzz --no-deps -o requirements/fuzz.txt
	@$(LOCK) --group bench -o requirements/bench.txt
	@cd requirements/node && npm install --package-lock-only --omit-lockfile-registry-resolved \
		--ignore-scripts --no-audit --no-fund --silent

clean: ## remove what was made in the checkout; the cache stays
	@rm -rf .venv dist build bench.json .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

venv:
	@$(PYTHON) -m tools.venv

system:
	@$(PYTHON) -m tools.system

machines: venv system
	@.venv/bin/python -m tools.wheelhouse >/dev/null
	@.venv/bin/python -m tools.node_modules >/dev/null || echo "no tests against octokit" >&2
	@.venv/bin/python -m tools.git_tests >/dev/null || echo "no run of git's own tests" >&2
	@.venv/bin/python -m tools.debian13 >/dev/null || echo "the flows run on this git only" >&2
