"""Bad input: a clear error, an estimator that is as it was, nothing from inside torch."""

import traceback
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import AdaBoostClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

from skdynacor import (
    CorruptedArray,
    CorruptedCopies,
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    LabelErrorDetector,
    OutOfSampleEnsemble,
    make_dynacor_pipeline,
)
from skdynacor.baselines import AUM, ConfidentLearning, SimiFeatV
from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import DivideMixClassifier, GeneralizedCrossEntropy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype(np.float32)
Y = np.arange(60) % 3


def with_value(value):
    bad = X.copy()
    bad[7, 1] = value
    return bad


def with_label(value, dtype=object):
    bad = Y.astype(dtype)
    bad[4] = value
    return bad


def refused(estimator, message, *args, method="fit", error=ValueError, **kwargs):
    """Assert a clear error that leaves the estimator's attributes as they were."""
    before = dict(vars(estimator))
    with pytest.raises(error, match=message) as caught:
        getattr(estimator, method)(*args, **kwargs)
    assert vars(estimator) == before
    shown = "".join(traceback.format_exception(caught.value))
    assert "site-packages/torch" not in shown
    return caught.value


BAD_X_Y = {
    "infinity in X": (with_value(np.inf), Y, "contains infinity"),
    "text in X": (np.full((60, 3), "a"), Y, "could not convert|dtype='numeric'"),
    "one dimension": (X[:, 0], Y, "Expected 2D array"),
    "no rows": (X[:0], Y[:0], "0 sample"),
    "no features": (X[:, :0], Y, r"0 feature"),
    "a handful of rows": (X[:4], Y[:4], "4 sample.*minimum of 5"),
    "no y": (X, None, "requires y to be passed"),
    "None in y": (X, with_label(None), "y contains None in row 4"),
    "None among strings": (X, [None if row == 4 else "a" for row in range(60)], "None in row 4"),
    "NaN in y": (X, with_label(np.nan, float), "y contains NaN"),
    "NaN among objects": (X, with_label(float("nan")), "y contains nan in row 4"),
    "NaT in y": (X, with_label("NaT", "M8[D]"), "y contains NaT in row 4"),
    "one class": (X, np.full(60, "cat"), r"one class only \(.*cat.*at least two classes"),
    "several columns": (X, np.column_stack([Y, Y]), r"1d array.*shape \(60, 2\)"),
    "continuous y": (X, RNG.normal(size=60), "Unknown label type: continuous"),
    "mixed types in y": (X, with_label("cat"), r"types int, str,.*astype\(str\)"),
    "lengths that differ": (X, Y[:-1], r"inconsistent numbers of samples: \[60, 59\]"),
}


@pytest.mark.parametrize("case", BAD_X_Y)
@pytest.mark.parametrize("make", [LabelCorruptor, DynamicsCollector, LabelErrorDetector])
def test_rows_and_labels(make, case):
    bad_X, bad_y, message = BAD_X_Y[case]
    refused(make(), message, bad_X, bad_y)


LINEAR = LogisticRegression()
BOOSTING = HistGradientBoostingClassifier(max_iter=2)


@pytest.mark.parametrize(
    "estimator",
    [
        *(DynamicsCollector(each) for each in (None, LINEAR, SGDClassifier())),
        LabelErrorDetector(LINEAR),
        LabelErrorDetector(AdaBoostClassifier()),
        LabelErrorDetector(make_mlp_classifier()),
    ],
    ids=str,
)
def test_missing_values_name_both_ways_out(estimator):
    message = r"(?s)X contains NaN.*HistGradientBoostingClassifier.*imputer"
    refused(estimator, message, with_value(np.nan), Y)


def test_missing_values_that_a_classifier_takes_are_no_bad_input():
    bad = with_value(np.nan)
    assert np.isfinite(DynamicsCollector(BOOSTING).fit(bad, Y).dynamics_).all()
    assert np.isfinite(LabelErrorDetector(BOOSTING).fit(bad, Y).noise_probability_).all()


@pytest.mark.parametrize("estimator", [DynaCorDetector(), AUM(), SimiFeatV()], ids=str)
def test_sparse_rows_where_none_are_taken(estimator):
    refused(estimator, "[Ss]parse", scipy.sparse.csr_matrix(X), Y, error=TypeError)


@pytest.mark.parametrize("case", ["infinity in X", "one dimension", "no rows", "a handful of rows"])
def test_trajectories(case):
    bad_X, _, message = BAD_X_Y[case]
    refused(DynaCorDetector(), message, bad_X)


@pytest.mark.parametrize("gamma", [0, -0.1, 1.01, "some", None, np.nan])
def test_gamma(gamma):
    refused(LabelCorruptor(gamma), r"'gamma' parameter.*range \(0.0, 1.0\]", X, Y)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (DynaCorDetector(alpha=-1), "'alpha'"),
        (DynaCorDetector(max_epochs=-1), "'max_epochs'"),
        (DynaCorDetector(lr=0), "'lr'"),
        (DynaCorDetector(device=3), "'device'"),
        (LabelCorruptor(jitter=-1), "'jitter'"),
        (LabelCorruptor(augment="flip"), "'augment'"),
        (DynamicsCollector(signal="margin"), "'signal' parameter.*logit_difference"),
        (DynamicsCollector("mlp"), "'estimator'"),
        (DynamicsCollector(nn.Linear(3, 3)), "'estimator'"),
        (DynamicsCollector(random_state="one"), "'random_state'"),
        (LabelErrorDetector("mlp"), "'estimator'"),
        (LabelErrorDetector(estimators="forests"), "'estimators'"),
        (LabelErrorDetector(cv="five"), "'cv'"),
        (LabelErrorDetector(cv=1), r"'cv' parameter.*int in the range \[2, inf\)"),
        (LabelErrorDetector(n_jobs=0), r"'n_jobs' parameter.*\(-inf, -1\].*\[1, inf\).* Got 0"),
        (LabelErrorDetector(BOOSTING.__class__(max_iter=-1)), "'max_iter' parameter of HistGrad"),
        (DynamicsCollector(SGDClassifier("log_loss", alpha=-1)), "'alpha' parameter of SGDClass"),
        (AUM(make_mlp_classifier(module__dropout=2)), "'dropout' parameter"),
        (DivideMixClassifier(make_mlp_classifier(optimizer=3)), "cannot be set up.*not callable"),
    ],
)
def test_parameters(estimator, message):
    refused(estimator, message, X, Y)


# --- LabelErrorDetector ------------------------------------------------------------------------


class Labels(ClassifierMixin, BaseEstimator):
    """A classifier that predicts labels alone."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


NO_SCORES = r"has neither predict_proba nor\s+decision_function.*CalibratedClassifierCV"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"estimator": Labels()}, NO_SCORES),
        ({"estimators": [("lin", LINEAR), ("reg", LinearRegression())]}, f"'reg'.*{NO_SCORES}"),
        ({"estimators": [("one", LINEAR), ("one", BOOSTING)]}, r"not unique: \['one', 'one'\]"),
        ({"estimators": [("cv", LINEAR)]}, r"conflict with constructor arguments: \['cv'\]"),
        ({"estimator": LINEAR, "estimators": [("one", LINEAR)]}, "Both .* pass one of them"),
        ({"estimators": []}, r"estimators is empty; pass \(name, classifier\) pairs, or None"),
        ({"estimators": [LINEAR]}, r"pairs of a name .* got LogisticRegression\(\) among them"),
    ],
)
def test_estimators(params, message):
    refused(LabelErrorDetector(**params), message, X, Y)


def test_folds():
    message = r"KFold\(n_splits=3.* leaves the class 0 out .* fold 1.* Use StratifiedKFold"
    refused(LabelErrorDetector(LINEAR, cv=KFold(3)), message, X, np.sort(Y))
    once = ShuffleSplit(1, test_size=0.5, random_state=0)
    message = r"ShuffleSplit\(.* never tests 30 of 60 samples, the first of them row \d+"
    refused(LabelErrorDetector(LINEAR, cv=once), message, X, Y)
    refused(LabelErrorDetector(LINEAR), "needs two folds", X[:6], np.arange(6))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (
            np.arange(59),
            r"groups must hold one value for each of 60 rows; its shape is \(59,\)",
        ),
        (np.zeros((60, 2)), r"groups must hold .* its shape is \(60, 2\)"),
        (["Ann"] * 60, r"All rows are of one group \('Ann'\).* must be two"),
        (with_label(np.nan, float), r"groups contains nan in row 4 \(1 rows.*a group of its own"),
        (with_label(None), "groups contains None in row 4"),
        (np.ma.masked_array(Y, np.arange(60) == 4), "groups contains -- in row 4"),
        (np.arange(60) // 20, None),
        ([1, "a"] * 30, None),  # groups have no order
    ],
)
def test_groups(groups, message):
    if message is None:
        assert LabelErrorDetector(LINEAR).fit(X, Y, groups=groups).flags_.shape == (60,)
    else:
        error = refused(LabelErrorDetector(LINEAR), message, X, Y, groups=groups)
        assert "label" not in str(error)


@pytest.mark.parametrize(
    ("new_X", "new_y", "message"),
    [
        (X[:, :2], Y, "X has 2 features, but LabelErrorDetector is expecting 3"),
        (with_value(np.nan), Y, "NaN"),
        (X, Y[:5], "5 labels for 60 rows; pass one for each"),
        (X, Y + 1, r"did not see: \[3\]; fit saw \[0, 1, 2\]. Drop these rows"),
        (X, with_label(None), "contains None in row 4"),
    ],
)
def test_new_labelled_rows(new_X, new_y, message):
    detector = LabelErrorDetector(LINEAR, random_state=0).fit(X, Y)
    refused(detector, message, new_X, new_y, method="noise_probability")


# --- nets --------------------------------------------------------------------------------------


def net(module=nn.Linear, **params):
    settings = {"criterion": nn.CrossEntropyLoss, "max_epochs": 3, "verbose": 0, "lr": 0.1}
    if module is nn.Linear:
        settings |= {"module__in_features": 3, "module__out_features": 3}
    return NeuralNetClassifier(module, **{**settings, **params})


class Broken(nn.Linear):
    def forward(self, X):
        raise RuntimeError("out of order")


BAD_NETS = {
    "too few outputs": (net(module__out_features=2), r"returns shape \(5, 2\).*y has 3 classes"),
    "too many outputs": (net(module__out_features=4), r"Set its number of outputs to 3"),
    "other inputs": (net(module__in_features=9), r"fails on a batch of shape \(5, 3\).*\(3,\)"),
    "fails": (net(Broken, module__in_features=3, module__out_features=3), "out of order"),
    "softmax twice": (
        net(nn.Sequential(nn.Linear(3, 3), nn.Softmax(dim=1))),
        "ends in a softmax.*criterion=NLLLoss",
    ),
    "logits for NLLLoss": (net(criterion=nn.NLLLoss), "wants probabilities.*CrossEntropyLoss"),
    "log-probabilities for NLLLoss": (
        net(nn.Sequential(nn.Linear(3, 3), nn.LogSoftmax(dim=1)), criterion=nn.NLLLoss),
        "wants probabilities",
    ),
    "train_split": (net(train_split=ValidSplit(3)), "holds out rows.*train_split=None"),
    "drop_last": (
        net(iterator_train__drop_last=True),
        r"iterator_train__drop_last=True.* Set it to False",
    ),
    "early stopping": (net(callbacks=[EarlyStopping()]), "EarlyStopping.*lower max_epochs"),
    "no epochs": (net(max_epochs=0), "max_epochs=0; at least 1"),
    "no rows in a batch": (net(batch_size=0), "batch_size=0 rows; at least 1"),
    "no learning rate": (net(lr="fast"), "cannot be set up.*TypeError: '<' not supported"),
    "a parameter of the module": (
        make_mlp_classifier(module__dropout=1.5),
        r"cannot be set up.*'dropout' parameter of MLP.__init__ must be .*\[0.0, 1.0\). Got 1.5",
    ),
    "a parameter of the criterion": (
        make_mlp_classifier(criterion=GeneralizedCrossEntropy, criterion__q=5),
        r"'q' parameter of GeneralizedCrossEntropy.__init__ must be .*\(0.0, 1.0\]. Got 5",
    ),
    "binary net for three classes": (
        NeuralNetBinaryClassifier(nn.Linear(3, 1), verbose=0),
        "two classes with one output; y has 3",
    ),
}


@pytest.mark.parametrize("case", BAD_NETS)
def test_nets(case):
    bad, message = BAD_NETS[case]
    before = dict(vars(bad))
    refused(DynamicsCollector(bad), message, X, Y)
    assert vars(bad) == before


@pytest.mark.parametrize("lr", [1e30, 1e38])
def test_a_training_that_diverges(lr):
    collector = DynamicsCollector(net(lr=lr, optimizer__momentum=0.9, max_epochs=20, batch_size=8))
    error = refused(collector, r"diverged in epoch \d+ of 20.*scale the features", X * 1e4, Y)
    assert f"lr={lr}" in str(error)
    assert "lower the learning rate" in str(error)


def test_numbers_that_single_precision_cannot_hold():
    huge = X.astype(float)
    huge[0, 0] = 1e200
    refused(DynamicsCollector(), "infinity or a value too large", huge, Y)  # and no warning
    halves = np.full((60, 3), [np.inf, -np.inf, 0], dtype=np.float16)
    refused(DynamicsCollector(), "infinity or a value too large", halves, Y)


@pytest.mark.parametrize("make", [DynamicsCollector, DynaCorDetector, LabelErrorDetector, AUM])
def test_devices_that_are_not_there(make):
    args = (X,) if make is DynaCorDetector else (X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of no copies
        refused(make(device="gpu"), "device='gpu' cannot be used here .* pass 'auto'", *args)


def two_numbers(logits, labels):
    return logits[:, :2]


@pytest.mark.parametrize("estimator", [make_mlp_classifier(max_epochs=1), BOOSTING], ids=str)
def test_a_signal_of_another_shape(estimator):
    message = r"shape \(60,\); 'two_numbers' returned \(60, 2\)"
    with pytest.raises(ValueError, match=message):
        DynamicsCollector(estimator, signal=two_numbers).fit(X, Y)


def test_probabilities_that_are_not_finite():
    constant = np.zeros((60, 3))
    refused(DynamicsCollector(GaussianNB(var_smoothing=0)), "not finite", constant, Y)
    for make in (ConfidentLearning, LabelErrorDetector):
        X = constant + np.arange(60)[:, None] * [1, 0, 0]
        refused(make(GaussianNB(var_smoothing=0)), "GaussianNB .* not finite", X, Y)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_an_infinite_column_is_named(value):
    table = pd.DataFrame(np.asarray(X, dtype=float)).add_prefix("f")
    table.loc[[7, 9], "f1"] = value
    message = "infinity or a value too large .* in column 'f1', row 7 \\(2 rows in all\\); replace"
    refused(LabelErrorDetector(), message, table, Y)
    refused(OutOfSampleEnsemble(), "in column 1, row 7", table.to_numpy(), Y)


def test_rows_that_do_not_differ():
    refused(LabelErrorDetector(), "All rows are equal", np.ones((60, 3)), Y)
    two = np.repeat([[0.0, 1], [1, 0]], 30, axis=0)
    refused(LabelErrorDetector(), "or of copies of one", two, np.repeat([0, 1], 30))


class StopsSilently(Callback):
    def on_epoch_end(self, net, **kwargs):
        net.max_epochs = 1
        raise KeyboardInterrupt


@pytest.mark.parametrize("make", [DynamicsCollector, LabelErrorDetector])
def test_an_interrupted_training_leaves_nothing(make):
    estimator = make(net(callbacks=[StopsSilently()]))
    refused(estimator, None, X, Y, error=KeyboardInterrupt)
    assert vars(estimator).keys() == estimator.get_params(deep=False).keys()


class FewerEpochs(NeuralNetClassifier):
    def fit_loop(self, X, y=None, epochs=None, **params):
        return super().fit_loop(X, y, epochs=self.max_epochs - 1, **params)


def test_fewer_epochs_than_announced_are_no_dynamics():
    short = FewerEpochs(nn.Linear(3, 3), criterion=nn.CrossEntropyLoss, max_epochs=3, verbose=0)
    refused(DynamicsCollector(short), "after 2 of 3 epochs", X, Y, error=RuntimeError)


class ForeignLoader:
    """Makes batches of its own."""

    def __init__(self, dataset, **params):
        self.dataset = dataset

    def __iter__(self):
        for k in range(len(self.dataset)):
            x, y = self.dataset[k]
            yield x[None], y[None]


def test_batches_without_positions():
    refused(DynamicsCollector(net(iterator_train=ForeignLoader)), "positions of its rows", X, Y)


def test_a_signal_that_is_nan():
    def signal(logits, labels):
        return logits[:, 0] * torch.nan

    refused(DynamicsCollector(net(), signal=signal), "signal is NaN", X, Y)


def test_a_failed_fit_keeps_the_last_good_one():
    detector = LabelErrorDetector(LINEAR, random_state=0).fit(X, Y)
    probability = detector.noise_probability_
    refused(detector, "one class only", X[:, :2], np.zeros(60))
    assert detector.n_features_in_ == 3
    np.testing.assert_allclose(detector.noise_probability(X, Y), probability)


# --- transform, predict ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pipe():
    return make_dynacor_pipeline(make_mlp_classifier(max_epochs=2), random_state=0).fit(X, Y)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(60) % 4, r"classes that fit did not see: \[3\]; fit saw \[0, 1, 2\]"),
        (np.full(60, "cat"), r"did not see: \['cat'\]"),
        (with_label(None), "contains None in row 4"),
        (with_label(np.nan, float), "contains nan in row 4"),
        (Y[:-1], "59 labels for 60 rows"),
        (np.column_stack([Y, Y]), "1d array"),
    ],
)
def test_labels(pipe, labels, message):
    refused(pipe[1], message, X, labels, method="transform")


def test_copies_with_labels_that_y_does_not_have():
    copies = CorruptedCopies(X[:2], np.array([0, 9]), np.array([0, 1]))
    refused(DynamicsCollector(), r"did not see: \[9\]", CorruptedArray(X, copies), Y)


def test_copies_with_other_features():
    copies = CorruptedCopies(X[:2, :1], np.array([0, 1]), np.array([0, 1]))
    refused(
        DynamicsCollector(),
        r"copies have shape \(2, 1\), X has shape \(60, 3\)",
        CorruptedArray(X, copies),
        Y,
    )


@pytest.mark.parametrize("make", [LabelCorruptor, DynamicsCollector])
def test_not_fitted(make):
    refused(make(), "not fitted yet", X, method="transform", error=ValueError)
    refused(DynaCorDetector(), "not fitted yet", X, method="predict", error=ValueError)


@pytest.mark.parametrize("make", [DynamicsCollector, LabelErrorDetector])
@pytest.mark.parametrize("dtype", [int, object])
def test_labels_under_a_mask_are_missing(dtype, make):
    masked = np.ma.masked_array(Y.astype(dtype), np.arange(60) == 4)
    refused(make(), "contains -- in row 4", X, masked)


@pytest.mark.parametrize("make", [AUM, LabelErrorDetector, DynamicsCollector])
def test_rows_of_several_lengths(make):
    with pytest.raises(ValueError, match="inhomogeneous"):
        make().fit([[1.0, 2.0], [3.0], *[[0.0, 1.0]] * 4], [0, 1, 0, 1, 0, 1])
