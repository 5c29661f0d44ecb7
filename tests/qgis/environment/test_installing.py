"""The installer for real: small locked sets, the registry, uv and pip, interruptions and upgrades."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest


def python_3_12():
    """Another Python than QGIS's; skips where there is none."""
    found = [Path(folder) / "python3.12" for folder in os.environ["PATH"].split(os.pathsep)]
    found += Path.home().glob(".pyenv/versions/3.12.*/bin/python3.12")
    real = [path for path in found if path.is_file() and "shims" not in path.parts]
    return real[0] if real else pytest.skip("there is no Python 3.12 here to point at")


def test_uv_is_fetched_checked_and_makes_an_environment_from_locked_packages(installer, lock, known, registry):
    requirements = lock(known.six, known.iniconfig)
    assert installer.run(requirements=requirements, tool="uv", imports=["six", "iniconfig"]) == 0, installer.words
    assert installer.installed == {"six": "1.17.0", "iniconfig": "2.1.0"}
    assert list(installer.folder.glob("tools/uv-*/uv"))
    kinds = [event["kind"] for event in installer.events]
    assert kinds[0] == "started" and kinds[-1] == "finished" and kinds.count("stage") == 3
    outputs = installer.last["outputs"]
    assert outputs == json.loads((installer.folder / "installed.json").read_text())
    assert outputs["python"] == str(installer.venv / "bin" / "python") and outputs["tool"] == "uv"


def test_the_largest_package_comes_first_and_progress_only_grows(uv_installer, lock, known):
    assert uv_installer.run(requirements=lock(*known.everything)) == 0
    steps = [event for event in uv_installer.events if event["kind"] == "progress"]
    assert sorted({event["step"] for event in steps}) == [1, 2, 3, 4, 5] and {event["of"] for event in steps} == {5}
    assert steps[0]["package"] == "mpmath 1.3.0" and steps[0]["megabytes"] == 0.5
    fractions = [event["fraction"] for event in steps]
    assert fractions == sorted(fractions) and fractions[0] < 0.1 and fractions[-1] < 1


def test_what_is_there_is_not_installed_again(uv_installer, lock, known):
    requirements = lock(known.six, known.iniconfig)
    uv_installer.run(requirements=requirements)
    assert uv_installer.run(requirements=requirements, imports=["six"]) == 0
    assert uv_installer.packages_of() == []
    assert uv_installer.last["kind"] == "finished"


def test_what_was_complete_stays_so_while_it_is_only_checked_again(uv_installer, lock, known, tmp_path):
    requirements = lock(known.six)
    uv_installer.run(requirements=requirements)
    child = uv_installer.start(requirements=requirements, imports=["time"])
    uv_installer.wait_for(lambda event: event.get("name") == "check")
    assert (uv_installer.folder / "installed.json").exists()
    assert child.wait(60) == 0
    assert uv_installer.run(requirements=requirements, imports=["no_such_module"]) == 1
    assert not (uv_installer.folder / "installed.json").exists()


def test_killed_in_the_middle_it_goes_on_with_what_is_missing(uv_installer, lock, known):
    requirements = lock(*known.everything)
    child = uv_installer.start(requirements=requirements)
    uv_installer.wait_for(lambda event: event.get("step") == 3)
    uv_installer.kill(child)
    assert not (uv_installer.folder / "installed.json").exists()
    there = set(uv_installer.packages_of()[:2])
    assert uv_installer.run(requirements=requirements, imports=["mpmath", "six"]) == 0, uv_installer.words
    assert not there & set(uv_installer.packages_of()) and 1 <= len(uv_installer.packages_of()) <= 3
    assert len(uv_installer.installed) == 5


def test_a_package_that_was_left_half_done_is_done_again(uv_installer, lock, known):
    requirements = lock(known.six, known.iniconfig)
    uv_installer.run(requirements=requirements)
    site = next(uv_installer.venv.glob("lib/python3*/site-packages"))
    (site / "six-1.17.0.dist-info" / "INSTALLER").unlink()  # both tools write it last
    (site / "six.py").write_text("raise ImportError('half')")
    assert uv_installer.run(requirements=requirements, imports=["six"]) == 0, uv_installer.words
    assert uv_installer.packages_of() == ["six"]


def test_an_environment_whose_python_is_gone_is_made_anew(uv_installer, lock, known):
    requirements = lock(known.six)
    uv_installer.run(requirements=requirements)
    python = uv_installer.venv / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert uv_installer.run(requirements=requirements, imports=["six"]) == 0, uv_installer.words


def test_cancelling_ends_soon_and_in_order(uv_installer, lock, known):
    requirements = lock(*known.everything)
    child = uv_installer.start(requirements=requirements)
    uv_installer.wait_for(lambda event: event["kind"] == "progress")
    (uv_installer.folder / "stop").touch()
    start = time.monotonic()
    assert child.wait(20) == 3 and time.monotonic() - start < 5
    assert uv_installer.last["kind"] == "stopped"
    assert not (uv_installer.folder / "stop").exists()
    assert uv_installer.run(requirements=requirements, imports=["mpmath"]) == 0


def test_a_newer_locked_set_changes_only_what_differs(uv_installer, lock, known):
    assert uv_installer.run(requirements=lock(known.six_old, known.zipp)) == 0, uv_installer.words
    assert uv_installer.installed == {"six": "1.16.0", "zipp": "3.21.0"}
    before = uv_installer.last["outputs"]["digest"]
    assert uv_installer.run(requirements=lock(known.six, known.iniconfig, known.zipp)) == 0, uv_installer.words
    assert sorted(uv_installer.packages_of()) == ["iniconfig", "six"]
    assert uv_installer.run(requirements=lock(known.six, known.iniconfig)) == 0, uv_installer.words
    assert uv_installer.installed == {"six": "1.17.0", "iniconfig": "2.1.0"}
    assert uv_installer.last["outputs"]["digest"] != before


def test_venv_and_pip_do_the_same_without_uv(installer, lock, known, registry):
    assert installer.run(requirements=lock(known.six_old, known.zipp), tool="pip") == 0, installer.words
    assert installer.installed == {"six": "1.16.0", "zipp": "3.21.0"}
    name, version, _, size = known.iniconfig
    assert installer.run(requirements=lock(known.six, (name, version, "0" * 64, size)), tool="pip") == 1
    assert installer.last["code"] == "hash" and "iniconfig 2.1.0" in installer.last["message"]
    assert installer.run(requirements=lock(known.six), tool="pip", imports=["six"]) == 0, installer.words
    assert installer.installed == {"six": "1.17.0"} and installer.last["outputs"]["tool"] == "pip"
    assert not (installer.folder / "tools").exists()


def test_the_python_that_a_person_points_at_is_used(uv_installer, lock, known):
    other = python_3_12()
    requirements = lock(known.six)
    lock(known.six, version="3.12")
    assert uv_installer.run(requirements=requirements, python=other, imports=["six"]) == 0, uv_installer.words
    assert uv_installer.last["outputs"]["version"].startswith("3.12.")
    assert uv_installer.run(requirements=requirements, python=sys.executable, imports=["six"]) == 0
    assert uv_installer.last["outputs"]["version"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")


def test_a_python_that_fits_is_found_by_uv_where_qgis_s_own_does_not(uv_installer, lock, known):
    path = f"{python_3_12().parent}{os.pathsep}{os.environ['PATH']}"
    assert uv_installer.run({"PATH": path}, requirements=lock(known.six, version="3.12"), imports=["six"]) == 0
    assert uv_installer.last["outputs"]["version"].startswith("3.12."), uv_installer.words


def test_a_folder_of_wheels_does_without_a_network(installer, lock, known, uv_tools, registry):
    from geodistil.jobs.installer.download import fetch, locked

    requirements = lock(known.six, known.iniconfig)
    wheels = installer.folder.parent / "wheels"
    for path in requirements.glob("linux/*.txt"):
        for package in locked(path):
            fetch(package, "https://pypi.org/simple", wheels, lambda: None)
    dead = dict.fromkeys(("https_proxy", "http_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
    assert installer.run(dead, requirements=requirements, wheels=wheels, imports=["six"]) == 0, installer.words
    assert installer.last["outputs"]["tool"] == "uv"
    assert installer.installed == {"six": "1.17.0", "iniconfig": "2.1.0"}


def test_a_package_index_with_a_login_is_used_for_everything(installer, lock, make_wheel, serve, tmp_path, uv_tools):
    from geodistil.jobs.installer.download import locked

    shelf = tmp_path / "shelf"
    package = make_wheel(shelf, "tiny", "1.0")
    server = serve(shelf, login="Basic dXNlcjpzZWNyZXQ=")  # user:secret
    index = server.address.replace("http://", "http://user:secret@") + "/simple"
    (installer.folder / "tools").symlink_to(uv_tools)
    variables = {"UV_DEFAULT_INDEX": index, "PIP_INDEX_URL": index}
    requirements = lock(package)
    assert locked(requirements / "linux" / "uv.txt")
    assert installer.run(variables, requirements=requirements, imports=["tiny"]) == 0, installer.words
    assert "secret" not in installer.words + (installer.folder / "events.jsonl").read_text()


class TestBuildsOfTorch:
    @pytest.fixture
    def shelves(self, make_wheel, serve, tmp_path):
        """A registry with torch and what only its CUDA build needs, and an index with a build for the processor."""
        registry, cpu = tmp_path / "registry", tmp_path / "cpu"
        packages = [make_wheel(registry, name, "1.0") for name in ("torch", "torchvision", "nvidia_thing", "other")]
        for name in ("torch", "torchvision"):
            make_wheel(cpu, name, "1.0+cpu")
        return packages, serve(registry), serve(cpu)

    def test_the_processor_s_build_comes_from_its_own_index_without_what_only_cuda_needs(
        self, uv_installer, lock, shelves
    ):
        packages, registry, cpu = shelves
        request = {"requirements": lock(*packages), "imports": ["torch", "other"], "indexes": {"cpu": cpu.address}}
        index = {"UV_DEFAULT_INDEX": registry.address}
        assert uv_installer.run(index, build="cpu", **request) == 0, uv_installer.words
        assert uv_installer.installed == {"torch": "1.0+cpu", "torchvision": "1.0+cpu", "other": "1.0"}
        assert uv_installer.run(index, build="default", **request) == 0, uv_installer.words
        assert uv_installer.installed["torch"] == "1.0" and uv_installer.installed["nvidia_thing"] == "1.0"
        assert uv_installer.run(index, build="cpu", **request) == 0, uv_installer.words
        assert uv_installer.installed["torch"] == "1.0+cpu" and "nvidia_thing" not in uv_installer.installed

    def test_where_an_automatic_choice_cannot_be_had_the_registry_s_build_stands_in(
        self, uv_installer, lock, shelves, tmp_path
    ):
        packages, registry, cpu = shelves
        (tmp_path / "cpu" / "torch-1.0+cpu-py3-none-any.whl").unlink()
        if shutil.which("nvidia-smi"):
            pytest.skip("the automatic choice depends on this machine's driver")
        request = {"requirements": lock(*packages), "imports": ["torch"], "indexes": {"cpu": cpu.address}}
        index = {"UV_DEFAULT_INDEX": registry.address}
        assert uv_installer.run(index, build="auto", **request) == 0, uv_installer.words
        assert uv_installer.last["outputs"]["build"] == "default" and uv_installer.installed["torch"] == "1.0"
        warnings = [event["message"] for event in uv_installer.events if event["kind"] == "warning"]
        assert len(warnings) == 1 and "torch for cpu cannot be had" in warnings[0]
        assert uv_installer.run(index, build="auto", **request) == 0, uv_installer.words
        assert uv_installer.packages_of() == [] and uv_installer.installed["torch"] == "1.0"
        assert uv_installer.run(index, build="cpu", **request) == 1
        assert uv_installer.last["code"] == "platform"
        assert uv_installer.installed["torch"] == "1.0" and "nvidia_thing" in uv_installer.installed


def test_an_environment_of_one_s_own_is_only_verified(installer):
    assert installer.run(own=sys.executable, imports=["json"]) == 0, installer.words
    assert installer.last["outputs"] == {"python": sys.executable, "own": True, "found": {}}
    assert not installer.venv.exists() and not (installer.folder / "installed.json").exists()
    assert installer.run(own=sys.executable, imports=["json", "no_such_module"]) == 1
    assert "no_such_module does not load" in installer.last["message"]


def test_the_engine_s_doctor_has_the_last_word(installer, tmp_path):
    package = tmp_path / "root" / "engine" / "cli"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "main.py").write_text('def main(arguments):\n    print(\'{"cuda": ["H200"]}\')\n    return 0\n')
    assert installer.run(own=sys.executable, engine=tmp_path / "root") == 0, installer.words
    assert installer.last["outputs"]["found"] == {"cuda": ["H200"]}
    (package / "main.py").write_text("import no_such_module\n")
    assert installer.run(own=sys.executable, engine=tmp_path / "root") == 1
    assert "The engine does not start" in installer.last["message"]


def test_the_environment_never_sees_the_packages_of_the_python_it_is_made_from(uv_installer, lock, known):
    uv_installer.run(requirements=lock(known.six))
    command = [uv_installer.venv / "bin" / "python", "-c", "import qgis"]
    assert subprocess.run(command, capture_output=True).returncode == 1
