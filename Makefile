PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
COG_PAGES = $(shell grep -rl --include='*.md' '\[\[\[cog' README.md docs 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help .venv demo test bench cover check format docs docs-check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[.a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv: $(READY) ## make the virtual environment (PYTHON=python3.13 chooses another Python)

$(READY): pyproject.toml client/kithbook_client/__init__.py .ci/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev]'
	$(BIN)/python -m compileall -q shared client server # so that kith starts quickly from the first time
	@touch $@

demo: $(READY) ## see two laptops and a server at work (DATA=folder keeps what they write)
	$(BIN)/kith demo $(if $(DATA),--data $(DATA))

test: $(READY) ## run the tests on every core
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

bench: $(READY) ## measure speed and size
	$(BIN)/python -m tests.bench $(ARGS)

cover: $(READY) ## branch coverage of the domain
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(READY) ## format, lint, types, import contracts, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry shared client server

format: $(READY) ## format the code and repair what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## write the generated parts of README.md and docs/
	$(if $(COG_PAGES),$(BIN)/cog -r $(COG_PAGES))

docs-check: $(READY) ## fail when a generated part is out of date
	$(if $(COG_PAGES),$(BIN)/cog --check --diff $(COG_PAGES))

clean: ## remove the environment and every cache
	rm -rf .venv build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find shared client server tests -name __pycache__ -prune -exec rm -rf {} +
