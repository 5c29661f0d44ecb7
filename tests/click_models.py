"""Stand-ins for a click-to-segment model, with the signatures of SAM's exports and an answer that can be worked out.

The embedding is the image itself (or its average over squares of pixels). The decoder's area is the pixels that look
like a point inside, more than like any point outside, and lie in the box, whose middle is a point inside, too.
`python tests/click_models.py FOLDER` writes encoder.onnx and decoder.onnx.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ALIKE = 0.5
"""Sum over bands of differences of standardised values, up to which pixels look alike."""
FAR = 1e4
OPSET = [helper.make_opsetid("", 17)]


class Graph:
    """Nodes one after the other; each call gives its output's name."""

    def __init__(self, inputs):
        self.inputs, self.nodes, self.constants = inputs, [], []

    def __call__(self, kind, *inputs, name="", **attributes):
        out = name or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def constant(self, values, kind=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def save(self, path, *outputs):
        graph = helper.make_graph(self.nodes, "stand-in", self.inputs, list(outputs), self.constants)
        onnx.save(helper.make_model(graph, opset_imports=OPSET, ir_version=8), str(path))
        return path


def value(name, *shape, kind=TensorProto.FLOAT):
    """An input or an output."""
    return helper.make_tensor_value_info(name, kind, shape)


def save_encoder(path, side=64, shrink=1, output="image_embeddings", pixels=False, names=None, slow=0):
    """An encoder of (1, 3, S, S), or of pixels (H, W, 3) that it standardises itself.

    Args:
        path: where to.
        side: S.
        shrink: pixels averaged along each axis.
        output: its name.
        pixels: which of both.
        names: more outputs, as SAM 2 has them.
        slow: convolutions of 32 channels that it does besides, for nothing.
    """
    given = value("input_image", "height", "width", 3) if pixels else value("image", 1, 3, side, side)
    graph = Graph([given])
    image = given.name
    if pixels:
        mean, std = (graph.constant(each) for each in ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]))
        image = graph("Div", graph("Sub", image, mean), std)
        image = graph("Unsqueeze", graph("Transpose", image, perm=[2, 0, 1]), graph.constant([0], np.int64))
    if slow:
        waste = graph("Conv", image, graph.constant(np.full((32, 3, 1, 1), 1 / 3)))
        kernel = graph.constant(np.full((32, 32, 3, 3), 1 / 288))
        for _ in range(slow):
            waste = graph("Conv", waste, kernel, pads=[1] * 4)
        waste = graph("Conv", waste, graph.constant(np.full((3, 32, 1, 1), 1 / 32)))
        image = graph("Add", image, graph("Mul", waste, graph.constant(0.0)))
    graph("AveragePool", image, name=output, kernel_shape=[shrink] * 2, strides=[shrink] * 2)
    for name in names or ():
        graph("Identity", output, name=name)
    shape = ("?", 3, "h", "w") if pixels else (1, 3, side // shrink, side // shrink)
    return graph.save(path, *(value(name, *shape) for name in (output, *(names or ()))))


def save_decoder(path, side=64, shrink=1, embedding="image_embeddings", more=(), sized=True, masks=1):
    """A decoder of such embeddings.

    Args:
        path: where to.
        side: S.
        shrink: the encoder's.
        embedding: its name.
        more: names of further embeddings, which it does not look at.
        sized: whether it takes `orig_im_size` and answers in that size, or in that of the embedding.
        masks: how many it offers; the last one is the answer, and the surest.
    """
    small = side // shrink
    inputs = [value(name, 1, 3, small, small) for name in (embedding, *more)]
    inputs += [value("point_coords", 1, "n", 2), value("point_labels", 1, "n"), value("mask_input", 1, 1, 16, 16)]
    inputs += [value("has_mask_input", 1), *([value("orig_im_size", 2)] if sized else [])]
    graph = Graph(inputs)
    axis = {each: graph.constant([each], np.int64) for each in range(4)}
    points = graph("Squeeze", graph("Add", "point_coords", graph.constant(0.5)), axis[0])
    labels = graph("Squeeze", "point_labels", axis[0])

    def are(label):
        return graph("Cast", graph("Equal", labels, graph.constant(float(label))), to=TensorProto.FLOAT)

    def corner(label):
        return graph("ReduceSum", graph("Mul", points, graph("Unsqueeze", are(label), axis[1])), axis[0], keepdims=1)

    first, second = corner(2), corner(3)
    boxed = graph("ReduceMax", are(2), axes=[0], keepdims=1)
    middle = graph("Mul", graph("Add", first, second), graph.constant(0.5))
    points = graph("Concat", points, middle, axis=0)
    inside = graph("Concat", are(1), boxed, axis=0)
    outside = graph("Concat", are(0), graph.constant([0.0]), axis=0)
    # the embedding's pixels under the points
    places = graph("Floor", graph("Div", points, graph.constant(float(shrink))))
    places = graph("Clip", places, graph.constant(0.0), graph.constant(small - 1.0))
    places = graph("Gather", graph("Cast", places, to=TensorProto.INT64), graph.constant([1, 0], np.int64), axis=1)
    colours = graph("Transpose", graph("Squeeze", embedding, axis[0]), perm=[1, 2, 0])
    clicked = graph("GatherND", colours, places)
    clicked = graph("Unsqueeze", clicked, graph.constant([1, 2], np.int64))
    apart = graph("Abs", graph("Sub", graph("Unsqueeze", colours, axis[0]), clicked))
    apart = graph("ReduceSum", apart, axis[3], keepdims=0)

    def least(chosen):
        off = graph("Mul", graph("Sub", graph.constant(1.0), chosen), graph.constant(FAR))
        off = graph("Unsqueeze", off, graph.constant([1, 2], np.int64))
        return graph("ReduceMin", graph("Add", apart, off), axes=[0], keepdims=0)

    near, far = least(inside), least(outside)
    logits = graph("Min", graph("Sub", graph.constant(ALIKE), near), graph("Sub", far, near))
    # far below zero outside of the box
    middles = (np.arange(small) + 0.5) * shrink
    grid = graph.constant(np.stack(np.meshgrid(middles, middles), axis=-1))
    within = graph("Min", graph("Sub", grid, first), graph("Sub", second, grid))
    within = graph("ReduceMin", within, axes=[2], keepdims=0)
    within = graph("Cast", graph("Less", within, graph.constant(0.0)), to=TensorProto.FLOAT)
    logits = graph("Sub", logits, graph("Mul", graph("Mul", within, boxed), graph.constant(FAR)))
    logits = graph("Clip", logits, graph.constant(-ALIKE), graph.constant(ALIKE))
    logits = graph("Unsqueeze", logits, graph.constant([0, 1], np.int64))
    if sized and shrink > 1:
        size = graph("Concat", graph.constant([1, 1], np.int64), graph("Cast", "orig_im_size", to=7), axis=0)
        logits = graph("Resize", logits, "", "", size, mode="linear")
    everything = graph("Add", graph("Mul", logits, graph.constant(0.0)), graph.constant(1.0))
    graph("Concat", *[everything] * (masks - 1), logits, name="masks", axis=1)
    graph("Identity", graph.constant([[*np.linspace(0.2, 0.9, masks)][-masks:]]), name="iou_predictions")
    scores = value("iou_predictions", 1, masks)
    return graph.save(path, value("masks", 1, masks, "h", "w"), scores)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    save_encoder(folder / "encoder.onnx", size)
    save_decoder(folder / "decoder.onnx", size)
