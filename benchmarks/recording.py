"""One training that serves every detector that reads dynamics."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from common import score, timed

import skdynacor
from skdynacor import DynamicsCollector, LabelCorruptor

SIGNALS = ("quantized_logit_difference", "logit_difference", "confidence", "cross_entropy")


class Recording(NamedTuple):
    """The trajectories of one training."""

    trajectories: dict  # signal: CorruptedArray of shape (n_samples, n_epochs)
    wrong: np.ndarray  # (n_samples,), bool
    seconds: float

    def detect(self, detector, signal="quantized_logit_difference"):
        """Score a detector on the trajectories of one signal."""
        _, seconds = timed(detector.fit, self.trajectories[signal])
        probability = detector.noise_probability_
        return score(self.wrong, detector.flags_, probability, self.seconds + seconds)


def record(setting, seed, gamma=0.1, cache=None):
    """Train the default classifier once, and record every signal.

    With a folder to cache in, the same training by the same code is never made twice.
    """
    train = joblib.Memory(cache, verbose=0).cache(_train)
    path = Path(setting.path)
    state = _code(), path.stat().st_mtime_ns if path.exists() else None
    return Recording(*train(setting, seed, gamma, state))


def _train(setting, seed, gamma, state):
    X, y, wrong = setting.make(seed)
    collector = DynamicsCollector(also=SIGNALS[1:], random_state=seed)

    def corrupt_and_train():
        corrupted = LabelCorruptor(gamma, random_state=seed).fit_transform(X, y)
        return collector.fit_transform(corrupted, y)

    T, seconds = timed(corrupt_and_train)
    return {SIGNALS[0]: T, **collector.records_}, wrong, seconds


@lru_cache
def _code():
    """Hash the package's code."""
    digest = hashlib.sha256()
    for path in sorted(Path(skdynacor.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
