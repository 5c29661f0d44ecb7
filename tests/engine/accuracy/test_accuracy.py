"""The accuracy benchmark's own parts; its numbers are made by the benchmark itself."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin

from benchmarks.accuracy.__main__ import chosen, finished, lengthened, merged, unknown, write_anew
from benchmarks.accuracy.banepa import ROWS, labelled_order, make_banepa, tile, train_tiles
from benchmarks.accuracy.declare import Form, Ground, Metric, Row, Table, Test
from benchmarks.accuracy.kept import keep, kept
from benchmarks.accuracy.mosaic import write_mosaic
from benchmarks.accuracy.parallel import Job, carried_out
from benchmarks.accuracy.pictures import write_picture
from benchmarks.accuracy.readme import MARK, write_readme
from benchmarks.accuracy.running import carry_out, run_of, slug
from benchmarks.accuracy.summary import markdown, summarise
from benchmarks.accuracy.tables import TABLES
from engine.data.raster import RasterReader
from engine.data.reach import permit
from engine.demo import scene

EVERY = [(name, form) for name, (_, forms) in TABLES.items() for form in forms]
IOU = Metric("IoU", ("segmentation", "mean_iou"))


def table_of(*rows, **options):
    return Table("T", "note", lambda *_: None, rows, (IOU,), **options)


def result(seed, value, **more):
    return {
        "seed": seed,
        "minutes": 1.0,
        "parameters": 2_700_000,
        "scores": {"segmentation": {"mean_iou": value}},
        **more,
    }


@pytest.mark.parametrize(("name", "form"), EVERY)
def test_every_row_of_every_table_is_a_valid_run(name, form):
    declare, forms = TABLES[name]
    table = declare(forms[form])
    labels = {"path": "labels.gpkg"}
    sources = [{"raster": "r.tif", "role": role, "labels": labels} for role in ("detection", "segmentation")]
    listed = ["building", *dict.fromkeys(each for row in table.rows for each in row.classes)]
    classes = {"segmentation_classes": [{"name": each} for each in listed], "detection_classes": [{"name": "building"}]}
    ground = Ground({row.sources: sources for row in table.rows}, [], classes)
    for row in table.rows:
        run = run_of(row, forms[form], ground, 3, Path("seed-3"))
        assert run.training.seed == 3 + row.draw and run.training.budget.steps == row.steps
    assert len({slug(row.name) for row in table.rows}) == len(table.rows)
    assert set(table.baselines) <= {row.name for row in table.rows}


@pytest.mark.parametrize(("name", "form"), [each for each in EVERY if each[0] not in ("going_on", "new_class")])
def test_every_student_has_as_many_steps_as_any_other(name, form):
    declare, forms = TABLES[name]
    students = {
        row.steps for row in declare(forms[form]).rows if "teacher" not in row.name or "mean teacher" in row.name
    }
    assert students == {forms[form].steps}


@pytest.mark.parametrize(("name", "form"), [each for each in EVERY if each[0] in ("sslkd", "roads", "demo")])
def test_teachers_and_students_on_few_labels_have_the_views_of_their_form(name, form):
    declare, forms = TABLES[name]
    named = ": SSLKD", "teacher's size", "second teacher"
    rows = [row for row in declare(forms[form]).rows if row.group and row.name.endswith(named)]
    assert rows
    source = {"raster": "r.tif", "role": "segmentation", "labels": {"path": "labels.gpkg"}}
    for row in rows:
        ground = Ground({row.sources: [source]}, [], {"segmentation_classes": [{"name": "building"}]})
        recipe = run_of(row, forms[form], ground, 0, Path("seed-0")).recipe
        assert {key: getattr(recipe, key) for key in ("strong_views", "cutmix")} == forms[form].views


def test_a_row_comes_after_those_that_train_its_teachers_and_each_once():
    teacher, student = Row("big", {}, 1), Row("taught", {}, 1, teachers={"a": "big", "b": "big"})
    table = table_of(student, teacher, Row("other", {}, 1))
    assert [row.name for row in chosen(table, ["taught", "b*"])] == ["big", "taught"]
    with pytest.raises(SystemExit, match="No row is called nothing"):
        chosen(table, ["nothing"])


@pytest.mark.parametrize("name", ["controlled", "uneven", "demo"])
def test_an_ensemble_s_members_are_teachers_of_another_draw(name, tmp_path):
    declare, forms = TABLES[name]
    table, form = declare(forms["small"]), forms["small"]
    row = table.row("distilled, soft, both tasks, ensemble")
    members = table.needed(row)[:-1]
    assert len(members) == 4 and all(row.extra for row in [row, *members[1::2]])
    assert [member.draw for member in members] == [0, 100, 0, 100]
    assert [members[index].recipe for index in (0, 2)] == [members[index].recipe for index in (1, 3)]
    source = {"raster": "r.tif", "role": "segmentation", "labels": {"path": "labels.gpkg"}}
    ground = Ground({"all": [source]}, [], {"segmentation_classes": [{"name": "building"}]})
    named = run_of(row, form, ground, 1, tmp_path).recipe.teachers_from
    assert [len(set(folders)) for folders in named.values()] == [2, 2]
    assert [run_of(member, form, ground, 1, tmp_path).training.seed for member in members] == [1, 101, 1, 101]


def test_results_of_earlier_calls_stay_in_the_table_unless_their_length_was_another(tmp_path):
    for seed, steps in ((0, 5), (1, 9)):
        file = tmp_path / f"seed-{seed}" / "a-row" / "result.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(result(seed, 0.5, steps=steps)))
    assert {row: list(seeds) for row, seeds in finished(table_of(Row("A row", {}, 5)), tmp_path).items()} == {
        "A row": [0]
    }


def test_gains_are_differences_to_the_baseline_seed_by_seed():
    rows = Row("base", {}, 1, group="g"), Row("method", {}, 1, group="g"), Row("alone", {}, 1)
    table = table_of(*rows, baselines=("base",))
    results = {
        "base": {0: result(0, 0.5), 1: result(1, 0.7)},
        "method": {0: result(0, 0.52), 1: result(1, 0.74), 2: result(2, 0.1)},
        "alone": {0: result(0, 0.9)},
    }
    base, method, alone = summarise(table, results)
    assert base["gains"]["IoU"] is None and alone["gains"]["IoU"] is None
    assert method["gains"]["IoU"] == pytest.approx({"mean": 0.03, "std": np.std([0.02, 0.04], ddof=1), "seeds": 2})
    assert base["metrics"]["IoU"]["std"] == pytest.approx(np.std([0.5, 0.7], ddof=1))
    text = markdown(table, [base, method, alone], ["made here"])
    assert "| base (seeds 0, 1) | 0.600 ± 0.141 |  | 2.7 | 1.0 |" in text and "+0.030 ± 0.014" in text
    assert "| alone (seed 0) | 0.900 |  |" in text


def test_a_task_that_a_row_does_not_have_leaves_its_cell_empty():
    table = table_of(Row("detector", {}, 1))
    entry = summarise(table, {"detector": {0: result(0, 0.5) | {"scores": {"detection": {"ap50": 0.1}}}}})[0]
    assert entry["metrics"]["IoU"] is None and "| detector |  |  |" in markdown(table, [entry], [])


def test_the_readme_holds_the_latest_tables_behind_its_own_words(tmp_path):
    readme, folder = tmp_path / "README.md", tmp_path / "demo-small"
    readme.write_text(f"# Words\n\n{MARK}\n\nold table\n")
    folder.mkdir()
    for text in ("first", "second"):
        (folder / "table.md").write_text(f"| {text} |\n")
        write_readme(tmp_path, readme)
    assert readme.read_text() == f"# Words\n\n{MARK}\n\n| second |\n"


def test_a_table_has_all_seeds_whichever_call_filled_them(tmp_path):
    form = TABLES["controlled"][1]["small"]
    for seed in (0, 1):
        file = tmp_path / "controlled-small" / f"seed-{seed}" / "vanilla-multi-task" / "result.json"
        file.parent.mkdir(parents=True)
        file.write_text(
            json.dumps(result(seed, 0.5, steps=form.steps, device="here", precision="exact", date="2026-01-01"))
        )
    write_anew(tmp_path, tmp_path / "kept")
    assert "seeds 0, 1;" in (tmp_path / "controlled-small" / "table.md").read_text()


def test_the_repository_keeps_results_of_rows_as_they_are_and_only_others_are_trained(tmp_path):
    form = TABLES["demo"][1]["small"]
    teacher, student = Row("big", {"size": 1}, 1), Row("taught", {}, 1, teachers={"a": "big"})
    table = table_of(student, teacher)
    results = {"taught": {0: result(0, 0.5), 1: result(1, 0.6)}, "big": {0: result(0, 0.7)}}
    results["taught"][0]["row"] = results["taught"][1]["row"] = "taught"
    results["big"][0]["row"] = "big"
    keep("demo", table, form, results, tmp_path)
    known = kept("demo", table, form, tmp_path)
    assert summarise(table, known) == summarise(table, results)
    assert [[row.name for row in unknown(table, [teacher, student], known, seed)] for seed in (0, 1, 2)] == [
        [],
        ["big"],
        ["big", "taught"],
    ]
    another = table_of(student, Row("big", {"size": 2}, 1))
    assert kept("demo", another, form, tmp_path) == {}
    assert [row.name for row in unknown(another, [student], {}, 0)] == ["big", "taught"]
    assert merged(known, {"taught": {1: result(1, 0.9)}})["taught"][1]["scores"] != known["taught"][1]["scores"]


def test_longer_forms_have_more_steps_for_students_and_teachers():
    form = TABLES["demo"][1]["small"]
    longer = lengthened(form, 2)
    assert (longer.steps, longer.teacher_steps) == (2 * form.steps, 2 * form.teacher_steps)


def test_labelled_tiles_are_nested_depend_on_the_seed_and_leave_validation_alone():
    order = labelled_order(0, ROWS[1:])
    assert order == labelled_order(0, ROWS[1:]) != labelled_order(1, ROWS[1:])
    assert len(set(order)) == 28 and not set(order) & set(train_tiles(ROWS[:1]))


def write_tiles(folder):
    """Three tiles beside each other and their VRT."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 250, (8, 24), dtype=np.uint8)
    sources = ""
    for number in range(3):
        profile = {"driver": "GTiff", "width": 8, "height": 8, "count": 1, "dtype": "uint8", "crs": "EPSG:32632"}
        transform = from_origin(1000 + 8 * number, 5000, 1, 1)
        with rasterio.open(folder / f"tile{number}.tif", "w", **profile, transform=transform) as raster:
            raster.write(pixels[None, :, 8 * number : 8 * number + 8])
        sources += (
            f'<SimpleSource><SourceFilename relativeToVRT="1">tile{number}.tif</SourceFilename>'
            f'<SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="8" ySize="8"/>'
            f'<DstRect xOff="{8 * number}" yOff="0" xSize="8" ySize="8"/></SimpleSource>'
        )
    (folder / "all.vrt").write_text(
        '<VRTDataset rasterXSize="24" rasterYSize="8"><SRS>EPSG:32632</SRS><GeoTransform>1000, 1, 0, 5000, 0, -1'
        f'</GeoTransform><VRTRasterBand dataType="Byte" band="1">{sources}</VRTRasterBand></VRTDataset>'
    )
    return pixels


def test_a_mosaic_holds_the_kept_tiles_where_they_were_and_no_data_between_them(tmp_path):
    pixels = write_tiles(tmp_path)
    with rasterio.open(
        write_mosaic(tmp_path / "all.vrt", {"tile0", "tile2"}.__contains__, tmp_path / "two.vrt")
    ) as two:
        assert two.nodata == 255 and (two.read(1)[:, 8:16] == 255).all()
        assert (two.read(1)[:, 16:] == pixels[:, 16:]).all()
    with rasterio.open(write_mosaic(tmp_path / "all.vrt", {"tile2"}.__contains__, tmp_path / "one.vrt")) as one:
        assert (one.read(1) == pixels[:, 16:]).all() and one.transform == from_origin(1016, 5000, 1, 1)


def test_no_source_of_banepa_shows_a_test_tile(tmp_path, request):
    data = Path(os.environ.get("GEODISTIL_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not (data / "banepa").is_dir():
        pytest.skip(f"no real imagery at {data}; set GEODISTIL_DATA")
    banepa = make_banepa(data, tmp_path)
    permit((), allow_remote=True)  # its mosaics lie elsewhere than their tiles
    request.addfinalizer(lambda: permit(()))
    assert tile(386694, ROWS[0]) not in train_tiles()
    with rasterio.open(banepa.test) as test:
        bounds = test.bounds
    for mosaic in (banepa.train, banepa.imagery):
        reader = RasterReader(mosaic, nodata=255)
        (left, right), (top, bottom) = reader.grid.pixels_from("EPSG:4326")(
            np.array([bounds.left, bounds.right]), np.array([bounds.top, bounds.bottom])
        )
        _, valid = reader.read(*(round(value) for value in (left + 1, top + 1, right - left - 2, bottom - top - 2)))
        assert not valid.any()


NETWORK = {"size": "small", "encoder": "tu-test_efficientnet", "width": 32}
TINY = Form("small", 1, 1, chip_size=64, batch_size=2, gsd=0.25, student=NETWORK, teacher=NETWORK)
ALONE = {"kind": "supervised", "network": NETWORK, "tasks": ["segmentation"]}
TAUGHT = {"kind": "baseline", "method": "plain", "student": NETWORK, "teacher": NETWORK}


@pytest.fixture
def ground(tmp_path):
    """A small generated scene, for training and, as a mosaic elsewhere, for the test."""
    made = scene(tmp_path / "ground", size=192)
    mosaic = tmp_path / "mosaics" / "test.vrt"
    mosaic.parent.mkdir()
    rasterio.shutil.copy(made.raster, mosaic, driver="VRT")
    labels = {"path": str(made.areas), "field": "class"}
    sources = [{"raster": str(made.raster), "role": "segmentation", "labels": labels}]
    classes = {"segmentation_classes": [{"name": name} for name in ("roof", "road", "water")]}
    return Ground({"all": sources}, [Test("here", mosaic, "segmentation", labels)], classes)


def test_rows_run_side_by_side_after_their_teachers_and_a_failure_stops_only_what_needs_it(
    ground, tmp_path, capsys, request
):
    rows = [
        Row("taught", TAUGHT, 1, teachers={"teacher": "teacher"}),
        Row("teacher", ALONE, 1),
        Row("impossible", ALONE, 1, training={"device": "cuda:99"}),
        Row("hopeless", TAUGHT, 1, teachers={"teacher": "impossible"}),
    ]
    found = []
    with pytest.raises(SystemExit, match=r"Failed: hopeless; impossible\."):
        for job, made in carried_out([Job(row, TINY, ground, 0, tmp_path / "seed-0") for row in rows], 2):
            found.append((job.row.name, made["row"], made["steps"], "mean_iou" in made["scores"]["segmentation"]))
    assert found == [("teacher", "teacher", 1, True), ("taught", "taught", 1, True)]
    assert "impossible failed: The device 'cuda:99' is not there." in capsys.readouterr().err
    assert not (tmp_path / "seed-0" / "hopeless").exists()
    permit(())
    request.addfinalizer(lambda: permit(()))
    picture = write_picture(rows[:2], ground.tests, tmp_path / "seed-0", tmp_path / "predictions.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_row_is_done_again_only_where_its_settings_or_its_teachers_changed(ground, tmp_path):
    taught = Row("taught", TAUGHT, 1, teachers={"teacher": "teacher"})

    def done(row):
        """Whether the row was trained, rather than read."""
        file = tmp_path / row.name / "result.json"
        before = file.stat().st_mtime_ns if file.exists() else None
        assert carry_out(row, TINY, ground, 0, tmp_path) == json.loads(file.read_text())
        assert not (tmp_path / row.name / "checkpoints" / "last.pt").exists()
        return file.stat().st_mtime_ns != before

    assert done(Row("teacher", ALONE, 1)) and done(taught)
    assert not done(Row("teacher", ALONE, 1)) and not done(taught)
    assert done(Row("teacher", ALONE, 1, training={"seed": 1})) and done(taught)
    assert not done(taught)


def test_a_row_goes_on_from_another_s_model_with_classes_of_its_own(ground, tmp_path):
    some = {"where": "class IN ('roof', 'road')"}
    ground.sources["some"] = [{**ground.sources["all"][0], "labels": ground.sources["all"][0]["labels"] | some}]
    here = ground.tests[0]
    ground.tests[:] = [replace(here, labels=here.labels | some, sources=("some",)), replace(here, sources=("all",))]
    first = Row("first", ALONE, 1, "some", classes=("roof", "road"))
    more = Row("more", ALONE, 1, start_from="first")
    table = table_of(more, first)
    assert [row.name for row in table.needed(more)] == ["first", "more"]
    assert [each.name for each in run_of(first, TINY, ground, 0, tmp_path).segmentation_classes] == ["roof", "road"]
    begun = run_of(more, TINY, ground, 0, tmp_path).recipe.start_from
    assert begun == str(tmp_path / "first" / "model")
    carry_out(first, TINY, ground, 0, tmp_path)
    assert carry_out(more, TINY, ground, 0, tmp_path)["scores"]["segmentation"]["classes"].keys() == {
        "background",
        "roof",
        "road",
        "water",
    }
    assert json.loads((tmp_path / "more" / "taught_by.json").read_text()).keys() == {"start_from"}


def test_a_row_without_all_seeds_says_which_it_has():
    table = table_of(Row("A", {}, 1), Row("B", {}, 1))
    results = {"A": {0: result(0, 0.5), 1: result(1, 0.6)}, "B": {1: result(1, 0.7)}}
    text = markdown(table, summarise(table, results), [])
    assert "| A | 0.550 ± 0.071 |" in text and "| B (seed 1) | 0.700 |" in text
