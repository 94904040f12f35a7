"""What must not matter, does not: relations of ``benchmarks/metamorphic.py`` on little data.

There, seeds, noises and data sets are several, and methods that depend on the seed are shown to.
"""

import importlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from skdynacor.datasets import make_label_noise

for package in ("pandas", "matplotlib", "tqdm", "cleanlab"):
    pytest.importorskip(package)


@pytest.fixture(scope="module")
def metamorphic():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
        yield importlib.import_module("metamorphic")


@pytest.fixture(scope="module")
def apart():
    """Rows of three classes that lie apart, where no seed makes a difference."""
    X, y_true = make_blobs(240, n_features=6, centers=3, cluster_std=1.0, random_state=0)
    y, wrong = make_label_noise(y_true, "symmetric", 0.1, random_state=0)
    X[:, 0] *= 1000  # features that share a unit would keep their proportions, see nets.MLP
    return X.astype(np.float32), y, y_true, wrong


@pytest.fixture(scope="module")
def make_case(metamorphic, apart):
    """Make the case of a method, fitted once."""
    cases = {}

    def make_case(name):
        if name not in cases:
            X, y, _, _ = apart
            method = metamorphic.METHODS[name]
            cases[name] = metamorphic.Case(method, X, y, 2, *method.fit(X, y, 2))
        return cases[name]

    return make_case


METHODS = ["default", "paper", "cleaning", "AUM", "SimiFeatV", "SimiFeatR"]
EXACT = [
    "the same again",
    "float64",
    "other names of classes",
    "all features x 1024",
    "each column twice",
    "constant columns",
]


@pytest.mark.parametrize("relation", EXACT)
@pytest.mark.parametrize("method", METHODS)
def test_every_bit_stays(metamorphic, make_case, method, relation):
    one, other = metamorphic.RELATIONS[relation](make_case(method))
    assert one.verdicts.shape == (240,)
    assert one.scores.std() > 0
    np.testing.assert_array_equal(other.verdicts, one.verdicts)
    np.testing.assert_array_equal(other.scores, one.scores)


ROUNDED = [
    "shifted and scaled features",
    "new rows in batches",
    "another order of rows",
    "another order of classes",
]
BY_CHANCE = ["another seed", "another order of columns"]


TRAINED = ["AUM", "AverageEncoder", "ConfidentLearning", "CORES"]


@pytest.mark.parametrize("relation", ["each column twice", "constant columns"])
@pytest.mark.parametrize("method", TRAINED[1:])
def test_baselines_hear_columns_that_say_nothing_no_more(metamorphic, make_case, method, relation):
    one, other = metamorphic.RELATIONS[relation](make_case(method))
    np.testing.assert_array_equal(other.scores, one.scores)


@pytest.mark.parametrize("method", TRAINED)
def test_baselines_know_no_order_of_rows_either(metamorphic, make_case, method):
    one, other = metamorphic.RELATIONS["another order of rows"](make_case(method))
    assert (one.verdicts == other.verdicts).mean() >= 0.99
    np.testing.assert_allclose(other.scores, one.scores, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("relation", ROUNDED)
@pytest.mark.parametrize("method", ["default", "paper", "cleaning"])
def test_rounding_changes_no_verdict(metamorphic, make_case, method, relation):
    one, other = metamorphic.RELATIONS[relation](make_case(method))
    assert (one.verdicts == other.verdicts).mean() >= 0.99
    if method == "default" and "order" in relation:  # where another seed would move scores
        np.testing.assert_allclose(other.scores, one.scores, atol=1e-3)


@pytest.mark.parametrize("relation", BY_CHANCE)
@pytest.mark.parametrize("method", ["default", "cleaning"])
def test_where_classes_lie_apart_chance_changes_no_verdict(
    metamorphic, make_case, apart, method, relation
):
    one, other = metamorphic.RELATIONS[relation](make_case(method))
    assert (one.verdicts == other.verdicts).mean() >= 0.99
    if method == "default":
        assert (one.verdicts == apart[3]).mean() >= 0.99


def test_more_noise_never_lowers_the_rate(metamorphic, apart):
    more_noise = importlib.import_module("more_noise")
    X, _, y_true, _ = apart
    planted = [more_noise.plant(y_true, rate, 3) for rate in more_noise.RATES]
    for (fewer, more), rate in zip(pairwise(planted), more_noise.RATES[1:], strict=True):
        assert (more != y_true).mean() == pytest.approx(rate, abs=0.002)
        assert (more == fewer)[fewer != y_true].all()
    fits = [metamorphic.METHODS["default"].fit(X, y, 2)[0] for y in planted]
    rates = [pipe[-1].noise_rate_ for pipe in fits]
    assert np.diff(rates).min() > 0
    np.testing.assert_allclose(rates, more_noise.RATES, atol=0.04)


def test_the_relations_can_fail(metamorphic, make_case):
    case = make_case("default")
    other = case._replace(codes=np.roll(case.codes, 1))
    one, changed = metamorphic.RELATIONS["float64"](other)
    assert (one.verdicts == changed.verdicts).mean() < 0.95
    assert not np.array_equal(one.scores, changed.scores)
