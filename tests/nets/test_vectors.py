import re

import numpy as np
import pytest

from skdynacor.nets import MLP


@pytest.mark.parametrize("name", ["feature_mean", "feature_scale"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(2), re.escape("in the shape (3,); it has the shape (2,)")),
        (np.ones((1, 3)), re.escape("it has the shape (1, 3)")),
        ([1, np.nan, 1], "contains NaN"),
    ],
)
def test_features_need_a_number_each(name, values, message):
    with pytest.raises(ValueError, match=f"{name} .*{message}"):
        MLP(3, 2, **{name: values})


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_features", 0), ("n_classes", "two"), ("hidden_units", 1.5), ("widest", True)],
)
def test_numbers_are_whole(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of MLP"):
        MLP(**{"n_features": 3, "n_classes": 2, name: value})
