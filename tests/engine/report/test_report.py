import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from engine.config import PartialMultitask, SemiSupervised, save_run
from engine.errors import ConfigError, OutputError
from engine.report import write_report

from .conftest import RUN


class Page(HTMLParser):
    """The texts of cells and headings, and every reference to somewhere."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.references, self.words, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.references += [value for name, value in attributes if name in ("src", "href", "xlink:href", "action")]
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        self.words.append(data)
        if {"td", "th"} & set(self.open[-2:]):
            self.cells[-1] += data


def test_the_report_says_what_was_trained_on_what_and_how_well(run_folder, events):
    path = write_report(run_folder(events))
    text = path.read_text()
    page = Page(text)
    assert path.name == "report.html"
    assert {"0.600", "0.700", "0.123", "0.219", "north.tif", "cars.gpkg · scene = 1", "area.gpkg", "road"} <= set(
        page.cells
    )
    assert "Town & <country>" in page.words and "Few <labels>." in page.words
    assert {"FPN resnet, 1.7 M parameters", "detection teacher", "detection, segmentation"} <= set(page.cells)
    assert text.count("<svg") == 4 and "background:#ff00aa" in text


@pytest.mark.parametrize("recipe", [PartialMultitask(), PartialMultitask(strong_views=True), SemiSupervised()])
def test_a_weak_teacher_of_strong_views_is_told_of_them(run_folder, events, recipe):
    for event in events:
        if event["kind"] == "metrics" and event["network"] == "detection_teacher":
            event["values"] = {"detection/ap50": 0.1}
    folder = run_folder(events)
    save_run(RUN.model_copy(update={"recipe": recipe}), folder)
    words = " ".join(Page(write_report(folder).read_text()).words)
    assert "The network detection teacher is weaker than its student" in words
    assert ("without strong views and CutMix" in words) == recipe.strong_views


def test_what_was_decided_about_the_training_is_told(run_folder, events):
    folder = run_folder([*events, {"time": 9e4, "kind": "note", "message": "Teachers of <first> are used again."}])
    assert "<p>Teachers of &lt;first&gt; are used again.</p>" in write_report(folder).read_text(encoding="utf-8")


def test_the_report_needs_nothing_from_outside(run_folder, events):
    text = write_report(run_folder(events)).read_text()
    assert all(reference.startswith("#") for reference in Page(text).references)
    assert "<script" not in text and "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}
    assert {name for name in re.findall(r'https?://[^"]+', text) if "www.w3.org" not in name} == set()


def test_text_of_figures_takes_the_colour_of_the_page(run_folder, events):
    text = write_report(run_folder(events)).read_text()
    assert "currentColor" in text and "#010203" not in text
    assert "prefers-color-scheme: dark" in text


def test_ids_of_figures_do_not_meet(run_folder, events):
    text = write_report(run_folder(events)).read_text()
    clips = re.findall(r'<clipPath id="([^"]+)"', text)
    assert len(clips) == len(set(clips)) > 3


def test_answers_on_the_validation_blocks_are_shown_once_training_has_left_them(run_folder, events, validation):
    folder = run_folder(events)
    validation["score_thresholds"] = {"car": 0.415}
    (folder / "validation.json").write_text(json.dumps(validation))
    (folder / "figures").mkdir()
    Image.new("RGB", (8, 8)).save(folder / "figures" / "segmentation_worst.jpg")
    text = write_report(folder).read_text()
    page = Page(text)
    assert {"called roof", "0.900", "12,000", "car 40 / 9", "2.500", "0.415"} <= set(page.cells)
    assert any("calibration error 0.250" in word for word in page.words)
    assert text.count('class="map"') == 2 and text.count("<svg") == 4 + 4 + 2
    assert [reference[:22] for reference in page.references if reference[0] != "#"] == ["data:image/jpeg;base64"]


def test_classes_that_are_to_stay_connected_have_their_lines_scored(run_folder, events, validation):
    folder = run_folder(events)
    scores = {"completeness": 0.5, "correctness": 0.75, "f1": 0.6, "connectivity": None, "counts": [4, 2, 4, 3, 0, 0]}
    for lines in ({}, {"road": scores}):
        validation["segmentation"]["lines"] = lines
        (folder / "validation.json").write_text(json.dumps(validation))
        page = Page(write_report(folder).read_text())
        assert ("connectivity" in page.cells) == bool(lines)
    assert {"line F1", "0.600", "0.750"} <= set(page.cells)


def test_a_comparison_says_what_the_run_gained(run_folder, events, tmp_path):
    folder = run_folder(events)
    other = tmp_path / "vanilla"
    save_run(RUN.model_copy(update={"name": "plain", "recipe": PartialMultitask(distillation=[])}), other)
    metrics = {"stage": "student", "network": "student", "step": 9, "values": {"segmentation/mean_iou": 0.55}}
    (other / "events.jsonl").write_text(json.dumps({"time": 0, "kind": "metrics", **metrics}) + "\n")
    page = Page(write_report(folder, [other]).read_text())
    assert any("is 0.150 above plain (vanilla multi-task) in mean IoU" in word for word in page.words)
    assert {"distilled: soft", "vanilla multi-task"} <= set(page.cells)


def neighbour(folder, validation, recipe, name="plain", score=0.55, **changed):
    """A finished run in a folder."""
    save_run(RUN.model_copy(update={"name": name, "recipe": recipe}), folder)
    metrics = {"stage": "student", "network": "student", "step": 9, "values": {"segmentation/mean_iou": score}}
    (folder / "events.jsonl").write_text(json.dumps({"time": 0, "kind": "metrics", **metrics}) + "\n")
    (folder / "validation.json").write_text(json.dumps({**validation, **changed}))


def test_runs_in_the_same_folder_and_on_the_same_ground_are_compared_unasked(tmp_path, events, validation):
    mine, vanilla = tmp_path / "mine", PartialMultitask(distillation=[])
    save_run(RUN, mine)
    (mine / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (mine / "validation.json").write_text(json.dumps(validation))
    assert "How much teachers and unlabelled imagery gave shows beside a run" in write_report(mine).read_text()
    north, south = validation["sources"]
    unlabelled = {key: value for key, value in north.items() if key not in ("labels", "unit")}
    unlabelled |= {"name": "east", "role": "unlabelled"}
    neighbour(tmp_path / "vanilla", validation, vanilla, "student", sources=[north, south, unlabelled])
    neighbour(tmp_path / "seed", validation, PartialMultitask(), "another seed")
    elsewhere = {**south, "labels": {"roof": {"training": 7000, "validation": 901}}}
    neighbour(tmp_path / "other", validation, PartialMultitask(ramp_up=0.5), "elsewhere", sources=[north, elsewhere])
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "validation.json").write_text("{")
    text = write_report(mine).read_text()
    assert "is 0.150 above student (vanilla multi-task) in mean IoU" in text and "with care" not in text
    assert "student (vanilla) IoU" in Page(text).cells  # beside the network of that name
    assert "another seed" not in text and "elsewhere" not in text
    named = write_report(mine, [tmp_path / "other"]).read_text()
    assert "above elsewhere" in named and "compare with care" in named


def test_what_findings_say_again_is_not_said_twice(run_folder, events, validation):
    told = "The segmentation class 'roof' has only 2 labels; fewer than five may not be enough."
    folder = run_folder([*events, {"time": 9e3, "kind": "warning", "message": told}])
    assert told in Page(write_report(folder).read_text()).words
    validation["sources"][1] |= {"unit": "objects", "labels": {"roof": {"training": 1, "validation": 1}}}
    (folder / "validation.json").write_text(json.dumps(validation))
    words = Page(write_report(folder).read_text()).words
    assert told not in words and "Few <labels>." in words
    assert "The class roof has only 1 segmentation label to learn from; draw more." in words


def test_the_files_of_the_model_have_sizes_that_say_something(run_folder, events, validation):
    folder = run_folder(events)
    (folder / "validation.json").write_text(json.dumps(validation))
    (folder / "model").mkdir()
    (folder / "model" / "item.json").write_bytes(bytes(3200))
    (folder / "model" / "model.safetensors").write_bytes(bytes(2_500_000))
    assert "item.json 3 kB, model.safetensors 2.5 MB" in write_report(folder).read_text()


def test_every_table_has_a_caption_and_names_its_rows_and_columns(run_folder, events, validation):
    folder = run_folder(events)
    (folder / "validation.json").write_text(json.dumps(validation))
    text = write_report(folder).read_text()
    assert text.count("<caption>") == text.count("<table>") > 5
    assert "<th>" not in text and text.count('scope="row"') == text.count("<tbody><tr>") + text.count("</tr><tr>")


def test_equal_runs_give_equal_reports(run_folder, events):
    assert write_report(run_folder(events)).read_text() == write_report(run_folder(events)).read_text()


@pytest.mark.parametrize("count", [0, 1, 3, 4, 20])
def test_a_run_that_only_began_has_a_report(run_folder, events, count):
    page = Page(write_report(run_folder(events[:count])).read_text())
    assert "north.tif" in page.cells


def test_a_failure_is_said_with_its_hint(run_folder, events):
    failed = {"time": 5000, "kind": "failed", "code": "device", "message": "Out of memory.", "hint": "Smaller chips."}
    page = Page(write_report(run_folder([*events[:10], failed])).read_text())
    assert "Failed." in page.words and any("Out of memory. Smaller chips." in word for word in page.words)


def test_a_folder_without_a_run_and_one_that_cannot_be_written_are_named(tmp_path, run_folder, events):
    with pytest.raises(ConfigError, match="nowhere"):
        write_report(tmp_path / "nowhere")
    folder = run_folder(events)
    (folder / "report.html").mkdir()
    with pytest.raises(OutputError, match=r"report\.html"):
        write_report(folder)


def test_reports_are_written_without_loading_torch():
    code = "import sys, engine.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3]).returncode == 0
