"""Where to label next: formulas against naive ones, cells against slices, layers of rasters with a known answer."""

import json

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import torch
from distributed import LocalCluster
from rasterio.transform import Affine

from engine.cli.main import main
from engine.config import Card, CardClass, Network, Run, SemiSupervised, SourceStatistics, save_run
from engine.errors import ConfigError, RasterError, Stopped
from engine.evaluation.cells import Cells, CellSums, farthest_first
from engine.evaluation.review import ReviewMaterial, ReviewOptions, look_at, review
from engine.evaluation.review_raster import disagreement, entropy, kept_part, middling, opinion
from engine.events import EventLog
from engine.inference.backends import Arrays
from engine.inference.windows import window_grid
from engine.models import build_from_card
from engine.types import Objects

TRANSFORM = Affine(0.5, 0, 600_000, 0, -0.5, 5_300_000)


def card_of(**changes):
    values = {
        "name": "tiny",
        "tasks": ["segmentation"],
        "gsd": 0.5,
        "bands": [1, 2, 3],
        "dtype": "uint8",
        "mean": [100.0] * 3,
        "std": [50.0] * 3,
        "tile_size": 64,
        "segmentation_classes": [CardClass(name="roof", color="#ff0000"), CardClass(name="water", color="#0000ff")],
        "detection_classes": [CardClass(name="car", color="#00ff00"), CardClass(name="bus", color="#00ffff")],
        "network": Network(),
    }
    return Card(**{**values, **changes})


class Bright:
    """Says roof with the probability that the first band has; `other` makes it say water instead of roof there."""

    def __init__(self, card, other=None):
        self.card, self.other = card, other

    def run(self, images):
        share = images[:, 0] / 255
        nothing = np.zeros_like(share)
        channels = [1 - share, share, nothing]
        if self.other is not None:
            channels = [
                np.where(images[:, 1] == self.other, c, k)
                for c, k in zip([nothing, nothing, nothing + 1], channels, strict=True)
            ]
        return Arrays(np.stack(channels, axis=1).astype(np.float32))


class Spots:
    """Finds a box of 8 pixels around each pixel of the third band that is not 0; its score is that pixel's percent."""

    def __init__(self, card):
        self.card = card

    def run(self, images):
        return Arrays(objects=[self.find(image[2]) for image in images])

    def find(self, band):
        rows, columns = np.nonzero(band)
        boxes = np.stack([columns - 4, rows - 4, columns + 5, rows + 5], axis=1)
        values = band[rows, columns]
        return Objects(torch.tensor(boxes), torch.tensor(values > 50).long(), torch.tensor(values / 100))


@pytest.fixture
def write(tmp_path):
    def write(image, name="ortho.tif", **more):
        bands, height, width = image.shape
        profile = {"driver": "GTiff", "count": bands, "dtype": "uint8", "height": height, "width": width}
        options = {"crs": "EPSG:32632", "transform": TRANSFORM, **more}
        with rasterio.open(tmp_path / name, "w", **profile, **options) as raster:
            raster.write(image)
        return str(tmp_path / name)

    return write


def flat(height=192, width=256, value=250):
    """An image of which the network is sure."""
    return np.full((3, height, width), value, np.uint8) * np.array([1, 0, 0], np.uint8)[:, None, None]


def read(path, layer):
    meta, _, wkb, fields = pyogrio.raw.read(path, layer=layer)
    return dict(zip(meta["fields"], fields, strict=True)), shapely.from_wkb(wkb), meta["crs"]


def pixels(geometry, transform=TRANSFORM):
    """(column, row, column, row) of polygons' bounds."""
    left, bottom, right, top = shapely.bounds(geometry).T
    first, last = ~transform * (left, top), ~transform * (right, bottom)
    return [tuple(round(float(value)) for value in box) for box in zip(*first, *last, strict=True)]


def test_entropy_disagreement_and_opinion_equal_the_formulas_written_out():
    probabilities = list(np.random.default_rng(0).dirichlet(np.ones(3), (2, 4, 5)).transpose(0, 3, 1, 2))
    for row in range(4):
        for column in range(5):
            first, second = (one[:, row, column] for one in probabilities)
            wanted = np.mean([-sum(p * np.log(p) for p in one) / np.log(3) for one in (first, second)])
            assert entropy(probabilities)[row, column] == pytest.approx(wanted, rel=1e-5)
            assert disagreement(probabilities)[row, column] == (np.argmax(first) != np.argmax(second))
            labels, share = (each[row, column] for each in opinion(probabilities))
            assert labels == np.argmax(first + second) and share == pytest.approx(max(first + second) / 2)
    assert not disagreement(probabilities[:1]).any()


def test_boxes_are_most_doubtful_at_the_threshold_and_not_at_all_far_from_it():
    scores = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 1.0])
    assert middling(scores, 0.4) == pytest.approx([0, 0, 0, 0.5, 1, 0.5, 0, 0])


@pytest.mark.parametrize("cell", [16, 32, 50])
def test_cells_sum_each_pixel_once_whatever_the_windows(cell):
    values = np.random.default_rng(0).random((2, 150, 203))
    lattice = window_grid(203, 150, 64, 0.125)
    sums, rows = CellSums(203, cell, 2), {}
    padded = np.pad(values, ((0, 0), (0, 64), (0, 64)))
    most = 0
    for window in lattice:
        kept = kept_part(lattice, window)
        sums.add(kept.row, kept.column, kept.of(padded[:, window.row :, window.column :][:, :64, :64]))
        rows |= dict(sums.complete(kept.row))
        most = max(most, len(sums._open))
    rows |= dict(sums.rest())
    assert most <= 64 // cell + 2
    for row in range(-(-150 // cell)):
        for column in range(-(-203 // cell)):
            part = values[:, row * cell : (row + 1) * cell, column * cell : (column + 1) * cell]
            assert rows[row][:, column] == pytest.approx(part.sum(axis=(1, 2)))


def cells_of(help_, place, appearance):
    count = len(help_)
    nothing = np.zeros(count)
    return Cells(nothing, np.array(place), np.array(help_), nothing, nothing.astype(int), np.array(appearance))


def test_the_first_cells_are_not_all_of_one_roof():
    roof = [(row, column) for row in range(3) for column in range(3)]
    far = [(40, 0), (0, 40), (40, 40)]
    cells = cells_of([0.9] * 9 + [0.6, 0.5, 0.4], roof + far, [[0.0]] * 9 + [[3.0], [6.0], [9.0]])
    chosen = farthest_first(cells, 4)
    assert chosen[0] < 9 and list(chosen[1:]) == [9, 10, 11]


def test_cells_that_help_nothing_are_never_chosen():
    assert list(farthest_first(cells_of([0.0, 0.3, 0.0], [(0, 0), (1, 1), (2, 2)], [[0.0]] * 3), 3)) == [1]


def test_the_doubtful_cell_comes_first_and_no_data_and_labelled_ground_are_left_out(write, tmp_path):
    image = flat()
    image[0, 64:96, 96:128] = 128  # half sure
    image[0, 128:160, 160:192] = 200
    image[0, :32, :32] = 128  # would be first too, but is labelled
    image[:, 160:] = 0  # no data
    labelled = shapely.box(0, 0, 32, 32)
    options = ReviewOptions(cell=16, count=5)
    counts = review(
        ReviewMaterial([Bright(card_of())], [write(image, nodata=0)], lambda grid: labelled),
        tmp_path / "out.gpkg",
        options,
    )
    fields, geometry, crs = read(tmp_path / "out.gpkg", "label_next")
    places = pixels(geometry)
    assert counts["label_next"] == len(places) == 5 and crs == "EPSG:32632"
    assert places[0] == (96, 64, 128, 96) and places[1] == (160, 128, 192, 160)
    assert list(fields["rank"]) == [1, 2, 3, 4, 5] and set(fields["raster"]) == {"ortho"}
    assert fields["uncertainty"][0] == pytest.approx(np.log(2) / np.log(3), abs=0.01)
    assert fields["help"] == pytest.approx(fields["uncertainty"] + fields["disagreement"])
    assert (0, 0, 32, 32) not in places and all(bottom <= 160 for *_, bottom in places)
    assert list(fields["dominant_class"][:2]) == ["roof", "roof"]


def test_two_teachers_rank_by_their_disagreement_and_label_only_where_they_agree(write, tmp_path):
    image = flat()
    image[0, :, 128:] = 5  # sure of background
    image[1, 32:64, 32:64] = 77  # one says water there
    networks = [Bright(card_of()), Bright(card_of(), other=77)]
    review(ReviewMaterial(networks, [write(image)]), tmp_path / "out.gpkg", ReviewOptions(cell=16, count=1))
    fields, geometry, _ = read(tmp_path / "out.gpkg", "label_next")
    assert pixels(geometry) == [(32, 32, 64, 64)] and fields["disagreement"][0] == 1
    fields, geometry, _ = read(tmp_path / "out.gpkg", "pseudo_labels")
    assert list(fields["class"]) == ["roof"] and fields["confidence"][0] == pytest.approx(98, abs=1)
    assert shapely.area(geometry).sum() == pytest.approx((192 * 128 - 32 * 32) * 0.25)


def test_a_detector_ranks_by_middling_boxes_and_is_sure_of_high_ones(write, tmp_path):
    image = flat()
    image[2, 10, 10] = image[2, 20, 200] = 95  # sure
    image[2, 100, 40] = image[2, 110, 50] = 30  # at the threshold
    image[2, 150, 150] = 38
    card = card_of(tasks=["detection"], score_threshold=0.3)
    review(ReviewMaterial([Spots(card)], [write(image)]), tmp_path / "out.gpkg", ReviewOptions(cell=16, count=9))
    fields, geometry, _ = read(tmp_path / "out.gpkg", "label_next")
    assert pixels(geometry) == [(32, 96, 64, 128), (128, 128, 160, 160)]
    assert fields["uncertainty"][0] == pytest.approx(2 / 3) and list(fields["dominant_class"]) == ["car", "car"]
    fields, geometry, _ = read(tmp_path / "out.gpkg", "pseudo_labels")
    assert sorted(pixels(geometry)) == [(6, 6, 15, 15), (196, 16, 205, 25)]
    assert list(fields["class"]) == ["bus", "bus"] and fields["confidence"] == pytest.approx(95)


def test_rasters_of_several_crs_come_in_the_first_one_s(write, tmp_path):
    image = flat()
    image[0, :64, :64] = 128
    degrees = Affine(6.7e-6, 0, 10.33, 0, -4.5e-6, 47.85)
    rasters = [write(image), write(image, "other.tif", crs="EPSG:4326", transform=degrees)]
    review(ReviewMaterial([Bright(card_of())], rasters), tmp_path / "out.gpkg", ReviewOptions(count=2))
    fields, geometry, crs = read(tmp_path / "out.gpkg", "label_next")
    assert set(fields["raster"]) == {"ortho", "other"} and crs == "EPSG:32632"
    assert np.allclose(shapely.area(geometry), 16 * 16, rtol=0.02)
    pseudo = read(tmp_path / "out.gpkg", "pseudo_labels")[1]
    assert len(pseudo) == 2 and (shapely.bounds(pseudo)[:, 1] > 5_200_000).all()


def test_rasters_looked_at_elsewhere_and_in_any_order_give_the_same_layers(write, tmp_path, events):
    image = flat()
    image[0, :64, :64] = 128
    degrees = Affine(6.7e-6, 0, 10.33, 0, -4.5e-6, 47.85)
    rasters = [write(image), write(image, "other.tif", crs="EPSG:4326", transform=degrees)]
    rasters += [write(0 * image, "empty.tif", nodata=0), write(image[:, ::-1], "turned.tif")]
    networks, options = [Bright(card_of())], ReviewOptions(count=5)
    review(ReviewMaterial(networks, rasters), tmp_path / "here.gpkg", options, events=EventLog(tmp_path / "here"))

    def looks(folder):
        looked = {
            index: look_at(ReviewMaterial(networks, rasters), index, folder, options, EventLog(None))
            for index in (3, 0, 2, 1, 3)
        }
        return sorted(looked.items())

    review(
        ReviewMaterial(networks, rasters),
        tmp_path / "there.gpkg",
        options,
        events=EventLog(tmp_path / "there"),
        looks=looks,
    )
    assert_same_layers(tmp_path / "here.gpkg", tmp_path / "there.gpkg")
    assert len(read(tmp_path / "there.gpkg", "pseudo_labels")[1]) == 3
    told = [[each["message"] for each in events(tmp_path / name, "warning")] for name in ("here", "there")]
    assert told[0] == told[1] and any("empty.tif is left out" in sentence for sentence in told[0])


def assert_same_layers(one, other):
    for layer in ("label_next", "pseudo_labels"):
        (fields, geometry, _), (others, same, _) = read(one, layer), read(other, layer)
        assert shapely.equals_exact(geometry, same).all() and len(geometry) == len(same)
        assert all((fields[name] == others[name]).all() for name in fields)


def test_a_stopped_review_leaves_nothing_and_keeps_the_one_before(write, tmp_path):
    output, folder = tmp_path / "out" / "review.gpkg", tmp_path / "job"
    output.parent.mkdir()
    output.write_bytes(b"the one before")
    events = EventLog(folder)
    (folder / "stop").touch()
    with pytest.raises(Stopped):
        review(ReviewMaterial([Bright(card_of())], [write(flat())]), output, events=events)
    assert output.read_bytes() == b"the one before" and list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize(("rasters", "name", "words"), [(0, "a.gpkg", "no raster"), (1, "a.geojson", r"no GeoPackage")])
def test_what_cannot_be_reviewed_is_said_in_a_sentence(write, tmp_path, rasters, name, words):
    with pytest.raises(ConfigError, match=words):
        review(ReviewMaterial([Bright(card_of())], [write(flat())][:rasters]), tmp_path / name)


def test_rasters_without_data_are_left_out_and_alone_an_error(write, tmp_path, events):
    empty, full = write(flat(value=0), "empty.tif", nodata=0), write(flat())
    with pytest.raises(RasterError, match=r"There is no data in .*empty\.tif\. Check its no-data value"):
        review(ReviewMaterial([Bright(card_of())], [empty]), tmp_path / "out.gpkg")
    assert not (tmp_path / "out.gpkg").exists()
    review(ReviewMaterial([Bright(card_of())], [empty, full]), tmp_path / "out.gpkg", events=EventLog(tmp_path / "job"))
    assert any("empty.tif is left out" in each["message"] for each in events(tmp_path / "job", "warning"))


def test_a_semi_supervised_run_is_reviewed_by_its_two_teachers_outside_its_labels(worlds, tmp_path, capsys, events):
    """A run folder as training leaves it, with networks that have learned nothing."""
    tiny = {"encoder": "tu-test_resnet", "width": 32}
    recipe = SemiSupervised(first_teacher=tiny, second_teacher={**tiny, "width": 64})
    labelled, free = worlds[1], worlds[2]
    sources = [
        {"raster": str(labelled["raster"]), "role": "segmentation", "labels": {"path": str(labelled["roofs"])}},
        {"raster": str(labelled["raster"]), "role": "unlabelled"},
        {"raster": str(free["raster"]), "role": "unlabelled"},
    ]
    classes = [{"name": "roof", "color": "#0000ff"}]
    save_run(Run(sources=sources, segmentation_classes=classes, recipe=recipe), tmp_path / "run")
    card = card_of(segmentation_classes=[CardClass(name="roof", color="#0000ff")], detection_classes=[])
    (tmp_path / "run" / "model").mkdir()
    item = {"properties": {"geodistil:card": card.model_dump(mode="json"), "geodistil:version": 1}}
    (tmp_path / "run" / "model" / "item.json").write_text(json.dumps(item))
    (tmp_path / "run" / "checkpoints").mkdir()
    from safetensors.torch import save_file

    for name in ("first_teacher", "second_teacher"):
        network = build_from_card(card.model_copy(update={"network": getattr(recipe, name)}))
        save_file(network.state_dict(), tmp_path / "run" / "checkpoints" / f"{name}.safetensors")
    output, shared = tmp_path / "review.gpkg", tmp_path / "shared.gpkg"
    command = ["review", str(tmp_path / "run"), "--device", "cpu", "--confidence", "0.5", "--json", "--output"]
    assert main([*command, str(output)]) == 0
    result = json.loads(capsys.readouterr().out)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        more = [str(shared), "--scheduler", cluster.scheduler_address, "--events", str(tmp_path / "job")]
        assert main([*command, *more]) == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out) == {**result, "review": str(shared)}
    assert_same_layers(output, shared)
    assert [each["fraction"] for each in events(tmp_path / "job", "progress")][-1] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job", "review.gpkg", "run", "shared.gpkg"]
    assert result["networks"] == 2 and result["label_next"] > 0
    assert set(read(output, "label_next")[0]["raster"]) == {"image"}
    assert (shapely.bounds(read(output, "label_next")[1])[:, 0] >= 502_000).all()  # the labelled raster is left out


def test_boxes_of_each_class_are_doubtful_near_its_own_threshold(write, tmp_path):
    image = flat()
    image[2, 20, 20] = 30  # a car at the threshold of cars
    image[2, 150, 150] = 70  # a bus at the threshold of buses
    card = card_of(tasks=["detection"], score_threshold=0.3, score_thresholds={"bus": 0.7})
    review(ReviewMaterial([Spots(card)], [write(image)]), tmp_path / "out.gpkg", ReviewOptions(cell=16, count=9))
    fields, _, _ = read(tmp_path / "out.gpkg", "label_next")
    assert fields["uncertainty"] == pytest.approx([1 / 2, 1 / 2])
    assert sorted(fields["dominant_class"]) == ["bus", "car"]


def test_a_raster_is_looked_at_by_its_own_statistics_where_the_model_is_made_so(write, tmp_path, events):
    """Another sensor's values reach the network as those that it has learned from."""

    class Watched(Spots):
        def run(self, images):
            self.seen = images
            return super().run(0 * images)

    image = np.random.default_rng(0).integers(20, 60, (3, 64, 64)).astype(np.uint8)
    source = SourceStatistics(name="first", mean=[90.0] * 3, std=[40.0] * 3)
    network = Watched(card_of(tasks=["detection"], source_statistics=[source]))
    review(
        ReviewMaterial([network], [write(image)]),
        tmp_path / "out.gpkg",
        ReviewOptions(cell=16),
        events=EventLog(tmp_path),
    )
    inside = network.seen[0]
    assert inside.mean() == pytest.approx(100, abs=0.5) and inside.std() == pytest.approx(50, abs=0.5)
    assert any("none of the model's sources (first)" in each["message"] for each in events(tmp_path, "warning"))
