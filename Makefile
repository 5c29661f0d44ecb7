# make setup | demo | session | loop | test | coverage | lint | package | wheel | docs | matrix | oldest | qt6 | translations | bench | clean;
# each sets up what it needs.

PYTHON ?= python3
# The interpreter that can import qgis: the system's own.
QGIS_PYTHON ?= /usr/bin/python3
ENGINE := .venv/bin/python
QGIS_TOOLS := build/qgis-python
QGIS := QT_QPA_PLATFORM=offscreen PYTHONPATH=$(QGIS_TOOLS) $(QGIS_PYTHON)
DATA ?= ../shared/data
# Tests are many small trainings, which more threads would not make faster; files go to processes in the order that
# tests/conftest.py gives them, the slowest first. Where one of these processes crashes, the run ends with that test's
# name: with another in its place, pytest-xdist 3.8 waits for ever.
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

.PHONY: setup qgis demo session loop test test-engine test-qgis coverage lint package wheel docs matrix oldest qt6 translations bench clean

setup: .venv/installed $(QGIS_TOOLS)/xdist qgis

# The engine's own environment, brought up to date when its requirements change.
.venv/installed: pyproject.toml
	test -x $(ENGINE) || $(PYTHON) -m venv .venv
	$(ENGINE) -m pip install --quiet --editable .[test]
	touch $@

$(QGIS_TOOLS)/xdist: .venv/installed
	$(ENGINE) -m pip install --quiet --target $(QGIS_TOOLS) --upgrade pytest "pytest-xdist>=3.8"
	touch $@

qgis:
	@$(QGIS_PYTHON) -c "import qgis.core" 2>/dev/null || .ci/install-qgis

demo: setup
	$(ENGINE) benchmarks/demo/run.py --output build/demo --qgis-python $(QGIS_PYTHON)

# A new user's session in a real QGIS window on a virtual screen; its pictures are the guide's.
session: setup
	$(ENGINE) docs/screenshots/session.py --guide
	$(ENGINE) docs/screenshots/session.py --scale 2 --output build/session_200

# The map maker's loop on Banepa's imagery (DATA) in a real QGIS window: draw, learn, review, learn on.
loop: setup
	$(ENGINE) docs/screenshots/loop.py --data $(DATA) --guide

test: setup qt6 test-engine test-qgis

test-engine: .venv/installed
	OMP_NUM_THREADS=1 $(ENGINE) -m pytest $(SIDE_BY_SIDE) tests/engine tests/faults

test-qgis: setup
	OMP_NUM_THREADS=1 $(QGIS) -m pytest $(SIDE_BY_SIDE) tests/qgis
	OMP_NUM_THREADS=1 $(QGIS) -m pytest $(SIDE_BY_SIDE) tests/end_to_end

# Which lines tests reach; what runs in processes of its own (trainings started by QGIS, killed ones) is not counted.
coverage: setup build/coverage/installed
	OMP_NUM_THREADS=1 PYTHONPATH=build/coverage $(ENGINE) -m pytest -p pytest_cov $(SIDE_BY_SIDE) tests/engine \
		--cov=engine --cov-report=term:skip-covered --cov-fail-under=90
	OMP_NUM_THREADS=1 $(QGIS_COVERED) -m pytest -p pytest_cov $(SIDE_BY_SIDE) tests/qgis \
		--cov=build/plugins/geodistil/jobs --cov-report=term:skip-covered --cov-fail-under=85

QGIS_COVERED := QT_QPA_PLATFORM=offscreen PYTHONPATH=$(QGIS_TOOLS):build/coverage $(QGIS_PYTHON)

build/coverage/installed: .venv/installed
	$(ENGINE) -m pip install --quiet --no-deps --target build/coverage --upgrade pytest-cov coverage
	touch $@

# The plugin is checked as QGIS loads it, as the package `geodistil`.
lint: .venv/installed build/plugins/geodistil
	$(ENGINE) -m ruff check .
	$(ENGINE) -m ruff format --check .
	$(ENGINE) -m mypy
	MYPYPATH=build/plugins $(ENGINE) -m mypy -p geodistil.jobs -p geodistil.toolbox -p geodistil.ui -m geodistil.plugin
	.venv/bin/vermin --quiet --no-tips --target=3.9- --violations jobs toolbox ui plugin.py __init__.py
	$(ENGINE) .ci/scan.py

build/plugins/geodistil:
	mkdir -p build/plugins
	ln -s $(CURDIR) $@

# The zip that QGIS installs; PACKAGE="--email ADDRESS --repository URL" where it goes to the store.
package:
	$(PYTHON) .ci/package.py $(PACKAGE)

# The engine alone, for servers.
wheel:
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist .

# The documentation as a site in build/site, with the API reference; a link that leads nowhere fails.
docs: build/docs/installed
	NO_MKDOCS_2_WARNING=1 build/docs/bin/python docs/site.py

build/docs/installed:
	$(PYTHON) -m venv build/docs
	build/docs/bin/python -m pip install --quiet "mkdocs<2" mkdocs-material "mkdocstrings[python]"
	touch $@

# The QGIS tests in the QGIS of other Debians: QGIS 3.40 and 3.44; as root, 3 GB each.
MATRIX ?= trixie sid

matrix: setup
	.ci/matrix $(MATRIX)

# The engine's tests with the oldest libraries that pyproject.toml allows; 6 GB.
oldest: .venv/installed
	.ci/oldest

# The plugin's names of Qt, and its widgets, in Qt 6, for which neither Debian nor PyPI has a QGIS.
qt6: build/qt6/installed
	build/qt6/bin/python -m pytest tests/qt6

build/qt6/installed:
	$(PYTHON) -m venv build/qt6
	build/qt6/bin/python -m pip install --quiet PyQt6 pytest
	touch $@

bench: setup
	$(ENGINE) benchmarks/training_step.py
	$(ENGINE) benchmarks/ranks.py
	$(ENGINE) benchmarks/freed_memory.py
	$(ENGINE) benchmarks/chips.py
	$(ENGINE) benchmarks/inference/pipeline.py
	$(ENGINE) benchmarks/inference/workers.py
	$(ENGINE) benchmarks/inference/memory.py
	$(ENGINE) benchmarks/inference/seams.py
	$(ENGINE) benchmarks/inference/int8.py
	$(ENGINE) benchmarks/inference/stages.py
	$(ENGINE) benchmarks/vectors.py
	$(QGIS) -m pytest -m timed tests/qgis
	$(ENGINE) benchmarks/plugin/startup.py
	$(ENGINE) benchmarks/plugin/stalls.py
	$(ENGINE) benchmarks/plugin/load.py
	$(ENGINE) benchmarks/cancel.py
	$(ENGINE) benchmarks/uneven_pair/run.py --data $(DATA)

# Qt's compiler of catalogues: Debian's qttools5-dev-tools, or the wheel from PyPI where there is none.
LRELEASE ?= $(or $(shell command -v lrelease),build/lrelease/PySide6/lrelease)

build/lrelease/PySide6/lrelease: .venv/installed
	$(ENGINE) -m pip install --quiet --no-deps --target build/lrelease --upgrade PySide6-Essentials

translations: .venv/installed $(filter build/%,$(LRELEASE))
	$(ENGINE) resources/translations/update.py $(LRELEASE)

clean:
	rm -rf build .venv .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
