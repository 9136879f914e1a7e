# Everything a newcomer needs is here: `make run` brings the queue up, `make test` shows that it holds.
# PYTHON, HOST, PORT, DATA_DIR, DATABASE_URL, PUBLIC_URL and SCALE are taken from the environment or the command line.

.DEFAULT_GOAL := help
.PHONY: help run demo install test check format bench screenshots constraints install-test chromium
.NOTPARALLEL:

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --constraint constraints.txt
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)
# Two, because servers and databases run beside the tests and want the other half of a small machine.
WORKERS ?= 2

help:  ## what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install  ## the server on http://localhost:8000, with a demo branch on its first start
	@exec $(BIN)/python -m server serve

demo: install  ## the same with a made-up branch that lives by itself, many times as fast as real
	@exec $(BIN)/python -m server demo

install: $(BIN)/.installed  ## the environment alone, in .venv
	@:

test: install-test chromium check  ## everything: format, lint, types, imports, tests, browsers
	@# Both, whatever the first says.
	$(BIN)/python -m pytest -m "not browser" -n $(WORKERS) --dist loadfile; rules=$$?; \
	$(BIN)/python -m pytest -m browser && exit $$rules

check: install-test  ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-test  ## put every file into the house's format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: install-test  ## what calls, joins and ten thousand phones cost, as ratios to bare servers
	$(BIN)/python -m benchmarks

screenshots: install-test chromium  ## the README's pictures, from the real screens
	$(BIN)/python -m tests.shots

constraints:  ## choose the newest versions of what pyproject.toml names (needs uv)
	uv pip compile --upgrade --universal --python-version 3.11 --all-extras --quiet \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --output-file constraints.txt

install-test: $(BIN)/.installed-test

# The stamps make a second `make run` start at once; a change of what is needed makes them stale.
$(BIN)/.installed: $(BIN)/pip pyproject.toml constraints.txt
	@echo "Installing what Now Serving needs into .venv (once; a minute or so) …"
	@$(PIP) --editable .
	@touch $@

$(BIN)/.installed-test: $(BIN)/.installed
	@echo "Installing the test tools into .venv (once; a minute or so) …"
	@$(PIP) --editable '.[test]'
	@touch $@

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: sudo apt-get install -y python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Now Serving needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1); where a newer one is installed: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python's venv module is missing: sudo apt-get install -y python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv

# Never fatal here: the tests themselves say what they leave out, or refuse to (NOWSERVING_REQUIRE=all). Roboto is for the look.
chromium: install-test
	@{ command -v chromium || command -v "$${CHROMIUM:-chromium}"; } >/dev/null && $(BIN)/python -m playwright --version >/dev/null 2>&1 || { \
		echo "Installing Chromium for the browser tests (some minutes) …"; \
		{ $(SUDO) apt-get update -qq && { $(SUDO) apt-get install -y -qq chromium libatomic1 fonts-roboto-unhinted \
			|| $(SUDO) apt-get install -y -qq chromium libatomic1; }; } >/dev/null 2>&1 \
		|| echo "Chromium could not be installed: sudo apt-get install -y chromium libatomic1"; }
