"""One training that serves every detector that reads dynamics."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from scoring import score, timed
from sklearn.ensemble import HistGradientBoostingClassifier

import skdynacor
from skdynacor import make_dynacor_pipeline
from skdynacor.augment import center_crop
from skdynacor.nets import make_mlp_classifier, make_resnet_classifier
from skdynacor.recording.signals import SIGNALS


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
    """The trajectories that one recipe records."""

    trajectories: dict  # signal: CorruptedArray of shape (n_samples, n_epochs)
    wrong: np.ndarray  # (n_samples,), bool
    seconds: float

    def detect(self, detector, signal="quantized_logit_difference"):
        """Score a detector on the trajectories of one signal."""
        _, seconds = timed(detector.fit, self.trajectories[signal])
        probability = detector.noise_probability_
        return score(self.wrong, detector.flags_, probability, self.seconds + seconds)


def record(setting, seed, gamma=0.1, cache=None, classifier=None, recipe="paper"):
    """Train a classifier as a recipe does, and record the signals that its detectors read.

    With a folder to cache in, the same training by the same code is never made twice.
    """
    classifier = classifier or Classifier()
    train = joblib.Memory(cache, verbose=0).cache(_train)
    path = Path(setting.path)
    state = _code(), path.stat().st_mtime_ns if path.exists() else None
    return Recording(*train(setting, seed, gamma, classifier, recipe, state))


def _train(setting, seed, gamma, classifier, recipe, state):
    X, y, wrong = setting.make(seed)
    pipe = make_dynacor_pipeline(classifier.make(), recipe=recipe, gamma=gamma, random_state=seed)
    pipe, collector = pipe[:-1], pipe[1]
    if recipe == "paper":
        collector.set_params(also=[name for name in SIGNALS if name != collector.signal])
    if X.ndim > 2:
        pipe[0].set_params(augment=center_crop)  # as in the paper

    T, seconds = timed(pipe.fit_transform, X, y)
    return {collector.signal: T, **collector.records_}, wrong, seconds


@lru_cache
def _code():
    """Hash the package's code."""
    digest = hashlib.sha256()
    for path in sorted(Path(skdynacor.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
