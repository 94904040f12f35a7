"""Rows of more than one dimension, in memory and on the disk, through the paper's pipeline."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.metrics import f1_score
from skorch import NeuralNetClassifier
from torch import nn

from skdynacor import CorruptedArray, DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.augment import center_crop, flip
from skdynacor.datasets import make_label_noise
from skdynacor.nets import RandomCropFlip


@pytest.fixture(scope="module")
def images():
    """Pictures of 1 x 8 x 8 pixels: a bright bar across, down or nowhere; a fifth mislabelled."""
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 3, 240)
    X = rng.integers(0, 120, (240, 1, 8, 8))
    for image, kind in zip(X[:, 0], y_true, strict=True):
        place = rng.integers(1, 7)
        if kind < 2:
            (image if kind == 0 else image.T)[place] += 120
    y, wrong = make_label_noise(y_true, "symmetric", 0.2, random_state=0)
    return X.astype(np.uint8), y, wrong


def conv_net(**params):
    torch.manual_seed(0)
    module = nn.Sequential(
        RandomCropFlip(margin=1),
        nn.Conv2d(1, 12, 3, padding=1),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.Conv2d(12, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(16, 3),
    )
    settings = {
        **{"criterion": nn.CrossEntropyLoss, "optimizer": torch.optim.Adam, "lr": 0.01},
        **{"max_epochs": 15, "batch_size": 32, "iterator_train__shuffle": True, "verbose": 0},
    }
    return NeuralNetClassifier(module, **{**settings, **params})


@pytest.fixture
def pipe():
    pipe = make_dynacor_pipeline(conv_net(), random_state=0)
    return pipe.set_params(labelcorruptor__augment=partial(center_crop, margin=1))


def test_a_pipeline_takes_images(images, pipe):
    X, y, wrong = images
    flags = pipe.fit_predict(X, y)
    assert f1_score(wrong, flags) > 0.8
    assert_array_equal(pipe.predict(X), flags)
    assert_array_equal(pipe.predict(X[5:50]), flags[5:50])
    assert_array_equal(clone(pipe).fit_predict(X, y), flags)
    unseen = pipe.predict_proba(255 - X[:9])
    assert_array_equal(pipe.predict_proba(255 - X[:9]), unseen)
    corrupted = pipe[0].fit_transform(X, y)
    assert type(corrupted) is CorruptedArray
    assert corrupted.dtype == np.uint8
    assert corrupted.corrupted.data.shape == (24, 1, 8, 8)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64, ">f4"])
def test_any_number_type_gives_the_same(images, dtype):
    X, y, _ = images
    T, same = (
        DynamicsCollector(conv_net(max_epochs=2), random_state=0).fit_transform(rows, y)
        for rows in (X, X.astype(dtype))
    )
    assert_array_equal(T, same)


def test_augmentation_in_the_net_is_off_for_rows_seen_later(images):
    X, y, _ = images
    collector = DynamicsCollector(conv_net(max_epochs=2), random_state=0).fit(X, y)
    twice = [collector.transform(255 - X) for _ in range(2)]
    assert_array_equal(*twice)


def test_rows_of_another_shape_are_refused(images):
    X, y, _ = images
    collector = DynamicsCollector(conv_net(max_epochs=1)).fit(X, y)
    with pytest.raises(ValueError, match=r"rows of shape \(1, 8, 7\), fit saw .*\(1, 8, 8\)"):
        collector.transform(X[..., 1:])
    Xc = LabelCorruptor(augment=flip, random_state=0).fit_transform(X, y)
    smaller = CorruptedArray(X[..., 1:], Xc.corrupted)
    with pytest.raises(ValueError, match=r"copies have shape \(24, 1, 8, 8\), X has shape"):
        DynamicsCollector(conv_net()).fit(smaller, y)


def test_a_memmap_gives_what_memory_gives(images, pipe, tmp_path):
    X, y, _ = images
    pipe.set_params(dynamicscollector__estimator__max_epochs=2)
    flags = pipe.fit_predict(X, y)
    unseen = pipe.predict_proba(255 - X)
    for dtype in (np.uint8, np.float32):
        path = tmp_path / np.dtype(dtype).name
        np.save(path, X.astype(dtype))
        on_disk = np.load(f"{path}.npy", mmap_mode="r")
        assert isinstance(on_disk, np.memmap)
        assert_array_equal(pipe.fit_predict(on_disk, y), flags)
        assert_array_equal(pipe.predict(on_disk), flags)
        assert_array_equal(pipe.predict_proba(255 - X), unseen)
