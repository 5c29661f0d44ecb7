"""No default may be an encoder that forbids commercial use, and choosing one says so."""

import json
from pathlib import Path

import pytest
from timm.models import get_pretrained_cfg, list_pretrained

from engine.cli.check import describe
from engine.config import Network, SemiSupervised, preset, preset_names
from engine.models import SIZES, resolve
from engine.models.encoders import ENCODERS, licence_warning, weights_licence

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "encoders.md"


def networks(value):
    """All networks of a recipe."""
    found = [each for each in vars(value).values() if isinstance(each, Network)]
    assert found
    return found


@pytest.mark.parametrize(
    "name", ["mit_b0", "tu-convnextv2_tiny", "tu-resnet50.fb_swsl_ig1b_ft_in1k", "resnext101_32x48d"]
)
def test_an_encoder_for_research_only_has_its_sentence(name):
    assert name in licence_warning(name)


def test_every_non_commercial_licence_in_timms_records_warns():
    closed = [n for n in list_pretrained() if "-nc" in (get_pretrained_cfg(n).license or "")]
    assert len(closed) > 50
    assert all("forbids commercial use" in licence_warning(f"tu-{name}") for name in closed)


def test_weights_licences_do_not_bind_an_encoder_of_random_weights():
    assert licence_warning("tu-convnextv2_tiny", pretrained=False) is None
    assert licence_warning("mit_b0", pretrained=False) is not None  # NVIDIA's code


def test_the_catalogue_says_what_timm_records_and_is_permissive():
    for encoder in ENCODERS:
        assert encoder.licence.lower() == weights_licence(encoder.name)
        assert licence_warning(encoder.name) is None


@pytest.mark.parametrize("recipe", [SemiSupervised(), *(preset(name).recipe for name in preset_names())])
def test_no_default_and_no_preset_has_one(recipe):
    for network in networks(recipe):
        assert licence_warning(resolve(network).encoder) is None


def test_check_says_it(make_run):
    recipe = {"kind": "supervised", "network": {"encoder": "mit_b0", "width": 32, "weights": "none"}}
    assert any("NVIDIA" in warning for warning in describe(make_run(recipe))["warnings"])


def test_the_documents_table_is_the_catalogues():
    rows = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{e.name}` | {e.licence} | {e.source} | {e.used_for} |".replace("|  |", "| |") for e in ENCODERS
    ]


def test_the_size_chooser_says_what_the_catalogue_says():
    shown = json.loads((ROOT / "resources" / "network_sizes.json").read_text(encoding="utf-8"))
    catalogue = {encoder.name: encoder for encoder in ENCODERS}
    assert {name: values["encoder"] for name, values in shown.items()} == {n: s.encoder for n, s in SIZES.items()}
    for values in shown.values():
        encoder = catalogue[values["encoder"]]
        assert (values["licence"], values["with_engine"]) == (encoder.licence, encoder.with_engine)
