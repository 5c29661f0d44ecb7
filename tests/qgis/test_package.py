"""The plugin's zip: what is in it, what the store's rules ask, and that one commit makes one file."""

import configparser
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def packed(folder, *options):
    """The zip's bytes and its files."""
    command = [sys.executable, ROOT / ".ci" / "package.py", "--output", folder, *options]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.glob("geodistil-*.zip")
    content = made.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return content, {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if subprocess.run(["git", "-C", ROOT, "rev-parse"], capture_output=True).returncode:
        pytest.skip("not a git checkout, which decides what belongs into the zip")
    return packed(tmp_path_factory.mktemp("package"))


def values(files):
    parser = configparser.ConfigParser()  # as QGIS does, percent signs included
    parser.read_string(files["geodistil/metadata.txt"].decode())
    return parser["general"]


def test_one_folder_holds_the_plugin_and_nothing_of_its_making(package):
    content, files = package
    assert {name.split("/")[0] for name in files} == {"geodistil"}
    inside = {name.split("/")[1] for name in files}
    needed = {"__init__.py", "plugin.py", "metadata.txt", "LICENSE", "engine", "jobs", "toolbox", "ui", "resources"}
    assert needed | {"CHANGELOG.md", "docs"} == inside
    assert {name.split("/")[2] for name in files if name.startswith("geodistil/docs/")} == {"user-guide"}
    assert not [name for name in files if "__pycache__" in name or Path(name).suffix in {".so", ".dll", ".pyd", ".ts"}]
    assert len(content) < 3e6


def test_every_module_that_a_module_of_the_zip_imports_is_in_it(package):
    _, files = package
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files"], check=True, capture_output=True, text=True).stdout.split()
    rooms = ("engine/", "jobs/", "toolbox/", "ui/")
    code = {f"geodistil/{name}" for name in tracked if name.startswith(rooms)}
    assert {name for name in code if (ROOT / name.removeprefix("geodistil/")).exists()} <= set(files)


def test_metadata_says_all_that_the_store_asks_and_no_address_that_nobody_gave(package, tmp_path):
    general = values(package[1])
    asked = ("name", "qgisMinimumVersion", "description", "about", "version", "author", "tags", "category", "license")
    assert [key for key in asked if not general.get(key)] == []
    assert len(general["description"]) < 200 and "<" not in general["description"] + general["about"]
    assert general["version"] in general["changelog"] and len(general["changelog"].splitlines()) > 3
    assert not [key for key in ("email", "homepage", "repository", "tracker") if key in general]
    given = ("--email", "maps@town.gov", "--repository", "https://git.town.gov/geodistil/")
    published = values(packed(tmp_path, *given)[1])
    assert published["email"] == "maps@town.gov"
    assert published["repository"] == published["homepage"] == "https://git.town.gov/geodistil/"
    assert published["tracker"] == "https://git.town.gov/geodistil/issues"


def test_the_same_commit_makes_the_same_bytes(package, tmp_path):
    assert packed(tmp_path)[0] == package[0]


def test_the_icon_is_a_picture_of_the_drawing(package, qgis_app):
    from qgis.PyQt.QtGui import QImage, QPainter
    from qgis.PyQt.QtSvg import QSvgRenderer

    files = package[1]
    icon = QImage.fromData(files[f"geodistil/{values(files)['icon']}"], "PNG")
    drawn = QImage(icon.size(), QImage.Format.Format_ARGB32)
    drawn.fill(0)
    painter = QPainter(drawn)
    QSvgRenderer(files["geodistil/resources/icons/geodistil.svg"]).render(painter)
    painter.end()
    places = [(x, y) for x in range(0, icon.width(), 4) for y in range(0, icon.height(), 4)]
    assert icon.width() >= 64
    for x, y in places:
        assert abs(icon.pixelColor(x, y).alpha() - drawn.pixelColor(x, y).alpha()) < 64
