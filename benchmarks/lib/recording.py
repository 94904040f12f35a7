"""One training that serves every detector that reads dynamics."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

import skdynacor
from skdynacor import make_dynacor_pipeline
from skdynacor.augment import center_crop
from skdynacor.nets import make_mlp_classifier, make_resnet_classifier

from .data import fill_gaps
from .scoring import score, timed

SIGNALS = ("quantized_logit_difference", "logit_difference", "confidence", "cross_entropy")


class Classifier(NamedTuple):
    """What to train: the default MLP, a ResNet for images, or boosting; None stands for its own."""

    name: str = "mlp"
    epochs: int | None = None
    width: int | None = None

    def make(self):
        """Make the skorch or scikit-learn classifier; ``None`` if it is the default as it is."""
        if self == Classifier():
            return None
        if self.name == "boosting":
            return HistGradientBoostingClassifier()
        params = {} if self.epochs is None else {"max_epochs": self.epochs}
        if self.name == "mlp":
            width = {} if self.width is None else {"module__hidden_units": self.width}
            return make_mlp_classifier(**params, **width)
        width = {} if self.width is None else {"module__width": self.width}
        return make_resnet_classifier(int(self.name.removeprefix("resnet")), **params, **width)


CLASSIFIERS = ("mlp", "resnet18", "resnet34", "boosting")


class Recording(NamedTuple):
    """The dynamics of one training."""

    dynamics: dict  # signal: CorruptedArray of shape (n_samples, n_epochs)
    wrong: np.ndarray  # (n_samples,), bool
    seconds: float

    def detect(self, detector, signal=SIGNALS[0]):
        """Score a detector on the dynamics of one signal."""
        _, seconds = timed(detector.fit, self.dynamics[signal])
        probability = detector.noise_probability_
        return score(self.wrong, detector.flags_, probability, self.seconds + seconds)


def record(setting, seed, gamma=0.1, cache=None, classifier=None):
    """Train a classifier as the paper does, and record all signals.

    With a folder to cache in, the same training by the same code is never made twice.
    """
    train = joblib.Memory(cache, verbose=0).cache(_train)
    path = Path(setting.path)
    state = _code(), path.stat().st_mtime_ns if path.exists() else None
    return Recording(*train(setting, seed, gamma, classifier or Classifier(), state))


def _train(setting, seed, gamma, classifier, state):
    X, y, wrong = setting.make(seed)
    steps = make_dynacor_pipeline(classifier.make(), gamma=gamma, random_state=seed)[:-1]
    corruptor, collector = steps
    collector.set_params(extra_signals=[name for name in SIGNALS if name != collector.signal])
    if X.ndim > 2:
        corruptor.set_params(augment=center_crop)  # as in the paper
    T, seconds = timed(steps.fit_transform, fill_gaps(X), y)
    return {collector.signal: T, **collector.extra_dynamics_}, wrong, seconds


@lru_cache
def _code():
    """Hash the package's code."""
    digest = hashlib.sha256()
    for path in sorted(Path(skdynacor.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
