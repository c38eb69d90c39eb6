# Each target makes what it needs: Python 3.11 or later, Git and make are enough.
PYTHON ?= python3
INSTALLED := .venv/installed
# The versions on which golden hashes hold; to test with the newest ones: make test CONSTRAINTS=
CONSTRAINTS ?= --constraint tests/constraints.txt
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help demo lifecycle test newest lint bench docs docs-links clean

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/'

demo: $(INSTALLED)  ## Generate a project, change a parameter on a branch, compare it with main
	python tools/demo.py demo

lifecycle: $(INSTALLED)  ## Play a model's whole life: released, served, watched, retrained, rolled back
	python tools/lifecycle.py lifecycle

test: $(INSTALLED)  ## Lint, then run the tests; with CI=true also those that need system packages or long
	$(MAKE) lint
	pytest

newest:  ## Install the newest versions, raise the upper bounds to them, and run the tests
	$(PYTHON) tools/upper_bounds.py lift
	$(MAKE) $(INSTALLED) CONSTRAINTS=
	python tools/upper_bounds.py raise
	touch $(INSTALLED)
	$(MAKE) lint
	pytest -m "not golden"

lint: $(INSTALLED)  ## Check the template's own code
	ruff check --config pyproject.toml
	ruff format --check --config pyproject.toml
	mypy
	zizmor --offline --quiet --persona=pedantic .github
	actionlint

bench: $(INSTALLED)  ## Print how long things take, against the least they could
	python benchmarks/all.py $(BENCH)

docs: $(INSTALLED)  ## Build the manual as a site, build/manual/html; any warning is an error
	python tools/manual.py build/manual

docs-links: $(INSTALLED)  ## Ask each address that the manual links to; needs the internet
	python tools/manual.py build/manual --builder linkcheck

clean:  ## Remove what the other targets made
	rm -rf .venv demo lifecycle build

$(INSTALLED): pyproject.toml tests/constraints.txt
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check uv
	uv pip install --quiet --python .venv/bin/python --group dev --editable ".[serve,postgres,xgboost,mlflow,dask]" $(CONSTRAINTS)
	touch $@
