# Every target installs what it needs, on a fresh machine too. Variables:
#   PYTHON        the Python for the virtual environment (3.11 or newer)
#   HOST          the address of `make serve` (localhost; 0.0.0.0 serves the network)
#   PORT          the port of `make serve` (5006) and `make preview` (8000)
#   ARGS          further arguments of `make test`, `make test-upstream` and `make bench`
#   PYODIDE_DIST  a Pyodide distribution folder for `make site`
#   INKLING_DATA  a folder of data sets to use instead of the download cache
#   INKLING_UPSTREAM_PATCHES  off: without the patches of Panel, Bokeh and Pyodide

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SITE ?= dist/site

.DEFAULT_GOAL := help
.PHONY: help serve test test-upstream lint format site preview bench kernels languages pretrained screenshot clean

help:
	@echo "make serve    serve the app at http://localhost:5006"
	@echo "make test     install what the tests need and run all of them"
	@echo "make test-upstream  run the browser tests with the newest Panel, Bokeh and param"
	@echo "make site     build the static site into $(SITE)"
	@echo "make preview  serve $(SITE) at http://localhost:8000"
	@echo "make bench    run the benchmarks of Inkling and other libraries"
	@echo "make lint     formatter, linter, type checker"

serve: $(VENV)/.serve
	$(BIN)/inkling serve --port $(or $(PORT),5006) --host $(or $(HOST),localhost)

test: $(VENV)/.test
	sh scripts/ensure_browser.sh $(BIN)/python
	sh scripts/run_tests.sh $(BIN)/python $(ARGS)

# The browser tests against the newest versions that the package index has, pre-releases included,
# in a virtual environment of their own.
test-upstream: $(VENV)/.test
	sh scripts/test_upstream.sh $(BIN)/python build/upstream-venv $(ARGS)

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

# Trains the networks that are in the package; needs the full MNIST (INKLING_DATA, or the download).
pretrained: $(VENV)/.serve
	$(BIN)/python scripts/make_pretrained.py

# The pictures in the README.
screenshot: $(VENV)/.test
	sh scripts/ensure_browser.sh $(BIN)/python
	$(BIN)/python scripts/screenshot.py docs

# The benchmarks of Inkling and other libraries, which they install into build/.
bench: $(VENV)/.test
	sh scripts/ensure_browser.sh $(BIN)/python
	$(BIN)/python tests/benchmarks/run.py $(ARGS)

# The catalogues of the page's texts: adds what is new in the source, and compiles them.
languages: $(VENV)/.test
	$(BIN)/python scripts/languages.py

# The WebAssembly kernels, from their C source.
kernels:
	sh scripts/build_kernels.sh

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A stamp file per set of packages: they are installed again when pyproject.toml changes.
$(VENV)/.serve: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[download]"
	touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test,lint]"
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
