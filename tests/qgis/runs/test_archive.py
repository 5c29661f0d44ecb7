"""A run to another machine and back, and deleting one."""

import json
import zipfile

import numpy as np
import pytest
from geodistil.jobs.errors import CancelledError, GeoDistilError
from geodistil.jobs.runs.archive import export_run, import_run, outside_files
from geodistil.jobs.runs.files import delete_run, find_runs
from osgeo import gdal


def go_on(_fraction):
    return True


@pytest.fixture
def run(make_run, write):
    folder = make_run("town", write.progress(1))
    own = {"labels/areas.gpkg": "labels", "checkpoints/last.pt": "weights", "log.txt": "log", "cache/a.labels": "index"}
    own |= {
        "teacher/item.json": "its teacher's",
        "start/item.json": "of the model that it goes on from",
        "split.json": "{}",
    }
    for name, text in own.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "launch.json").write_text("{}")
    (folder / "notes.txt").write_text("the person's own")
    return folder


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_run_comes_back_as_it_went_without_what_belongs_to_this_machine(run, tmp_path):
    shares = []
    archive = export_run(run, tmp_path / "town.zip", {}, lambda share: shares.append(share) or True)
    assert shares == sorted(shares) and shares[-1] == 1
    back = import_run(archive, run.parent, go_on)
    assert back == run.parent / "town-2"
    own = {"labels/areas.gpkg", "teacher/item.json", "start/item.json", "checkpoints/last.pt", "split.json"}
    assert files(back) == {"run.json", "events.jsonl", "log.txt", *own}
    for name in files(back) - {"run.json"}:
        assert (back / name).read_bytes() == (run / name).read_bytes()
    assert json.loads((back / "run.json").read_text()) == json.loads((run / "run.json").read_text())
    assert find_runs(tmp_path) == [run, back]


def test_a_zip_of_what_is_in_a_run_folder_is_a_run_too(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "flat.zip", "w") as archive:
        archive.write(run / "run.json", "run.json")
        archive.write(run / "checkpoints" / "last.pt", "checkpoints/last.pt")
        archive.write(run / "notes.txt", "notes.txt")
    back = import_run(tmp_path / "flat.zip", tmp_path / "here", go_on)
    assert back.name == "flat" and files(back) == {"run.json", "checkpoints/last.pt"}


def test_imagery_travels_with_its_companions_and_the_run_finds_it_there(make_run, make_raster, tmp_path):
    elsewhere = tmp_path / "imagery"
    (elsewhere / "tiles").mkdir(parents=True)
    image = np.arange(48, dtype="uint8").reshape(3, 4, 4)
    make_raster(elsewhere / "tiles" / "a.tif", image)
    make_raster(elsewhere / "alone.tif", image)
    (elsewhere / "alone.tif.aux.xml").write_text("<PAMDataset></PAMDataset>")
    make_raster(elsewhere / "tiles" / "b.tif", image + 1)
    vrt = gdal.BuildVRT(str(elsewhere / "all.vrt"), [str(elsewhere / "tiles" / "a.tif")])
    vrt.FlushCache()
    del vrt
    relative = (elsewhere / "all.vrt").read_text()
    assert 'relativeToVRT="1"' in relative
    sources = [
        {"raster": str(elsewhere / "all.vrt"), "role": "unlabelled"},
        {"raster": str(elsewhere / "alone.tif"), "role": "unlabelled", "area": {"kind": "raster", "path": None}},
        {"raster": "https://example.org/far.tif", "role": "unlabelled"},
    ]
    run = make_run("town", sources=sources)
    (run / "rasters").mkdir()
    found = outside_files(run, json.loads((run / "run.json").read_text()))
    archive = export_run(run, tmp_path / "town.zip", found, go_on)
    for path in elsewhere.rglob("*.*"):
        path.unlink()
    back = import_run(archive, tmp_path / "server", go_on)
    rasters = [source["raster"] for source in json.loads((back / "run.json").read_text())["sources"]]
    assert rasters[2] == "https://example.org/far.tif"
    for name in rasters[:2]:
        assert np.array_equal(gdal.Open(str(back / name)).ReadAsArray(), image)
    assert any(name.endswith("alone.tif.aux.xml") for name in files(back))


def test_a_virtual_raster_that_would_lead_nowhere_is_refused(make_run, make_raster, tmp_path):
    image = np.zeros((1, 4, 4), dtype="uint8")
    make_raster(tmp_path / "a.tif", image)
    vrt = tmp_path / "all.vrt"
    gdal.BuildVRT(str(vrt), [str(tmp_path / "a.tif")]).FlushCache()
    absolute = vrt.read_text().replace('relativeToVRT="1">a.tif', f'relativeToVRT="0">{tmp_path / "a.tif"}')
    assert str(tmp_path / "a.tif") in absolute
    vrt.write_text(absolute)
    run = make_run("town", sources=[{"raster": str(vrt), "role": "unlabelled"}])
    found = outside_files(run, json.loads((run / "run.json").read_text()))
    with pytest.raises(GeoDistilError, match=r"all\.vrt names a\.tif by its absolute path"):
        export_run(run, tmp_path / "town.zip", found, go_on)


def test_what_a_run_of_somebody_else_may_reach_is_not_theirs_to_say(make_run, make_raster, tmp_path):
    make_raster(tmp_path / "a.tif", np.zeros((1, 4, 4), dtype="uint8"))
    run = make_run("town", sources=[{"raster": str(tmp_path / "a.tif"), "role": "unlabelled"}], allow_remote=True)
    found = outside_files(run, json.loads((run / "run.json").read_text()))
    back = import_run(export_run(run, tmp_path / "town.zip", found, go_on), tmp_path / "server", go_on)
    before, after = (json.loads((each / "run.json").read_text()) for each in (run, back))
    assert before["allow_remote"] is True and "allow_remote" not in after and after["name"] == before["name"]


def test_missing_imagery_is_named(make_run):
    run = make_run("town", sources=[{"raster": "/nowhere/a.tif", "role": "unlabelled"}])
    with pytest.raises(GeoDistilError, match=r"/nowhere/a\.tif is missing"):
        outside_files(run, json.loads((run / "run.json").read_text()))


@pytest.mark.parametrize("name", ["town/../../evil", "/etc/evil", "C:/evil", "town\\..\\..\\evil"])
def test_an_archive_that_leads_out_of_its_folder_is_refused_whole(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("town/run.json", "{}")
        archive.writestr(name, "evil")
    with pytest.raises(GeoDistilError, match="unsafe entry"):
        import_run(tmp_path / "bad.zip", tmp_path / "here", go_on)
    assert list((tmp_path / "here").iterdir()) == []


def test_a_link_in_an_archive_is_refused(tmp_path):
    link = zipfile.ZipInfo("town/model")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("town/run.json", "{}")
        archive.writestr(link, "/etc")
    with pytest.raises(GeoDistilError, match="unsafe entry"):
        import_run(tmp_path / "bad.zip", tmp_path / "here", go_on)


@pytest.mark.parametrize(("content", "sentence"), [(b"no zip", "not a zip"), (None, r"no run\.json")])
def test_what_is_no_run_is_refused(tmp_path, content, sentence):
    file = tmp_path / "other.zip"
    if content is None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a/b/run.json", "{}")
    else:
        file.write_bytes(content)
    with pytest.raises(GeoDistilError, match=sentence):
        import_run(file, tmp_path / "here", go_on)


def test_cancelling_leaves_nothing_behind_and_the_old_archive_whole(run, tmp_path):
    archive = export_run(run, tmp_path / "town.zip", {}, go_on)
    before = archive.read_bytes()
    with pytest.raises(CancelledError):
        export_run(run, archive, {}, lambda _: False)
    with pytest.raises(CancelledError):
        import_run(archive, tmp_path / "here", lambda _: False)
    assert archive.read_bytes() == before
    assert list((tmp_path / "here").iterdir()) == [] and not list(tmp_path.glob("*.partial"))


def test_a_folder_that_cannot_be_written_is_named(run, tmp_path):
    with pytest.raises(GeoDistilError, match="cannot be packed: No such file"):
        export_run(run, tmp_path / "nowhere" / "town.zip", {}, go_on)


def test_deleting_takes_the_run_s_own_files_and_leaves_the_person_s(run):
    assert delete_run(run) is False
    assert files(run) == {"notes.txt"}


def test_deleting_takes_the_folder_where_nothing_else_is_in_it(run):
    (run / "notes.txt").unlink()
    assert delete_run(run) is True
    assert not run.exists()


def test_a_linked_folder_of_a_run_loses_the_link_and_not_what_it_leads_to(make_run, tmp_path):
    run = make_run("town")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "weights").touch()
    (run / "checkpoints").symlink_to(tmp_path / "precious")
    assert delete_run(run) is True
    assert (tmp_path / "precious" / "weights").exists()


def test_a_folder_that_is_no_run_is_not_deleted(tmp_path):
    (tmp_path / "labels").mkdir()
    with pytest.raises(GeoDistilError, match="no run folder"):
        delete_run(tmp_path)
    assert (tmp_path / "labels").exists()


def test_runs_are_found_two_folders_deep_and_not_inside_other_runs(make_run, tmp_path):
    outer = make_run("outer")
    make_run("outer/model/inner")
    deep = make_run("project/deep")
    make_run("a/b/too_deep")
    assert find_runs(tmp_path / "runs") == [outer, deep]
    assert find_runs(outer) == [outer]
    assert find_runs(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"town/run.json": b"{}", "town/log.txt": bytes(70 << 20)}, "more than 200 times as large"),
        ({"town/run.json": b"[" * 100_000}, r"The run\.json in .*odd\.zip is damaged"),
        ({"town/run.json": b"\xff\xff"}, "is damaged"),
        ({"town/run.json": b"[]"}, "is damaged"),
    ],
)
def test_an_archive_is_looked_over_before_it_is_unpacked(tmp_path, content, sentence):
    with zipfile.ZipFile(tmp_path / "odd.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.raises(GeoDistilError, match=sentence):
        import_run(tmp_path / "odd.zip", tmp_path / "here", go_on)
    assert list((tmp_path / "here").iterdir()) == []


def test_two_files_of_one_name_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive, pytest.warns(UserWarning):
        for content in ("{}", '{"name": "other"}'):
            archive.writestr("town/run.json", content)
    with pytest.raises(GeoDistilError, match=r"holds two files of the name town/run\.json"):
        import_run(tmp_path / "odd.zip", tmp_path / "here", go_on)
