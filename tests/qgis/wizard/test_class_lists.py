"""Class lists: from labels, kept when one goes back, merged, left out."""

import pytest
from geodistil.jobs.sources.counting import Counter
from geodistil.jobs.sources.draft import (
    ClassDraft,
    Draft,
    Found,
    SourceDraft,
    class_problem,
    found_values,
    merged,
    parted,
    updated,
)
from qgis.core import QgsCategorizedSymbolRenderer, QgsFillSymbol, QgsRendererCategory

FOUND = {"bus": Found("bus", "", 1), "car": Found("Cars", "#123456", 2), "tram": Found("tram", "", 4)}


def names(classes):
    return [each.name for each in classes]


def test_names_and_colours_come_from_the_layers_renderer_and_counts_add_up(town, project):
    symbol = QgsFillSymbol.createSimple({"color": "#123456"})
    town["cars"].setRenderer(QgsCategorizedSymbolRenderer("kind", [QgsRendererCategory("car", symbol, "Cars")]))
    counts = Counter(town["north"], town["cars"], "kind")(lambda: False)
    source = SourceDraft(town["north"].id(), "detection", town["cars"].id(), "kind")
    assert found_values([(source, counts), (source, counts)], project) == {
        "bus": Found("bus", "", 2),
        "car": Found("Cars", "#123456", 4),
    }


def test_new_values_get_colours_that_no_other_class_has():
    others = [ClassDraft("roof", "#e6194b", ["roof"])]
    classes = updated([], FOUND, others)
    assert names(classes) == ["bus", "Cars", "tram"]
    assert len({each.color for each in [*classes, *others]}) == 4


def test_what_was_typed_stays_and_what_is_gone_leaves():
    typed = [ClassDraft("vehicle", "#000001", ["bus", "car"]), ClassDraft("ship", "#000002", ["ship"])]
    classes = updated(typed, FOUND)
    assert classes[0] == ClassDraft("vehicle", "#000001", ["bus", "car"])
    assert names(classes) == ["vehicle", "tram"]
    assert updated(classes, FOUND) == classes


def test_merged_classes_can_be_taken_apart_again():
    classes = updated([], FOUND)
    one = merged(classes, [0, 2])
    assert [(each.name, each.values) for each in one] == [("bus", ["bus", "tram"]), ("Cars", ["car"])]
    assert sorted(value for each in parted(one, 0, FOUND) for value in each.values) == ["bus", "car", "tram"]
    assert all(len(each.values) == 1 for each in parted(one, 0, FOUND))


@pytest.mark.parametrize(
    ("classes", "background", "sentence"),
    [
        ([ClassDraft("roof", "#000000", ["1"], used=False)], True, "All segmentation classes are left out"),
        ([ClassDraft(" ", "#000000", ["1"])], True, "has no name"),
        ([ClassDraft("a", "#000000", ["1"]), ClassDraft("a", "#000000", ["2"])], True, "Two segmentation classes"),
        ([ClassDraft("roof", "#000000", ["1"])], False, "nothing to tell apart"),
        ([ClassDraft("roof", "#000000", ["1"])], True, ""),
    ],
)
def test_class_lists_that_cannot_be_learned_say_why(classes, background, sentence):
    draft = Draft([SourceDraft("r", "segmentation")], {"detection": [], "segmentation": classes}, background)
    problem = class_problem(draft, "segmentation")
    assert sentence in problem and bool(problem) == bool(sentence)
    assert class_problem(draft, "detection") == ""
