"""What a caller has set of torch and numpy for work of its own changes no result, and stays set."""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import SGDClassifier

from skdynacor import DynamicsCollector, LabelErrorDetector, make_dynacor_pipeline
from skdynacor.baselines import AUM, SimiFeatR
from skdynacor.inspection import label_issues
from skdynacor.nets import make_mlp_classifier, make_resnet_classifier
from skdynacor.robust import DivideMixClassifier
from skdynacor.utils.torch_settings import default_torch_settings

ROWS = slice(0, 80)
NET = make_mlp_classifier(max_epochs=3)


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


SETTINGS = {
    "double precision": lambda: default_dtype(torch.float64),
    "half precision": lambda: default_dtype(torch.bfloat16),
    "no gradients": torch.no_grad,
    "inference only": torch.inference_mode,
    "another device": lambda: torch.device("meta"),
    "errors of numpy": lambda: np.errstate(divide="raise", over="raise", invalid="raise"),
    "automatic precision": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}


def of_pipeline(X, y):
    pipe = make_dynacor_pipeline(NET, random_state=0).fit(X, y)
    issues = label_issues(pipe, X, y).noise_probability
    return np.stack([pipe[-1].noise_probability_, pipe.predict_proba(X + 1)[:, 1], issues])


def of_collector(X, y, estimator):
    collector = DynamicsCollector(estimator, random_state=0).fit(X, y)
    return np.asarray(collector.transform(X + np.float32(0.1)))


def images(X):
    return np.repeat(X[:, :1], 81, axis=1).reshape(-1, 1, 9, 9) + np.arange(9, dtype=np.float32)


CALLS = {
    "pipeline": of_pipeline,
    "detector": lambda X, y: LabelErrorDetector(NET, random_state=0).fit(X, y).noise_probability_,
    "boosting": lambda X, y: of_collector(X, y, HistGradientBoostingClassifier(max_iter=3)),
    "images": lambda X, y: of_collector(
        images(X), y, make_resnet_classifier(18, module__width=1, max_epochs=1)
    ),
    "DivideMix": lambda X, y: (
        DivideMixClassifier(NET, warm_up=1, random_state=0).fit(X, y).predict_proba(X + 1)
    ),
    "AUM": lambda X, y: AUM(NET, random_state=0).fit(X, y).noise_score_,
    "SimiFeatR": lambda X, y: SimiFeatR().fit(X, y).noise_score_,
}


@pytest.mark.parametrize("call", CALLS)
def test_results_are_those_of_a_fresh_torch(noisy_blobs, call):
    X, y, _ = noisy_blobs
    X, y = X[ROWS], y[ROWS]
    expected = CALLS[call](X, y)
    for setting in SETTINGS.values():
        with setting():
            np.testing.assert_array_equal(CALLS[call](X, y), expected)


def state():
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        np.geterr(),
    )


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_stay(setting):
    outside = state()
    with default_torch_settings():
        ours = state()
    with SETTINGS[setting]():
        before = state()
        assert before != outside
        with default_torch_settings():
            assert state() == ours
        assert state() == before
        with pytest.raises(KeyError), default_torch_settings():
            raise KeyError
        assert state() == before


class Overflowing(SGDClassifier):
    """Has numpy warn of a number that decides nothing."""

    def partial_fit(self, X, y, classes=None):
        assert np.isnan(np.zeros(1) / 0)
        return super().partial_fit(X, y, classes)


def test_numbers_that_decide_nothing_are_not_warned_of(noisy_blobs):
    X, y, _ = noisy_blobs
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of_collector(X[ROWS], y[ROWS], Overflowing("log_loss"))
