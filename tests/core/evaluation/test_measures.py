"""Figures over pictures, against plain counting and known intervals; classes of folders."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ubp_core.errors import UsageError
from ubp_core.evaluation.labels import imagenet_names, match_classes
from ubp_core.evaluation.measures import (
    Mean,
    Share,
    divergences,
    is_among_first,
    output_errors,
    probabilities,
    top_changes,
)


def test_intervals_of_shares_are_those_of_wilson() -> None:
    half, none = Share.of(50, 100), Share.of(0, 10)
    assert (half.value, round(half.low, 4), round(half.high, 4)) == (0.5, 0.4038, 0.5962)
    assert (none.value, none.low, round(none.high, 4)) == (0.0, 0.0, 0.2775)
    assert str(half) == "50.0% (40.4 to 59.6)"


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_a_share_lies_within_its_interval(hits: tuple[int, int]) -> None:
    share = Share.of(*hits)
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_means_have_intervals_where_there_is_more_than_one_value() -> None:
    mean = Mean.of([1.0, 3.0])
    assert (mean.value, round(mean.low, 3), round(mean.high, 3)) == (2.0, 0.04, 3.96)
    assert math.isinf(Mean.of([5.0]).low) and str(Mean.of([5.0])) == "5"


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 99))
def test_labels_among_the_first_are_found_as_by_sorting(classes: int, count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, 4, (20, classes)).astype(np.float32)  # with many equal ones
    labels = generator.integers(0, classes, 20)
    order = np.argsort(-scores, axis=1, kind="stable")
    expected = [label in row[:count] for row, label in zip(order, labels, strict=True)]
    assert is_among_first(scores, labels, count).tolist() == expected
    scores[0, 0] = np.nan
    assert not is_among_first(scores, labels, count)[0], "what is no number has no first class"


def test_what_outputs_say_of_a_picture() -> None:
    dense = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]))
    pruned = np.log(np.array([[0.25, 0.5, 0.25], [0.1, 0.8, 0.1]])) + 7.0  # scores have no zero point
    assert np.allclose(probabilities(pruned)[0], [0.25, 0.5, 0.25])
    assert np.allclose(probabilities(np.array([[0.25, 0.75]])), [[0.25, 0.75]]), "softmax is not taken twice"
    assert np.allclose(divergences(pruned, dense), [0.5 * math.log(2) - 0.25 * math.log(2), 0])
    assert np.allclose(top_changes(pruned, dense), [-0.25, 0])
    assert np.isfinite(divergences(np.array([[1000.0, 0.0]]), np.array([[0.0, 1000.0]]))).all()
    maps = np.ones((2, 1, 2, 2))
    assert np.allclose(output_errors(maps * [[[[1.5]]], [[[1.0]]]], maps), [0.5, 0])


@pytest.mark.parametrize(
    ("names", "outputs", "listed", "expected"),
    [
        (("0", "7"), 10, None, [0, 7]),
        (("cat", "dog"), 2, None, [0, 1]),
        (("goldfish", "great_white_shark", "Tabby"), 1000, None, [1, 2, 281]),
        (("dog", "cat"), 3, ("cat", "dog", "horse"), [1, 0]),
        (tuple(sorted(map(str, range(12)))), 12, None, sorted(range(12), key=str)),
    ],
)
def test_classes_are_matched(
    names: tuple[str, ...], outputs: int, listed: tuple[str, ...] | None, expected: list[int]
) -> None:
    assert list(match_classes(names, outputs, listed).values()) == expected


@pytest.mark.parametrize(
    ("names", "outputs", "listed", "words"),
    [
        (("a", "b", "c", "d"), 7, None, "4 classes of pictures (a, b, c, ...), and the network has 7: name its"),
        (("hedgehog", "tench"), 1000, None, "folders hedgehog are no classes of ImageNet (tench, goldfish, great"),
        (("cardigan", "tench"), 1000, None, "folders cardigan are no classes of ImageNet"),  # a dog and a jacket
        (("cat", "cow"), 3, ("cat", "dog", "horse"), "folders cow are no classes of --classes (cat, dog, horse)"),
        (("cat", "cow"), 3, ("cat", "dog"), "--classes has 2 classes, the network 3"),
        (("0", "10"), 10, None, "2 classes of pictures (0, 10), and the network has 10"),
    ],
)
def test_classes_that_do_not_match_show_both_sides(
    names: tuple[str, ...], outputs: int, listed: tuple[str, ...] | None, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        match_classes(names, outputs, listed)
    assert str(caught.value).startswith(words) and "\n" not in str(caught.value)


def test_imagenet_has_its_names() -> None:
    names = imagenet_names()
    assert len(names) == 1000 and names[0] == "tench" and names[999] == "toilet tissue"
