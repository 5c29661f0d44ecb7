"""Encoder weights from files and from a hub that is out of reach."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import WeightsError
from engine.models import load_encoder_weights
from engine.models.encoders import build_encoder
from engine.models.weights import _hub_answers

NAME = "tu-resnet10t"


def encoder(seed, bands=3, name=NAME):
    torch.manual_seed(seed)
    return build_encoder(name, bands)


def equal(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize("prefix", ["", "encoder.", "module.", "module.student.encoder."])
@pytest.mark.parametrize("kind", [".safetensors", ".pth"])
def test_weights_from_a_file_are_the_encoders_whatever_stands_before_their_names(tmp_path, prefix, kind):
    source, target = encoder(1), encoder(2)
    tensors = {prefix + name: tensor for name, tensor in source.state_dict().items()} | {"fc.weight": torch.ones(3)}
    path = tmp_path / f"weights{kind}"
    save_file(tensors, path) if kind == ".safetensors" else torch.save({"state_dict": tensors, "epoch": 3}, path)
    assert not equal(source, target)
    loaded = load_encoder_weights(target, NAME, str(path))
    assert loaded[:2] == (len(source.state_dict()), len(source.state_dict()))
    assert equal(source, target)


def test_timms_own_names_fit_smps_wrapping_of_them(tmp_path):
    source, target = encoder(1, name="tu-convnext_atto"), encoder(2, name="tu-convnext_atto")
    # timm's checkpoint says stages.0.blocks..., its feature extractor stages_0.blocks....
    names = {name: name.removeprefix("model.").replace("stages_", "stages.") for name in source.state_dict()}
    tensors = {names[name].replace("stem_", "stem."): tensor for name, tensor in source.state_dict().items()}
    save_file(tensors, tmp_path / "timm.safetensors")
    load_encoder_weights(target, "tu-convnext_atto", str(tmp_path / "timm.safetensors"))
    assert equal(source, target)


def test_a_first_convolution_for_three_bands_serves_five(tmp_path):
    source, target = encoder(1), encoder(2, bands=5)
    save_file(source.state_dict(), tmp_path / "rgb.safetensors")
    loaded = load_encoder_weights(target, NAME, str(tmp_path / "rgb.safetensors"))
    assert loaded.matched == loaded.total
    rgb, five = (next(iter(each.state_dict().values())) for each in (source, target))
    assert five.shape[1] == 5
    torch.testing.assert_close(five[:, 3], rgb[:, 0] * 3 / 5)


def test_weights_of_another_network_are_refused_and_change_nothing(tmp_path):
    save_file(encoder(1, name="mobilenet_v2").state_dict(), tmp_path / "other.safetensors")
    target = encoder(2)
    with pytest.raises(
        WeightsError, match=r"other.safetensors fit only \d+ of the \d+ tensors of encoder tu-resnet10t"
    ):
        load_encoder_weights(target, NAME, str(tmp_path / "other.safetensors"))
    assert equal(target, encoder(2))


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere.pth does not exist"):
        load_encoder_weights(encoder(1), NAME, str(tmp_path / "nowhere.pth"))
    for name in ("text.pth", "text.safetensors"):
        (tmp_path / name).write_text("not weights")
        with pytest.raises(WeightsError, match=rf"{name} cannot be read"):
            load_encoder_weights(encoder(1), NAME, str(tmp_path / name))


class Code:
    """Stands for a pickle that would run code on loading."""

    def __reduce__(self):
        return print, ("a pickle ran",)


def test_a_pickle_with_code_in_it_is_refused_and_not_run(tmp_path, capsys):
    torch.save({"state_dict": Code()}, tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match=r"bad.pth cannot be read"):
        load_encoder_weights(encoder(1), NAME, str(tmp_path / "bad.pth"))
    assert "a pickle ran" not in capsys.readouterr().out


@pytest.fixture
def hub_at(monkeypatch, tmp_path):
    """Makes an address the hub, with an empty cache; the process asks it anew."""

    def at(address):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        _hub_answers.cache_clear()

    yield at
    _hub_answers.cache_clear()


class Refusing(BaseHTTPRequestHandler):
    """A hub, or a firewall in its place, that answers everything with one code."""

    code = 403
    asked: ClassVar[list[str]] = []

    def refuse(self):
        self.asked.append(self.path)
        self.send_response(self.code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET = refuse

    def log_message(self, *_):
        pass


@pytest.fixture
def refusing(hub_at):
    """The hub that refuses, with the paths that it was asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub_at(f"http://127.0.0.1:{server.server_port}")
    Refusing.asked.clear()
    yield Refusing
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("code", [401, 403, 404, 429, 500, 503])
def test_a_hub_that_refuses_is_an_error_for_hub_and_random_weights_for_auto(refusing, monkeypatch, code):
    monkeypatch.setattr(refusing, "code", code)
    begun = time.monotonic()
    with pytest.raises(WeightsError, match=rf"encoder {NAME} could not be fetched"):
        load_encoder_weights(encoder(1), NAME, "hub")
    target = encoder(1)
    assert load_encoder_weights(target, NAME, "auto") is None
    assert equal(target, encoder(1))
    assert time.monotonic() - begun < 5
    assert any(path.endswith("model.safetensors") for path in refusing.asked) == (code < 429)


def test_an_offline_process_does_not_ask_the_hub(refusing, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert load_encoder_weights(encoder(1), NAME, "auto") is None
    assert refusing.asked == []


def test_auto_without_a_hub_is_quick_and_random(hub_at):
    hub_at("http://127.0.0.1:9")
    begun = time.monotonic()
    assert load_encoder_weights(encoder(1), NAME, "auto") is None
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("name", [NAME, "resnet18"])
def test_a_hub_out_of_reach_is_said_within_seconds_with_the_way_out(hub_at, name):
    hub_at("http://127.0.0.1:9")  # nobody listens there: what a machine without network meets
    begun = time.monotonic()
    with pytest.raises(WeightsError, match=rf"encoder {name} could not be fetched .* local .safetensors or .pth file"):
        load_encoder_weights(encoder(1, name=name), name, "hub")
    assert time.monotonic() - begun < 8


def test_an_encoder_that_the_hub_does_not_have_is_said():
    with pytest.raises(WeightsError, match="no pretrained weights for encoder tu-resnet10t_own"):
        load_encoder_weights(encoder(1), "tu-resnet10t_own", "hub")


def test_none_leaves_the_weights_as_they_are():
    target = encoder(1)
    assert load_encoder_weights(target, NAME, "none") is None
    assert equal(target, encoder(1))


def test_weights_for_four_bands_do_not_pass_for_three(tmp_path):
    save_file(encoder(1, bands=4).state_dict(), tmp_path / "four.safetensors")
    with pytest.raises(WeightsError, match=r"four\.safetensors are for another number of bands .* to 3"):
        load_encoder_weights(encoder(2), NAME, str(tmp_path / "four.safetensors"))
