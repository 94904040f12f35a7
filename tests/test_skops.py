"""Fitted estimators are saved by skops as arrays and names, but for the nets of skorch."""

import zipfile
from io import BytesIO

import numpy as np
import pytest
import skops.io as sio
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier

from skdynacor import LabelCorruptor, LabelErrorDetector, make_dynacor_pipeline


@pytest.fixture
def paper(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    return make_dynacor_pipeline(quick_net, random_state=0).fit(X, y)


def test_a_detector_of_dynamics_takes_no_trust_but_in_this_package(paper):
    names = sio.get_untrusted_types(data=sio.dumps(paper[2]))
    assert all(name.startswith("skdynacor.") for name in names)


def test_forests_take_no_trust_but_in_this_package_and_in_scikit_learn(noisy_blobs):
    X, y, _ = noisy_blobs
    detector = LabelErrorDetector(RandomForestClassifier(20), random_state=0).fit(X, y)
    data = sio.dumps(detector)
    names = sio.get_untrusted_types(data=data)
    assert all(name.startswith(("skdynacor.", "sklearn.")) for name in names)
    loaded = sio.loads(data, trusted=names)
    assert_array_equal(loaded.flags_, detector.flags_)


def test_a_net_s_file_holds_a_pickle_as_the_guide_warns(paper):
    data = sio.dumps(paper)
    assert "skorch.classifier.NeuralNetClassifier" in sio.get_untrusted_types(data=data)
    schema = zipfile.ZipFile(BytesIO(data)).read("schema.json").decode()
    assert "__cuda_dependent_attributes__" in schema


def test_copies_that_rows_carry_are_dropped_as_the_guide_says(noisy_blobs):
    X, y, _ = noisy_blobs
    rows = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    data = sio.dumps(rows)
    loaded = sio.loads(data, trusted=sio.get_untrusted_types(data=data))
    assert_array_equal(np.asarray(loaded), np.asarray(rows))
    assert getattr(loaded, "corrupted", None) is None
