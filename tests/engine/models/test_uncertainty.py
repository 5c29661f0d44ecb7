"""Feature statistics of training batches, made uncertain."""

import copy

import numpy as np
import pytest
import torch

from engine.models.uncertainty import perturb_statistics, uncertain_statistics


@pytest.fixture
def features():
    generator = torch.Generator().manual_seed(3)
    return torch.randn(4, 3, 6, 5, generator=generator) * torch.tensor([1.0, 2, 3, 4]).reshape(4, 1, 1, 1) + 7


def test_statistics_are_drawn_as_the_papers_equations_say(features):
    torch.manual_seed(1)
    torch.rand(())  # whether
    noise_of_deviation, noise_of_mean = torch.randn(4, 3, 1, 1).numpy(), torch.randn(4, 3, 1, 1).numpy()
    maps, expected = features.double().numpy(), np.empty(features.shape)
    means = [[maps[b, d].mean() for d in range(3)] for b in range(4)]
    deviations = [[np.sqrt(maps[b, d].var() + 1e-6) for d in range(3)] for b in range(4)]
    for b in range(4):
        for d in range(3):
            of_mean = np.std([means[i][d] for i in range(4)], ddof=1)
            of_deviation = np.std([deviations[i][d] for i in range(4)], ddof=1)
            beta = means[b][d] + noise_of_mean[b, d, 0, 0] * of_mean
            gamma = deviations[b][d] + noise_of_deviation[b, d, 0, 0] * of_deviation
            expected[b, d] = gamma * (maps[b, d] - means[b][d]) / deviations[b][d] + beta
    torch.manual_seed(1)
    np.testing.assert_allclose(perturb_statistics(features, 1.0).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_a_batch_is_changed_as_often_as_asked(features):
    torch.manual_seed(0)
    for probability in (0.0, 0.3, 1.0):
        changed = [perturb_statistics(features, probability) is not features for _ in range(400)]
        assert np.mean(changed) == pytest.approx(probability, abs=0.08)


def test_one_image_and_images_that_are_alike_keep_their_statistics(features):
    assert torch.equal(perturb_statistics(features[:1], 1.0), features[:1])
    alike = features[:1].expand(4, -1, -1, -1)
    torch.testing.assert_close(perturb_statistics(alike, 1.0), alike)


def test_gradients_pass_and_halves_stay_halves(features):
    half = features.bfloat16().requires_grad_()
    found = perturb_statistics(half, 1.0)
    found.float().square().sum().backward()
    assert found.dtype == torch.bfloat16 and torch.isfinite(half.grad).all() and half.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("architecture", "encoder"), [("fpn", "resnet18"), ("unet", "resnet18"), ("fpn", "mit_b0"), ("fpn", "tu-resnet10t")]
)
def test_every_stage_of_the_encoder_is_perturbed_in_training_and_nothing_is_left_behind(make, architecture, encoder):
    network = make(("segmentation",), architecture=architecture, encoder=encoder).train()
    image = 100 + 40 * torch.randn(2, 3, 64, 64) * torch.tensor([1.0, 0.2]).reshape(2, 1, 1, 1)
    for module in network.modules():  # what is random by itself would hide the noise
        for chance in ("p", "drop_prob"):
            if hasattr(module, chance):
                setattr(module, chance, 0.0)

    def differences():
        with torch.no_grad():
            first, second = (network.encode(image) for _ in range(2))
        return [float((a - b).abs().max()) for a, b in zip(first[-4:], second[-4:], strict=True)]

    still = copy.deepcopy(network)
    with uncertain_statistics(network, 1.0):
        assert min(differences()) > 1e-3
        assert max(_in_eval(network, differences)) == 0
    assert max(differences()) < 1e-5
    assert [len(m._forward_hooks) for m in network.modules()] == [len(m._forward_hooks) for m in still.modules()]
    with uncertain_statistics(network, 0.0):
        assert max(differences()) < 1e-5


def _in_eval(network, call):
    network.eval()
    found = call()
    network.train()
    return found
