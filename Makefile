# Each target sets up what it needs: a virtual environment, and the package under constraints.
PYTHON ?= python3

.PHONY: demo test lint doc

demo: .venv/ready
	.venv/bin/skdynacor demo --out demo-output

test: .venv/ready-for-development .venv-oldest/ready
	.venv/bin/python -m pytest
	SCIPY_ARRAY_API=1 .venv/bin/python -m pytest tests/test_common.py
	.venv-oldest/bin/python -m pytest

lint: .venv/ready-for-development
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

.venv/ready: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --constraint constraints.txt --editable '.[cli]'
	touch $@

.venv/ready-for-development: .venv/ready
	.venv/bin/pip install --quiet --constraint constraints.txt --editable '.[cli,test,lint,doc]'
	touch $@

.venv-oldest/ready: constraints-oldest.txt pyproject.toml
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/pip install --quiet --constraint constraints-oldest.txt --editable '.[test]'
	touch $@
