"""`polygons`, `lines` and `boxes` from the command line."""

import json

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from engine.cli.main import main
from engine.config import Card, Network


@pytest.fixture
def class_map(tmp_path):
    """A roof of 20 x 20 m, a road 4 m wide across the map, a speck of roof."""
    values = np.zeros((120, 160), np.uint8)
    values[10:50, 10:50] = 1
    values[80:88] = 2
    values[60, 60] = 1
    with rasterio.open(
        tmp_path / "classes.tif", "w", driver="GTiff", width=160, height=120, count=1, dtype="uint8",
        crs="EPSG:32632", transform=from_origin(500_000, 5_300_000, 0.5, 0.5), nodata=255,
    ) as raster:  # fmt: skip
        raster.write(values, 1)
    return tmp_path / "classes.tif"


@pytest.fixture
def model(tmp_path):
    """What names classes: a package's item, without its network."""
    card = Card(
        name="town", tasks=["segmentation"], gsd=0.5, bands=[1], dtype="uint8", mean=[0.0], std=[1.0], tile_size=64,
        segmentation_classes=[{"name": "roof", "color": "#ff0000"}, {"name": "road", "color": "#00ff00"}],
        network=Network(),
    )  # fmt: skip
    folder = tmp_path / "model"
    folder.mkdir()
    item = {"properties": {"geodistil:card": card.model_dump(mode="json"), "geodistil:version": 1}}
    (folder / "item.json").write_text(json.dumps(item))
    return folder


def engine(capsys, *arguments):
    code = main([*map(str, arguments), "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def columns(path):
    meta, _, wkb, values = pyogrio.raw.read(path)
    return {**dict(zip(meta["fields"], values, strict=True)), "geometry": shapely.from_wkb(wkb)}


def test_polygons_are_named_by_the_model(class_map, model, capsys, tmp_path):
    output = tmp_path / "out.gpkg"
    code, result, _ = engine(capsys, "polygons", class_map, "--model", model, "--output", output, "--minimum-area", 5)
    assert (code, result) == (0, {"polygons": str(output), "count": 2})
    found = columns(output)
    assert sorted(found["class"]) == ["road", "roof"]
    assert found["area_m2"].round(-1).tolist().count(400) == 1


def test_classes_are_chosen_by_name_by_value_or_named_anew(class_map, model, capsys, tmp_path):
    output = tmp_path / "out.gpkg"
    for chosen, named in (
        (["--class", "road"], {"road"}),
        (["--class", "2"], {"road"}),
        (["--name", "2=street"], {"roof", "street"}),
        (["--name", "2=street", "--class", "street"], {"street"}),
    ):
        assert engine(capsys, "polygons", class_map, "--model", model, "--output", output, *chosen)[0] == 0
        assert set(columns(output)["class"]) == named
    assert engine(capsys, "polygons", class_map, "--output", output)[0] == 0
    assert set(columns(output)["class"]) == {"1", "2"}


def test_a_class_that_is_not_there_is_named(class_map, model, capsys, tmp_path):
    arguments = ["polygons", class_map, "--model", model, "--output", tmp_path / "o.gpkg", "--class", "lake"]
    code, result, _ = engine(capsys, *arguments)
    assert code == 1
    assert "'lake'" in result["error"]["message"] and "roof, road" in result["error"]["message"]


def test_lines_run_along_the_road(class_map, model, capsys, tmp_path):
    output = tmp_path / "out.gpkg"
    arguments = ["--class", "road", "--model", model, "--output", output, "--events", tmp_path / "job"]
    code, result, _ = engine(capsys, "lines", class_map, *arguments)
    assert (code, result["count"]) == (0, 1)
    found = columns(output)
    assert (found["class"][0], found["class_id"][0]) == ("road", 2)
    assert found["length_m"][0] == pytest.approx(80, abs=5) and found["width_m"][0] == pytest.approx(4, abs=0.6)
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "job" / "events.jsonl").read_text().splitlines()]
    assert kinds[0] == "progress" and kinds[-1] == "finished"


def test_a_line_option_out_of_range_is_one_sentence(class_map, capsys, tmp_path):
    arguments = ["--class", "2", "--output", tmp_path / "o.gpkg", "--maximum-width", 0]
    code, result, _ = engine(capsys, "lines", class_map, *arguments)
    assert code == 1
    assert "maximum_width_m" in result["error"]["message"]


def test_boxes_of_a_class_map_leave_the_speck_out(class_map, model, capsys, tmp_path):
    output = tmp_path / "out.gpkg"
    code, result, _ = engine(capsys, "boxes", class_map, "--model", model, "--output", output)
    assert (code, result["count"]) == (0, 2)
    found = columns(output)
    roof = found["geometry"][found["class"].tolist().index("roof")]
    assert roof.bounds == (500_005, 5_299_975, 500_025, 5_299_995)


def test_boxes_of_polygons_need_a_pixel_size(class_map, capsys, tmp_path):
    areas, output = tmp_path / "areas.gpkg", tmp_path / "boxes.gpkg"
    engine(capsys, "polygons", class_map, "--output", areas, "--name", "1=roof", "--name", "2=road")
    code, result, _ = engine(capsys, "boxes", areas, "--field", "class", "--output", output)
    assert code == 1 and "--gsd" in result["error"]["message"]
    arguments = ["--field", "class", "--gsd", 0.5, "--class", "roof", "--output", output]
    assert engine(capsys, "boxes", areas, *arguments)[1]["count"] == 1
    assert set(columns(output)["class"]) == {"roof"}


def test_a_failure_is_in_the_events(tmp_path, capsys):
    arguments = ["--output", tmp_path / "o.gpkg", "--events", tmp_path / "job"]
    assert engine(capsys, "boxes", tmp_path / "gone.tif", *arguments)[0] == 1
    last = json.loads((tmp_path / "job" / "events.jsonl").read_text().splitlines()[-1])
    assert last["kind"] == "failed" and "gone.tif" in last["message"]


def test_scores_of_labels_with_values_of_their_own(class_map, model, capsys, tmp_path):
    """`--name` says what values mean here, and `--ignore` where nothing counts; the same by numpy."""
    truth = np.zeros((120, 160), np.uint8)
    truth[20:60, 10:50], truth[80:84], truth[100:110, 100:120], truth[:5] = 7, 9, 3, 4
    with rasterio.open(class_map) as source, rasterio.open(tmp_path / "truth.tif", "w", **source.profile) as raster:
        raster.write(truth, 1)
        predicted = source.read(1)
    asked = ["evaluate", class_map, "--task", "segmentation", "--model", model, "--truth", tmp_path / "truth.tif"]
    named = [part for text in ("7=roof", "9=road", "3=road") for part in ("--name", text)]
    code, scores, _ = engine(capsys, *asked, *named, "--ignore", "4")
    assert code == 0
    counts, means = truth != 4, {"roof": ([7], 1), "road": ([9, 3], 2), "background": ([0], 0)}
    for name, (values, value) in means.items():
        true, found = np.isin(truth, values) & counts, (predicted == value) & counts
        assert scores["classes"][name]["iou"] == pytest.approx((true & found).sum() / (true | found).sum())
    assert scores["pixels"] == counts.sum()
    assert engine(capsys, *asked, *named)[0] == 1  # 4 is of no class
    code, said, _ = engine(capsys, *asked, "--name", "7=house")
    assert code == 1 and "no class house of this task; it has roof, road" in json.dumps(said)
