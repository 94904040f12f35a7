"""Fitted detectors for the tests of inspection."""

import pytest

from skdynacor import LabelErrorDetector, make_dynacor_pipeline


@pytest.fixture(scope="session")
def fitted(noisy_blobs):
    """The default detector, fitted on ``noisy_blobs``."""
    X, y, _ = noisy_blobs
    return LabelErrorDetector(random_state=0).fit(X, y)


@pytest.fixture(scope="session")
def paper(noisy_blobs):
    """The paper's pipeline, fitted on ``noisy_blobs``."""
    X, y, _ = noisy_blobs
    return make_dynacor_pipeline(random_state=0).fit(X, y)
