"""The house's walls: who may import whom, read with ast."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = [
    ROOT / "__init__.py",
    ROOT / "plugin.py",
    *(p for package in ("ui", "toolbox", "jobs") for p in (ROOT / package).rglob("*.py")),
]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
HEAVY = {"torch", "torchvision", "rasterio", "pydantic", "engine", "numpy", "lightning_fabric", "timm"}
FLOORS = [
    "telemetry", "errors", "files", "malloc", "ranks", "types", "processes", "config", "datasets",
    "events", "data", "models", "distillation", "recipes", "training", "inference", "evaluation", "packages",
    "exchange", "report", "cli",
]  # fmt: skip
MORE = {"demo": {"errors"}, "__init__": {"telemetry"}, "__main__": {"cli"}}


def imported(path: Path) -> set[str]:
    """Absolute dotted names a module imports, wherever in the file."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names |= {stem} | {f"{stem}.{alias.name}" for alias in node.names}
    return names


def test_the_plugin_and_the_engine_have_files_to_guard():
    assert len(PLUGIN) > 8
    assert len(ENGINE) > 40


@pytest.mark.parametrize("path", PLUGIN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_plugin_never_imports_the_engine_or_its_libraries(path):
    assert not {name for name in imported(path) if name.split(".")[0] in HEAVY}


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_never_imports_qgis(path):
    assert not {name for name in imported(path) if name.split(".")[0] in {"qgis", "PyQt5", "PyQt6", "processing"}}


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_rooms_of_the_engine_import_one_way_only(path):
    package = path.relative_to(ROOT / "engine").with_suffix("").parts[0]
    others = {name.split(".")[1] for name in imported(path) if name.startswith("engine.")} - {package, "__version__"}
    allowed = set(FLOORS[: FLOORS.index(package)]) if package in FLOORS else MORE[package]
    assert others <= allowed


def test_nothing_in_the_engine_unpickles_a_foreign_file():
    for path in ENGINE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "pickle.load", "pickle.loads"):
                assert "weights_only=True" in ast.unparse(node), f"{path}:{node.lineno}"


def test_no_module_beside_a_script_has_a_name_of_pythons_own():
    """A script that is run by its path has its folder before Python's own modules: `jobs/afterwards.py`."""
    modules = {path.stem for path in (ROOT / "jobs").iterdir()}
    assert "afterwards" in modules and not modules & set(sys.stdlib_module_names)
