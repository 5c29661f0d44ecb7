"""That graphs whose weights are put in later are those that the exporter makes of the network itself."""

import pytest
import torch

from engine.config import Network
from engine.packages.onnx import JointGraph, output_names
from tests import graphs
from tests.networks import NARROW


@pytest.mark.parametrize(
    ("network", "tasks"),
    [
        ({**NARROW, "detection_head": "fcos"}, ["detection", "segmentation"]),
        ({**NARROW, "detection_head": "retinanet"}, ["detection"]),
        ({"architecture": "unet", "encoder": "tu-test_efficientnet"}, ["segmentation"]),
    ],
)
def test_a_graph_that_was_traced_with_other_weights_is_the_same(
    make_card, make_network, traced_by, tmp_path, network, tasks
):
    card = make_card(network=Network(**network), tasks=tasks)
    first, second = (JointGraph(make_network(card, seed)).eval() for seed in (1, 2))
    for values in second.state_dict().values():
        if values.is_floating_point():
            values += 0.1 * torch.rand(values.shape)  # as training does, which leaves no two of them equal
    asked = torch.zeros(2, 3, 64, 64), output_names(card)
    with torch.inference_mode():
        graphs.traced_once(traced_by, tmp_path, first, *asked)
        [kept] = tmp_path.iterdir()
        found = graphs.traced_once(None, tmp_path, second, *asked)
        assert found.SerializeToString() == traced_by(second, *asked).SerializeToString()
    assert list(tmp_path.iterdir()) == [kept]


def test_networks_that_differ_in_more_than_weights_have_graphs_of_their_own(make_card, make_network):
    card = make_card(network=Network(**NARROW))
    graph, example = JointGraph(make_network(card)), torch.zeros(2, 3, 64, 64)
    known = graphs.structure(graph, example, ["boxes"])
    assert graphs.structure(JointGraph(make_network(card, 1)), example, ["boxes"]) == known
    assert graphs.structure(graph, example[:, :, :32], ["boxes"]) != known
    assert graphs.structure(graph, example, ["scores"]) != known
    assert graphs.structure(JointGraph(make_network(card), most=5), example, ["boxes"]) != known
    wider = make_card(network=Network(**{**NARROW, "width": 64}))
    assert graphs.structure(JointGraph(make_network(wider)), example, ["boxes"]) != known
