"""The scripts of ``benchmarks/paper`` run, on little data."""

import numpy as np
import pytest

from benchmarks.lib import recording
from benchmarks.paper import corruption_rate, detection, losses, stopping, thresholds

VARIANTS = {
    "detection": ("method", detection.METHODS),
    "stopping": ("rule", stopping.RULES),
    "losses": ("loss", list(losses.LOSSES)),
    "signals": ("signal", list(recording.SIGNALS)),
    "corruption_rate": ("detector", corruption_rate.DETECTORS),
}


@pytest.mark.parametrize("script", VARIANTS)
def test_a_script_measures_every_variant(smoke, script):
    column, variants = VARIANTS[script]
    extra = ["--gammas", 0.2] if script == "corruption_rate" else []
    rows, printed = smoke(f"paper.{script}", *extra)
    assert rows[column].tolist() == variants
    assert all(variant in printed for variant in variants)
    assert rows["noise rate"].eq(0.2).all()
    assert rows.F1.max() > 80
    if script == "stopping":
        assert rows.F1.max() == rows.set_index("rule").F1["best_possible"]


def test_thresholds(smoke):
    rows, printed = smoke("paper.thresholds")
    assert rows.groupby("noise", sort=False).rule.agg(list).to_dict() == {
        "symmetric 0": thresholds.RULES,
        "human": thresholds.RULES,
    }
    f1 = rows[rows.noise == "human"].set_index("rule").F1
    assert f1[["centroids", "20 verdicts"]].min() > 80
    assert f1["best possible"] >= f1[["centroids", "copies"]].max()
    assert rows[rows.noise == "symmetric 0"].set_index("rule").flagged["20 verdicts"] < 0.1
    (line,) = [line for line in printed.splitlines() if line.startswith("20 verdicts: mean F1")]
    assert line.split()[4:] == [f"{f1['20 verdicts']:.3g}", "at", "least", "75", "met"]


def test_a_cached_training_serves_all_scripts(call, folder, monkeypatch):
    make, seeds = recording.make_dynacor_pipeline, []

    def train(*args, random_state, **params):
        seeds.append(random_state)
        return make(*args, random_state=random_state, **params)

    monkeypatch.setattr(recording, "make_dynacor_pipeline", train)
    args = ["--data", folder / "human.npz", "--cache", folder / "cache", "--out", folder / "out"]
    call("paper.losses", *args, "--seeds", 1)
    call("paper.signals", *args, "--seeds", 1)
    assert seeds == [0]
    call("paper.losses", *args, "--seeds", 2)
    assert seeds == [0, 1]


def test_table_2_trains_a_resnet_on_images(smoke, refused, tmp_path):
    rng = np.random.default_rng(0)
    for batch in range(1, 6):
        labels = rng.integers(0, 10, (40, 1), dtype=np.uint8)
        pixels = rng.integers(0, 130, (40, 3072), dtype=np.uint8) + 10 * labels
        np.hstack([labels, pixels]).astype(np.uint8).tofile(tmp_path / f"data_batch_{batch}.bin")
    args = ["--noise", "symmetric 0.6", "--classifier", "resnet18", "--epochs", 2, "--width", 4]
    args += ["--methods", "dynacor", "aum", "simifeat_v"]
    images = (f"cifar10={tmp_path}",)
    rows, _ = smoke("paper.detection", *args, data=images, name="detection_resnet18")
    assert rows.method.tolist() == ["dynacor", "aum"]
    assert rows.data.eq("cifar10").all()
    message = refused("paper.detection", "--classifier", "vgg", "--out", tmp_path)
    assert "known are mlp, resnet18, resnet34" in message
