# Each target makes what it needs: Python 3.11 or later, Git and make are enough.
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
DEMO := demo/flight-delays

.PHONY: help demo test lint bench clean

help:  ## Say what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

demo: .venv  ## Generate a project, change a parameter on a branch, compare it with main
	rm -rf demo
	cookiecutter . --no-input --output-dir demo author_name="Demo Author"
	cd $(DEMO) && git switch --create slower-learning
	cd $(DEMO) && sed 's/learning_rate: 0.1/learning_rate: 0.05/' params.yaml > p && mv p params.yaml
	cd $(DEMO) && uv run dvc repro
	cd $(DEMO) && git commit --all --message "Learn more slowly"
	cd $(DEMO) && uv run dvc params diff main slower-learning
	cd $(DEMO) && uv run dvc metrics diff main slower-learning

test: .venv  ## Lint, then generate projects and run them
	$(MAKE) lint
	pytest

lint: .venv  ## Check the template's own code
	ruff check --config pyproject.toml
	ruff format --check --config pyproject.toml
	mypy
	zizmor --offline --quiet --persona=pedantic .github
	actionlint

bench: .venv  ## Print how long things take, against the least they could
	for program in benchmarks/*.py; do python $$program || exit 1; done

clean:  ## Remove what the other targets made
	rm -rf .venv demo

.venv: pyproject.toml
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check uv
	uv pip install --quiet --python .venv/bin/python --group dev -r pyproject.toml
	touch .venv
