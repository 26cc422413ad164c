# demo: the whole shop on one machine; test: what CI runs, linters included; bench: every benchmark; lint: every linter.
PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
PORT ?= 8000
DATA ?=
BIN := $(VENV)/bin
# Tests keep their files apart from the demo's.
TEST_ENV := ATTENTION_VAR=var/test SECRET_KEY=only-for-tests DEBUG=1 OMP_NUM_THREADS=1
PYTEST := $(BIN)/python -m pytest --durations=15

.PHONY: demo demo-reset test test-pure test-sqlite test-services test-browser test-deep bench lint format install install-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.run: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[train,serve,redis,postgres]'
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	touch $(VENV)/.run $@

install: $(VENV)/.run
install-dev: $(VENV)/.dev

demo: $(VENV)/.run
	$(BIN)/python -m attention_shop.demo --port $(PORT) $(if $(DATA),--data "$(DATA)")

demo-reset:
	rm -rf var/*.sqlite3* var/runs var/models var/cache var/broker var/broker-control var/ledger var/beat-schedule* var/demo* var/media
	@echo "The demo starts from nothing next time. Keys in var/keys.json are kept."

# Two at a time, the longest first, each with files of its own; the browser has the machine to itself.
test: $(VENV)/.dev
	$(MAKE) --jobs=2 --output-sync=target test-services test-sqlite test-pure lint
	$(MAKE) test-browser

# What touches no database: unit and contract tests, training.
test-pure: $(VENV)/.dev
	env -u DATABASE_URL -u REDIS_URL $(TEST_ENV) ATTENTION_VAR=var/test-pure $(PYTEST) -m "not database and not browser and not deep"

# The database tests on SQLite: no service is needed.
test-sqlite: $(VENV)/.dev
	env -u DATABASE_URL -u REDIS_URL $(TEST_ENV) $(PYTEST) -m "database and not browser and not deep"

# The database tests again, on PostgreSQL and Redis.
test-services: $(VENV)/.dev
ifdef DATABASE_URL
	$(TEST_ENV) ATTENTION_VAR=var/test-services $(PYTEST) -m "database and not browser and not deep"
else
	@echo "DATABASE_URL is not set: the tests on PostgreSQL and Redis did not run."
endif

test-browser: $(VENV)/.dev
	env -u DATABASE_URL -u REDIS_URL $(TEST_ENV) $(PYTEST) -m "browser and not deep"

# The proofs at full size: an hour at most, never part of CI. Writes benchmarks/deep.md.
test-deep: $(VENV)/.dev
	$(TEST_ENV) $(BIN)/python -m benchmarks.deep

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(TEST_ENV) $(BIN)/mypy
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/typos

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
