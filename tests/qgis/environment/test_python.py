"""Which Python runs the engine, and what it inherits."""

import json
import subprocess
import sys

import pytest
from geodistil.jobs import environment
from geodistil.jobs.environment.place import FOLDER_SETTING
from geodistil.jobs.errors import GeoDistilError


@pytest.fixture
def nothing(settings, monkeypatch, tmp_path):
    """No setting, no variable, no checkout's environment; the installed one would be in the returned folder."""
    monkeypatch.setattr(environment, "ROOT", tmp_path / "checkout")
    settings.setValue(FOLDER_SETTING, str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def make_python(path):
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_setting_comes_before_a_variable_before_the_installed_one_before_the_checkout_s(
    nothing, settings, monkeypatch, tmp_path
):
    checkout = make_python(tmp_path / "checkout" / ".venv" / "bin" / "python")
    assert environment.engine_python() == checkout
    installed = make_python(nothing / "venv" / "bin" / "python")
    assert environment.engine_python() == checkout  # not complete yet
    (nothing / "installed.json").write_text(json.dumps({"python": str(installed)}))
    assert environment.engine_python() == installed
    monkeypatch.setenv(environment.VARIABLE, "/usr/bin/env")
    assert str(environment.engine_python()) == "/usr/bin/env"
    settings.setValue(environment.SETTING, sys.executable)
    assert str(environment.engine_python()) == sys.executable


def test_a_missing_environment_is_told_with_the_page_that_helps(nothing):
    with pytest.raises(GeoDistilError, match="not set up") as error:
        environment.engine_python()
    assert "GeoDistil > Engine environment" in error.value.hint and error.value.code == "environment"


def test_an_installed_environment_that_somebody_deleted_is_missing(nothing):
    (nothing / "installed.json").write_text(json.dumps({"python": str(nothing / "venv" / "bin" / "python")}))
    with pytest.raises(GeoDistilError, match="not set up"):
        environment.engine_python()


def test_a_wrong_path_in_the_settings_is_named(settings):
    settings.setValue(environment.SETTING, "/nowhere/python")
    with pytest.raises(GeoDistilError, match="/nowhere/python does not exist"):
        environment.engine_python()


def test_the_child_inherits_the_person_s_variables_but_none_of_qgis_s(monkeypatch):
    for name in ("PYTHONPATH", "PYTHONHOME", "PROJ_LIB", "GDAL_DATA", "LD_LIBRARY_PATH", "QGIS_PREFIX_PATH"):
        monkeypatch.setenv(name, "/qgis")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("https_proxy", "http://proxy")
    output = subprocess.run(["env"], env=environment.child_environment(), capture_output=True, text=True).stdout
    assert "/qgis" not in output.split("PATH=")[0] and "=/qgis" not in output
    assert "CUDA_VISIBLE_DEVICES=1" in output and "https_proxy=http://proxy" in output and "HOME=" in output


def test_the_environment_is_outside_the_plugin_and_never_on_qgis_s_path(settings):
    from geodistil.jobs.environment.place import default_home

    assert environment.ROOT not in default_home().parents
    assert not any("GeoDistil" in entry for entry in sys.path)
    assert not {"torch", "rasterio", "pydantic"} & set(sys.modules)
