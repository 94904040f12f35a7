"""Fitted estimators are saved without pickle, as plain arrays and names that can be looked over."""

import pytest
import skops.io as sio
from numpy.testing import assert_array_equal

from skdynacor import make_dynacor_pipeline


@pytest.fixture(params=["transition", "paper"])
def pipe(request, noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    return make_dynacor_pipeline(quick_net, recipe=request.param, random_state=0).fit(X, y)


def test_a_detector_and_a_pipeline_come_back(noisy_blobs, pipe):
    X, _, _ = noisy_blobs
    T = pipe[1].transform(X)
    for saved, rows in [(pipe[2], T), (pipe, X), (pipe, X + 1)]:
        data = sio.dumps(saved)
        loaded = sio.loads(data, trusted=sio.get_untrusted_types(data=data))
        assert_array_equal(loaded.predict_proba(rows), saved.predict_proba(rows))
        assert loaded[:-1].transform(rows).shape == (300, 3) if saved is pipe else True


def test_a_detector_takes_no_trust_but_in_this_package(pipe):
    names = sio.get_untrusted_types(data=sio.dumps(pipe[2]))
    assert all(name.startswith("skdynacor.") for name in names)
