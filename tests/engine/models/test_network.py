"""The multi-task network and smp's architectures behind the same outputs."""

from __future__ import annotations

import pytest
import torch

from engine.config import Network
from engine.errors import ConfigError
from engine.models import SIZES, MultiTaskNetwork, Purpose, SmpNetwork, build, parameters

IMAGE = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1)) * 255


def test_both_heads_answer_at_the_sizes_the_types_promise(make):
    network = make(detection_strides=[8, 16, 32, 64])
    outputs = network(IMAGE)
    assert outputs.segmentation.shape == (2, 3, 64, 96)
    assert [level.shape[-2:] for level in outputs.features] == [(16, 24), (8, 12), (4, 6), (2, 3), (1, 2)]
    assert [level.shape[1] for level in outputs.features] == network.feature_channels
    assert network.strides == [4, 8, 16, 32, 64]
    assert outputs.backbone.shape == (2, network.backbone_channels, 2, 3)
    assert outputs.detections.shapes == [(8, 12), (4, 6), (2, 3), (1, 2)]
    assert outputs.detections.logits.shape == (2, 96 + 24 + 6 + 2, 2)


def test_only_the_tasks_asked_for_are_answered(make):
    network = make()
    assert network(IMAGE, tasks=("detection",)).segmentation is None
    assert network(IMAGE, tasks=("segmentation",)).detections is None
    teacher = make(tasks=("segmentation",))
    assert teacher.tasks == ("segmentation",) and teacher(IMAGE).detections is None


def test_the_same_seed_gives_the_same_weights_and_leaves_the_callers_random_state(make):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second, other = make(seed=3), make(seed=3), make(seed=4)
    assert torch.equal(torch.rand(3), expected)
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)
    mine, theirs = (next(network.neck.parameters()) for network in (first, other))
    assert not torch.equal(mine, theirs)


@pytest.mark.parametrize("architecture", ["fpn", "unet"])
def test_a_network_fed_raw_values_normalises_them_itself(architecture):
    spec = Network(encoder="tu-resnet10t", width=32, architecture=architecture)
    raw = build(spec, Purpose(("segmentation",), [1000.0, 2000.0, 3000.0], [10.0, 20.0, 0.0], 0, 3), seed=0).eval()
    plain = build(spec, Purpose(("segmentation",), [0.0] * 3, [1.0] * 3, 0, 3), seed=0).eval()
    scale, shift = torch.tensor([10.0, 20.0, 1.0])[:, None, None], torch.tensor([1000.0, 2000.0, 3000.0])[:, None, None]
    image = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(raw(image * scale + shift).segmentation, plain(image).segmentation, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("head", ["fcos", "retinanet"])
def test_logits_are_float32_and_losses_finite_under_bfloat16(make, scene, head):
    network = make(detection_head=head)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = network(scene.image.expand(2, -1, -1, -1))
    assert outputs.features[0].dtype == torch.bfloat16
    assert outputs.segmentation.dtype == outputs.detections.logits.dtype == torch.float32
    losses = network.detection_head.loss(
        outputs.detections, scene.boxes * 2, scene.labels * 2, scene.valid.expand(2, -1, -1)
    )
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.detection_head.parameters())


def test_channels_last_images_give_the_same_outputs(make):
    network = make().eval()
    expected = network(IMAGE)
    outputs = network.to(memory_format=torch.channels_last)(IMAGE.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(outputs.segmentation, expected.segmentation, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(outputs.detections.logits, expected.detections.logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("encoder", ["mobilenet_v2", "mit_b0", "tu-convnext_atto"])
def test_encoders_of_every_family_take_four_bands(make, encoder):
    outputs = make(encoder=encoder, bands=4)(torch.rand(2, 4, 64, 64) * 255)
    assert outputs.segmentation.shape == (2, 3, 64, 64) and outputs.segmentation.isfinite().all()


def test_sizes_grow():
    purpose = Purpose(("detection", "segmentation"), [0.0] * 3, [1.0] * 3, 2, 3)
    counts = [parameters(build(Network(size=size), purpose, seed=0)) for size in SIZES]
    assert counts == sorted(counts) and counts[0] < 1.5e6 < counts[1] < 4e6 < 20e6 < counts[3]


@pytest.mark.parametrize(("architecture", "encoder"), [("unet", "tu-resnet10t"), ("segformer", "mit_b0")])
def test_smp_architectures_stand_behind_the_same_outputs(architecture, encoder):
    spec = Network(architecture=architecture, encoder=encoder)
    network = build(spec, Purpose(("segmentation",), [0.0] * 3, [1.0] * 3, 0, 5), seed=0)
    outputs = network(IMAGE)
    assert isinstance(network, SmpNetwork) and network.feature_channels == outputs.features == []
    assert outputs.segmentation.shape == (2, 5, 64, 96)
    assert outputs.backbone.shape[:2] == (2, network.backbone_channels)


@pytest.mark.parametrize(
    ("settings", "tasks", "sentence"),
    [
        ({"encoder": "resnet35"}, ("segmentation",), "no encoder 'resnet35'"),
        ({"encoder": "tu-nothing"}, ("segmentation",), "no encoder 'tu-nothing'"),
        ({"encoder": "tu-vit_tiny_patch16_224"}, ("segmentation",), "tu-vit_tiny_patch16_224"),
        ({"architecture": "unit"}, ("segmentation",), "no architecture 'unit'"),
        ({"architecture": "unet"}, ("detection", "segmentation"), "unet segments only"),
    ],
)
def test_impossible_networks_are_refused_by_name(settings, tasks, sentence):
    with pytest.raises(ConfigError, match=sentence):
        build(Network(**settings), Purpose(tasks, [0.0] * 3, [1.0] * 3, 2, 3), seed=0)


def test_what_a_pixel_sees_does_not_depend_on_the_windows_size(make):
    """Far from the border, the segmentation head gives a window's middle what it gives the larger one's."""
    head = make().segmentation_head.eval()
    for module in head.modules():  # group norm reads the whole window; everything else is local
        if isinstance(module, torch.nn.GroupNorm):
            module.forward = lambda values: values
    large = [torch.randn(1, 32, side, side) for side in (128, 64, 32, 16)]
    small = [level[..., len(level[0, 0]) // 4 : -len(level[0, 0]) // 4, :] for level in large]
    small = [level[..., level.shape[-1] // 4 : -level.shape[-1] // 4] for level in small]
    whole, window = head(large, (512, 512)), head(small, (256, 256))
    torch.testing.assert_close(window[..., 124:132, 124:132], whole[..., 252:260, 252:260], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("light", [True, False])
def test_the_coarsest_map_of_a_light_network_tells_its_own_level_only(make, light):
    network = make(light=light, detection_strides=[8, 32]).eval()
    *finer, coarsest = network.encode(IMAGE)
    plain, other = network.decode([*finer, coarsest]), network.decode([*finer, coarsest + 1])
    assert torch.equal(plain.segmentation, other.segmentation) == light
    same = [torch.equal(mine, theirs) for mine, theirs in zip(plain.features, other.features, strict=True)]
    assert same == [light, light, light, False]


def test_an_exported_network_agrees_for_any_batch(make, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = make().eval()
    path = tmp_path / "network.onnx"
    torch.onnx.export(
        _Arrays(network).eval(), (IMAGE[:, :, :64, :64],), path, dynamo=True, verbose=False, input_names=["image"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )  # fmt: skip
    images = torch.rand(3, 3, 64, 64) * 255
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    expected = _Arrays(network)(images)
    for array, tensor in zip(session.run(None, {"image": images.numpy()}), expected, strict=True):
        torch.testing.assert_close(torch.from_numpy(array), tensor.detach(), rtol=1e-3, atol=1e-3)


class _Arrays(torch.nn.Module):
    def __init__(self, network: MultiTaskNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image):
        outputs = self.network(image)
        return outputs.segmentation, *self.network.detection_head.scores_and_boxes(outputs.detections)


def test_a_path_aggregation_neck_carries_fine_levels_back_up(make):
    plain, network = make(detection_strides=[8, 64]), make(neck="pafpn", detection_strides=[8, 64])
    assert [level.shape for level in network(IMAGE).features] == [level.shape for level in plain(IMAGE).features]
    neck, maps = network.neck, dict(zip("abcd", network.encode(IMAGE), strict=True))
    first, *others = neck.top_down(maps).values()
    expected = [first]
    for index, level in enumerate(others):
        expected.append(neck.fuse[index](neck.down[index](expected[-1]) + level))
    expected.append(expected[-1][:, :, ::2, ::2])
    assert list(neck(maps)) == [*"abcd", "pool"]
    for mine, theirs in zip(expected, neck(maps).values(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_head_judges_another_networks_pyramid(make):
    network = make().eval()
    outputs = network(IMAGE)
    judged = network.forward_heads(outputs.features)
    assert torch.equal(judged.segmentation, outputs.segmentation)
    assert torch.equal(judged.detections.logits, outputs.detections.logits)
