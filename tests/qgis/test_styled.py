"""Results carry their look: a fresh layer of the file is styled, knows its origin, and lies in its model's group."""

import numpy as np
import pytest
from geodistil.jobs.layers.results import distinct, of_layer, of_model, place_vector
from geodistil.jobs.layers.styled import (
    GROUND,
    OVERLAYS,
    VECTORS,
    Result,
    do_not_load,
    group_of,
    load_styled,
    put_in_group,
    save_look,
)
from geodistil.jobs.layers.styles import (
    style_areas,
    style_class_map,
    style_confidence,
    style_detections,
    style_error_boxes,
    style_error_map,
    style_lines,
    style_values,
)
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsProcessingContext,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

CARD = {
    "name": "town",
    "tasks": ["detection", "segmentation"],
    "gsd": 0.5,
    "created": "2026-01-02T03:04:05+00:00",
    "segmentation_classes": [{"name": "roof", "color": "#ff0000"}],
    "background": True,
    "detection_classes": [{"name": "car", "color": "#00ff00"}],
}
LEGEND = {"colors": {"roof": "#ff0000", "road": "#0000ff"}, "class": "road"}
ORIGIN = of_model("ortho: classes", CARD, "/models/town", "/images/ortho.tif")
NAMES = ("Class map", "ortho: classes")
FIELDS = "field=class:string&field=score:double&field=error:string"


def result(path, style=lambda layer, card: None, card=CARD, **more):
    return Result(str(path), style, card, ORIGIN, NAMES, **more)


def write(path, geometry="Polygon", rows=(("car", 0.9, "missed"),)):
    """One layer with features of no geometry, as the engine's files have their fields."""
    from qgis.core import QgsFeature

    memory = QgsVectorLayer(f"{geometry}?crs=EPSG:32633&{FIELDS}", "found", "memory")
    for row in rows:
        feature = QgsFeature(memory.fields())
        feature.setAttributes(list(row))
        memory.dataProvider().addFeature(feature)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = QgsVectorFileWriter.driverForExtension(path.suffix)
    error, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
        memory, str(path), QgsProcessingContext().transformContext(), options
    )
    assert error == QgsVectorFileWriter.WriterError.NoError
    return path


@pytest.mark.parametrize(
    ("name", "geometry", "style", "card", "categories"),
    [
        ("found.gpkg", "Polygon", style_detections, CARD, {"car"}),
        ("found.shp", "Polygon", style_detections, CARD, {"car"}),
        ("areas.gpkg", "Polygon", style_areas, {**LEGEND, "present": ["roof"]}, {"roof"}),
        ("errors.gpkg", "Polygon", style_error_boxes, {}, {"true positive", "false positive", "missed"}),
    ],
)
def test_a_vector_file_opened_afresh_has_the_look_that_was_saved(
    project, tmp_path, name, geometry, style, card, categories
):
    path = write(tmp_path / name, geometry)
    save_look(result(path, style_areas, LEGEND))  # an earlier one, written over without a question
    save_look(result(path, style, card))
    fresh = QgsVectorLayer(str(path), "fresh", "ogr")
    assert isinstance(fresh.renderer(), QgsCategorizedSymbolRenderer)
    assert {category.value() for category in fresh.renderer().categories()} == categories
    assert fresh.labelsEnabled() == (style is style_detections)
    assert path.suffix != ".gpkg" or fresh.metadata().title() == "ortho: classes"
    del fresh
    assert not list(tmp_path.glob("*-wal"))  # whoever copies the file has all of it


def test_lines_keep_their_colour_in_the_file(project, tmp_path):
    path = write(tmp_path / "lines.gpkg", "LineString")
    save_look(result(path, style_lines, LEGEND))
    assert QgsVectorLayer(str(path), "fresh", "ogr").renderer().symbol().color().name() == "#0000ff"


@pytest.mark.parametrize("style", [style_class_map, style_error_map, style_confidence, style_values])
def test_a_raster_opened_afresh_has_the_look_that_was_saved(project, make_raster, tmp_path, style):
    path = make_raster(tmp_path / "map.tif", np.ones((1, 8, 8), "uint8"))
    save_look(result(path, style, raster=True))
    fresh, wanted = QgsRasterLayer(str(path), "fresh"), QgsRasterLayer(str(path), "wanted")
    style(wanted, CARD)
    assert fresh.legendSymbologyItems() == wanted.legendSymbologyItems() != []
    assert fresh.opacity() == wanted.opacity()


def test_the_metadata_of_a_file_opened_afresh_tell_model_date_imagery_and_package(project, make_raster, tmp_path):
    path = make_raster(tmp_path / "classes.tif", np.ones((1, 8, 8), "uint8"))
    save_look(result(path, style_class_map, raster=True))
    fresh = QgsRasterLayer(str(path), "fresh")
    fresh.loadDefaultMetadata()  # as QGIS does when a person adds the layer
    metadata = fresh.metadata()
    assert metadata.title() == "ortho: classes"
    for fact in ("Model: town", "Trained: 2026-01-02", "0.5 m", "/images/ortho.tif", "/models/town"):
        assert fact in metadata.abstract()
    assert metadata.keywords("GeoDistil") == ["town", "roof", "car"]
    assert metadata.contacts() == [] and metadata.crs().authid() == "EPSG:32633"


def test_what_is_made_of_a_result_goes_on_from_its_history(project, make_raster, tmp_path):
    path = make_raster(tmp_path / "classes.tif", np.ones((1, 8, 8), "uint8"))
    save_look(result(path, style_class_map, raster=True))
    class_map = QgsRasterLayer(str(path), "classes")
    class_map.loadDefaultMetadata()
    origin = of_layer("classes: polygons", class_map, ("town",))
    assert len(origin.history) == 2 and "by the model town" in origin.history[0]
    assert "classes: polygons" in origin.history[1] and origin.keywords == ("town", "roof", "car")


def test_one_layer_of_a_file_of_several_is_written_alone(project, tmp_path):
    source = write(
        tmp_path / "both.gpkg", rows=[("car", 0.5, "missed"), ("bus", 0.7, "missed"), ("car", 0.1, "missed")]
    )
    for name in ("one.gpkg", "one.geojson"):
        place_vector(source, str(tmp_path / name), QgsProcessingContext(), layer="both")
        assert distinct(tmp_path / name, "class") == ["bus", "car"]
    assert distinct(source, "score_of_nothing") == []


@pytest.fixture
def context(project):
    context = QgsProcessingContext()
    context.setProject(project)
    return context


def load(context, layer, name="Class map", styled=None, **more):
    """Processing's way with an output: details, then the layer in the project, then what comes after."""
    path = f"{layer.name()}.file"
    details = QgsProcessingContext.LayerDetails(name, context.project(), "CLASSES")
    context.addLayerToLoadOnCompletion(path, details)
    load_styled(context, result(path, lambda *given: styled.append(given) if styled is not None else None, **more))
    details = context.layerToLoadOnCompletionDetails(path)
    context.project().addMapLayer(layer)
    details.postProcessor().postProcessLayer(layer, context, None)
    return details.name


def tree(project):
    """Names of the tree, groups as (name, names inside)."""
    return [
        (node.name(), [child.name() for child in node.children()]) if hasattr(node, "findGroups") else node.name()
        for node in project.layerTreeRoot().children()
    ]


def vector(name):
    return QgsVectorLayer("Point", name, "memory")


def test_outputs_are_styled_and_named_when_processing_loads_them(context):
    styled, layer = [], vector("found")
    assert load(context, layer, styled=styled) == "ortho: classes"
    assert styled == [(layer, CARD)] and layer.metadata().title() == "ortho: classes"
    assert load(context, vector("other"), name="Mine") == "Mine"
    load_styled(context, result("not asked for.tif"))
    do_not_load(context, "found.file")
    assert not context.willLoadLayerOnCompletion("found.file")


def test_results_gather_in_their_model_s_group_above_the_imagery_in_the_order_of_their_levels(
    context, make_raster, tmp_path
):
    project = context.project()
    below, imagery = vector("below"), vector("imagery")
    project.addMapLayers([below, imagery])
    raster = QgsRasterLayer(str(make_raster(tmp_path / "map.tif", np.ones((1, 8, 8), "uint8"))), "classes")
    for layer, level in ((vector("detections"), VECTORS), (raster, GROUND), (vector("confidence"), OVERLAYS)):
        load(context, layer, above=imagery.id(), level=level)
    names = tree(project)
    assert ("town", ["detections", "confidence", "classes"]) in names
    assert names.index("imagery") == 1 + names.index(("town", ["detections", "confidence", "classes"]))
    assert group_of(raster, project) == ("town",) and group_of(imagery, project) == ()


def test_a_group_that_imagery_would_hide_comes_to_lie_above_it(context):
    project = context.project()
    project.addMapLayer(vector("first"))
    load(context, vector("result"), above=next(iter(project.mapLayers())))
    second = vector("second")
    project.addMapLayer(second)
    load(context, vector("later"), above=second.id())
    assert tree(project) == [("town", ["later", "result"]), "second", "first"]


def test_a_layer_that_qgis_itself_put_into_the_group_goes_to_its_level(context):
    project = context.project()
    load(context, vector("detections"), level=VECTORS)
    classes = vector("classes")
    project.addMapLayer(classes, False)
    project.layerTreeRoot().findGroup("town").insertLayer(0, classes)  # where QGIS's insertion point may be
    result("classes.file", level=GROUND).look(classes)
    put_in_group(classes, ("town",), "", project)
    assert tree(project) == [("town", ["detections", "classes"])]


def test_a_layer_without_a_group_stays_where_it_is(project):
    layer = vector("alone")
    project.addMapLayer(layer)
    put_in_group(layer, (), "", project)
    assert tree(project) == ["alone"]


def test_values_have_a_ramp_over_what_most_pixels_hold(project, make_raster, tmp_path):
    values = np.linspace(-1, 1, 10_000, dtype="float32").reshape(1, 100, 100)
    values[0, 0, 0], values[0, 0, 1] = 10, np.nan
    layer = QgsRasterLayer(str(make_raster(tmp_path / "values.tif", values)), "values")
    layer.dataProvider().setNoDataValue(1, float("nan"))
    style_values(layer, CARD)
    renderer = layer.renderer()
    assert -1 <= renderer.classificationMin() < -0.9 and 0.9 < renderer.classificationMax() < 1.1
    assert len(renderer.shader().rasterShaderFunction().colorRampItemList()) == 5


def test_results_go_into_the_group_of_the_layer_they_are_made_of_where_another_has_its_name(context):
    project = context.project()
    root = project.layerTreeRoot()
    layers = {year: vector(f"roofs {year}") for year in ("2023", "2024")}
    for year, layer in layers.items():
        project.addMapLayer(layer, False)
        root.addGroup(year).addGroup("results").addLayer(layer)
    path = group_of(layers["2024"], project)
    assert path == ("2024", "results")
    made = vector("polygons")
    project.addMapLayer(made)
    put_in_group(made, path, "", project)
    assert group_of(made, project) == path
    model = vector("classes")  # of a model called results: beside its imagery
    project.addMapLayer(model)
    imagery = vector("ortho")
    project.addMapLayer(imagery, False)
    root.findGroup("2024").addLayer(imagery)
    put_in_group(model, ("results",), imagery.id(), project)
    assert group_of(model, project) == path


def test_a_group_on_top_is_not_taken_for_one_of_its_name_inside_another(project):
    root = project.layerTreeRoot()
    root.addGroup("2023").addGroup("results")
    root.addGroup("results")
    layer = vector("polygons")
    project.addMapLayer(layer)
    put_in_group(layer, ("results",), "", project)
    assert group_of(layer, project) == ("results",)
