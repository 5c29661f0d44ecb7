import json
import os
import shutil
import zipfile
from copy import deepcopy

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.errors import OutputError, PackageError
from engine.models.storage import save_weights
from engine.packages import reader
from engine.packages.reader import load_card, load_package, package_folder
from engine.packages.writer import check_package, write_package, zip_package
from engine.training.best import BestWeights

IMAGE = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32))


def same_answers(first, second):
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())
    with torch.inference_mode():
        one, other = first.eval()(IMAGE), second.eval()(IMAGE)
    assert torch.allclose(one.segmentation, other.segmentation, atol=1e-4)
    assert torch.allclose(one.detections.logits, other.detections.logits, atol=1e-4)


@pytest.fixture
def copy(package, tmp_path):
    return shutil.copytree(package, tmp_path / "copy")


@pytest.fixture
def archive(package, tmp_path):
    return zip_package(package, tmp_path / "model.zip")


def test_a_package_comes_back_as_the_same_network_and_card(package, network, card):
    loaded, its_card = load_package(package)
    same_answers(loaded, network)
    assert its_card == card and not loaded.training


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_whoever_may_read_one_file_may_read_all(package, archive, network, tmp_path):
    mask = os.umask(0)
    os.umask(mask)
    unpacked, best = package_folder(archive), BestWeights(tmp_path).take("student", network)
    for path in (*package.iterdir(), *unpacked.iterdir(), archive, best):
        assert path.stat().st_mode & 0o777 == 0o666 & ~mask, path


def test_an_archive_comes_back_as_the_same_network_and_is_unpacked_once(archive, network):
    same_answers(load_package(archive)[0], network)
    folder = package_folder(archive)
    (folder / "item.json").touch()
    before = (folder / "item.json").stat().st_mtime_ns
    assert package_folder(archive) == folder
    assert (folder / "item.json").stat().st_mtime_ns == before


def test_a_package_is_found_in_its_run_folder(package, tmp_path):
    shutil.copytree(package, tmp_path / "run" / "model")
    assert load_card(tmp_path / "run").name == load_card(package).name


def test_an_archive_with_one_folder_around_the_files_is_read_too(package, tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for path in package.iterdir():
            archive.write(path, f"my model/{path.name}")
    assert load_card(tmp_path / "m.zip") == load_card(package)


def test_the_package_holds_what_it_should_and_no_leftovers(package):
    names = "item.json model.onnx model.safetensors preview.png report.html"
    assert sorted(path.name for path in package.iterdir()) == names.split()
    assert [path.name for path in package.parent.iterdir()] == ["model"]
    with safe_open(package / "model.safetensors", "pt") as weights:
        assert list(weights.metadata()) == ["sha256"], "nothing about who made it, or where"


def test_writing_again_replaces_the_package_and_leaves_the_network_as_it_is(copy, card, make_network):
    segmentation = card.model_copy(update={"tasks": ["segmentation"], "name": "second"})
    network = make_network(segmentation, seed=4).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    write_package(copy, network, segmentation)
    assert load_card(copy).name == "second"
    assert sorted(path.name for path in copy.iterdir()) == ["item.json", "model.onnx", "model.safetensors"]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_a_graph_that_answers_otherwise_is_refused(copy, network, card, task):
    other = deepcopy(network)
    head = other.detection_head.head.classes if task == "detection" else other.segmentation_head.classify
    torch.nn.init.normal_(head.weight, std=0.5)
    torch.nn.init.ones_(head.bias)
    save_weights(other.state_dict(), copy / "model.safetensors")
    with pytest.raises(PackageError, match=r"model\.onnx answers otherwise"):
        check_package(copy, other, card)


def test_weights_that_answer_otherwise_are_refused(copy, network, card, make_network):
    save_file(make_network(card, seed=9).state_dict(), copy / "model.safetensors")
    with pytest.raises(PackageError, match=r"model\.safetensors answers otherwise"):
        check_package(copy, network, card)


def test_answers_that_are_not_numbers_are_refused(copy, card, network):
    broken = deepcopy(network)
    with torch.no_grad():
        next(broken.segmentation_head.parameters()).fill_(float("nan"))
    with pytest.raises(PackageError, match="answers otherwise"):
        check_package(copy, broken, card.model_copy(update={"tasks": ["segmentation"]}))


def test_a_missing_package_is_named(tmp_path):
    with pytest.raises(PackageError, match=r"no model at .*nowhere"):
        load_package(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_named(tmp_path):
    with pytest.raises(PackageError, match=r"is not a model: it has no item\.json"):
        load_package(tmp_path)


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04garbage"])
def test_a_garbage_archive_is_named(tmp_path, content):
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(PackageError, match=r"bad\.zip is not a readable model archive"):
        load_package(tmp_path / "bad.zip")


def test_an_archive_with_a_damaged_member_is_named_and_leaves_nothing_in_the_cache(archive, tmp_path):
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(PackageError, match="not a readable model archive"):
        load_package(archive)
    assert not list((tmp_path / "cache").iterdir())


def test_an_archive_of_something_else_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", b"")
    with pytest.raises(PackageError, match=r"photos\.zip is not a model"):
        load_package(tmp_path / "photos.zip")


@pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/tmp/evil.txt", "..\\evil.txt", "C:\\evil.txt"])
def test_an_archive_whose_paths_lead_elsewhere_is_refused(package, tmp_path, name):
    file = zip_package(package, tmp_path / "evil.zip")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, b"evil")
    with pytest.raises(PackageError, match="not safe to unpack"):
        load_package(file)
    assert not (tmp_path / "cache").exists() and not (tmp_path / "evil.txt").exists()


def test_an_archive_with_a_link_is_refused(archive):
    link = zipfile.ZipInfo("model.link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(PackageError, match=r"not safe to unpack: it holds 'model\.link'"):
        load_package(archive)


def test_an_archive_that_unpacks_too_large_is_refused(archive, monkeypatch):
    monkeypatch.setattr(reader, "MOST_BYTES", 2**20)
    with pytest.raises(PackageError, match="unpacks to more than"):
        load_package(archive)


def test_only_the_packages_own_files_are_unpacked(archive):
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("install.py", "print()")
    assert "install.py" not in [path.name for path in package_folder(archive).iterdir()]


def test_a_package_without_weights_says_which_file(copy):
    (copy / "model.safetensors").unlink()
    with pytest.raises(PackageError, match=r"model\.safetensors is missing"):
        load_package(copy)


def test_garbage_weights_say_which_file(copy):
    (copy / "model.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(PackageError, match=r"model\.safetensors is unreadable"):
        load_package(copy)


def test_weights_of_another_network_do_not_fit(copy):
    state = load_file(copy / "model.safetensors")
    state.popitem()
    save_file(state, copy / "model.safetensors")
    with pytest.raises(PackageError, match="do not fit the card"):
        load_package(copy)


def test_an_item_that_is_no_json_says_so(copy):
    (copy / "item.json").write_text("{")
    with pytest.raises(PackageError, match=r"item\.json is unreadable"):
        load_card(copy)


def test_a_card_with_an_unknown_encoder_says_so(copy):
    item = json.loads((copy / "item.json").read_text())
    item["properties"]["geodistil:card"]["network"]["encoder"] = "nothing50"
    (copy / "item.json").write_text(json.dumps(item))
    with pytest.raises(PackageError, match="nothing50"):
        load_package(copy)


def test_a_place_that_cannot_be_written_is_named(tmp_path, network, card, package):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        write_package(tmp_path / "file" / "model", network, card)
    with pytest.raises(OutputError, match="file"):
        zip_package(package, tmp_path / "file" / "model.zip")
