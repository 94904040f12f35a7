"""Fitted estimators are saved, and give the same results in another process."""

import inspect
import subprocess
import sys

import joblib
import pytest
import skops.io as sio
import torch
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.exceptions import DeviceWarning

from skdynacor import LabelCorruptor, LabelErrorDetector, make_dynacor_pipeline
from skdynacor.baselines import AUM, CORES, AverageEncoder, ConfidentLearning, SimiFeatR, SimiFeatV
from skdynacor.nets import make_mlp_classifier
from skdynacor.training import net_training


def make_estimators():
    net, forest = make_mlp_classifier(max_epochs=3), RandomForestClassifier(20)
    boosting = HistGradientBoostingClassifier(max_iter=4)
    several = [("net", net), ("forest", forest), ("linear", LogisticRegression())]
    return {
        "detector": LabelErrorDetector(estimators=several, random_state=0),
        "scaled": make_pipeline(StandardScaler(), LabelErrorDetector(forest, random_state=0)),
        "paper": make_dynacor_pipeline(net, random_state=0),
        "staged": make_dynacor_pipeline(boosting, random_state=0),
        "AverageEncoder": AverageEncoder(),
        "AUM": AUM(net, random_state=0),
        "CORES": CORES(net, random_state=0),
        "ConfidentLearning": ConfidentLearning(net, cv=2, random_state=0),
        "SimiFeatV": SimiFeatV(),
        "SimiFeatR": SimiFeatR(),
    }


def results_of(estimator, X, y):
    """Give all results of a fitted estimator, for the rows of ``fit`` and others."""
    from skdynacor.inspection import label_issues

    results = {"issues": label_issues(estimator, X, y)}
    for name, rows in (("fit", X), ("others", X + 1)):
        if hasattr(estimator, "noise_probability"):
            results[f"noise probability of {name}"] = estimator.noise_probability(rows, y)
        elif hasattr(estimator, "steps") and hasattr(estimator, "predict_proba"):
            results[f"predictions of {name}"] = estimator.predict(rows)
            results[f"probabilities of {name}"] = estimator.predict_proba(rows)
    return results


SCRIPT = """
import sys
from pathlib import Path

import joblib
import skops.io as sio

{results_of}

folder = Path(sys.argv[1])
X, y = joblib.load(folder / "data.joblib")
results = {{}}
for path in sorted(folder.glob("*.fitted.*")):
    if path.suffix == ".skops":
        estimator = sio.load(path, trusted=sio.get_untrusted_types(file=path))
    else:
        estimator = joblib.load(path)
    results[path.name] = results_of(estimator, X, y)
joblib.dump(results, folder / "results.joblib")
"""


def run(code, *args):
    subprocess.run([sys.executable, "-W", "error", "-c", code, *map(str, args)], check=True)


@pytest.fixture(scope="module")
def results(noisy_blobs, tmp_path_factory):
    """Results of estimators here, and of the same loaded in another process."""
    X, y, _ = noisy_blobs
    folder, here = tmp_path_factory.mktemp("saved"), {}
    joblib.dump((X, y), folder / "data.joblib")
    for name, estimator in make_estimators().items():
        here[name] = results_of(estimator.fit(X, y), X, y)
        joblib.dump(estimator, folder / f"{name}.fitted.joblib")
        sio.dump(estimator, folder / f"{name}.fitted.skops")
    run(SCRIPT.format(results_of=inspect.getsource(results_of)), folder)
    return here, joblib.load(folder / "results.joblib")


@pytest.mark.parametrize("kind", ["joblib", "skops"])
@pytest.mark.parametrize("name", make_estimators())
def test_another_process_gets_the_same_results(results, name, kind):
    here, there = results
    for question, answer in here[name].items():
        other = there[f"{name}.fitted.{kind}"][question]
        same = assert_frame_equal if question == "issues" else assert_array_equal
        same(other, answer)


def test_joblib_keeps_the_copies_that_rows_carry(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    rows = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    joblib.dump(rows, tmp_path / "rows.joblib")
    back = joblib.load(tmp_path / "rows.joblib")
    assert type(back) is type(rows)
    assert joblib.hash(back) == joblib.hash(rows)
    assert_array_equal(back.corrupted.sources, rows.corrupted.sources)


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about hosts without CUDA")
@pytest.mark.filterwarnings("ignore:Setting self.device")
def test_a_detector_of_a_host_with_cuda_is_loaded_without(noisy_blobs, quick_net, monkeypatch):
    X, y, _ = noisy_blobs
    detector = LabelErrorDetector(quick_net, random_state=0).fit(X, y)
    expected = detector.noise_probability(X + 1, y)
    copy_net = net_training._without_schedules

    def as_if_on_cuda(net):
        net = copy_net(net)
        net.device = "cuda"
        return net

    monkeypatch.setattr(net_training, "_without_schedules", as_if_on_cuda)
    data = sio.dumps(detector)
    with pytest.warns(DeviceWarning, match="no CUDA devices are available"):
        loaded = sio.loads(data, trusted=sio.get_untrusted_types(data=data))
    assert_array_equal(loaded.noise_probability(X + 1, y), expected)
