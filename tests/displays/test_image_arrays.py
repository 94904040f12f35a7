import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdynacor.displays._image_arrays import find_images, to_displayable


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 6, 7), (5, 6, 7)),
        ((5, 6, 7, 1), (5, 6, 7)),
        ((5, 6, 7, 3), (5, 6, 7, 3)),
        ((5, 6, 7, 4), (5, 6, 7, 4)),
        ((5, 1, 6, 7), (5, 6, 7)),
        ((5, 3, 6, 7), (5, 6, 7, 3)),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, bool])
def test_images_of_any_layout_and_type(shape, expected, dtype):
    images = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    drawn = to_displayable(find_images(images, 5))
    assert drawn.shape == expected
    assert drawn.min() >= 0
    assert drawn.max() <= 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 51, 102], dtype=np.uint8), [0, 0.2, 0.4]),
        ([0, 0.2, 0.4], [0, 0.2, 0.4]),
        ([0, 8, 16], [0, 0.5, 1]),
        ([-1, 0, 3], [0, 0.25, 1]),
        ([7, 7, 7], [0, 0, 0]),
    ],
)
def test_only_values_that_are_no_colours_are_stretched(values, expected):
    drawn = to_displayable(np.asarray(values).reshape(1, 1, 3))
    assert_allclose(drawn.ravel(), expected)


@pytest.mark.parametrize("shape", [(5,), (5, 64), (5, 2, 6, 7), (5, 1, 1, 1, 1)])
def test_rows_that_are_no_images_are_refused(shape):
    with pytest.raises(ValueError, match=r"images must be numbers of shape .*; got shape \("):
        find_images(np.zeros(shape), 5)


def test_missing_pixels_are_refused():
    with pytest.raises(ValueError, match="hold NaN or infinity"):
        to_displayable(np.array([[[0.5, np.nan]]]))
