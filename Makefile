# Every target makes what it needs, on a fresh machine too. Settings that may be given:
#   PYTHON        the Python to make the virtual environment with (3.11 or newer)
#   PORT          where `make serve` (5006) and `make preview` (8000) answer
#   PYODIDE_DIST  a Pyodide distribution folder for `make site`
#   INKLING_DATA  a folder of data sets to use instead of the download cache

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SITE ?= dist/site

.DEFAULT_GOAL := help
.PHONY: help serve test lint format site preview bench kernels pretrained screenshot clean

help:
	@echo "make serve    serve the app at http://localhost:5006"
	@echo "make test     install what the tests need and run all of them"
	@echo "make site     build the static browser form into $(SITE)"
	@echo "make preview  serve $(SITE) at http://localhost:8000"
	@echo "make bench    run the benchmarks beside the peers"
	@echo "make lint     formatter, linter, type checker"

serve: $(VENV)/.serve
	$(BIN)/inkling serve --port $(or $(PORT),5006)

test: $(VENV)/.test
	sh scripts/ensure_browser.sh $(BIN)/python
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy nn data_cache dashboard

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

site: $(VENV)/.serve
	$(BIN)/inkling site $(SITE)

preview:
	@test -f $(SITE)/index.html || $(MAKE) site
	$(PYTHON) -m http.server --directory $(SITE) $(or $(PORT),8000)

# Trains the nets that are in the package; needs the full MNIST (INKLING_DATA, or the download).
pretrained: $(VENV)/.serve
	$(BIN)/python scripts/make_pretrained.py

# The picture in the README.
screenshot: $(VENV)/.test
	sh scripts/ensure_browser.sh $(BIN)/python
	$(BIN)/python scripts/screenshot.py docs/inkling.png

# The benchmarks beside their peers, which they install themselves into build/.
bench: $(VENV)/.test
	sh scripts/ensure_browser.sh $(BIN)/python
	$(BIN)/python tests/benchmarks/run.py $(ARGS)

# The WebAssembly kernels, from their C source.
kernels:
	sh scripts/build_kernels.sh

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A stamp per set of packages: they are installed anew when pyproject.toml changes.
$(VENV)/.serve: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[download]"
	touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test,lint]"
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
