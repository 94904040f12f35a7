"""Every public estimator, function and command, with what it may be given and must give.

A target draws a ``Call``. Trainings are as short as can be: what matters is not what they find.
"""

import io
import pickle
import re
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache, partial
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
import torch
from fuzz_guard import REFUSED, Call, ensure
from fuzz_inputs import (
    JUNK,
    HasArray,
    draw_labels,
    draw_parameters,
    draw_rows,
    draw_sample,
    make_rng,
    pick,
)
from hypothesis import strategies as st
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skdynacor
from skdynacor import (
    Beliefs,
    CorruptedArray,
    CorruptedCopies,
    CorruptedRows,
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    TransitionDetector,
    augment,
    datasets,
    displays,
    inspection,
    make_dynacor_pipeline,
)
from skdynacor.baselines import AUM, CORES, AverageEncoder, ConfidentLearning, SimiFeatR, SimiFeatV
from skdynacor.cleaning import LabelCleaningClassifier
from skdynacor.command_line.main import main as command
from skdynacor.model_selection import InSample
from skdynacor.nets import (
    MLP,
    ByteDropout,
    RandomCropFlip,
    ResNet18,
    ResNet34,
    make_mlp_classifier,
    make_quick_mlp_classifier,
    make_resnet_classifier,
)
from skdynacor.nets.mlp import make_quiet_classifier
from skdynacor.robust import (
    DivideMixClassifier,
    EarlyLearningRegularization,
    FollowRows,
    GeneralizedCrossEntropy,
    SymmetricCrossEntropy,
)

TARGETS, SHARES = {}, {}


def target(function, share=1.0):
    """Register a target by its name; one that takes long gets a share of the others' cases."""
    TARGETS[function.__name__], SHARES[function.__name__] = function, share
    return function


# ---------------------------------------------------------------------------- what must be right


def finite(array, shape, name="result"):
    """Check that an array has a shape, and that its numbers are finite."""
    ensure(np.shape(array) == shape, f"{name} has shape {np.shape(array)}, not {shape}")
    ensure(np.isfinite(np.asarray(array, float)).all(), f"{name} is not finite: {array}")


def share(array, shape, name="probability"):
    """Check that an array holds shares."""
    finite(array, shape, name)
    array = np.asarray(array)
    ensure(((array >= 0) & (array <= 1 + 1e-9)).all(), f"{name} is not in [0, 1]: {array}")


def mask(flags, n):
    """Check that there is one bool for each row."""
    ensure(flags.dtype == bool and flags.shape == (n,), f"flags are {flags.dtype} {flags.shape}")


def one_of(labels, known, name="labels"):
    """Check that labels are of those known."""
    known = np.ravel(known).tolist()
    strangers = [label for label in np.ravel(labels).tolist() if label not in known]
    ensure(not strangers, f"{name} has {strangers[:3]}, not among {known[:9]}")


def length(X):
    """Count rows as the caller would."""
    X = X.values if isinstance(X, HasArray) else X
    return X.shape[0] if hasattr(X, "shape") else len(X)


# ------------------------------------------------------------------------------- small trainings


def net(**params):
    """Make the default net, small and soon trained."""
    return make_mlp_classifier(**{"max_epochs": 2, "module__hidden_units": 4, **params})


class AnyRows(torch.nn.Module):
    """A linear net of rows of features, or of images of 2 x 2 pixels."""

    def __init__(self, n_features, n_classes, n_channels=None):
        super().__init__()
        n_inputs = n_features if n_channels is None else 4 * n_channels
        self.layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(n_inputs, n_classes))

    def forward(self, X):
        """Map rows (n_samples, ...) to logits (n_samples, n_classes)."""
        return self.layers(X / 100)


def any_net():
    """Make a net that takes images, too."""
    return make_quiet_classifier(AnyRows, max_epochs=2, lr=0.01)


def quick_net():
    """Make the default net of halves, small and soon trained."""
    return make_quick_mlp_classifier(max_epochs=2, module__hidden_units=4)


def forest(kind=RandomForestClassifier):
    """Make a forest that a collector may hear."""
    return kind(3, bootstrap=True, max_depth=3, random_state=0)


def diverging(X, rng):
    """Augment rows to what is no number."""
    return X + np.inf


def shorter(X, rng):
    """Augment fewer rows than there are."""
    return X[:1]


def shifted(X, rng):
    """Augment rows as they should be."""
    return X if issparse(X) else X + 0.01


def own_signal(logits, labels):
    """A signal of the user's own."""
    return logits.gather(1, labels[:, None])[:, 0]


def bad_signal(logits, labels):
    """A signal that is of the wrong shape."""
    return logits


STAGED = (
    HistGradientBoostingClassifier(max_iter=2, max_depth=2),
    SGDClassifier(loss="log_loss", max_iter=2),
    SGDClassifier(max_iter=2),
    LogisticRegression(max_iter=2, warm_start=True),
    GradientBoostingClassifier(n_estimators=2, max_depth=2),
    AdaBoostClassifier(n_estimators=2),
    GaussianNB(),
    forest(),
    forest(ExtraTreesClassifier),
    DivideMixClassifier(net(), warm_up=1),
)
SEEDS = (0, 1, 2**32 - 1, np.int64(7))


# ------------------------------------------------------------------------------------ estimators


def fit_and_read(make, read, keep=("random_state",)):
    """Make the call that fits an estimator, and reads it by a function (estimator, X, y)."""

    def call(X, y, **params):
        return read(make(**params), X, y)

    return call


def with_seed(draw, sample, valid):
    """Draw parameters that make results repeat."""
    valid = {**valid, "random_state": SEEDS}
    return draw_parameters(draw, valid, sample.flaw, keep=["random_state"])


def draw_plain(draw, sample, valid):
    """Draw parameters where nothing is random."""
    return draw_parameters(draw, valid, sample.flaw)


def repeats(params):
    """Tell whether parameters make results repeat."""
    return isinstance(params.get("random_state"), int | np.integer)


@target
def label_corruptor(draw, room):
    sample = draw_sample(draw, room, images=True)
    valid = {
        "gamma": (0.1, 0.01, 1, 0.5),
        "augment": (None, shifted, shorter, diverging),
        "jitter": (0.1, 0, 1e3),
    }
    params = with_seed(draw, sample, valid)

    def call(X, y, **params):
        corruptor = LabelCorruptor(**params)
        Xc = corruptor.fit_transform(X, y)
        copies, plain = Xc.corrupted, corruptor.transform(X)
        dense = [M.toarray() if issparse(M) else np.asarray(M) for M in (Xc, plain, copies.data)]
        return *dense, copies.labels, copies.sources, corruptor.classes_

    def check(result):
        rows, plain, copies, labels, sources, classes = result
        n, y = len(rows), np.asarray(sample.y)
        ensure(n == length(sample.X), f"{n} rows of {length(sample.X)}")
        ensure(np.array_equal(rows, plain, equal_nan=rows.dtype.kind == "f"), "rows changed")
        ensure(copies.shape == (len(labels), *rows.shape[1:]), f"copies have {copies.shape}")
        ensure(len(labels) >= 1 and ((sources >= 0) & (sources < n)).all(), f"sources {sources}")
        given_missing = np.isnan(rows.astype(float)[sources])
        ensure((np.isfinite(copies.astype(float)) | given_missing).all(), "copies not finite")
        one_of(labels, classes)
        ensure(not any(labels == y.ravel()[sources]), "a copy has its source's label")

    return Call(call, {"X": sample.X, "y": sample.y, **params}, check, repeats(params))


def collector_target(draw, room, valid, classifiers):
    """Draw a call of a collector, whose results are those of any."""
    sample = draw_sample(draw, room, most=24, images=True)
    valid = {
        "signal": ("logit_difference", "confidence", "cross_entropy", own_signal, bad_signal),
        "also": ((), ["confidence"], ("logit_difference", own_signal)),
        "n_stages": (1, 2, 20),
        "device": ("auto", "cpu"),
        "keep_checkpoints": (True, False),
        "checkpoint_dir": (None,),
        "n_jobs": (None, 1),
        "verbose": (0,),
        **valid,
        "classifier": classifiers,
    }
    params = with_seed(draw, sample, valid)
    if "classifier" not in params:
        params["classifier"] = pick(draw, *classifiers)
    if isinstance(params["classifier"], int | float | type(None)):
        params["classifier"] = classifiers[0]  # the default would take long
    if "held_out" in valid:
        params.setdefault("held_out", True)
    for name in ("keep_checkpoints", "checkpoint_dir"):  # paths: folders that stay
        if isinstance(params.get(name), str | bytes):
            params[name] = False if name == "keep_checkpoints" else None
    plant, further = pick(draw, True, False), pick(draw, "none", "same", "some", "labels")

    def call(X, y, **params):
        collector = DynamicsCollector(**params)
        start = LabelCorruptor(random_state=0).fit_transform(X, y) if plant else X
        T = collector.fit_transform(start, y)
        again = collector.transform(X)
        found = {"T": np.asarray(T), "logits": T.beliefs.logits, "again": np.asarray(again)}
        found["classes"] = collector.classes_
        if T.corrupted is not None:
            found["copies"] = np.asarray(T.corrupted.data)
        if further == "some" and sample.flaw == "nothing" and not issparse(X):
            found["new"] = np.asarray(collector.transform(np.asarray(X, float)[::2] + 1e-3))
        if further == "labels":
            found["as given"] = np.asarray(collector.transform(X, labels=y))
        return found

    def check(found):
        n, n_epochs = found["T"].shape
        ensure(n == length(sample.X), f"{n} rows of {length(sample.X)}")
        ensure(n_epochs >= 1, "no epochs")
        finite(found["T"], (n, n_epochs), "T")
        finite(found["logits"], (n, len(found["classes"])), "logits")
        ensure(np.array_equal(found["T"], found["again"]), "trajectories replay as others")
        for name in ("copies", "new"):
            if name in found:
                finite(found[name], (len(found[name]), n_epochs), name)

    return Call(call, {"X": sample.X, "y": sample.y, **params}, check, repeats(params))


@target
def dynamics_collector_of_nets(draw, room):
    nets = (net(), net(max_epochs=1, batch_size=5), net(lr=0.5), any_net(), any_net())
    return collector_target(draw, room, {}, nets)


@target
def dynamics_collector_of_stages(draw, room):
    return collector_target(draw, room, {}, (*STAGED, SVC(random_state=0)))


@target
def dynamics_collector_of_halves(draw, room):
    partners = (
        (),
        [("trees", forest())],
        (("a", forest()), ["b", forest(ExtraTreesClassifier)]),
        [("classifier", forest())],
        [("deep", DecisionTreeClassifier())],
        [("a", forest()), ("a", forest())],
        [()],
        ["trees"],
    )
    valid = {"held_out": (True,), "partners": partners}
    return collector_target(draw, room, valid, (quick_net(), *STAGED[:9]))


def draw_trails(draw, room):
    """Draw trajectories: often with copies and beliefs, bad ones, too."""
    sample = draw_sample(draw, room)
    rng = sample.rng
    signs = pick(draw, True, False)
    n, n_epochs = max(sample.n, 1), draw(st.integers(1, 7))
    wrong = rng.random(n) < 0.2
    T = np.where(wrong[:, None], -1, 1) + rng.normal(size=(n, n_epochs))
    T = np.where(T > 0, 1.0, -1.0).astype(np.float32) if signs else T
    hostile = sample.flaw in ("rows", "all")
    kind = pick(draw, "array", "carried", "carried", "carried")
    if kind == "array":
        return sample, draw_rows(draw, T, rng, hostile, room)
    if hostile:
        bad = pick(draw, np.nan, np.inf, 1e30, 1e200, 0.0, -0.0)
        T[rng.random(T.shape) < pick(draw, 0.0, 0.1, 1.0)] = bad
    m, n_classes = pick(draw, 1, 3, n), pick(draw, 2, 3, 5)
    m = min(m, n)
    sources = rng.choice(n, m, replace=False)
    copies = -np.abs(rng.normal(size=(m, n_epochs)))
    codes = rng.integers(0, n_classes, n)
    logits = rng.normal(size=(n, n_classes)) + 3 * np.eye(n_classes)[codes]
    logits *= pick(draw, 1.0, 1.0, 0.0, 1e-8, 1e4, 1e30, 1e300)
    classes = np.array(list("abcde"))[:n_classes]
    planted = (codes[sources] + 1) % n_classes
    beliefs = Beliefs(logits, codes, classes, pick(draw, False, True))
    copy_beliefs = Beliefs(logits[sources], planted, classes, beliefs.separable)
    carried = CorruptedCopies(
        copies if pick(draw, True, True, not hostile) else copies[:, 1:],
        classes[planted],
        sources,
        pick(draw, copy_beliefs, None),
    )
    return sample, CorruptedArray(T, pick(draw, carried, None), pick(draw, beliefs, beliefs, None))


def detector_target(draw, room, kind, valid):
    """Draw a call of a detector of trajectories, whose results are those of any."""
    sample, T = draw_trails(draw, room)
    params = with_seed(draw, sample, valid)
    others = pick(draw, None, None, "same", "some")

    def call(X, **params):
        detector = kind(**params)
        flags = detector.fit_predict(X)
        found = {"flags": flags, "probability": detector.noise_probability_}
        found["rate"] = detector.noise_rate_
        if others is not None:
            new = X if others == "same" or not isinstance(X, np.ndarray) else X[:3]
            found["proba"], found["predicted"] = detector.predict_proba(new), detector.predict(new)
        if hasattr(detector, "score"):
            found["score"] = detector.score(X)
        if getattr(detector, "suggested_labels_", None) is not None:
            found["suggested"] = detector.suggested_labels_
            found["suggested probability"] = detector.suggested_label_probability_
            found["transition"] = detector.transition_
            found["rates"] = detector.class_noise_rates_
        if getattr(detector, "found_copies_", None) is not None:
            share(detector.found_copies_, (), "found_copies_")
        return found

    def check(found):
        n = length(T)
        mask(found["flags"], n)
        share(found["probability"], (n,))
        share(found["rate"], (), "noise rate")
        if "score" in found:
            finite(found["score"], (), "score")
        if "proba" in found:
            share(found["proba"], (len(found["proba"]), 2))
            ensure(np.allclose(found["proba"].sum(axis=1), 1), "probabilities do not add up to 1")
        if "proba" in found and others == "same":
            ensure(np.array_equal(found["predicted"], found["flags"]), "predict is not fit_predict")
        if "suggested" in found:
            classes = T.beliefs.classes
            one_of(found["suggested"], classes)
            share(found["suggested probability"], (n,))
            share(found["transition"], (len(classes), len(classes)), "transition")
            ensure(np.allclose(found["transition"].sum(axis=1), 1), "transition rows sum to others")
            share(found["rates"], (len(classes),), "class noise rates")
            kept = classes[T.beliefs.labels] == found["suggested"]
            ensure((kept == ~found["flags"]).all(), "a label is suggested without a flag")

    return Call(call, {"X": T, **params}, check, repeats(params))


@target
def dynacor_detector(draw, room):
    valid = {
        "alpha": (0.05, 0, 0.5, 10.0),
        "max_epochs": (0, 1, 2),
        "lr": (1e-3, 0.1, 1e3),
        "device": ("auto", "cpu"),
        "verbose": (0,),
    }
    return detector_target(draw, room, partial(_short_detector, DynaCorDetector), valid)


def _short_detector(kind, **params):
    return kind(**{"max_epochs": 2, **params})


@target
def transition_detector(draw, room):
    return detector_target(draw, room, TransitionDetector, {})


@target
def average_encoder(draw, room):
    return detector_target(draw, room, AverageEncoder, {})


def baseline_target(draw, room, kind, valid, most=40, seeded=True):
    """Draw a call of a baseline, whose results are those of any."""
    sample = draw_sample(draw, room, most=most, images=seeded)
    params = (with_seed if seeded else draw_plain)(draw, sample, valid)
    if "classifier" in valid and params.get("classifier") is None:
        params["classifier"] = valid["classifier"][0]  # the default would take long

    def call(X, y, **params):
        detector = kind(**params)
        flags = detector.fit_predict(X, y)
        return flags, detector.noise_score_, detector.noise_rate_, detector.classes_

    def check(found):
        flags, score, rate, classes = found
        mask(flags, length(sample.X))
        finite(score, (length(sample.X),), "noise_score_")
        share(rate, (), "noise rate")
        ensure(len(classes) >= 2, f"classes are {classes}")

    again = repeats(params) or not seeded
    return Call(call, {"X": sample.X, "y": sample.y, **params}, check, again)


@target
def aum(draw, room):
    valid = {"classifier": (any_net(), net(max_epochs=1)), "percentile": (99, 0, 100, 50.5)}
    return baseline_target(draw, room, AUM, {**valid, "device": ("auto", "cpu")}, most=20)


@target
def cores(draw, room):
    return baseline_target(
        draw, room, CORES, {"classifier": (any_net(), net(max_epochs=1))}, most=20
    )


@target
def confident_learning(draw, room):
    tree = DecisionTreeClassifier(random_state=0)
    classifiers = (tree, net(max_epochs=1), LogisticRegression(), SVC(random_state=0))
    filters = ("prune_by_noise_rate", "both", "confident_learning", "low_self_confidence", "none")
    valid = {"classifier": classifiers, "cv": (2, 3, KFold(3)), "filter_by": filters}
    return baseline_target(draw, room, ConfidentLearning, valid, most=30)


@target
def simifeat_v(draw, room):
    valid = {"n_neighbors": (10, 1, 2, 1000)}
    return baseline_target(draw, room, SimiFeatV, valid, seeded=False)


@target
def simifeat_r(draw, room):
    valid = {"n_neighbors": (10, 1, 2, 1000)}
    return baseline_target(draw, room, SimiFeatR, valid, most=24, seeded=False)


def classifier_target(draw, room, kind, valid, most, keep=()):
    """Draw a call of a classifier, whose results are those of any."""
    sample = draw_sample(draw, room, most=most, images=kind is DivideMixClassifier)
    params = with_seed(draw, sample, valid)
    for name in keep:
        if params.get(name) is None:
            params[name] = valid[name][0]

    def call(X, y, **params):
        classifier = kind(**params).fit(X, y)
        found = {"classes": classifier.classes_, "labels": classifier.predict(X)}
        if hasattr(classifier, "predict_proba"):
            found["probability"] = classifier.predict_proba(X)
        for name in ("flags_", "noise_probability_", "clean_probability_"):
            if hasattr(classifier, name):
                found[name] = getattr(classifier, name)
        return found

    def check(found):
        n, n_classes = length(sample.X), len(found["classes"])
        ensure(found["labels"].shape == (n,), f"labels have shape {found['labels'].shape}")
        one_of(found["labels"], found["classes"])
        if "probability" in found:
            share(found["probability"], (n, n_classes))
            ensure(np.allclose(found["probability"].sum(axis=1), 1), "do not add up to 1")
        for name in ("noise_probability_", "clean_probability_"):
            if name in found:
                share(found[name], (n,), name)
        if "flags_" in found:
            mask(found["flags_"], n)

    return Call(call, {"X": sample.X, "y": sample.y, **params}, check, repeats(params))


@target
def divide_mix_classifier(draw, room):
    valid = {
        "classifier": (any_net(), net(max_epochs=3, batch_size=7), net(lr=0.5)),
        "warm_up": (1, 2),
        "detector": (None, DynaCorDetector(max_epochs=1), TransitionDetector(), AverageEncoder()),
        "signal": ("logit_difference", "confidence", own_signal, bad_signal),
        "gamma": (0.1, 1, 0.01),
        "threshold": (0.5, 0.999, 1e-9),
        "temperature": (0.5, 1, 1e-3, 100.0),
        "concentration": (0.5, 0, 1e-6, 1e6),
        "lambda_u": (0.3, 0, 100.0),
        "lambda_prior": (1.0, 0, 100.0),
        "ramp": (5, 0, 1),
        "n_augmentations": (2, 1, 3),
        "augment": (None, shifted, shorter),
        "jitter": (0.1, 0, 1e3),
        "keep_checkpoints": (True, False),
        "device": ("auto", "cpu"),
    }
    call = classifier_target(draw, room, DivideMixClassifier, valid, 24, ["classifier", "warm_up"])
    return call


@target
def label_cleaning_classifier(draw, room):
    valid = {
        "estimator": (
            DecisionTreeClassifier(random_state=0),
            forest(),
            LogisticRegression(),
            SVC(random_state=0),
        ),
        "detector": (
            small_pipeline(random_state=0),
            SimiFeatV(),
            small_pipeline("paper", random_state=0),
            GaussianNB(),
        ),
        "strategy": ("drop", "relabel", "reweight"),
        "relabel_above": (0.5, 0, 1),
    }
    kind = LabelCleaningClassifier
    return classifier_target(draw, room, kind, valid, 30, keep=["estimator", "detector"])


# --------------------------------------------------------------------------------------- pipelines


def small_pipeline(recipe="transition", **params):
    """Make a pipeline of the same steps as the default's, soon trained."""
    pipe = make_dynacor_pipeline(recipe=recipe, **params)
    if recipe == "paper":
        return pipe.set_params(
            dynamicscollector__classifier__max_epochs=2,
            dynamicscollector__classifier__module__hidden_units=4,
            dynacordetector__max_epochs=2,
        )
    return pipe.set_params(
        dynamicscollector__classifier__max_epochs=2,
        dynamicscollector__classifier__module__hidden_units=4,
        dynamicscollector__extra_trees__n_estimators=4,
        dynamicscollector__random_forest__n_estimators=4,
    )


def pipeline_target(draw, room, recipe):
    """Draw a call of a pipeline of one recipe."""
    sample = draw_sample(draw, room)
    valid = {
        "gamma": (0.1, 0.5, 1),
        "signal": (None, "logit_difference", own_signal),
        "device": ("auto", "cpu"),
        "n_jobs": (None, 1),
        "verbose": (0,),
        "recipe": (recipe,),
    }
    valid |= {"alpha": (None, 0.05, 0)} if recipe == "paper" else {}
    params = with_seed(draw, sample, valid)
    params.setdefault("recipe", recipe)
    new_X = draw_rows(draw, sample.rng.normal(size=(5, 3)), sample.rng, True, room)
    new = pick(draw, "none", "same", "hostile")

    def call(X, y, new_X, **params):
        pipe = small_pipeline(**params)
        found = {"flags": pipe.fit_predict(X, y)}
        detector = pipe[-1]
        found |= {"probability": detector.noise_probability_, "rate": detector.noise_rate_}
        if new == "same":
            found["again"] = pipe.predict(X)
        if new == "hostile":
            found["new"] = pipe.predict(new_X)
        return found

    def check(found):
        n = length(sample.X)
        mask(found["flags"], n)
        share(found["probability"], (n,))
        share(found["rate"], (), "noise rate")
        if "again" in found:
            ensure(np.array_equal(found["flags"], found["again"]), "predict is not fit_predict")
        if "new" in found:
            mask(found["new"], length(new_X))

    inputs = {"X": sample.X, "y": sample.y, "new_X": new_X, **params}
    return Call(call, inputs, check, repeats(params))


@target
def pipeline_default(draw, room):
    return pipeline_target(draw, room, "transition")


@target
def pipeline_paper(draw, room):
    return pipeline_target(draw, room, "paper")


# ----------------------------------------------------------------------------- looking at results


@lru_cache
def fitted(kind, labels):
    """Fit one of each kind of detector on good data; give it with its X and y."""
    rng = np.random.default_rng(0)
    codes = np.arange(30) % 3
    X = 4 * np.eye(3)[codes] + rng.normal(size=(30, 3))
    codes[[3, 10, 20]] = (codes[[3, 10, 20]] + 1) % 3
    y = np.array(["ant", "bee", "=cat"])[codes] if labels == "text" else codes
    estimators = {
        "transition": lambda: small_pipeline(random_state=0),
        "paper": lambda: small_pipeline("paper", random_state=0),
        "baseline": SimiFeatV,
    }
    return estimators[kind]().fit(X, y), X, y


def draw_fitted(draw, room):
    """Draw a fitted detector with rows and labels that are its own, or not."""
    flaw, rng = pick(draw, *FLAWS_OF_FITTED), make_rng(draw)
    estimator, X, y = fitted(
        pick(draw, "transition", "paper", "baseline"), pick(draw, "text", "numbers")
    )
    if flaw == "rows":
        X = draw_rows(draw, X, rng, True, room)
    elif flaw == "wrapped":
        X = draw_rows(draw, X, rng, False, room)
    elif flaw == "labels":
        y = draw_labels(draw, np.arange(30) % 3, rng, True)
    elif flaw == "y wrapped":
        y = pick(draw, pd.Series(y, index=np.arange(30) * 2), y.tolist(), y.astype(object))
    elif flaw == "estimator":
        estimator = pick(draw, clone(estimator), None, GaussianNB(), "pipe", type(estimator))
    return estimator, X, y, flaw


FLAWS_OF_FITTED = (
    *("nothing", "nothing", "wrapped", "y wrapped", "rows", "labels", "estimator", "parameters"),
)


@target
def label_issues(draw, room):
    estimator, X, y, flaw = draw_fitted(draw, room)
    params = draw_parameters(draw, {"only_flagged": (True, False)}, flaw)

    def call(X, y, **params):
        return inspection.label_issues(estimator, X, y, **params)

    def check(issues):
        frame = issues if isinstance(issues, pd.DataFrame) else issues.to_pandas()
        ensure(frame["position"].is_unique, "positions are not unique")
        ensure(frame["position"].between(0, 29).all(), "positions are not of rows")
        ensure(len(frame) == (frame["flagged"].sum() if params.get("only_flagged") else 30), "rows")
        one_of(frame["given_label"], np.unique(np.asarray(y)))
        known = frame["noise_probability"].dropna()
        share(known.to_numpy(float), known.shape)

    return Call(call, {"X": X, "y": y, **params}, check)


@target
def noise_summary(draw, room):
    estimator, X, y, _ = draw_fitted(draw, room)

    def call(X, y):
        return inspection.noise_summary(estimator, X, y)

    def check(summary):
        frame = summary if isinstance(summary, pd.DataFrame) else summary.to_pandas()
        ensure(frame["n_rows"].sum() == 30, "rows are missing")
        share(frame["noise_rate"].to_numpy(float), (len(frame),))
        ensure((frame["n_flagged"] <= frame["n_rows"]).all(), "more flagged than there are")

    return Call(call, {"X": X, "y": y}, check)


@lru_cache
def listed(labels):
    """List issues, and give y."""
    estimator, X, y = fitted("transition", labels)
    return inspection.label_issues(estimator, X, y), y


def draw_issues(draw, room, rng):
    """Draw a table of issues with decisions: as it should be, or spoilt."""
    issues, y = listed(pick(draw, "text", "numbers"))
    issues = issues.copy()
    decisions = ["", "keep", "suggested", str(y[0]), str(y[1])]
    if pick(draw, False, True):
        issues["decision"] = rng.choice(decisions, len(issues))
    if pick(draw, False, False, True):
        name = pick(draw, *issues.columns)
        change = pick(draw, "drop", "junk", "shuffle", "text", "missing")
        if change == "drop":
            issues = issues.drop(columns=name)
        elif change == "junk":
            issues[name] = [pick(draw, *JUNK[:12])] * len(issues)
        elif change == "shuffle":
            issues[name] = rng.permutation(issues[name].to_numpy(object))
        elif change == "text":
            issues[name] = issues[name].astype(str)
        else:
            issues[name] = issues[name].astype(object).where(rng.random(len(issues)) < 0.5, None)
    if pick(draw, False, False, False, True):
        issues = pick(draw, issues[:0], issues[:3], issues.iloc[::-1], issues.to_dict(), None, [])
    return issues, y


@target
def apply_corrections(draw, room):
    rng, flaw = make_rng(draw), pick(draw, "nothing", "nothing", "labels", "parameters")
    issues, y = draw_issues(draw, room, rng)
    n = length(issues) if issues is not None else 0
    some = rng.random(n) < 0.5
    valid = {"accept": ("decision", "flagged", 0.5, 0, 1, some, some.tolist(), some[:-1], some * 1)}
    params = draw_parameters(draw, valid, flaw)
    if flaw == "labels":
        y = draw_labels(draw, np.arange(30) % 3, rng, True)
    else:
        y = pick(draw, y, y.tolist(), pd.Series(y, index=np.arange(30) * 2), y.astype(object))

    def call(y, issues, **params):
        return inspection.apply_corrections(y, issues, **params)

    def check(corrected):
        ensure(length(corrected) == length(y), f"{length(corrected)} labels of {length(y)}")
        one_of(np.asarray(corrected), np.unique(np.asarray(y)))

    return Call(lambda **kw: np.asarray(call(**kw)), {"y": y, "issues": issues, **params}, check)


@target
def reviews(draw, room):
    rng = make_rng(draw)
    issues, y = draw_issues(draw, room, rng)
    spoil = pick(draw, "nothing", "nothing", "bytes", "cut", "semicolons", "text", "none")
    position, byte = draw(st.integers(0, 2000)), draw(st.integers(0, 255))
    if pick(draw, False, False, True):
        y = draw_labels(draw, np.arange(30) % 3, rng, True)
    path = room.inputs / "review.csv"

    def call(issues, y):
        inspection.write_review(issues, path)
        content = path.read_bytes()
        if spoil == "bytes":
            content = content[:position] + bytes([byte]) + content[position + 1 :]
        elif spoil == "cut":
            content = content[:position]
        elif spoil == "semicolons":
            content = content.replace(b",", b";")
        elif spoil == "text":
            content = b"all is well\n" * 3
        path.write_bytes(content)
        if spoil == "none":
            path.unlink()
        return inspection.read_review(path, y)

    def check(read):
        frame = read if isinstance(read, pd.DataFrame) else read.to_pandas()
        one_of(frame["given_label"], np.unique(np.asarray(y)))

    return Call(call, {"issues": issues, "y": y}, check)


@partial(target, share=0.25)
def report(draw, room):
    estimator, X, y, flaw = draw_fitted(draw, room)
    images = np.zeros((30, 4, 4))
    valid = {
        "texts": (None, ["text"] * 30, ["<script>"] * 30, ["a"] * 29, [None] * 30, [1] * 30),
        "images": (None, images, images[:, None], images[:5], np.full((30, 2, 2), np.nan), "image"),
        "feature_names": (None, list("abc"), list("ab"), ["</script>"] * 3, [1, 2, 3], "abc"),
        "title": ("Title", "<b>", "", 3, None),
        "max_rows": (20_000, 5, 1, 0),
    }
    params = draw_parameters(draw, valid, flaw)
    places = room.inputs / "report.html", room.inputs, room.inputs / "none" / "report.html"
    path = pick(draw, *(places[:1] * 5), *places, str(places[0]), None, 3)

    def call(X, y, **params):
        page = skdynacor.report(estimator, X, y, path, **params).read_text()
        # The date is part of what the identifier is made of.
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|\"id\":\"[0-9a-f]{16}\"", "a date", page)

    def check(page):
        ensure(page.rstrip().endswith("</html>"), "the page is not whole")
        ensure("<script>" * 2 not in page, "a text is code")

    return Call(call, {"X": X, "y": y, **params}, check)


# --------------------------------------------------------------------------------------- displays


def drawn(display):
    """Draw all of a figure, as for a file; give what is known of it."""
    display.figure_.canvas.draw()
    return True


@target
def displays_of_estimators(draw, room):
    estimator, X, y, flaw = draw_fitted(draw, room)
    plain = {"ax": (None,)}
    colours = {"cmap": ("Blues", "none such"), "colorbar": (True, False)}
    truth = (np.asarray(fitted("paper", "text")[2]), np.asarray(fitted("paper", "numbers")[2]))
    kinds = {
        "TrajectoryDisplay": {"kind": ("auto", "share", "signal", "none")},
        "DataMapDisplay": plain,
        "LabelMatrixDisplay": colours,
        "TransitionDisplay": colours,
        "NoiseProbabilityDisplay": {"n_bins": (30, 2, 1), "y_true": (None, *truth)},
        "NoiseReliabilityDisplay": {"n_bins": (10, 1), "y_true": truth},
        "WorstImagesDisplay": {
            "images": (np.zeros((30, 4, 4)), np.zeros((30, 3, 4, 4), np.uint8), np.zeros((3, 2))),
            "n_images": (2, 1, 40),
        },
    }
    name = pick(draw, *kinds)
    params = draw_parameters(draw, kinds[name], flaw, keep=("images", "y_true"))

    def call(X, y, **params):
        return drawn(getattr(displays, name).from_estimator(estimator, X, y, **params))

    return Call(call, {"X": X, "y": y, **params}, lambda result: None)


@target
def displays_of_predictions(draw, room):
    rng = make_rng(draw)
    n, flaw = draw(st.integers(0, 12)), pick(draw, "nothing", "nothing", "rows", "parameters")
    hostile = flaw == "rows"
    codes = rng.integers(0, 3, n)
    rows = draw_rows(draw, rng.normal(size=(n, 4)), rng, hostile, room)
    labels = draw_labels(draw, codes, rng, hostile)
    flags = pick(draw, codes > 1, (codes > 1).tolist(), (codes > 1) * 1, (codes > 1) * 1.0)
    flags = draw_labels(draw, codes, rng, True) if hostile and pick(draw, False, True) else flags
    probability = rng.random(n)
    if hostile:
        probability = draw_rows(draw, rng.random((n, 1)), rng, True, room)
    matrix = pick(draw, np.eye(3), np.full((2, 2), 0.5), np.ones((2, 3)), np.eye(2) * np.nan, [[1]])
    images = pick(
        draw, np.zeros((n, 3, 3)), np.ones((n, 3, 2, 2), np.uint8), rng.normal(size=(n, 2, 2))
    )
    kinds = {
        "TrajectoryDisplay": ({"dynamics": rows, "flags": flags}, {"stage_name": ("stage",)}),
        "DataMapDisplay": ({"dynamics": rows, "flags": flags}, {"stage_name": ("stage",)}),
        "LabelMatrixDisplay": ({"labels": labels, "suggested_labels": labels}, {"ax": (None,)}),
        "TransitionDisplay": ({"transition": matrix}, {"classes": (None, list("abc"), [1, 2])}),
        "NoiseProbabilityDisplay": ({"noise_probability": probability}, {"n_bins": (30, 3)}),
        "NoiseReliabilityDisplay": (
            {"wrong": flags, "noise_probability": probability},
            {"n_bins": (10, 3)},
        ),
        "WorstImagesDisplay": (
            {
                "images": images,
                "labels": labels,
                "suggested_labels": pick(draw, labels, None),
                "noise_probability": probability,
            },
            {"n_images": (3, 1)},
        ),
    }
    name = pick(draw, *kinds)
    inputs, valid = kinds[name]
    inputs = {**inputs, **draw_parameters(draw, valid, flaw)}

    def call(**inputs):
        return drawn(getattr(displays, name).from_predictions(**inputs))

    return Call(call, inputs, lambda result: None)


# --------------------------------------------------------------------------------------- datasets


@target
def make_label_noise(draw, room):
    sample = draw_sample(draw, room)
    thirds = np.full((3, 3), 1 / 3)
    valid = {
        "kind": ("symmetric", "asymmetric", "class", "instance", "none"),
        "rate": (0.2, 0, 0.99, 0.5, np.eye(2), np.eye(3), thirds, np.eye(2) * 2, [[1]]),
        "X": (sample.X,),
    }
    keep = ["kind", "rate", "random_state"]
    params = draw_parameters(draw, {**valid, "random_state": SEEDS}, sample.flaw, keep=keep)

    def call(y, **params):
        return datasets.make_label_noise(y, **params)

    def check(found):
        y_noisy, wrong = found
        y = np.asarray(sample.y).ravel()
        mask(wrong, len(y))
        ensure(((y_noisy != y) == wrong).all(), "wrong is not where labels differ")
        one_of(y_noisy, y)

    return Call(call, {"y": sample.y, **params}, check, repeats(params))


def spoil_file(draw, path):
    """Cut a file short, flip some of its bytes, or put something else in its place."""
    content = path.read_bytes()
    position = draw(st.integers(0, max(len(content) - 1, 0)))
    how = pick(draw, "cut", "flip", "flip", "empty", "text", "grow", "folder", "gone", "pickle")
    if how == "cut":
        content = content[:position]
    elif how == "flip":
        flipped = bytes([content[position] ^ draw(st.integers(1, 255))]) if content else b""
        content = content[:position] + flipped + content[position + 1 :]
    elif how == "empty":
        content = b""
    elif how == "text":
        content = b"no such thing"
    elif how == "grow":
        content += b"\0" * 7
    elif how == "pickle":
        content = pickle.dumps(pick(draw, [1], {}, {"X": 1}, SimpleNamespace(a=1), np.eye(2)))
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how != "gone":
        path.write_bytes(content)


def _as_array(values):
    try:
        return np.asarray(values)
    except ValueError:  # of rows of unequal lengths
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array


def draw_arrays(draw, room):
    """Draw what a ``.npz`` file may hold."""
    sample = draw_sample(draw, room)
    arrays = {"X": sample.X, "y_true": sample.y, "y_given": sample.y, "y_given_other": sample.y}
    names = [name for name in arrays if pick(draw, True, True, True, name == "X")]
    arrays = {name: _as_array(arrays[name]) for name in names}
    if pick(draw, False, False, True):
        arrays[pick(draw, "further", "../outside", "y_given_", "ä", "X/y")] = np.zeros(2)
    path = room.inputs / "arrays.npz"
    pick(draw, np.savez, np.savez_compressed)(path, **arrays)
    return path


@target
def load_npz(draw, room):
    path = draw_arrays(draw, room)
    if pick(draw, False, False, True):
        spoil_file(draw, path)
    path = pick(draw, path, path, path, str(path), path.parent, "none.npz")

    def check(data):
        ensure(data["X"].dtype == np.float32 and data["X"].ndim == 2, "X is not as it should be")
        for name, labels in data.items():
            ensure(len(labels) == len(data["X"]), f"{name} has {len(labels)} rows")

    def call():
        data = datasets.load_npz(path)
        return {"X": data.X, "y_true": data.y_true, **data.given}

    return Call(call, {}, check)


@target
def load_cifar(draw, room):
    rng, folder = make_rng(draw), room.inputs
    hundred, binary = pick(draw, False, True), pick(draw, False, True)
    kinds = {b"coarse_labels": 20, b"fine_labels": 100} if hundred else {b"labels": 10}
    names = (
        ["train", "test"] if hundred else ["test_batch", *(f"data_batch_{k}" for k in range(1, 6))]
    )
    n = pick(draw, 1, 2, 3, 0)
    for name in names:
        pixels = rng.integers(0, 256, (n, 3072)).astype(np.uint8)
        labels = {k: rng.integers(0, most, n).astype(np.uint8) for k, most in kinds.items()}
        if binary:
            np.column_stack([*labels.values(), pixels]).tofile(folder / f"{name}.bin")
        else:
            batch = {b"data": pixels, **{k: v.tolist() for k, v in labels.items()}}
            (folder / name).write_bytes(pickle.dumps(batch, protocol=pick(draw, 2, 4)))
    if pick(draw, False, False, True):
        spoil_file(draw, folder / f"{pick(draw, *names)}{'.bin' if binary else ''}")
    load = datasets.load_cifar100 if hundred else datasets.load_cifar10
    subset = pick(draw, "train", "test", "test", "all", None, 3)
    params = {"coarse": True} if hundred and pick(draw, False, True) else {}

    def call():
        return load(folder, subset, **params)

    def check(found):
        X, y = found
        ensure(X.dtype == np.uint8 and X.shape == (len(y), 3, 32, 32), f"X is {X.dtype} {X.shape}")
        ensure(y.dtype == np.int64 and y.min() >= 0 and y.max() < 100, f"y is {y}")

    return Call(call, {}, check)


@target
def load_human_labels(draw, room):
    rng, hundred, n = make_rng(draw), pick(draw, False, True), pick(draw, 1, 2, 4, 0)
    kinds = ("clean", "noisy", "clean_coarse", "noisy_coarse") if hundred else ("clean", "aggre")
    names = [f"{kind}_label" for kind in kinds]
    names += [] if hundred else ["worse_label", *(f"random_label{k}" for k in (1, 2, 3))]
    content, flaw = {}, pick(draw, *[None] * 9, *names)
    for name in names:
        labels = content[name] = rng.integers(0, 10, n)
        if name == flaw:
            odd = torch.from_numpy(labels), labels.astype(float), labels * 30, labels[1:], None
            content[name] = pick(draw, *odd)
    if pick(draw, *[False] * 8, True):
        del content["clean_label"]
    content = pick(draw, *[content] * 5, list(content), None, SimpleNamespace)
    path = room.inputs / f"CIFAR-{100 if hundred else 10}_human.pt"
    torch.save(content, path)
    if pick(draw, False, False, True):
        spoil_file(draw, path)

    def call():
        return dict((datasets.load_cifar100n if hundred else datasets.load_cifar10n)(room.inputs))

    def check(labels):
        for name, each in labels.items():
            ensure(each.dtype == np.int64 and each.shape == (n,), f"{name} is {each}")

    return Call(call, {}, check)


# ----------------------------------------------------------------------------- criteria and nets


CRITERIA = {
    GeneralizedCrossEntropy: {"q": (0.7, 1, 1e-9, 0, 2)},
    SymmetricCrossEntropy: {"alpha": (0.1, 0, 10), "beta": (1.0, 0), "clip": (-4.0, -1e-3, 0)},
    EarlyLearningRegularization: {"strength": (3.0, 0, 100), "momentum": (0.7, 0, 0.999, 1)},
}


@target
def criteria(draw, room):
    rng = make_rng(draw)
    kind = pick(draw, *CRITERIA)
    params = draw_parameters(draw, CRITERIA[kind], pick(draw, "nothing", "nothing", "parameters"))
    n_classes, scale = pick(draw, 2, 3, 7), pick(draw, 1.0, 0.0, 1e3, 1e-9)
    X = rng.normal(size=(12, 3)).astype(np.float32)
    y = np.arange(12) % n_classes

    def call(X, y, **params):
        criterion = kind(**params)
        if kind is EarlyLearningRegularization:
            criterion.follow(len(X))
            criterion.positions = torch.arange(len(X))
        logits = torch.from_numpy(np.resize(X, (12, n_classes)) * scale).requires_grad_()
        loss = criterion(logits, torch.from_numpy(y))
        loss.backward()
        return loss.item(), logits.grad.numpy()

    def check(found):
        if all(-1e30 < value < 1e30 for value in params.values()):  # others may be too much
            finite(found[0], (), "loss")
            finite(found[1], (12, n_classes), "gradient")

    return Call(call, {"X": X, "y": y, **params}, check)


@target
def criteria_in_training(draw, room):
    sample = draw_sample(draw, room, most=20)
    kind = pick(draw, *CRITERIA)
    valid = {f"criterion__{name}": values for name, values in CRITERIA[kind].items()}
    params = draw_parameters(draw, valid, pick(draw, "nothing", "nothing", "parameters"))

    def call(X, y, **params):
        callbacks = [FollowRows()] if kind is EarlyLearningRegularization else []
        classifier = net(criterion=kind, callbacks=callbacks, **params)
        return np.asarray(DynamicsCollector(classifier, random_state=0).fit_transform(X, y))

    def check(T):
        finite(T, (length(sample.X), 2), "T")

    return Call(call, {"X": sample.X, "y": sample.y, **params}, check)


@target
def augmentations(draw, room):
    rng = make_rng(draw)
    images = rng.normal(size=(draw(st.integers(0, 4)), pick(draw, 1, 3), 6, pick(draw, 5, 6)))
    hostile = pick(draw, False, False, True)
    if hostile:
        images = draw_rows(draw, rng.normal(size=(4, 4)), rng, True, room)
    name = pick(draw, "flip", "random_flip", "center_crop", "random_crop")
    valid = {"margin": (1, 0, 2)} if "crop" in name else {}
    flaw = pick(draw, "nothing", "nothing", "parameters") if valid else "nothing"
    params = draw_parameters(draw, valid, flaw, keep=["margin"])

    def call(rows, **params):
        function = partial(getattr(augment, name), **params) if params else getattr(augment, name)
        return augment.compose(function)(rows, np.random.default_rng(0))

    def check(augmented):
        ensure(augmented.shape == np.shape(images), f"shape {augmented.shape}")
        ensure(augmented.dtype == np.asarray(images).dtype, f"dtype {augmented.dtype}")

    return Call(call, {"rows": images, **params}, check)


@target
def modules(draw, room):
    numbers = (3, 1, 5)
    vectors = (None, np.ones(3), np.zeros(3), [1e-20] * 3, np.ones(2))
    arguments = {
        MLP: {
            "n_features": numbers,
            "n_classes": numbers,
            "feature_mean": vectors,
            "feature_scale": vectors,
            "hidden_units": (None, 4, 1),
            "dropout": (0.5, 0, 0.999),
            "widest": (8, 1),
            "class_order": (None, [1, 2, 0], np.arange(3), [0, 0, 1]),
            "telling_columns": (None, [2, 0], np.arange(3), [3]),
        },
        ResNet18: {
            "n_classes": numbers,
            "n_channels": numbers,
            "width": (1, 2),
            "augmentation": (None, RandomCropFlip(), RandomCropFlip(0)),
            "class_order": (None, [1, 2, 0], [0, 0, 1]),
        },
        ByteDropout: {"p": (0.5, 0, 0.999, 1)},
        RandomCropFlip: {"margin": (4, 0, 1, -1)},
    }
    arguments[ResNet34] = arguments[ResNet18]
    kind = pick(draw, *arguments)
    params = draw_parameters(
        draw,
        arguments[kind],
        pick(draw, "nothing", "nothing", "parameters"),
        keep=[name for name in ("n_features", "n_classes") if name in arguments[kind]],
    )
    seed, shape = draw(st.integers(0, 100)), (2, params.get("n_features", 3))
    if kind is not MLP:
        shape = (2, params.get("n_channels", 3), 5, 4)

    def call(**params):
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            return kind(**params)(torch.rand(shape)).numpy()

    def check(found):
        finite(found, (2, params["n_classes"]) if "n_classes" in params else shape)

    return Call(call, params, check)


@partial(target, share=0.3)
def resnets(draw, room):
    sample = draw_sample(draw, room, most=16, images="all")
    valid = {
        "depth": (18, 34),
        "module__width": (1, 2),
        "module__augmentation": (None, RandomCropFlip(1)),
        "batch_size": (16, 7, 3),
        "max_epochs": (1, 2),
        "lr": (1e-3, 1e-2),
    }
    flaw = pick(draw, "nothing", "nothing", "parameters")
    params = draw_parameters(draw, valid, flaw, keep=["depth", "module__width", "max_epochs"])

    def call(X, y, **params):
        net = make_resnet_classifier(**params)
        collector = DynamicsCollector(net, random_state=0)
        return np.asarray(collector.fit_transform(X, y))

    def check(T):
        finite(T, (length(sample.X), T.shape[1]), "T")

    return Call(call, {"X": sample.X, "y": sample.y, **params}, check)


# ------------------------------------------------------------------------------ what carries rows


@target
def carriers(draw, room):
    sample = draw_sample(draw, room, most=10)
    n, rng = sample.n, sample.rng
    m = pick(draw, 0, 1, 2)
    sources = pick(draw, rng.integers(0, max(n, 1), m), np.full(m, -1), np.full(m, n), [0] * m)
    labels = pick(draw, np.zeros(m), np.zeros(m + 1), ["a"] * m)
    data = pick(draw, np.zeros((m, 2)), np.zeros((m + 1, 2)), [[0.0, 1.0]] * m)
    logits = pick(draw, np.zeros((n, 2)), np.zeros((n, 3)), np.full((n, 2), np.nan), np.zeros(n))
    with_beliefs, sparse_kind = pick(draw, False, True), issparse(sample.X)

    def call(X, data, labels, sources, logits):
        copies = CorruptedCopies(data, labels, sources)
        beliefs = None
        if with_beliefs:
            beliefs = Beliefs(logits, np.zeros(n, int), np.array(["a", "b"]))
        carried = (CorruptedRows if sparse_kind else CorruptedArray)(X, copies, beliefs)
        restored = pickle.loads(pickle.dumps(carried))
        return carried.shape, restored.shape, type(carried[:1]).__name__

    def check(found):
        ensure(found[0] == found[1], "pickling changes it")
        whole = found[0] == () or found[0][0] <= 1  # then nothing is cut off
        ensure(found[2] in ("ndarray", "csr_array") or whole, f"a slice is {found[2]}")

    inputs = {"X": sample.X, "data": data, "labels": labels, "sources": sources, "logits": logits}
    return Call(call, inputs, check)


@target
def in_sample(draw, room):
    sample = draw_sample(draw, room, most=10)

    def call(X, y):
        cv = InSample()
        ensure(cv.get_n_splits(X, y) == 1, "not one split")
        return list(cv.split(X, y))

    def check(splits):
        ((train, test),) = splits
        ensure(train.tolist() == test.tolist() == list(range(length(sample.X))), "not all rows")

    return Call(call, {"X": sample.X, "y": sample.y}, check)


# -------------------------------------------------------------------------------- the command line


_CELLS = (
    *("", "a", "b", "1", "2.5", "-3", "1e400", "nan", "NA", "inf", "2024-02-29", "true", "ä", "\0"),
    *(
        '"',
        "'",
        ",",
        ";",
        "\n",
        "=cmd|' /C calc'!A0",
        "<script>",
        "a b c d e f",
        "x" * 300,
        "9" * 40,
    ),
)


def draw_table(draw, room):
    """Draw a table of some columns, as a file; give its path and the names of its columns."""
    rng, n = make_rng(draw), draw(st.integers(0, 40))
    n = n + 12 if pick(draw, True, True, False) else n
    codes = rng.integers(0, 2, n)
    columns = {}
    names = ["a", "b", "c d", "id", "decision", "position", "ä", "", "y"]
    for name in [*names[: draw(st.integers(1, 4))], pick(draw, *names)]:
        columns[name] = _column(draw, rng, codes)
    columns["label"] = pick(
        draw,
        *[np.array(["ant", "bee"])[codes]] * 4,
        codes,
        codes * 0.5,
        codes * 0,
        np.arange(n),
        np.where(rng.random(n) < 0.2, "", np.array(["ant", "bee"])[codes]),
        np.array([_CELLS[k] for k in rng.integers(0, len(_CELLS), n)], object),
    )
    frame = pd.DataFrame(columns)
    suffix = pick(draw, ".csv", ".csv", ".csv.gz", ".tsv", ".parquet", ".parquet", ".xlsx", "")
    path = room.inputs / f"table{suffix}"
    if suffix == ".parquet":
        try:
            frame.to_parquet(path)
        except Exception:  # columns that Parquet has not
            frame.astype(str).to_parquet(path)
    else:
        sep = "\t" if suffix == ".tsv" else pick(draw, ",", ",", ",", ";")
        encoding = pick(draw, "utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16")
        frame.to_csv(path, index=False, sep=sep, encoding=encoding, errors="replace")
    return path, list(columns)


def _column(draw, rng, codes):
    n = len(codes)
    columns = {
        "number": lambda: rng.normal(size=n) + 3 * codes,
        "category": lambda: np.array(["red", "green", "blue"])[rng.integers(0, 3, n)],
        "text": lambda: [f"some words of a longer text {k}" for k in rng.integers(0, 99, n)],
        "cells": lambda: np.array([_CELLS[k] for k in rng.integers(0, len(_CELLS), n)], object),
        "date": lambda: np.datetime64("2024-01-01") + rng.integers(0, 999, n).astype("m8[D]"),
        "gaps": lambda: np.where(rng.random(n) < 0.4, np.nan, rng.normal(size=n)),
        "count": lambda: np.arange(n),
        "one": lambda: np.full(n, 10.0 ** rng.integers(-300, 300)),
    }
    return columns[pick(draw, "number", "number", *columns)]()


#: What the command trains, which is made smaller here.
_MAKE_PIPELINE = "skdynacor.command_line.preprocessing.make_dynacor_pipeline"


def command_call(room, argv):
    """Make the call of the command, whose errors are messages, with a short training."""
    made = room.inputs / "out"
    made.mkdir(exist_ok=True)

    def call(argv):
        for path in made.iterdir():
            path.unlink()
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch(_MAKE_PIPELINE, small_pipeline),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = command(argv)
        return code, out.getvalue(), err.getvalue(), sorted(path.name for path in made.iterdir())

    def check(found):
        code, out, err, files = found
        ensure(code in (0, 2, 3), f"ended with {code}: {err[-3000:]}")
        ensure("Traceback" not in out + err or "--debug" in argv, err)
        for line in err.splitlines():
            ensure(line.startswith("skdynacor: "), f"said {line!r}")
        if code == 2:
            ensure(not out and not files and "error: " in err, f"refused, and yet {files} {out}")
            return REFUSED
        return None

    return Call(call, {"argv": argv}, check)


@partial(target, share=0.4)
def command_on_tables(draw, room):
    path, names = draw_table(draw, room)
    if pick(draw, *[False] * 5, True):
        spoil_file(draw, path)
    argv = ["find", str(path), "--label", pick(draw, *["label"] * 6, *names, "none")]
    for option in ("--features", "--text"):
        if pick(draw, *[False] * 5, True):
            argv += [option, *draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))]
    return command_call(room, argv + draw_options(draw, room))


@partial(target, share=0.4)
def command_on_arrays(draw, room):
    path = draw_arrays(draw, room)
    if pick(draw, *[False] * 5, True):
        spoil_file(draw, path)
    argv = ["find", str(path)]
    if pick(draw, False, True):
        argv += ["--label", pick(draw, "y_true", "y_given_other", "X", "none")]
    return command_call(room, argv + draw_options(draw, room))


def draw_options(draw, room):
    """Draw options that go with any file."""
    out = room.inputs / "out"
    options = (
        ["--out", str(out / "issues.csv")],
        ["--report", str(out / "report.html")],
        ["--save-pipeline", str(out / "pipeline.joblib")],
        ["--json"],
        ["--print-pipeline"],
        ["--quiet"],
        ["--fail-above", pick(draw, "0.05", "0", "1", "2", "x")],
        ["--seed", pick(draw, "1", "-1", "x", str(2**40))],
        ["--jobs", pick(draw, "1", "0", "x")],
        ["--separator", pick(draw, ";", ",", "", "ab", "\\t")],
        ["--encoding", pick(draw, "cp1252", "utf-16", "none", "")],
        ["--force"],
        ["--none"],
    )
    return [word for option in options if pick(draw, *[False] * 8, True) for word in option]


@target
def command_words(draw, room):
    (room.inputs / "table.csv").write_text("a,label\n" + "1,x\n2,y\n" * 6)
    known = (
        *("find", "find", "demo", "--help", "--version", "--label", "label", "--json", "--quiet"),
        *(str(room.inputs / "table.csv"), str(room.inputs), "none.csv", "", "-", "--", "-h", "ä"),
        *("--out", "--seed", "1", "--features", "a", "--text", "--debugg", "--print-pipeline"),
    )
    argv = draw(st.lists(st.sampled_from(known), max_size=6))
    argv = [word for word in argv if word != "demo" or len(argv) > 3]
    call = command_call(room, argv)

    def check(found):
        code, _, err, _ = found
        ensure(code in (0, 2), f"ended with {code}: {err}")
        ensure(code == 0 or "error: " in err, f"refused without a word: {err}")
        return REFUSED if code else None

    return call._replace(check=check)
