"""Both heads together learn one image by heart."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import box_iou


@pytest.mark.parametrize("head", ["fcos", "retinanet"])
def test_a_narrow_network_learns_boxes_and_mask_of_one_image(make, scene, head):
    network = make(detection_head=head, encoder="tu-resnet10t")
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(60):
        outputs = network(scene.image)
        losses = network.detection_head.loss(outputs.detections, scene.boxes, scene.labels, scene.valid)
        total = sum(losses.values()) + F.cross_entropy(outputs.segmentation, scene.mask)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()

    outputs = network(scene.image)
    accuracy = (outputs.segmentation.argmax(dim=1) == scene.mask).float().mean()
    [objects] = network.detection_head.decode(outputs.detections, score_threshold=0.4, iou_threshold=0.5)
    overlaps = box_iou(scene.boxes[0], objects.boxes)
    assert accuracy > 0.97
    assert (overlaps.amax(dim=0) > 0.2).all()  # nothing is found where nothing is
    assert (overlaps.amax(dim=1) > 0.75).all()
    assert torch.equal(objects.labels[overlaps.argmax(dim=1)], scene.labels[0])
