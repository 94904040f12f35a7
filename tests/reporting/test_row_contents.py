"""Texts and images of rows, small enough for a page."""

import base64
import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from skdynacor.reporting.row_contents import find_contents


def decode(uri):
    kind, _, data = uri.partition(";base64,")
    assert kind in ("data:image/png", "data:image/jpeg")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.mark.parametrize("make", [list, np.array, pd.Series, pl.Series])
def test_rows_of_one_dimension_are_texts(make):
    contents, has_features = find_contents(make(["some", "words " * 1_000]), 2)
    assert list(contents) == ["text"]
    assert contents["text"](0) == "some"
    assert contents["text"](1).endswith("…")
    assert len(contents["text"](1)) < 2_100
    assert not has_features


def test_texts_of_a_series_are_found_by_position():
    texts = pd.Series(["a", "b"], index=[1, 0])
    assert find_contents(np.zeros((2, 1)), 2, texts)[0]["text"](0) == "a"


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((5, 8, 8), (8, 8)),
        ((5, 8, 9, 3), (8, 9, 3)),
        ((5, 3, 8, 9), (8, 9, 3)),
        ((5, 8, 9, 4), (8, 9, 4)),
        ((5, 200, 100), (96, 48)),
    ],
)
def test_rows_of_more_dimensions_are_images(shape, shown):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    contents, has_features = find_contents(images, 5)
    assert decode(contents["image"](2)).shape == shown
    assert not has_features


def test_images_keep_their_values():
    images = np.arange(2 * 36, dtype=np.uint8).reshape(2, 6, 6)
    for same in (images, images / 255):
        contents, _ = find_contents(same, 2)
        np.testing.assert_array_equal(decode(contents["image"](1)), images[1])


def test_features_are_shown_beside_contents_where_they_have_names():
    X = np.zeros((2, 3))
    assert find_contents(X, 2) == ({}, True)
    assert find_contents(X, 2, ["a", "b"])[1] is False
    assert find_contents(pd.DataFrame(X), 2, ["a", "b"])[1] is True
    assert find_contents(np.zeros((5, 2, 8, 7)), 5) == ({}, False)  # of another net


def test_further_columns_are_shown_beside_features():
    columns = pd.DataFrame({"name": ["Ann", "Bo"], "n": [1.23456, np.nan]}, index=[5, 5])
    contents, has_features = find_contents(np.zeros((2, 1)), 2, columns=columns)
    assert [contents["columns"](row) for row in range(2)] == [["Ann", 1.235], ["Bo", None]]
    assert has_features
