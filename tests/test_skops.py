"""Fitted estimators are saved as arrays and names to look over, but for the nets of skorch."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
import skops.io as sio
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier

from skdynacor import LabelCorruptor, make_dynacor_pipeline


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


def test_forests_take_no_trust_but_in_this_package_and_in_scikit_learn(noisy_blobs):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(RandomForestClassifier(20), random_state=0).fit(X, y)
    names = sio.get_untrusted_types(data=sio.dumps(pipe))
    assert all(name.startswith(("skdynacor.", "sklearn.")) for name in names)


def test_a_net_s_file_holds_a_pickle_as_the_guide_warns(pipe):
    data = sio.dumps(pipe)
    assert "skorch.classifier.NeuralNetClassifier" in sio.get_untrusted_types(data=data)
    schema = zipfile.ZipFile(BytesIO(data)).read("schema.json").decode()
    assert "__cuda_dependent_attributes__" in schema


def test_what_rows_carry_is_dropped_as_the_guide_says(noisy_blobs):
    X, y, _ = noisy_blobs
    rows = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    data = sio.dumps(rows)
    loaded = sio.loads(data, trusted=sio.get_untrusted_types(data=data))
    assert_array_equal(np.asarray(loaded), np.asarray(rows))
    assert getattr(loaded, "corrupted", None) is None
