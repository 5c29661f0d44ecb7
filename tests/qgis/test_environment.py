"""Which Python runs the engine, and what it inherits."""

import subprocess
import sys

import pytest
from geodistil.jobs import environment
from geodistil.jobs.errors import GeoDistilError
from qgis.core import QgsSettings


@pytest.fixture
def settings(qgis_app, monkeypatch):
    monkeypatch.delenv(environment.VARIABLE, raising=False)
    yield QgsSettings()
    QgsSettings().remove(environment.SETTING)


def test_the_setting_comes_before_the_variable_and_the_variable_before_the_own_environment(
    settings, monkeypatch, tmp_path
):
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert environment.engine_python() == own
    monkeypatch.setenv(environment.VARIABLE, "/usr/bin/env")
    assert str(environment.engine_python()) == "/usr/bin/env"
    settings.setValue(environment.SETTING, sys.executable)
    assert str(environment.engine_python()) == sys.executable


def test_a_missing_environment_is_told_with_what_to_do(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    with pytest.raises(GeoDistilError, match="not installed") as error:
        environment.engine_python()
    assert "make setup" in error.value.hint and environment.SETTING in error.value.hint


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
