# make setup | demo | test | lint | bench | clean; each sets up what it needs.

PYTHON ?= python3
# The interpreter that can import qgis: the system's own.
QGIS_PYTHON ?= /usr/bin/python3
ENGINE := .venv/bin/python
QGIS_TOOLS := build/qgis-python
QGIS := QT_QPA_PLATFORM=offscreen PYTHONPATH=$(QGIS_TOOLS) $(QGIS_PYTHON)
DATA ?= ../shared/data

.PHONY: setup qgis demo test lint bench clean

setup: .venv/installed $(QGIS_TOOLS)/pytest qgis

# The engine's own environment, brought up to date when its requirements change.
.venv/installed: pyproject.toml
	test -x $(ENGINE) || $(PYTHON) -m venv .venv
	$(ENGINE) -m pip install --quiet --editable .[test]
	touch $@

$(QGIS_TOOLS)/pytest: .venv/installed
	$(ENGINE) -m pip install --quiet --target $(QGIS_TOOLS) --upgrade pytest
	touch $@

qgis:
	@$(QGIS_PYTHON) -c "import qgis.core" 2>/dev/null || .ci/install-qgis

demo: setup
	$(ENGINE) benchmarks/demo/run.py --output build/demo --qgis-python $(QGIS_PYTHON)

test: setup
	$(ENGINE) -m pytest tests/engine
	$(QGIS) -m pytest tests/qgis tests/end_to_end

lint: .venv/installed
	$(ENGINE) -m ruff check .
	$(ENGINE) -m ruff format --check .

bench: setup
	$(ENGINE) benchmarks/training_step.py
	$(ENGINE) benchmarks/predict_memory.py
	$(ENGINE) benchmarks/vectors.py
	$(QGIS) -m pytest -m timed tests/qgis
	$(ENGINE) benchmarks/uneven_pair/run.py --data $(DATA)

clean:
	rm -rf build .venv .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
