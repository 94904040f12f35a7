import aum
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from skorch.callbacks import Callback

from skdynacor.baselines import AUM
from skdynacor.nets import make_mlp_classifier


class Listener(Callback):
    """Hand every batch's logits to the package ``aum``, one calculator for each training."""

    trainings = []

    def __init__(self, folder):
        self.folder = folder

    def on_train_begin(self, net, **kwargs):
        folder = self.folder / str(len(self.trainings))
        folder.mkdir()
        self.labels, self.calculator = {}, aum.AUMCalculator(str(folder), compressed=True)
        self.trainings.append(self)

    def on_batch_end(self, net, batch, y_pred, **kwargs):
        positions, labels = batch.positions.tolist(), batch[1]
        self.labels.update(zip(positions, labels.tolist(), strict=True))
        self.calculator.update(y_pred.detach(), labels, positions)

    def on_train_end(self, net, **kwargs):
        self.calculator.finalize()

    def areas(self):
        table = pd.read_csv(self.calculator.save_dir + "/aum_values.csv", index_col="sample_id")
        return table["aum"].sort_index().to_numpy()


@pytest.fixture
def trainings(monkeypatch):
    monkeypatch.setattr(Listener, "trainings", [])
    return Listener.trainings


def test_margins_and_thresholds_are_those_of_the_aum_package(noisy_blobs, tmp_path, trainings):
    X, y, _ = noisy_blobs
    net = make_mlp_classifier(max_epochs=4, callbacks=[("listener", Listener(tmp_path))])
    detector = AUM(net, percentile=90, random_state=0).fit(X, y)

    assert len(trainings) == 2
    differences = []
    for run, training in enumerate(trainings):
        labels, areas = np.array([training.labels[k] for k in range(300)]), training.areas()
        moved = labels == 3
        assert moved.sum() == 300 // 4
        assert (labels[~moved] == y[~moved]).all()
        threshold = np.percentile(areas[moved], 90)
        assert detector.thresholds_[run] == pytest.approx(threshold, abs=1e-5)
        differences.append(np.where(moved, np.nan, threshold - areas))
    assert not np.isnan(differences).all(axis=0).any()  # no row is moved twice
    assert_allclose(detector.noise_score_, np.nanmean(differences, axis=0), atol=1e-5)
    np.testing.assert_array_equal(detector.flags_, detector.noise_score_ > 0)


def test_the_percentile_counts(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    rates = [
        AUM(quick_net, percentile=percentile, random_state=0).fit(X, y).noise_rate_
        for percentile in (0, 50, 100)
    ]
    assert rates[0] < rates[1] < rates[2]
    with pytest.raises(ValueError, match="'percentile' parameter of AUM"):
        AUM(percentile=101).fit(X, y)


def test_two_rows_a_class(quick_net):
    X = np.eye(6, dtype=np.float32)
    flags = AUM(quick_net, random_state=0).fit_predict(X, [0, 0, 1, 1, 2, 2])
    assert flags.shape == (6,)
