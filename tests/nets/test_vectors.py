import re

import numpy as np
import pytest
import torch

from skdynacor.nets import MLP


@pytest.mark.parametrize("positions", [[2, 0], (2, 0), np.array([2, 0]), torch.tensor([2, 0])])
def test_positions_come_in_any_array(positions):
    net = MLP(3, 2, telling_columns=positions)
    assert net.columns.tolist() == [2, 0]
    assert net(torch.ones(4, 3)).shape == (4, 2)


@pytest.mark.parametrize("positions", [[0, 3], [-1], [1, 1], [0.5], [True], ["a"], [[0], [1]]])
def test_other_positions_are_refused(positions):
    with pytest.raises(ValueError, match=re.escape("distinct whole numbers from 0 to 2; got")):
        MLP(3, 2, telling_columns=positions)


@pytest.mark.parametrize(
    ("order", "message"),
    [([0, 1], "must hold all 3 classes; it holds 2"), ([0, 1, 3], "from 0 to 2; got")],
)
def test_an_order_of_classes_holds_each_once(order, message):
    with pytest.raises(ValueError, match=f"class_order.*{message}"):
        MLP(3, 3, class_order=order)


@pytest.mark.parametrize("name", ["feature_mean", "feature_scale"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.ones(2),
            re.escape("in the shape (3,); it has the shape (2,)"),
        ),
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
