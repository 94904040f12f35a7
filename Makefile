# Both targets set up what they need: a virtual environment, and the package under constraints.
PYTHON ?= python3

.PHONY: demo test lint

demo: .venv/ready
	.venv/bin/python benchmarks/demo.py --out demo-output

test: .venv/ready .venv-oldest/ready
	.venv/bin/python -m pytest
	SCIPY_ARRAY_API=1 .venv/bin/python -m pytest tests/test_common.py
	.venv-oldest/bin/python -m pytest

lint: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

.venv/ready: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --constraint constraints.txt --editable '.[demo,test,lint]'
	touch $@

.venv-oldest/ready: constraints-oldest.txt pyproject.toml
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/pip install --quiet --constraint constraints-oldest.txt --editable '.[test]'
	touch $@
