"""Depthwise convolutions of a network that learns in bfloat16 on a processor."""

import copy

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from engine.models import single_precision_depthwise


def convolution(stride=2, kernel=3, groups=8, kind=nn.Conv2d):
    torch.manual_seed(2)
    padding = {} if kind is Conv2dSame else {"padding": kernel // 2}
    return kind(8, 8, kernel, stride=stride, groups=groups, bias=False, **padding)


def gradient(network, image, autocast=True):
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        network(image).float().square().sum().backward()
    return network.weight.grad.clone()


@pytest.mark.parametrize("kind", [nn.Conv2d, Conv2dSame])
@pytest.mark.parametrize(("stride", "kernel"), [(2, 3), (1, 5), (2, 5)])
def test_their_gradients_are_those_of_single_precision(kind, stride, kernel):
    network, image = convolution(stride, kernel, kind=kind), torch.randn(2, 8, 13, 11)
    exact, rounded = gradient(network, image, autocast=False), gradient(network, image)
    assert not torch.equal(exact, rounded)
    with single_precision_depthwise([network]):
        assert torch.equal(gradient(network, image), exact)
    assert torch.equal(gradient(network, image), rounded)
    assert type(network) is kind


@pytest.mark.parametrize("other", [{"stride": 1}, {"groups": 1}, {"groups": 4}])
def test_what_is_fast_stays_as_it_is(other):
    network, image = convolution(**other), torch.randn(2, 8, 13, 11)
    before = gradient(network, image)
    with single_precision_depthwise([network]):
        assert torch.equal(gradient(network, image), before)


def test_without_gradients_nothing_changes():
    network, image = convolution(), torch.randn(2, 8, 13, 11)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        before = network(image)
        with single_precision_depthwise([network]):
            after = network(image)
    assert after.dtype == torch.bfloat16
    assert torch.equal(before, after)


def test_a_copy_made_meanwhile_has_its_own_weights():
    network, image = convolution(), torch.randn(2, 8, 13, 11)
    with single_precision_depthwise([network]):
        other = copy.deepcopy(network)
        nn.init.zeros_(other.weight)
        assert other(image).abs().max() == 0
        assert network(image).abs().max() > 0


def test_a_network_that_comes_twice_is_restored():
    network = nn.Sequential(convolution())
    with single_precision_depthwise([network, network]):
        pass
    assert type(network[0]) is nn.Conv2d
