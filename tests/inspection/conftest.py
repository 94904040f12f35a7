"""What the tests of this room share."""

import pytest

from skdynacor import make_dynacor_pipeline


@pytest.fixture(scope="session")
def fitted(noisy_blobs):
    """The default pipeline, fitted on ``noisy_blobs``."""
    X, y, _ = noisy_blobs
    return make_dynacor_pipeline(random_state=0).fit(X, y)
