"""Each loss equals its formula of docs/methods.md, written as loops over plain numbers."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from engine import distillation as D


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def softmax(values):
    exponentials = [math.exp(v) for v in values]
    return [e / sum(exponentials) for e in exponentials]


def binary_cross_entropy(z, p):
    return -(p * math.log(sigmoid(z)) + (1 - p) * math.log(1 - sigmoid(z)))


def smooth_l1(difference, beta=1 / 9):
    difference = abs(difference)
    return difference**2 / (2 * beta) if difference < beta else difference - beta / 2


def counted_pixels(valid):
    return [tuple(index) for index in valid.nonzero().tolist()]


def counted_anchors(case):
    return [tuple(index) for index in case.anchors_valid.nonzero().tolist()]


def close(value):
    return pytest.approx(value, rel=1e-9)


def naive_divergence(student, teacher, valid, temperature):
    total = 0.0
    for b, y, x in counted_pixels(valid):
        mine = softmax([v / temperature for v in student[b, :, y, x].tolist()])
        theirs = softmax([v / temperature for v in teacher[b, :, y, x].tolist()])
        total += sum(t * math.log(t / s) for t, s in zip(theirs, mine, strict=True))
    return temperature**2 * total / len(counted_pixels(valid))


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_soft_segmentation_is_the_mean_divergence_over_counted_pixels(case, temperature):
    value = D.soft_segmentation(case.segmentation, case.teacher_segmentation, case.valid, temperature)
    assert value.item() == close(
        naive_divergence(case.segmentation, case.teacher_segmentation, case.valid, temperature)
    )


@pytest.mark.parametrize("reduction", ["objects", "mean"])
def test_soft_classification_is_quality_focal_over_counted_anchors_and_classes(case, reduction):
    total = found = 0.0
    for b, n in counted_anchors(case):
        probabilities = [sigmoid(t) for t in case.teacher_logits[b, n].tolist()]
        found += max(probabilities)
        for z, p in zip(case.logits[b, n].tolist(), probabilities, strict=True):
            total += abs(p - sigmoid(z)) ** 2 * binary_cross_entropy(z, p)
    value = D.soft_detection_classification(case.logits, case.teacher_logits, case.anchors_valid, reduction=reduction)
    assert value.item() == close(total / (found if reduction == "objects" else 3 * len(counted_anchors(case))))


@pytest.mark.parametrize("weight", ["confidence", "all"])
def test_soft_regression_is_a_mean_weighted_by_the_teachers_confidence(case, weight):
    total = weights = 0.0
    for b, n in counted_anchors(case):
        confidence = max(sigmoid(t) for t in case.teacher_logits[b, n].tolist()) if weight == "confidence" else 1.0
        pairs = zip(case.regression[b, n].tolist(), case.teacher_regression[b, n].tolist(), strict=True)
        total += confidence * sum(smooth_l1(s - t) for s, t in pairs) / 4
        weights += confidence
    value = D.soft_detection_regression(
        case.regression, D.Targets(case.teacher_regression, case.teacher_logits), case.anchors_valid, weight
    )
    assert value.item() == close(total / weights)


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0, 1.0], [0.3, 0.0, 1.0, 0.5]])
def test_soft_terms_weigh_classes_as_they_are_told(case, weights):
    """A pixel by its teacher's probabilities, an anchor's box by its teacher's best class."""
    total, count = 0.0, 0
    for b, y, x in counted_pixels(case.valid):
        mine, theirs = (softmax(each[b, :, y, x].tolist()) for each in (case.segmentation, case.teacher_segmentation))
        divergence = sum(t * math.log(t / s) for t, s in zip(theirs, mine, strict=True))
        total += divergence * sum(w * t for w, t in zip(weights, theirs, strict=True))
        count += 1
    w = torch.tensor(weights, dtype=torch.float64)
    value = D.soft_segmentation(case.segmentation, case.teacher_segmentation, case.valid, emphasis=D.Emphasis(w))
    assert value.item() == close(total / count)
    classification = regression = found = 0.0
    for b, n in counted_anchors(case):
        probabilities = [sigmoid(t) for t in case.teacher_logits[b, n].tolist()]
        best = max(range(3), key=probabilities.__getitem__)
        found += probabilities[best]
        for weight, z, p in zip(weights, case.logits[b, n].tolist(), probabilities, strict=False):
            classification += weight * abs(p - sigmoid(z)) ** 2 * binary_cross_entropy(z, p)
        pairs = zip(case.regression[b, n].tolist(), case.teacher_regression[b, n].tolist(), strict=True)
        regression += weights[best] * probabilities[best] * sum(smooth_l1(s - t) for s, t in pairs) / 4
    answer, valid, emphasis = case.teacher_logits, case.anchors_valid, D.Emphasis(w[:3])
    value = D.soft_detection_classification(case.logits, answer, valid, emphasis=emphasis)
    assert value.item() == close(classification / found)
    targets = D.Targets(case.teacher_regression, answer)
    value = D.soft_detection_regression(case.regression, targets, valid, emphasis=emphasis)
    assert value.item() == close(regression / found)


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.3, 0.0, 1.0]])
@pytest.mark.parametrize("found", [0.1, 0.6])
def test_dense_pseudo_labels_are_what_a_teacher_finds_and_background_elsewhere(case, weights, found):
    boxes = [torch.cat([each[..., :2], each[..., :2] + each[..., 2:].exp()], -1) for each in
             (case.regression, case.teacher_regression)]  # fmt: skip
    classification = regression = divisor = 0.0
    for b, n in counted_anchors(case):
        probabilities = [sigmoid(t) for t in case.teacher_logits[b, n].tolist()]
        targets = [p if p >= found else 0.0 for p in probabilities]
        divisor += max(targets)
        for weight, z, q in zip(weights, case.logits[b, n].tolist(), targets, strict=True):
            classification += weight * abs(q - sigmoid(z)) ** 2 * binary_cross_entropy(z, q)
        if max(targets):
            best = targets.index(max(targets))
            pair = (each[b, n].tolist() for each in boxes)
            regression += weights[best] * max(targets) * (1 - naive_giou(*pair))
    answer, valid, emphasis = (
        case.teacher_logits,
        case.anchors_valid,
        D.Emphasis(torch.tensor(weights, dtype=torch.float64)),
    )
    value = D.dense_classification(case.logits, answer, valid, found, emphasis)
    assert value.item() == close(classification / divisor) and divisor > 1
    value = D.dense_boxes(boxes[0], D.Targets(boxes[1], answer), valid, found, emphasis)
    assert value.item() == pytest.approx(regression / divisor, rel=1e-5)


def naive_giou(a, b):
    width, height = (max(0.0, min(a[2 + i], b[2 + i]) - max(a[i], b[i])) for i in (0, 1))
    hull = math.prod(max(a[2 + i], b[2 + i]) - min(a[i], b[i]) for i in (0, 1))
    areas = sum((each[2] - each[0]) * (each[3] - each[1]) for each in (a, b))
    union = areas - width * height
    return width * height / union - (hull - union) / hull


def test_feature_mse_counts_a_cell_by_its_share_of_valid_pixels(case):
    levels = []
    for student, teacher in zip(case.features, case.teacher_features, strict=True):
        batch, channels, height, width = student.shape
        rows, columns = 16 // height, 24 // width
        total = weight = 0.0
        for b in range(batch):
            for y in range(height):
                for x in range(width):
                    cell = case.valid[b, y * rows : (y + 1) * rows, x * columns : (x + 1) * columns]
                    share = cell.double().mean().item()
                    for k in range(channels):
                        total += share * (student[b, k, y, x] - teacher[b, k, y, x]).item() ** 2
                        weight += share
        levels.append(total / weight)
    value = D.feature_mse(case.features, case.teacher_features, case.valid)
    assert value.item() == close(sum(levels) / len(levels))


def naive_guided(case, weights, strength):
    """Sum of w (F_S - F_T)^2, w made to sum 1 over batch, levels, cells and channels."""
    total = sum(sum(each.values()) for each in weights) * 5
    loss = 0.0
    for each, student, teacher in zip(weights, case.features, case.teacher_features, strict=True):
        for (b, y, x), weight in each.items():
            for k in range(5):
                loss += weight / total * (student[b, k, y, x] - teacher[b, k, y, x]).item() ** 2
    return strength * loss


def test_pdf_detection_weighs_features_by_the_disagreement_at_their_location(case):
    weights, n = [], 0
    for height, width in case.shapes:
        level = {}
        for y in range(height):
            for x in range(width):
                for b in range(2):
                    distances = []
                    for a in range(case.per_location):
                        pairs = zip(case.logits[b, n + a].tolist(), case.teacher_logits[b, n + a].tolist(), strict=True)
                        distance = math.sqrt(sum((sigmoid(t) - sigmoid(s)) ** 2 for s, t in pairs))
                        distances.append(distance if case.anchors_valid[b, n + a] else 0.0)
                    level[b, y, x] = sum(distances) / case.per_location
                n += case.per_location
        weights.append(level)
    value = D.pdf_detection(
        D.Pyramid(case.features, case.logits),
        D.Pyramid(case.teacher_features, case.teacher_logits),
        case.shapes,
        case.anchors_valid,
        weight=5.0,
    )
    assert value.item() == close(naive_guided(case, weights, 5.0))


def test_pdf_detection_leaves_out_levels_without_detections(case):
    finer = torch.randn(2, 5, 8, 12, dtype=torch.float64)
    student, teacher = D.Pyramid(case.features, case.logits), D.Pyramid(case.teacher_features, case.teacher_logits)
    alone = D.pdf_detection(student, teacher, case.shapes, case.anchors_valid)
    student, teacher = (
        pyramid._replace(features=[level, *pyramid.features])
        for pyramid, level in ((student, finer), (teacher, -finer))
    )
    beside = D.pdf_detection(student, teacher, case.shapes, case.anchors_valid)
    assert torch.equal(alone, beside)


def test_pdf_segmentation_weighs_features_by_the_disagreement_of_their_pixels(case):
    distance = {}
    for b in range(2):
        for y in range(16):
            for x in range(24):
                mine, theirs = (softmax(s[b, :, y, x].tolist()) for s in (case.segmentation, case.teacher_segmentation))
                norm = math.sqrt(sum((s - t) ** 2 for s, t in zip(mine, theirs, strict=True)))
                distance[b, y, x] = norm if case.valid[b, y, x] else 0.0
    weights = []
    for height, width in case.shapes:
        rows, columns = 16 // height, 24 // width
        weights.append(
            {
                (b, y, x): sum(distance[b, y * rows + i, x * columns + j] for i in range(rows) for j in range(columns))
                / (rows * columns)
                for b in range(2)
                for y in range(height)
                for x in range(width)
            }
        )
    value = D.pdf_segmentation(
        D.Pyramid(case.features, case.segmentation),
        D.Pyramid(case.teacher_features, case.teacher_segmentation),
        case.valid,
        weight=5.0,
    )
    assert value.item() == close(naive_guided(case, weights, 5.0))


def test_pdf_plus_divides_by_what_the_teacher_finds(case):
    total, found, boxes, objects = 0.0, 0, 0.0, 0
    for b, n in counted_anchors(case):
        probabilities = [sigmoid(t) for t in case.teacher_logits[b, n].tolist()]
        for z, p in zip(case.logits[b, n].tolist(), probabilities, strict=True):
            total += (p - sigmoid(z)) ** 2 * binary_cross_entropy(z, p)
            found += p > 0.5
        if max(probabilities) > 0.5:
            boxes += (case.regression[b, n] - case.teacher_regression[b, n]).abs().mean().item()
            objects += 1
    value = D.pdf_plus(case.logits, case.teacher_logits, case.regression, case.teacher_regression, case.anchors_valid)
    assert found > 0
    assert value.item() == close(total / found + boxes / objects)


def pearson(first, second):
    mean_first, mean_second = sum(first) / len(first), sum(second) / len(second)
    both = sum((a - mean_first) * (b - mean_second) for a, b in zip(first, second, strict=True))
    return both / math.sqrt(sum((a - mean_first) ** 2 for a in first) * sum((b - mean_second) ** 2 for b in second))


@pytest.mark.parametrize("classes", [2, 4])
def test_dist_correlates_classes_over_pixels_and_pixels_over_classes(case, classes):
    student, teacher = case.segmentation[:, :classes], case.teacher_segmentation[:, :classes]
    mine, theirs = (
        [softmax([v / 2 for v in logits[b, :, y, x].tolist()]) for b, y, x in counted_pixels(case.valid)]
        for logits in (student, teacher)
    )
    inter = sum(1 - pearson(s, t) for s, t in zip(mine, theirs, strict=True)) / len(mine) if classes > 2 else 0.0
    intra = sum(1 - pearson([s[k] for s in mine], [t[k] for t in theirs]) for k in range(classes)) / classes
    assert D.dist_segmentation(student, teacher, case.valid, 2.0).item() == close(4 * (inter + intra))


def test_channel_wise_compares_each_class_over_space(case):
    total = 0.0
    for b in range(2):
        pixels = [(y, x) for image, y, x in counted_pixels(case.valid) if image == b]
        for k in range(4):
            mine, theirs = (
                softmax([logits[b, k, y, x].item() / 2 for y, x in pixels])
                for logits in (case.segmentation, case.teacher_segmentation)
            )
            total += sum(t * math.log(t / s) for t, s in zip(theirs, mine, strict=True))
    value = D.channel_wise(case.segmentation, case.teacher_segmentation, case.valid, 2.0)
    assert value.item() == close(4 * total / 8)


def test_channel_wise_leaves_out_images_in_which_nothing_counts(case):
    case.valid[1] = False
    alone = D.channel_wise(case.segmentation[:1], case.teacher_segmentation[:1], case.valid[:1])
    assert D.channel_wise(case.segmentation, case.teacher_segmentation, case.valid).item() == close(alone.item())


def test_pkd_is_the_squared_difference_of_standardised_channels(case):
    levels = []
    for student, teacher in zip(case.features, case.teacher_features, strict=True):
        batch, channels, height, width = student.shape
        cells = [(b, y, x) for b in range(batch) for y in range(height) for x in range(width)]
        rows, columns = 16 // height, 24 // width
        share = {
            (b, y, x): case.valid[b, y * rows : (y + 1) * rows, x * columns : (x + 1) * columns].double().mean().item()
            for b, y, x in cells
        }
        whole, total = sum(share.values()), 0.0
        for k in range(channels):
            standard = []
            for features in (student, teacher):
                mean = sum(share[b, y, x] * features[b, k, y, x].item() for b, y, x in cells) / whole
                variance = sum(share[b, y, x] * (features[b, k, y, x].item() - mean) ** 2 for b, y, x in cells) / whole
                standard.append(
                    {c: (features[c[0], k, c[1], c[2]].item() - mean) / math.sqrt(variance + 1e-6) for c in cells}
                )
            total += sum(share[c] * (standard[0][c] - standard[1][c]) ** 2 for c in cells) / 2
        levels.append(total / whole / channels)
    value = D.pkd(case.features, case.teacher_features, case.valid)
    assert value.item() == close(sum(levels) / len(levels))
    scaled = [3 * level + 5 for level in case.teacher_features]
    assert D.pkd(case.features, scaled, case.valid).item() == pytest.approx(value.item(), rel=1e-4)


def stretched(features, height, width):
    """Bilinear, each output cell's centre looked up between the input cells' centres, as plain loops."""
    batch, channels, rows, columns = features.shape
    found = torch.zeros(batch, channels, height, width, dtype=features.dtype)
    for y in range(height):
        v = min(max((y + 0.5) * rows / height - 0.5, 0), rows - 1)
        for x in range(width):
            u = min(max((x + 0.5) * columns / width - 0.5, 0), columns - 1)
            for j, i in {(j, i) for j in (int(v), int(v) + 1) for i in (int(u), int(u) + 1)}:
                weight = max(0, 1 - abs(v - j)) * max(0, 1 - abs(u - i))
                if weight:
                    found[:, :, y, x] += weight * features[:, :, j, i]
    return found


@pytest.mark.parametrize("sizes", [((4, 6), (4, 6)), ((2, 3), (4, 6)), ((4, 6), (2, 3)), ((2, 3), (8, 4))])
def test_spatial_cosine_is_one_minus_the_cosine_of_each_cell_by_its_share_of_valid_pixels(case, sizes):
    finer = max(sizes, key=math.prod)
    student, teacher = (torch.randn(2, 5, *size, dtype=torch.float64) for size in sizes)
    mine, theirs = (stretched(each, *finer) for each in (student, teacher))
    total = weight = 0.0
    for b in range(2):
        for y in range(finer[0]):
            for x in range(finer[1]):
                rows, columns = 16 // finer[0], 24 // finer[1]
                cell = case.valid[b, y * rows : (y + 1) * rows, x * columns : (x + 1) * columns]
                share = cell.double().mean().item()
                s, t = mine[b, :, y, x].tolist(), theirs[b, :, y, x].tolist()
                dot = sum(p * q for p, q in zip(s, t, strict=True))
                total += share * (1 - dot / math.sqrt(sum(p * p for p in s)) / math.sqrt(sum(q * q for q in t)))
                weight += share
    assert D.spatial_cosine(student, teacher, case.valid).item() == close(total / weight)
    assert D.spatial_cosine(3 * student, 0.2 * teacher, case.valid).item() == close(total / weight)


def test_consistency_is_the_mean_squared_difference_of_probabilities(case):
    total = 0.0
    for b, y, x in counted_pixels(case.valid):
        mine, theirs = (softmax(s[b, :, y, x].tolist()) for s in (case.segmentation, case.teacher_segmentation))
        total += sum((s - t) ** 2 for s, t in zip(mine, theirs, strict=True))
    value = D.consistency(case.segmentation, case.teacher_segmentation, case.valid)
    assert value.item() == close(total / 4 / len(counted_pixels(case.valid)))


def test_divergence_of_areas_is_jensen_and_shannons_in_bits_chip_by_chip(case):
    def entropy(values):
        return -sum(value * math.log2(value) for value in values)

    found = D.divergence_of_areas(case.segmentation, case.teacher_segmentation, case.valid)
    for b, value in enumerate(found.tolist()):
        total, pixels = 0.0, [place for place in counted_pixels(case.valid) if place[0] == b]
        for _, y, x in pixels:
            p, q = (softmax(s[b, :, y, x].tolist()) for s in (case.segmentation, case.teacher_segmentation))
            middle = [(mine + theirs) / 2 for mine, theirs in zip(p, q, strict=True)]
            total += entropy(middle) - (entropy(p) + entropy(q)) / 2
        assert value == close(total / len(pixels))


def test_difference_of_scores_is_the_largest_of_the_classes_mean_over_anchors_that_count(case):
    found = D.difference_of_scores(case.logits, case.teacher_logits, case.anchors_valid)
    for b, value in enumerate(found.tolist()):
        each = [
            max(abs(sigmoid(m) - sigmoid(t)) for m, t in zip(mine, theirs, strict=True))
            for mine, theirs, counts in zip(
                case.logits[b].tolist(), case.teacher_logits[b].tolist(), case.anchors_valid[b].tolist(), strict=True
            )
            if counts
        ]
        assert value == close(sum(each) / len(each))


def test_disagreement_is_0_with_oneself_1_at_most_and_0_of_what_does_not_count():
    sure = torch.tensor([40.0, -40.0]).reshape(1, 2, 1, 1).expand(2, 2, 4, 4)
    everywhere = torch.ones(2, 4, 4, dtype=torch.bool)
    everywhere[1] = False
    assert D.divergence_of_areas(sure, sure, everywhere).tolist() == [0.0, 0.0]
    assert D.divergence_of_areas(sure, -sure, everywhere).tolist() == close([1.0, 0.0])


def test_cross_entropy_is_the_mean_over_counted_pixels(case):
    pixels = counted_pixels(case.valid)
    total = -sum(math.log(softmax(case.segmentation[b, :, y, x].tolist())[case.mask[b, y, x]]) for b, y, x in pixels)
    assert D.segmentation_cross_entropy(case.segmentation, case.mask).item() == close(total / len(pixels))


def test_weighted_cross_entropy_is_the_weighted_mean_over_counted_pixels(case):
    weights, total, weighed = (1.0, 2.5, 10.0, 1.5), 0.0, 0.0
    for b, y, x in counted_pixels(case.valid):
        k = int(case.mask[b, y, x])
        total -= weights[k] * math.log(softmax(case.segmentation[b, :, y, x].tolist())[k])
        weighed += weights[k]
    assert D.weighted_cross_entropy(case.segmentation, case.mask, weights).item() == close(total / weighed)


def test_focal_cross_entropy_counts_sure_pixels_less(case):
    pixels, total = counted_pixels(case.valid), 0.0
    for b, y, x in pixels:
        p = softmax(case.segmentation[b, :, y, x].tolist())[case.mask[b, y, x]]
        total -= (1 - p) ** 2 * math.log(p)
    assert D.segmentation_focal(case.segmentation, case.mask).item() == close(total / len(pixels))


def test_dice_loss_averages_the_classes_over_the_batchs_counted_pixels(case):
    losses = []
    for k in range(4):
        both = predicted = true = 0.0
        for b, y, x in counted_pixels(case.valid):
            p, t = softmax(case.segmentation[b, :, y, x].tolist())[k], float(case.mask[b, y, x] == k)
            both, predicted, true = both + p * t, predicted + p, true + t
        losses.append(1 - 2 * both / (predicted + true))
    assert D.dice_loss(case.segmentation, case.mask).item() == close(sum(losses) / 4)


@pytest.mark.parametrize("agreement", [True, False])
def test_pseudo_labels_keep_confident_and_agreed_pixels(case, agreement):
    labels = D.pseudo_labels(case.segmentation, case.teacher_segmentation, case.valid, 0.6, agreement)
    kept = 0
    for b in range(2):
        for y in range(16):
            for x in range(24):
                first, second = (
                    softmax(s[b, :, y, x].tolist()) for s in (case.segmentation, case.teacher_segmentation)
                )
                mean = [(p + q) / 2 for p, q in zip(first, second, strict=True)]
                agreed = first.index(max(first)) == second.index(max(second))
                counts = case.valid[b, y, x] and max(mean) >= 0.6 and (agreed or not agreement)
                assert labels[b, y, x] == (mean.index(max(mean)) if counts else 255)
                kept += bool(counts)
    assert 0 < kept < case.valid.sum()


def test_cross_supervision_teaches_each_the_others_opinion(case):
    first, second = case.segmentation, case.teacher_segmentation
    pixels = counted_pixels(case.valid)
    total = 0.0
    for mine, other in ((first, second), (second, first)):
        for b, y, x in pixels:
            total -= math.log(softmax(mine[b, :, y, x].tolist())[other[b, :, y, x].argmax()]) / len(pixels)
    assert D.cross_supervision(first, second, case.valid).item() == close(total)


def test_soft_and_feature_terms_sum_over_both_teachers(case):
    other = case.teacher_segmentation.flip(1)
    soft = D.soft_term(case.segmentation, [case.teacher_segmentation, other], case.valid)
    expected = naive_divergence(case.segmentation, case.teacher_segmentation, case.valid, 1.0)
    assert soft.item() == close(expected + naive_divergence(case.segmentation, other, case.valid, 1.0))

    pairs = list(zip(case.features, case.teacher_features, strict=True))
    everywhere = torch.ones_like(case.valid)
    expected = sum(((s - t) ** 2).mean() for s, t in pairs)
    assert D.feature_term(pairs, everywhere).item() == close(expected.item())


def test_features_of_another_size_are_resized_to_the_teachers(case):
    teacher = torch.randn(2, 5, 8, 12, dtype=torch.float64)
    enlarged = F.interpolate(case.features[0], size=(8, 12), mode="bilinear", align_corners=False)
    value = D.feature_mse(case.features[:1], [teacher], torch.ones_like(case.valid))
    assert value.item() == close(((enlarged - teacher) ** 2).mean().item())


def test_adaptors_speak_the_teachers_channels_and_sizes():
    adaptors = D.Adaptors([8, 8, 8], [5, 6])
    student = [torch.randn(1, 8, side, side) for side in (8, 4, 2)]
    teacher = [torch.randn(1, 5, 16, 16), torch.randn(1, 6, 4, 4)]
    assert [level.shape for level in adaptors(student, teacher)] == [level.shape for level in teacher]
    assert [tuple(level.shape) for level in adaptors(student)] == [(1, 5, 8, 8), (1, 6, 4, 4)]


def test_the_ramp_rises_to_one_and_stays_there():
    values = [D.ramp_up(progress, 0.4) for progress in (0.0, 0.1, 0.2, 0.4, 1.0)]
    assert values == pytest.approx([math.exp(-5), math.exp(-5 * 0.75**2), math.exp(-5 * 0.5**2), 1.0, 1.0])
    assert D.ramp_up(0.0, 0.0) == 1.0
