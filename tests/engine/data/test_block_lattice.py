import numpy as np
import pytest
import shapely
from pyproj import Geod
from rasterio.transform import from_origin

from engine.config import Area, Labels, PartialMultitask, SemiSupervised, Split
from engine.data import prepare
from engine.data.blocks import Lattice
from engine.data.chips import cut
from engine.data.grid import Window
from engine.data.loading import TrainingChips, ValidationBatches
from engine.errors import LabelError, RasterError, SplitError


@pytest.mark.parametrize("lat", [-60.0, 0.1, 27.6, 80.0])
def test_blocks_are_squares_on_the_ground(lat):
    lattice = Lattice(100.0)
    block = tuple(lattice.blocks(np.array([85.5]), np.array([lat]))[0].tolist())
    west, south, east, north = lattice.polygon(block).bounds
    geod, middle = Geod(ellps="sphere"), (south + north) / 2
    assert geod.inv(west, middle, east, middle)[2] == pytest.approx(100, rel=0.01)
    assert geod.inv(west, south, west, north)[2] == pytest.approx(100, rel=0.01)


def test_a_place_lies_in_the_polygon_of_its_block():
    rng, lattice = np.random.default_rng(0), Lattice(250.0)
    lon, lat = rng.uniform(-180, 180, 50), rng.uniform(-80, 80, 50)
    for x, y, block in zip(lon, lat, lattice.blocks(lon, lat).tolist(), strict=True):
        assert lattice.polygon(tuple(block)).buffer(1e-9).contains(shapely.Point(x, y))


def test_a_rectangle_is_covered_by_its_blocks():
    lattice = Lattice(500.0)
    found = list(lattice.covering(9.0, 47.0, 9.05, 47.03))
    union = shapely.union_all([lattice.polygon(block) for block in found])
    assert len(set(found)) == len(found)
    assert union.buffer(1e-9).contains(shapely.box(9.0, 47.0, 9.05, 47.03))


def pixels(source, geometry):
    grid = source.reader.grid
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    return shapely.contains_xy(geometry, columns, rows)


@pytest.fixture
def city(raster, layer, tools):
    """A 256 px raster with houses all over it and a coarser one over the same ground in another CRS."""
    shapes = tools.scattered(256)
    labels = layer("houses.gpkg", shapes)
    utm = raster("utm.tif", (3, 256, 256))
    degrees = raster("degrees.tif", (3, 150, 150), "EPSG:4326", from_origin(9.0, 47.853, 1.6e-5, 1.1e-5), seed=1)
    return {"utm": utm, "degrees": degrees, "labels": labels}


def test_training_chips_never_show_validation_ground(city, tools):
    run = tools.run(
        tools.source(city["utm"], labels=city["labels"]),
        split=Split(block_size=50, buffer=6),
        rare_class_share=0.5,
        augmentation={"dihedral": False, "scale": 0, "color": 0},
    )
    prepared = prepare(run)
    source = prepared.sources[0]
    image, _ = source.reader.read(0, 0, 256, 256)
    validation = pixels(source, source.validation)
    near = pixels(source, source.validation.buffer(5.9))
    assert 0.1 < validation.mean() < 0.35
    chips, seen, shown = TrainingChips(prepared, run, "segmentation"), np.zeros((256, 256), bool), 0
    for index in range(150):
        chip = chips.chip(index)
        x, y = chip.origin
        part = np.s_[y : y + 64, x : x + 64]
        assert not (chip.valid.numpy() & near[part]).any()
        hidden = near[part]
        np.testing.assert_array_equal(
            chip.image.numpy()[:, hidden],
            prepared.fill().round()[:, None].astype(np.uint8) + 0 * image[:, part[0], part[1]][:, hidden],
        )
        assert (chip.mask.numpy()[hidden] == 255).all()
        np.testing.assert_array_equal(chip.image.numpy()[:, chip.valid], image[:, part[0], part[1]][:, chip.valid])
        seen[part] |= chip.valid.numpy()
        shown += hidden.sum()
    assert shown > 1000  # some chips did come near
    assert seen[pixels(source, source.training)].mean() > 0.95


def test_validation_chips_cover_validation_ground_once_and_nothing_else(city, tools):
    run = tools.run(tools.source(city["utm"], labels=city["labels"]), split=Split(block_size=45))
    prepared = prepare(run)
    times = np.zeros((256, 256), int)
    for batch in ValidationBatches(prepared, run, "segmentation"):
        for valid, (_, x, y) in zip(batch.valid.numpy(), batch.chips, strict=True):
            rows, columns = np.nonzero(valid)
            times[rows + y, columns + x] += 1
    np.testing.assert_array_equal(times, pixels(prepared.sources[0], prepared.sources[0].validation))


def test_overlapping_rasters_of_different_crs_agree_on_the_sides(city, tools):
    run = tools.run(
        tools.source(city["utm"], "detection", city["labels"]),
        tools.source(city["degrees"], "segmentation", city["labels"]),
        tools.source(city["degrees"], "unlabelled", name="more"),
        split=Split(block_size=40, buffer=3),
        recipe=PartialMultitask(unlabelled=True),
    )
    sources = prepare(run).sources
    for one in sources:
        for other in sources:
            grid, place = one.reader.grid, other.reader.grid.pixels_from("EPSG:4326")
            columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
            columns, rows = columns[pixels(one, one.training)], rows[pixels(one, one.training)]
            x, y = place(*grid.to_lonlat(columns, rows))
            assert not shapely.contains_xy(other.validation, x, y).any()
    assert all(not source.training.is_empty for source in sources)
    assert sources[0].validation.area > 0 and sources[1].validation.area > 0 and sources[2].validation.is_empty


def test_both_sides_get_every_class_where_that_can_be(raster, layer, tools):
    shapes = [tools.square(c, r) for r in range(5, 250, 20) for c in range(5, 250, 20)]
    kinds = ["rare" if index in (0, 12, 156, 168) else "house" for index in range(len(shapes))]
    labels = Labels(path=layer("a.gpkg", shapes, kind=kinds), field="kind")
    run = tools.run(tools.source(raster("a.tif", (3, 256, 256)), "detection", labels), names=("house", "rare"))
    prepared = prepare(run)
    source = prepared.sources[0]
    for ground in (source.training, source.validation):
        inside = shapely.contains_xy(ground, source.points.columns, source.points.rows)
        assert set(source.points.classes[inside]) == {0, 1}
    assert prepared.label_counts == {"detection": {"house": len(shapes) - 4, "rare": 4}}
    assert prepared.warnings == ["The detection class 'rare' has only 4 labels; fewer than five may not be enough."]


def test_validation_ground_without_any_label_is_refused(raster, layer, tools):
    labels = Labels(path=layer("a.gpkg", [tools.square(5, 5), tools.square(12, 5)]))
    run = tools.run(tools.source(raster("a.tif", (3, 256, 256)), "detection", labels))
    with pytest.raises(SplitError, match="No label of the detection sources"):
        prepare(run)


def test_the_seed_decides_the_split_and_nothing_else(raster, layer, tools):
    image, labels = raster("a.tif", (3, 100, 100)), layer("a.gpkg", tools.scattered(100))

    def split(seed):
        return prepare(tools.run(tools.source(image, labels=labels), split=Split(seed=seed))).split

    assert split(1) == split(1)
    assert len({split(seed).validation for seed in range(4)}) > 1


def test_one_small_tile_can_be_divided(raster, layer, tools):
    run = tools.run(tools.source(raster("a.tif", (3, 100, 100)), labels=layer("a.gpkg", tools.scattered(100))), chip=64)
    source = prepare(run).sources[0]
    assert source.training.area > 0.4 * 100**2 and source.validation.area > 500


def test_too_small_an_area_is_refused_with_its_numbers(raster, layer, tools):
    run = tools.run(
        tools.source(raster("a.tif"), labels=layer("a.gpkg", tools.scattered(64))), split=Split(block_size=10_000)
    )
    with pytest.raises(
        SplitError, match=r"labelled area of the segmentation sources \(4,0\d\d m²\) cannot be divided .* 10,000.0 m"
    ):
        prepare(run)
    buffered = tools.run(run.sources[0], split=Split(block_size=20, buffer=500))
    with pytest.raises(SplitError, match=r"buffer of 500.0 m. Enlarge the labelled area, or lower"):
        prepare(buffered)


def test_the_blocks_can_be_shown(city, tools):
    prepared = prepare(tools.run(tools.source(city["utm"], labels=city["labels"]), split=Split(block_size=60)))
    blocks = prepared.blocks()
    shapes = [shapely.geometry.shape(block["polygon"]) for block in blocks]
    assert sum(shape.area for shape in shapes) == pytest.approx(256**2, rel=1e-6)
    assert {block["split"] for block in blocks} == {"training", "validation"}
    validation = sum(s.area for s, block in zip(shapes, blocks, strict=True) if block["split"] == "validation")
    assert validation == pytest.approx(prepared.sources[0].validation.area, rel=1e-6)


def test_statistics_are_those_of_valid_training_pixels(raster, layer, tools):
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(mean, std, (128, 128)) for mean, std in ((5, 1), (-300, 20))]).astype(np.float32)
    values[:, :, :20] = np.nan
    labels = layer("a.gpkg", tools.scattered(128))
    prepared = prepare(tools.run(tools.source(raster("a.tif", values), labels=labels)))
    assert prepared.mean == pytest.approx([5, -300], rel=0.01)
    assert prepared.std == pytest.approx([1, 20], rel=0.02)
    assert prepared.dtype == "float32" and prepared.nodata is None


def test_sixteen_bits_keep_their_range(raster, layer, tools):
    values = np.random.default_rng(0).integers(20_000, 60_000, (4, 96, 96)).astype(np.uint16)
    run = tools.run(tools.source(raster("a.tif", values), labels=layer("a.gpkg", tools.scattered(96))))
    prepared = prepare(run)
    chip = TrainingChips(prepared, run, "segmentation").chip(0)
    assert len(prepared.mean) == 4 and chip.image.max() > 40_000


def test_defaults_come_from_the_labelled_sources(raster, layer, tools):
    labels = layer("a.gpkg", tools.scattered(100))
    fine = raster("fine.tif", (4, 200, 200), transform=from_origin(tools.LEFT, tools.TOP, 0.5, 0.5), alpha=True)
    finest = raster("finest.tif", (3, 64, 64), transform=from_origin(tools.LEFT, tools.TOP, 0.1, 0.1))
    coarse = raster("coarse.tif", (3, 100, 100))
    run = tools.run(
        tools.source(finest, "unlabelled"),
        tools.source(coarse, labels=labels),
        tools.source(fine, labels=labels),
        recipe=SemiSupervised(),
    )
    prepared = prepare(run)
    assert prepared.gsd == pytest.approx(0.5, rel=1e-3) and prepared.bands == [1, 2, 3]
    assert [source.reader.grid.gsd for source in prepared.sources] == [prepared.gsd] * 3
    assert prepared.geometry["type"] in ("Polygon", "MultiPolygon")


def test_the_area_outside_a_labelled_area_is_context_and_does_not_count(raster, layer, tools):
    image = raster("a.tif", (3, 128, 128))
    area = Area(path=layer("zone.gpkg", [tools.square(0, 0, 64, 128)]))
    run = tools.run(tools.source(image, labels=layer("a.gpkg", tools.scattered(64)), area=area))
    prepared = prepare(run)
    piece = cut(prepared.sources[0], Window(60, 0, 64, 64), training=True)
    assert not piece.valid[:, 4:].any() and piece.seen[:, 4:].any()
    assert prepared.train_area_m2 < 64 * 128


def test_labels_that_do_not_touch_their_raster_are_named(raster, layer, tools):
    labels = layer("away.gpkg", [tools.square(5000, 5000)])
    with pytest.raises(LabelError, match=r"away.gpkg does not touch its raster .*a.tif"):
        prepare(tools.run(tools.source(raster("a.tif"), labels=labels)))


def test_a_layer_of_several_rasters_may_leave_one_without_objects(raster, layer, tools):
    labels = layer("a.gpkg", tools.scattered(100))
    empty = raster("empty.tif", transform=from_origin(tools.LEFT + 1000, tools.TOP, 1, 1))
    run = tools.run(
        tools.source(raster("a.tif", (3, 100, 100)), "detection", labels), tools.source(empty, "detection", labels)
    )
    assert [len(source.points) > 0 for source in prepare(run).sources] == [True, False]


def test_labels_outside_the_labelled_area_are_named(raster, layer, tools):
    area = Area(path=layer("zone.gpkg", [tools.square(40, 40, 20)]))
    run = tools.run(tools.source(raster("a.tif"), labels=layer("a.gpkg", [tools.square(4, 4)]), area=area))
    with pytest.raises(LabelError, match=r"No label lies inside the labelled area of the segmentation sources \(a\)"):
        prepare(run)


def test_bands_that_do_not_fit_are_named(raster, layer, tools):
    labels = layer("a.gpkg", tools.scattered(64))
    colour, grey = raster("colour.tif"), raster("grey.tif", (1, 64, 64))
    with pytest.raises(RasterError, match=r"grey.tif has 1 band; the run asks for 1, 2, 3"):
        prepare(tools.run(tools.source(colour, labels=labels), tools.source(grey, "unlabelled")))
    with pytest.raises(RasterError, match=r"grey.tif is read in 1 bands and the run in 3"):
        prepare(tools.run(tools.source(colour, labels=labels), tools.source(grey, "unlabelled", bands=[1])))


def test_a_raster_without_any_data_is_named(raster, layer, tools):
    run = tools.run(
        tools.source(
            raster("blank.tif", np.zeros((3, 64, 64), np.uint8)), labels=layer("a.gpkg", tools.scattered(64)), nodata=0
        )
    )
    with pytest.raises(RasterError, match=r"no valid pixel on the training ground of blank"):
        prepare(run)


def test_doubtful_things_are_warned_of(raster, layer, tools):
    labels = Labels(path=layer("a.gpkg", tools.scattered(64), kind=["house"] * 16), field="kind")
    deep = raster("deep.tif", np.ones((3, 64, 64), np.uint16))
    run = tools.run(
        tools.source(raster("a.tif"), labels=labels), tools.source(deep, "unlabelled"), names=("house", "shed")
    )
    warnings = " ".join(prepare(run).warnings)
    assert "different data types (uint16, uint8)" in warnings
    assert "The segmentation class 'shed' has no labels." in warnings


def test_a_small_part_of_a_large_label_is_a_label(raster, layer, tools):
    wide = shapely.box(tools.LEFT + 30, tools.TOP - 64, tools.LEFT + 200, tools.TOP)  # a fifth of it on the raster
    labels = Labels(path=layer("a.gpkg", [*tools.scattered(64), wide], kind=["house"] * 16 + ["lake"]), field="kind")
    prepared = prepare(tools.run(tools.source(raster("a.tif"), labels=labels), names=("house", "lake")))
    assert prepared.label_counts["segmentation"]["lake"] == 1
    assert not any("'lake' has no labels." in warning for warning in prepared.warnings)


def test_a_source_that_validation_covers_is_named(raster, layer, tools):
    run = tools.run(
        tools.source(raster("a.tif", (3, 256, 256)), labels=layer("a.gpkg", tools.scattered(256))),
        split=Split(block_size=60, buffer=0),
    )
    validation = prepare(run).sources[0].validation
    column, row = (int(value) for value in shapely.point_on_surface(validation).coords[0])
    small = raster("small.tif", (3, 4, 4), transform=from_origin(tools.LEFT + column - 2, tools.TOP - row + 2, 1, 1))
    run.sources = [*run.sources, tools.source(small, "unlabelled")]
    with pytest.raises(SplitError, match=r"No ground is left to train on in small"):
        TrainingChips(prepare(run), run, "unlabelled")


def test_a_whole_raster_may_train_or_validate(raster, layer, tools):
    west, east = raster("west.tif"), raster("east.tif", transform=from_origin(tools.LEFT + 1000, tools.TOP, 1, 1))
    squares = tools.scattered(64)
    labels = layer("houses.gpkg", [*squares, *(shapely.affinity.translate(s, 1000) for s in squares)])
    sources = [tools.source(west, labels=labels, split="train"), tools.source(east, labels=labels, split="validation")]
    trains, validates = prepare(tools.run(*sources)).sources
    assert trains.training.equals(trains.area)
    assert trains.validation.is_empty
    assert validates.validation.equals(validates.area)
    assert validates.training.is_empty


def test_ground_that_validates_whole_trains_in_no_other_raster(city, tools):
    sources = [
        tools.source(city["utm"], labels=city["labels"], split="validation"),
        tools.source(city["degrees"], labels=city["labels"], split="auto"),
    ]
    run = tools.run(*sources, split=Split(block_size=30, buffer=2), gsd=1.0)
    with pytest.raises(SplitError, match="training"):
        prepare(run)


@pytest.mark.parametrize("split, side", [("train", "validation"), ("validation", "training")])
def test_sources_that_are_all_on_one_side_are_refused(city, tools, split, side):
    with pytest.raises(SplitError, match=f"nothing for {side}"):
        prepare(tools.run(tools.source(city["utm"], labels=city["labels"], split=split)))


@pytest.mark.parametrize(("side", "chip", "told"), [(600, 256, "192"), (600, 192, ""), (2048, 256, ""), (100, 64, "")])
def test_chips_wider_than_blocks_are_said_with_what_fits(raster, layer, tools, side, chip, told):
    """As of a labelled area of 6 km at 10 m; 64 pixels are the least."""
    transform = from_origin(tools.LEFT, tools.TOP, 10, 10)
    squares = [
        shapely.affinity.scale(each, 10, 10, origin=(tools.LEFT, tools.TOP)) for each in tools.scattered(side, step=24)
    ]
    path = raster("a.tif", (12, side, side), transform=transform, dtype="uint16")
    run = tools.run(tools.source(path, labels=layer("a.gpkg", squares)), chip=chip)
    sentences = [each for each in prepare(run).warnings if "chip_size" in each]
    assert len(sentences) == bool(told)
    if told:
        assert "Chips of 256 pixels are 2,56" in sentences[0] and f"chip_size to {told}," in sentences[0]
