import pytest
import torch
from torch import nn

from engine.training.optimizer import averaged


@pytest.mark.parametrize("warm_started", [False, True])
def test_the_average_follows_its_formula_for_weights_and_batch_norm_statistics(warm_started):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))
    average = averaged(network, 0.9, warm_started)
    expected = None
    for update in range(20):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter))
        network(torch.rand(4, 2, 5, 5))
        average.update_parameters(network)
        state = {name: value.double() for name, value in network.state_dict().items()}
        decay = 0.9 if warm_started else min(0.9, (1 + update) / (10 + update))
        if expected is None:
            expected = state
        else:
            expected = {name: decay * expected[name] + (1 - decay) * state[name] for name in state}
    found = average.module.state_dict()
    for name, value in expected.items():
        if name.endswith("num_batches_tracked"):
            assert found[name] == network.state_dict()[name]
        else:
            assert torch.allclose(found[name].double(), value, atol=1e-5)


def test_without_decay_the_average_is_the_network():
    network = nn.Linear(2, 2)
    average = averaged(network, decay=0.0)
    for _ in range(3):
        with torch.no_grad():
            network.weight.add_(1)
        average.update_parameters(network)
    assert torch.equal(average.module.weight, network.weight)
