"""What can go wrong while installing, brought about for real, and the one sentence that comes of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEAD = dict.fromkeys(("https_proxy", "http_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
HOLDER = """
import pathlib, sys, time
from jobs.installer.job import only_one
with only_one(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a disk of so many megabytes."""
    mounted = []

    def mount(megabytes, options=""):
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m{options}", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root can mount a small disk")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def holder(installer):
    """Another process that holds the folder's lock."""
    command = [sys.executable, "-c", HOLDER, str(installer.folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[3])
    assert child.stdout.readline() == b"held\n"
    yield child
    child.kill()
    child.communicate()


def test_of_two_at_once_the_second_leaves_the_first_alone(installer, lock, known, holder):
    assert installer.run(requirements=lock(known.six)) == 1
    assert installer.events == []
    assert "Another installation" in installer.words and "Traceback" not in installer.words


def test_two_started_together_end_with_one_installed_environment(uv_installer, lock, known):
    requirements = lock(*known.everything)
    first = uv_installer.start(requirements=requirements, imports=["six"])
    second = uv_installer.start(requirements=requirements, imports=["six"])
    codes = sorted([first.wait(60), second.wait(60)])
    assert codes in ([0, 1], [0, 0])  # the second may just have had the patience
    assert len(uv_installer.installed) == 5


def test_the_lock_of_a_killed_installer_is_no_lock(installer, holder):
    from geodistil.jobs.installer.job import LOCK_FILE, is_locked, only_one

    assert is_locked(installer.folder)
    holder.kill()
    holder.wait()
    assert (installer.folder / LOCK_FILE).exists() and not is_locked(installer.folder)
    with only_one(installer.folder):
        assert is_locked(installer.folder)
    assert not is_locked(installer.folder)


def test_a_package_other_than_the_locked_one_is_not_installed(uv_installer, lock, known):
    name, version, _, size = known.six
    assert uv_installer.run(requirements=lock(known.iniconfig, (name, version, "0" * 64, size))) == 1
    assert uv_installer.last["code"] == "hash" and "six 1.17.0" in uv_installer.last["message"]
    assert "six" not in uv_installer.installed and not (uv_installer.folder / "installed.json").exists()


def test_a_uv_other_than_the_locked_one_is_not_run(installer, lock, known, registry):
    requirements = lock(known.six)
    path = requirements / "linux" / "uv.txt"
    path.write_text(path.read_text().partition("sha256:")[0] + "sha256:" + "0" * 64 + "  # 1\n")
    assert installer.run(requirements=requirements, tool="uv") == 1
    assert installer.last["code"] == "hash" and not (installer.folder / "tools").exists()


def test_damaged_requirements_install_nothing(uv_installer, lock, known):
    requirements = lock(known.six)
    path = next(requirements.glob("linux/3.*.txt"))
    path.write_text("six==1.17.0\n")
    assert uv_installer.run(requirements=requirements) == 1
    assert uv_installer.last["code"] == "hash" and "damaged at the line 'six==1.17.0'" in uv_installer.last["message"]


def test_without_a_network_the_sentence_says_so_and_where_to_look(installer, lock, known):
    assert installer.run(DEAD, requirements=lock(known.six)) == 1
    assert installer.last["code"] in ("network", "proxy")
    assert "Settings > Options > Network" in installer.last["hint"]
    assert "Traceback" not in installer.words


def test_a_network_that_goes_away_between_packages_is_told_with_the_package(uv_installer, lock, known):
    assert uv_installer.run({**DEAD, "UV_HTTP_RETRIES": "0"}, requirements=lock(known.six), tool="uv") == 1
    assert uv_installer.last["code"] in ("network", "proxy") and "six 1.17.0" in uv_installer.last["message"]


def test_an_unknown_authority_is_told_as_such(installer, lock, known, registry, tmp_path):
    shutil.copy(Path(__file__).with_name("unknown_authority.pem"), tmp_path / "authority.pem")
    variables = {"SSL_CERT_FILE": str(tmp_path / "authority.pem"), "SSL_CERT_DIR": str(tmp_path)}
    assert installer.run(variables, requirements=lock(known.six)) == 1
    assert installer.last["code"] == "certificate" and "Manage Certificates" in installer.last["hint"]


def test_a_disk_that_fills_up_is_named(lock, known, registry, small_disk, make_installer):
    folder = small_disk(24)
    installer = make_installer(folder / "environment")
    assert installer.run(requirements=lock(known.six), tool="uv") == 1
    assert installer.last["code"] == "disk" and str(installer.folder) in installer.last["message"]


def test_too_small_a_disk_is_told_before_the_download(uv_installer, lock, known):
    name, version, sha256, _ = known.six
    assert uv_installer.run(requirements=lock((name, version, sha256, 10**15))) == 1
    assert uv_installer.last["code"] == "disk" and "2100000.0 GB are needed" in uv_installer.last["message"]
    assert uv_installer.packages_of() == []


def test_the_package_under_way_moves_the_progress_by_what_it_has_written(small_disk, make_installer, monkeypatch):
    from geodistil.jobs.installer import making
    from geodistil.jobs.installer.download import Package
    from geodistil.jobs.installer.job import Job

    monkeypatch.setattr(making, "BEAT_SECONDS", 0)
    installer = make_installer(small_disk(40) / "environment")
    (installer.folder / "request.json").write_text("{}")
    packages = [Package("large", "1", (), 10_000_000), Package("small", "1", (), 1000)]
    told = making.Progress(Job(installer.folder), packages)
    told.begin(packages[0])
    with (installer.folder / "file").open("wb") as file:
        for _ in range(3):
            file.write(bytes(5_000_000))
            file.flush()
            told.beat()
    told.end()
    told.begin(packages[1])
    fractions = [event["fraction"] for event in installer.events]
    assert fractions == sorted(set(fractions)) and len(fractions) == 5
    assert fractions[1] == pytest.approx(0.03 + 0.92 * 5 / 17.5 * 10.4 / 10.8, abs=0.01)


def test_where_downloaded_programs_may_not_run_the_folder_is_named(lock, known, registry, small_disk, make_installer):
    folder = small_disk(150, ",noexec")
    installer = make_installer(folder / "environment")
    assert installer.run(requirements=lock(known.six), tool="uv") == 1
    assert installer.last["code"] == "policy" and str(installer.folder) in installer.last["message"]


@pytest.mark.parametrize("tool", ["auto", "pip"])
def test_too_old_a_python_is_told_with_what_is_needed(uv_installer, lock, known, tool):
    requirements = lock(known.six, version="3.98")
    lock(known.six, version="3.99")
    next(requirements.glob("linux/3.1*.txt"), Path("/nowhere")).unlink(missing_ok=True)
    assert uv_installer.run(requirements=requirements, python=sys.executable, tool=tool) == 1
    assert uv_installer.last["code"] == "python"
    assert f"{sys.executable} is Python 3." in uv_installer.last["message"]
    assert uv_installer.last["message"].endswith("needs 3.98 to 3.99.")


def test_something_that_is_no_python_is_named(uv_installer, lock, known):
    assert uv_installer.run(requirements=lock(known.six), python="/bin/true") == 1
    assert uv_installer.last["code"] == "python" and "/bin/true" in uv_installer.last["message"]
    assert uv_installer.run(requirements=lock(known.six), python="/nowhere/python") == 1
    assert "/nowhere/python cannot be started" in uv_installer.last["message"]
