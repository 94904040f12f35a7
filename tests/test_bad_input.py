"""Bad input: a clear error, an estimator that is as it was, nothing from inside torch."""

import traceback
import warnings
from functools import partial

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.base import clone
from sklearn.ensemble import (
    AdaBoostClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
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
    make_dynacor_pipeline,
)
from skdynacor.baselines import AUM, ConfidentLearning, SimiFeatV
from skdynacor.cleaning import LabelCleaningClassifier
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
    """Assert a clear refusal that leaves the estimator's attributes as they were."""
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
    "None among strings": (X, with_label(None, "U1").astype(object), "dummy"),
    "NaN in y": (X, with_label(np.nan, float), "y contains NaN"),
    "NaN among objects": (X, with_label(float("nan")), "y contains nan in row 4"),
    "NaT in y": (X, with_label("NaT", "M8[D]"), "y contains NaT in row 4"),
    "one class": (X, np.full(60, "cat"), r"one class only \(.*cat.*at least two classes"),
    "several columns": (X, np.column_stack([Y, Y]), r"1d array.*shape \(60, 2\)"),
    "continuous y": (X, RNG.normal(size=60), "Unknown label type: continuous"),
    "mixed types in y": (X, with_label("cat"), r"types \['int', 'str'\].*astype\(str\)"),
    "lengths that differ": (X, Y[:-1], r"inconsistent numbers of samples: \[60, 59\]"),
}
mixed = Y.astype("U1").astype(object)
mixed[4] = None
BAD_X_Y["None among strings"] = (X, mixed, "y contains None in row 4")


@pytest.mark.parametrize("case", BAD_X_Y)
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize("make", [LabelCorruptor, DynamicsCollector])
def test_rows_and_labels(make, method, case):
    bad_X, bad_y, message = BAD_X_Y[case]
    refused(make(), message, bad_X, bad_y, method=method)


PARTNERS = [("woods", RandomForestClassifier(10))]
BOOSTING = HistGradientBoostingClassifier(max_iter=2)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize(
    "estimator",
    [
        DynamicsCollector(held_out=True, partners=PARTNERS),
        DynamicsCollector(BOOSTING),
        DynamicsCollector(RandomForestClassifier(10)),
        LabelCorruptor(),
    ],
    ids=str,
)
def test_infinity_is_never_a_missing_value(estimator, value):
    bad = X.astype(float)
    bad[7, 1] = value
    bad[8, 1] = np.nan
    refused(estimator, "infinity or a value too large", bad, Y)


WIDE = pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="no wider than a double")


@pytest.mark.parametrize("make", [partial(LabelCleaningClassifier, BOOSTING), LabelCorruptor])
@pytest.mark.parametrize("dtype", ["e", pytest.param("g", marks=WIDE)])
def test_what_is_too_large_is_refused_without_a_warning(make, dtype):
    """Infinities of both signs have no sum, which scikit-learn asks for first."""
    bad = X.astype(dtype)
    bad[7] = np.inf if dtype == "e" else np.finfo(dtype).max
    bad[8] = -bad[7]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(make(), "infinity|too large", bad, Y)


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize(
    "classifier", [None, LogisticRegression(), SGDClassifier(), AdaBoostClassifier()], ids=str
)
def test_missing_values_name_both_ways_out(classifier, held_out):
    message = r"(?s)X contains NaN.*HistGradientBoostingClassifier.*imputer"
    refused(DynamicsCollector(classifier, held_out=held_out), message, with_value(np.nan), Y)


def test_missing_values_of_the_paper_s_recipe_are_the_net_s():
    pipe = make_dynacor_pipeline(recipe="paper", random_state=0)
    with pytest.raises(ValueError, match=r"X contains NaN"):
        pipe.fit(with_value(np.nan), Y)


@pytest.mark.parametrize(
    "collector",
    [
        DynamicsCollector(BOOSTING),
        DynamicsCollector(RandomForestClassifier(10)),
        DynamicsCollector(held_out=True, partners=PARTNERS),
    ],
    ids=str,
)
def test_missing_values_that_somebody_takes_are_no_bad_input(collector):
    assert np.isfinite(clone(collector).fit(with_value(np.nan), Y).dynamics_).all()


@pytest.mark.parametrize("estimator", [DynaCorDetector(), AUM(), SimiFeatV()], ids=str)
def test_sparse_rows_where_none_are_taken(estimator):
    refused(estimator, "[Ss]parse", scipy.sparse.csr_matrix(X), Y, error=TypeError)


@pytest.mark.parametrize("case", ["infinity in X", "one dimension", "no rows", "a handful of rows"])
def test_trajectories(case):
    bad_X, _, message = BAD_X_Y[case]
    refused(DynaCorDetector(), message, bad_X)


def test_trajectories_with_gaps():
    refused(DynaCorDetector(), "contains NaN", with_value(np.nan))


def test_missing_pandas_labels():
    pd = pytest.importorskip("pandas")
    y = pd.Series(Y.astype(str)).mask(Y == 2, pd.NA).astype(object)
    refused(LabelCorruptor(), r"y contains .* in row 2 \(20 rows in all\)", X, y)


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
        (DynamicsCollector(classifier="mlp"), "'classifier'"),
        (DynamicsCollector(classifier=nn.Linear(3, 3)), "'classifier'"),
        (DynamicsCollector(random_state="one"), "'random_state'"),
        (DynamicsCollector(held_out="half"), "'held_out'"),
        (DynamicsCollector(partners="forests"), "'partners'"),
        (DynamicsCollector(n_jobs=0), r"'n_jobs' parameter.*\(-inf, -1\].*\[1, inf\).* Got 0"),
        (DynamicsCollector(n_jobs=1.5), "'n_jobs'"),
        (
            DynamicsCollector(RandomForestClassifier(max_depth=-1)),
            "'max_depth' parameter of RandomForestClassifier",
        ),
        (DynamicsCollector(SGDClassifier("log_loss", alpha=-1)), "'alpha' parameter of SGDClass"),
        (AUM(make_mlp_classifier(module__dropout=2)), "'dropout' parameter"),
        (DivideMixClassifier(make_mlp_classifier(optimizer=3)), "cannot be set up.*not callable"),
    ],
)
def test_parameters(estimator, message):
    refused(estimator, message, X, Y)


# --- the classifier ----------------------------------------------------------------------------


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
    "train_split": (net(train_split=ValidSplit(3)), "holds rows out.*train_split=None"),
    "a function as train_split": (net(train_split=lambda d, y: (d, d)), "train_split=None"),
    "drop_last": (net(iterator_train__drop_last=True), "iterator_train__drop_last=False"),
    "early stopping": (net(callbacks=[EarlyStopping()]), "EarlyStopping.*lower max_epochs"),
    "named early stopping": (net(callbacks=[("s", EarlyStopping())]), "EarlyStopping"),
    "early stopping as a class": (net(callbacks=[EarlyStopping]), "EarlyStopping"),
    "no epochs": (net(max_epochs=0), "max_epochs=0; at least 1"),
    "half an epoch": (net(max_epochs=1.5), "max_epochs=1.5; at least 1 is needed, as an int"),
    "no number of epochs": (net(max_epochs=np.ones(0)), "max_epochs=array"),
    "no rows in a batch": (net(batch_size=0), "batch_size=0 rows; at least 1"),
    "no number of rows": (net(iterator_train__batch_size="all"), "batch_size='all' rows"),
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


@pytest.mark.parametrize("name", ["batch_size", "iterator_train__batch_size"])
def test_integers_of_numpy_are_sizes_of_batches(name):
    """A grid of numpy's holds no other integers, and torch takes none of them."""
    fits = [
        DynamicsCollector(make_mlp_classifier(max_epochs=1, **{name: size}), random_state=0)
        for size in (np.int64(7), 7)
    ]
    np.testing.assert_array_equal(*(fit.fit_transform(X, Y) for fit in fits))


def test_the_split_that_skorch_sets_by_default_is_no_bad_input():
    assert net().train_split is not None
    assert DynamicsCollector(net()).fit(X, Y).dynamics_.shape == (60, 3)


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


def test_dates_are_not_jittered():
    refused(
        LabelCorruptor(), r"dtype datetime64\[D\], where numbers are wanted", X.astype("M8[D]"), Y
    )


def test_copies_that_jitter_takes_too_far():
    wide = (X * 2e4).astype(np.float16)
    corruptor = LabelCorruptor(1.0, jitter=1e3, random_state=0)
    refused(corruptor, "beyond what float16 holds", wide, Y, method="fit_transform")


@pytest.mark.parametrize("make", [DynamicsCollector, DynaCorDetector, AUM])
def test_devices_that_are_not_there(make):
    args = (X,) if make is DynaCorDetector else (X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of no copies
        refused(make(device="gpu"), "device='gpu' cannot be used here .* pass 'auto'", *args)


def two_numbers(logits, labels):
    return logits[:, :2]


@pytest.mark.parametrize("classifier", [make_mlp_classifier(max_epochs=1), BOOSTING], ids=str)
def test_a_signal_of_another_shape(classifier):
    with pytest.raises(ValueError, match=r"shape \(60,\); 'two_numbers' returned \(60, 2\)"):
        DynamicsCollector(classifier, signal=two_numbers).fit(X, Y)


def test_probabilities_that_are_not_finite():
    constant = np.zeros((60, 3))
    refused(DynamicsCollector(GaussianNB(var_smoothing=0)), "not finite", constant, Y)
    refused(ConfidentLearning(GaussianNB(var_smoothing=0)), "GaussianNB .* not finite", constant, Y)


class StopsSilently(Callback):
    def on_epoch_end(self, net, **kwargs):
        net.max_epochs = 1
        raise KeyboardInterrupt


def test_an_interrupted_training_leaves_nothing():
    collector = DynamicsCollector(net(callbacks=[StopsSilently()]))
    refused(collector, None, X, Y, error=KeyboardInterrupt)
    assert not hasattr(collector, "dynamics_")


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
    collector = DynamicsCollector(make_mlp_classifier(max_epochs=2), random_state=0).fit(X, Y)
    T = collector.dynamics_
    refused(collector, "one class only", X[:, :2], np.zeros(60))
    assert collector.n_features_in_ == 3
    np.testing.assert_array_equal(collector.transform(X), T)


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
        (Y[:-1], "inconsistent numbers of samples"),
        (np.column_stack([Y, Y]), "1d array"),
    ],
)
def test_labels(pipe, labels, message):
    refused(pipe[1], message, X, labels, method="transform")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (X[:, :2], "X has 2 features, but .* is expecting 3"),
        (with_value(np.nan), "NaN"),
        (X[:0], "0 sample"),
    ],
)
def test_new_rows(pipe, bad, message):
    with pytest.raises(ValueError, match=message):
        pipe.predict(bad)


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


def test_copies_that_are_not_finite():
    copies = CorruptedCopies(X[:2] * np.nan, np.array([0, 1]), np.array([0, 1]))
    refused(DynamicsCollector(), "NaN", CorruptedArray(X, copies), Y)
    refused(DynamicsCollector(BOOSTING), "NaN", CorruptedArray(X, copies), Y)  # X has none
    refused(DynaCorDetector(), "NaN", CorruptedArray(X, copies))


@pytest.mark.parametrize("make", [LabelCorruptor, DynamicsCollector])
def test_not_fitted(make):
    refused(make(), "not fitted yet", X, method="transform", error=ValueError)
    refused(DynaCorDetector(), "not fitted yet", X, method="predict", error=ValueError)


@pytest.mark.parametrize("dtype", [int, object])
def test_labels_under_a_mask_are_missing(dtype):
    masked = np.ma.masked_array(Y.astype(dtype), np.arange(60) == 4)
    refused(DynamicsCollector(), "contains -- in row 4", X, masked)


@pytest.mark.parametrize("make", [AUM, ConfidentLearning, DynamicsCollector])
def test_the_default_net_takes_no_images_of_empty_corners_either(make):
    X = np.random.default_rng(0).random((12, 2, 4, 4), dtype=np.float32)
    X[:, :, 0] = X[:, :, 3] = 0
    with pytest.raises(ValueError, match="An MLP takes rows of features: flatten images"):
        make(make_mlp_classifier()).fit(X, np.arange(12) % 2)


@pytest.mark.parametrize("make", [AUM, SimiFeatV, DynamicsCollector])
def test_rows_of_several_lengths(make):
    X = [[1.0, 2.0], [3.0], *[[0.0, 1.0]] * 4]
    with pytest.raises(ValueError, match="inhomogeneous") as error:
        make().fit(X, [0, 1, 0, 1, 0, 1])
    files = [frame.filename for frame in traceback.extract_tb(error.tb)]
    assert any("sklearn" in name for name in files)  # which checks data, and words the error
