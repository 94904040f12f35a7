# Each target sets up what it needs: a virtual environment, and the package under constraints.
PYTHON ?= python3

.PHONY: demo test test-newest test-oldest browser lint doc screenshots cuda

demo: .venv/ready
	.venv/bin/skdynacor demo --out demo-output

# Both halves take about as long; each is shown when it is done.
test: .venv/ready-for-development .venv-oldest/ready browser
	$(MAKE) --jobs=2 --output-sync=target test-newest test-oldest

test-newest: .venv/ready-for-development
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest

test-oldest: .venv/ready-for-development .venv-oldest/ready
	OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 .venv/bin/python -m pytest tests/test_common.py
	OMP_NUM_THREADS=1 .venv-oldest/bin/python -m pytest

# Tests of the report look at it in Chromium; without one they are skipped, and say so.
browser: .venv/ready-for-development
	@for name in chromium chromium-browser google-chrome chrome; do \
		command -v $$name >/dev/null && exit; done; \
	{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium; } || \
		.venv/bin/playwright install chromium || \
		echo "No Chromium could be installed: tests that need one are skipped."

lint: .venv/ready-for-development
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

doc: .venv/ready-for-development
	.venv/bin/python -m sphinx -W --keep-going --quiet doc build/doc
	@echo "Wrote build/doc/index.html"

screenshots: .venv/ready-for-development browser
	.venv/bin/python doc/make_screenshots.py

# On a machine with a GPU, and a torch for it in .venv; takes some minutes.
cuda: .venv/ready-for-development
	.venv/bin/python -m pytest tests -k cuda
	OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.cost.speed --device cuda --out build/cuda

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
