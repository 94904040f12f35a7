import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone

from skdynacor import LabelCorruptor
from skdynacor.augment import center_crop, compose, flip, random_crop, random_flip

EVERY = [
    flip,
    random_flip,
    center_crop,
    random_crop,
    partial(center_crop, margin=1),
    partial(random_crop, margin=0),
    compose(center_crop, random_crop, random_flip),
]


def images(n_samples=6, n_channels=3, height=10, width=12, dtype=np.float32):
    pixels = np.random.default_rng(0).integers(1, 256, (n_samples, n_channels, height, width))
    return pixels.astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.int64])
@pytest.mark.parametrize("augment", EVERY)
def test_shape_and_dtype_stay_and_the_input_too(augment, dtype):
    rows = images(dtype=dtype)
    augmented = augment(rows, np.random.default_rng(1))
    assert (augmented.shape, augmented.dtype) == (rows.shape, rows.dtype)
    assert min(augmented.strides) > 0
    assert not np.shares_memory(augmented, rows)
    np.testing.assert_array_equal(rows, images(dtype=dtype))


@pytest.mark.parametrize("augment", EVERY)
def test_no_rows_are_no_trouble(augment):
    assert augment(images(0), np.random.default_rng(1)).shape == (0, 3, 10, 12)


@pytest.mark.parametrize("augment", EVERY)
def test_the_generator_decides_alone(augment):
    first, again = (augment(images(), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("augment", [random_crop, random_flip])
def test_images_are_augmented_each_by_itself(augment):
    rows = np.repeat(images(1), 50, axis=0)
    augmented = augment(rows, np.random.default_rng(0))
    assert len(np.unique(augmented, axis=0)) > 1


@pytest.mark.parametrize("augment", EVERY)
def test_corruptors_with_it_are_cloned_and_pickled(augment):
    corruptor = LabelCorruptor(augment=augment)
    expected = augment(images(), np.random.default_rng(3))
    for copy in (clone(corruptor), pickle.loads(pickle.dumps(corruptor))):
        np.testing.assert_array_equal(copy.augment(images(), np.random.default_rng(3)), expected)


def test_a_flip_mirrors_the_width():
    rows = images()
    np.testing.assert_array_equal(flip(rows), rows[..., ::-1])
    np.testing.assert_array_equal(flip(flip(rows)), rows)


def test_half_of_the_images_are_flipped():
    rows = images(1000, 2, 3, 4)
    flipped = random_flip(rows, np.random.default_rng(0))
    mirrored = (flipped == rows[..., ::-1]).all(axis=(1, 2, 3))
    assert 440 < mirrored.sum() < 560
    np.testing.assert_array_equal(flipped[~mirrored], rows[~mirrored])


def test_the_centre_stays_where_it_is():
    rows = images()
    cropped = center_crop(rows)
    np.testing.assert_array_equal(cropped[:, :, 4:6, 4:8], rows[:, :, 4:6, 4:8])
    assert np.count_nonzero(cropped) == 6 * 3 * 2 * 4
    np.testing.assert_array_equal(center_crop(rows, margin=0), rows)


def test_random_crops_are_all_the_windows_of_the_padded_image():
    rows = np.repeat(images(1, 2, 4, 5), 1000, axis=0)
    padded = np.pad(rows[0], [(0, 0), (1, 1), (1, 1)])
    windows = {padded[:, i : i + 4, j : j + 5].tobytes() for i in range(3) for j in range(3)}
    counts = dict.fromkeys(windows, 0)
    for crop in random_crop(rows, np.random.default_rng(0), margin=1):
        counts[crop.tobytes()] += 1  # KeyError: not a window
    assert len(counts) == 9
    assert min(counts.values()) > 70


def test_images_stay_in_order():
    rows = np.arange(1, 31)[:, None, None, None] * np.ones((30, 1, 9, 9))
    for augment in EVERY:
        brightest = augment(rows, np.random.default_rng(0)).max(axis=(1, 2, 3))
        np.testing.assert_array_equal(brightest, np.arange(1, 31))


def test_functions_are_composed_from_the_first_to_the_last():
    augment = compose(lambda rows, rng: rows + 1, lambda rows, rng: rows * 2)
    assert augment(3, None) == 8
    assert compose()(3, None) == 3


@pytest.mark.parametrize("augment", EVERY)
@pytest.mark.parametrize("shape", [(10, 64), (10, 8, 8)])
def test_only_images_are_taken(augment, shape):
    with pytest.raises(ValueError, match=r"\(n_samples, n_channels, .*; got .* shape \(10, "):
        augment(np.ones(shape), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("augment", "most"), [(partial(center_crop, rng=None), 4), (random_crop, 9)]
)
def test_something_of_the_image_must_remain(augment, most):
    rng = np.random.default_rng(0)
    assert augment(images(50), rng=rng, margin=most).any(axis=(1, 2, 3)).all()
    for margin in (most + 1, 100, -1):
        with pytest.raises(
            ValueError, match=f"from 0 to {most} pixels .* 10 × 12; got margin={margin}"
        ):
            augment(images(), rng=rng, margin=margin)


def test_torch_is_not_imported():
    code = "import sys, skdynacor.augment; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("margin", [0.5, "1", None, np.array([1])])
def test_margins_are_whole_numbers(margin):
    with pytest.raises(ValueError, match=r"'margin' parameter .* must be an instance of 'int'"):
        center_crop(images(), margin=margin)


@pytest.mark.parametrize("augment", [flip, random_flip, center_crop, random_crop])
def test_rows_of_several_shapes_are_no_images(augment):
    with pytest.raises(ValueError, match=r"of one shape are wanted; got rows of several shapes\."):
        augment([[1.0, 2.0], [3.0]], np.random.default_rng(0))
