"""The scripts of ``benchmarks/`` run, on little data."""

import importlib
import os

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import has_fit_parameter

pd = pytest.importorskip("pandas")
pytest.importorskip("matplotlib")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    X = (rng.normal(size=(200, 3)) + 6 * y[:, None]).astype(np.float16)
    np.savez(tmp_path / "clean.npz", X=X, y_true=y)
    given = np.where(np.arange(200) < 40, 1 - y, y)
    np.savez(tmp_path / "human.npz", X=X, y_true=y, y_given=given, y_given_crowd=1 - given)
    return tmp_path


ADDED = ["symmetric 0.3", "symmetric 0.1", "asymmetric 0.3", "instance 0.3"]


def test_quick_measures_every_setting(call, folder):
    printed = call("quick", folder, "--seeds", 2, "--out", folder / "runs.csv")
    runs = pd.read_csv(folder / "runs.csv")
    assert len(runs) == 2 * (4 + 2)
    assert runs.noise.unique().tolist() == [*ADDED, "human", "human crowd"]
    assert runs["noise rate"][runs.noise == "human"].eq(0.2).all()
    assert runs.F1[runs.noise == "human"].gt(80).all()
    assert runs.AUROC.between(0, 1).all()
    for setting in ADDED:
        assert setting in printed


def test_quick_names_a_folder_without_data(refused, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no .npz file" in refused("quick", tmp_path / "empty")


METHODS = [
    *("transition", "dynacor", "average_encoder", "aum", "confident_learning", "cores"),
    *("simifeat_v", "simifeat_r"),
]
SCRIPTS = {
    "detection": ("method", METHODS),
    "stopping": ("rule", ["last", "davies_bouldin", "eq9", "best_possible"]),
    "losses": ("loss", ["untrained", "cluster", "cluster+align"]),
    "signals": (
        "signal",
        ["quantized_logit_difference", "logit_difference", "confidence", "cross_entropy"],
    ),
    "corruption_rate": ("gamma", ["0.05", "0.4"]),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_measures_every_variant_and_never_twice(call, folder, script):
    column, variants = SCRIPTS[script]
    args = ["--data", folder / "human.npz", "--noise", "human", "--seeds", 2]
    args += ["--out", folder / "out", "--cache", folder / "cache"]
    if script == "corruption_rate":
        args += ["--gammas", 0.05, 0.4]
    printed = call(script, *args)
    path = folder / "out" / f"{script}.csv"
    written = path.read_bytes()
    runs = pd.read_csv(path, dtype=str)
    for seed in "01":
        assert runs[column][runs.seed == seed].unique().tolist() == variants
    assert all(variant in printed for variant in variants)
    assert "by kind of noise" in printed
    assert runs["noise rate"].eq("0.2").all()
    assert runs.F1.astype(float).between(0, 100).all()
    assert runs.F1.astype(float).max() > 80
    assert runs.seconds.astype(float).gt(0).all()
    assert runs.versions.str.contains(r"python=3\S+ skdynacor=\S+ scikit-learn=").all()
    assert path.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    again = call(script, *args)
    assert path.read_bytes() == written
    assert again == printed


def test_best_possible_is_best_and_supervision_helps(call, folder):
    args = ["--data", folder / "clean.npz", "--seeds", 1, "--out", folder]
    call("stopping", *args)
    f1 = pd.read_csv(folder / "stopping.csv").pivot(index="noise", columns="rule", values="F1")
    assert f1.le(f1.best_possible + 1e-3, axis=0).all(axis=None)
    call("corruption_rate", *args, "--gammas", 0.1, "--noise", "symmetric 0.3")
    runs = pd.read_csv(folder / "corruption_rate.csv").set_index("judge")
    assert runs.F1.supervised > 85


def test_a_run_goes_on_after_a_kill_and_redoes_what_was_half_written(call, folder):
    args = ["--data", folder / "clean.npz", "--seeds", 1, "--out", folder]
    args += ["--methods", "dynacor", "simifeat_v"]
    call("detection", *args)
    path = folder / "detection.csv"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 1 + 4 * 2
    without_seconds = [line.split(",")[:8] for line in sorted(lines)]
    # Cut anywhere: between rows, within a number, within the last field, in the first row.
    for cut in [len("".join(lines[:5])), len(whole) - 40, len(whole) - 2, len(lines[0]) + 9, 12]:
        path.write_text(whole[:cut])
        call("detection", *args)
        again = path.read_text()
        assert [line.split(",")[:8] for line in sorted(again.splitlines(True))] == without_seconds
        kept = whole[:cut].count(",yes\n")
        assert again.splitlines()[1 : 1 + kept] == whole.splitlines()[1 : 1 + kept]


def test_more_seeds_and_methods_add_to_a_file(call, folder):
    args = ["--data", folder / "human.npz", "--noise", "human", "--out", folder]
    call("detection", *args, "--seeds", 1, "--methods", "simifeat_v")
    call("detection", *args, "--seeds", 2, "--methods", "simifeat_r", "simifeat_v")
    runs = pd.read_csv(folder / "detection.csv")
    assert sorted(zip(runs.seed, runs.method, strict=True)) == [
        (seed, method) for seed in (0, 1) for method in ("simifeat_r", "simifeat_v")
    ]


def test_several_processes_give_what_one_gives(call, folder):
    args = ["--data", folder / "clean.npz", "--seeds", 1, "--methods", "dynacor", "average_encoder"]
    tables = []
    for jobs in (1, 2):
        call("detection", *args, "--jobs", jobs, "--out", folder / str(jobs))
        table = pd.read_csv(folder / str(jobs) / "detection.csv").drop(columns="seconds")
        tables.append(table.sort_values(["noise", "method"], ignore_index=True))
    pd.testing.assert_frame_equal(*tables)


def test_bundled_data_need_no_file(call, folder):
    args = ["--data", "wine", "--seeds", 1, "--methods", "simifeat_v", "--out", folder]
    printed = call("detection", *args)
    assert "wine symmetric 0.3" in printed


def test_a_training_that_is_kept_is_not_made_again(call, folder, monkeypatch):
    recording = importlib.import_module("recording")
    make, seeds = recording.make_dynacor_pipeline, []

    def train(*args, random_state, **params):
        seeds.append(random_state)
        return make(*args, random_state=random_state, **params)

    monkeypatch.setattr(recording, "make_dynacor_pipeline", train)
    file = folder / "human.npz"
    args = ["--data", file, "--noise", "human"]
    kept = [*args, "--cache", folder / "cache"]
    call("losses", *kept, "--seeds", 1, "--out", folder / "first")
    call("losses", *kept, "--seeds", 1, "--out", folder / "second")
    call("signals", *kept, "--seeds", 1, "--out", folder / "first")
    assert seeds == [0]
    call("losses", *kept, "--seeds", 2, "--out", folder / "third")
    assert seeds == [0, 1]
    call("losses", *args, "--seeds", 1, "--out", folder / "fourth")
    assert seeds == [0, 1, 0]
    os.utime(file, (0, 0))  # as if it were another file
    call("losses", *kept, "--seeds", 1, "--out", folder / "fifth")
    assert seeds == [0, 1, 0, 0]


def test_unknown_names_list_the_known(refused, folder):
    at = ["--out", folder / "out"]
    assert "Unknown method 'dynacore'; known are transition, dynacor" in refused(
        "detection", "--methods", "dynacore", *at
    )
    message = refused("losses", "--data", "cifar", *at)
    known = "digits, breast_cancer, wine, iris, digits300, moons"
    assert f"Unknown data 'cifar'; known are {known}, a .npz file" in message
    message = refused("signals", "--data", folder, "--noise", "symetric 0.3", *at)
    assert "Unknown noise 'symetric 0.3'" in message
    assert all(noise in message for noise in [*ADDED, "human", "human crowd"])
    assert "--seeds must be at least 1" in refused("stopping", "--seeds", 0, *at)
    assert not (folder / "out").exists()


def test_a_missing_or_damaged_file_is_named_with_the_format_expected(refused, folder):
    missing = folder / "missing.npz"
    message = refused("detection", "--data", missing)
    assert str(missing) in message
    assert "y_true" in message
    (folder / "empty").mkdir()
    assert "No .npz file in the folder" in refused("detection", "--data", folder / "empty")
    np.savez(folder / "bad.npz", X=np.eye(3))
    message = refused("detection", "--data", folder / "bad.npz")
    assert "bad.npz" in message
    assert "y_true" in message


def test_data_of_the_same_name_are_refused(refused, folder):
    assert "Several data sets are named human" in refused(
        "losses", "--data", folder, folder / "human.npz", "--out", folder / "out"
    )


def test_a_file_of_other_columns_is_not_written_to(refused, folder):
    path = folder / "losses.csv"
    path.write_text("data,noise,complete\nhuman,human,yes\n")
    args = ["--data", folder / "human.npz", "--noise", "human", "--seeds", 1, "--out", folder]
    assert "name another --out" in refused("losses", *args)
    assert path.read_text() == "data,noise,complete\nhuman,human,yes\n"


def test_table_2_trains_a_resnet_on_images(call, refused, tmp_path):
    rng = np.random.default_rng(0)
    for batch in range(1, 6):
        labels = rng.integers(0, 10, (60, 1), dtype=np.uint8)
        pixels = rng.integers(0, 130, (60, 3072), dtype=np.uint8) + 10 * labels
        np.hstack([labels, pixels]).astype(np.uint8).tofile(tmp_path / f"data_batch_{batch}.bin")
    args = ["--data", f"cifar10={tmp_path}", "--noise", "symmetric 0.6", "--seeds", 1]
    args += ["--classifier", "resnet34", "--epochs", 2, "--width", 4, "--out", tmp_path]
    printed = call("detection", *args)
    runs = pd.read_csv(tmp_path / "detection_resnet34.csv")
    assert runs.method.tolist() == METHODS[:6]
    assert runs.data.eq("cifar10").all()
    assert "cifar10 symmetric 0.6" in printed
    assert "known are mlp, resnet18, resnet34" in refused("detection", "--classifier", "vgg")
    assert "not all of it" in refused("detection", "--data", f"cifar100={tmp_path}")


def test_peers_puts_both_recipes_beside_cleanlab(call, folder):
    args = ["--data", folder / "human.npz", "--noise", "human", "--seeds", 1, "--out", folder]
    printed = call("peers", *args)
    runs = pd.read_csv(folder / "peers.csv").set_index("method")
    filters = ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning"]
    filters.append("predicted_neq_given")
    classifiers = ["mlp", "logistic", "neighbours", "trees", "forest"]
    peers = [f"{classifier} {rule}" for classifier in classifiers for rule in filters]
    assert runs.index.tolist() == ["transition", "paper", *peers]
    assert runs.loc["transition", "F1"] > 90
    assert runs.Brier.between(0, 1).all()
    np.testing.assert_allclose(
        runs["rate error"].loc[peers], (runs.flagged - 0.2).loc[peers], atol=1e-4
    )
    for _, run in runs.iterrows():
        rows, wrong = (
            [int(n) for n in run[f"{what} by probability"].split()] for what in ("rows", "wrong")
        )
        assert (sum(rows), sum(wrong), len(rows)) == (200, 40, 10)
        assert all(some <= all_ for some, all_ in zip(wrong, rows, strict=True))
    (row,) = [line.split() for line in printed.splitlines() if line.startswith("human human")]
    shown = [runs.F1["transition"], runs.F1["paper"], runs.F1[peers].max()]
    assert row[2:5] == [f"{f1:.1f}" for f1 in shown]
    assert (folder / "peers.png").read_bytes()[:4] == b"\x89PNG"
    before = (folder / "peers.csv").read_bytes()
    assert call("peers", *args) == printed
    assert (folder / "peers.csv").read_bytes() == before


@pytest.mark.usefixtures("call")  # finds the scripts
def test_embeddings_have_no_trees_among_their_peers():
    make_peers = importlib.import_module("peers").make_peers
    assert list(make_peers(16, 0)) == ["mlp", "logistic", "neighbours", "trees", "forest"]
    assert list(make_peers(384, 0)) == ["mlp", "logistic", "neighbours", "forest"]


@pytest.mark.usefixtures("call")
def test_a_row_that_every_tree_saw_gets_equal_probabilities():
    peers = importlib.import_module("peers")
    X, codes = np.arange(60.0)[:, None], np.repeat([0, 1, 2], 20)
    forest = peers.make_forest(0)
    probabilities = peers.estimate(forest, X, codes, 0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == codes).mean() > 0.8
    few = peers.estimate(forest.set_params(n_estimators=1), X, codes, 0)
    np.testing.assert_allclose(few.sum(axis=1), 1)
    assert np.isclose(few, 1 / 3).all(axis=1).mean() > 0.4


def test_peers_are_summed_up_by_groups_of_settings(call, capsys):
    peers = importlib.import_module("peers")
    f1 = {  # of the default, the paper's recipe, and three peers; trees are for tables
        ("letter", "symmetric 0.1"): (80, 70, 60, 75, 90),
        ("magic", "symmetric 0.1"): (70, 60, 50, 65, 69),
        ("cifar10n", "human worse"): (75, 77, 76, 40, None),
    }
    methods = ("transition", "paper", "mlp both", "forest both", "trees both")
    table = pd.DataFrame(
        {
            **{"data": data, "noise": noise, "seed": 0, "method": method, "noise rate": 0.1},
            **{"F1": value, "AUROC": value / 100, "Brier": 0.1, "seconds": 1.0},
            **{"rate error": -0.3 if data == "cifar10n" else 0.02},
            "is_table": data != "cifar10n",
        }
        for (data, noise), values in f1.items()
        for method, value in zip(methods, values, strict=True)
        if value is not None
    )
    means = peers.group_means(table)
    peers.print_summary(table)
    printed = capsys.readouterr().out
    assert means.index.tolist() == ["all", "tables", "embeddings", "first half", "second half"]
    assert means.settings.tolist() == [3, 2, 1, 1, 2]
    np.testing.assert_allclose(means.transition, [75, 75, 75, 80, 72.5])
    np.testing.assert_allclose(means["single peer: mlp both"], [62, 55, 76, 60, 63])
    np.testing.assert_allclose(means["best peer"], [235 / 3, 79.5, 76, 90, 72.5])
    np.testing.assert_allclose(means.difference, [-10 / 3, -4.5, -1, -10, 0])
    best = ["62.0 mlp both", "79.5 trees both", "76.0 mlp both", "90.0 trees both", "63.0 mlp both"]
    assert means["best single of the group"].tolist() == best
    assert "peer variant: 1 of 3 settings\n  letter symmetric 0.1: -10.0 (trees both)" in printed
    (ours,) = [line.split() for line in printed.splitlines() if line.startswith("transition ")]
    assert ours[1:] == ["75.000", "0.750", "0.100", "1.000", "0.020"]  # noise that was added


@pytest.fixture
def bundled(monkeypatch, call):
    """Let scripts measure one small data set besides what is named."""
    for script, name in [("clean", "BUNDLED"), ("small", "DATA")]:
        monkeypatch.setattr(importlib.import_module(script), name, ("wine",))


@pytest.mark.usefixtures("bundled")
def test_small_compares_on_few_rows_with_right_labels_and_wrong_ones(call, folder):
    args = ["--data", folder / "human.npz", "--seeds", 2, "--out", folder]
    printed = call("small", *args)
    runs = pd.read_csv(folder / "small.csv")
    keys = runs[["data", "noise", "seed", "method"]].drop_duplicates()
    assert len(runs) == len(keys) == 2 * 3 * 2 * 3
    assert runs.data.unique().tolist() == ["wine", "human"]
    assert runs.method.unique().tolist() == ["default", "logistic", "forest"]
    right = runs.noise == "symmetric 0"
    assert runs[right].F1.eq(0).all()
    assert runs[right].AUROC.isna().all()
    assert runs[~right].F1.gt(50).all()
    assert runs["noise rate"].round(1).unique().tolist() == [0, 0.1, 0.3]
    (row,) = [line.split() for line in printed.splitlines() if line.startswith("human ")]
    ours = runs[right & (runs.data == "human")].groupby("method", sort=False).flagged.mean() * 100
    behind = ours["default"] - ours[["logistic", "forest"]].min()
    assert row[3:] == [f"{value:.1f}" for value in [*ours, 0 - behind]]
    assert (folder / "small.png").read_bytes()[:4] == b"\x89PNG"
    before = (folder / "small.csv").read_bytes()
    assert call("small", *args) == printed
    assert (folder / "small.csv").read_bytes() == before


@pytest.mark.usefixtures("call")
def test_small_lists_where_the_default_is_behind(capsys):
    small = importlib.import_module("small")
    points = {
        "symmetric 0": (5, 1, 2),
        "symmetric 0.1": (80, 81, 70),
        "symmetric 0.3": (70, 60, 75),
    }
    table = pd.DataFrame(
        {
            **{"data": "iris", "noise": noise, "seed": 0, "method": method},
            **{"F1": 0 if noise == small.RIGHT else value, "flagged": value / 100},
        }
        for noise, values in points.items()
        for method, value in zip(small.METHODS, values, strict=True)
    )
    small.print_summary(table)
    printed = capsys.readouterr().out
    behind = "2 of 3 settings\n  iris symmetric 0.3: -5.0\n  iris symmetric 0: -4.0\n"
    assert printed.endswith(f"more than 2 points behind: {behind}")


@pytest.mark.usefixtures("call")
@pytest.mark.parametrize(
    ("name", "shape", "n_classes"),
    [("iris", (150, 4), 3), ("digits300", (300, 64), 10), ("moons", (200, 2), 2)],
)
def test_bundled_data_are_loaded(name, shape, n_classes):
    data = importlib.import_module("data").load(name)
    assert (data.X.shape, data.X.dtype, data.y_true.shape) == (shape, np.float32, shape[:1])
    assert len(np.unique(data.y_true)) == n_classes


@pytest.mark.usefixtures("call")
def test_the_default_net_is_left_to_the_pipeline():
    Classifier = importlib.import_module("recording").Classifier
    assert Classifier().make() is None
    assert Classifier(epochs=3).make().max_epochs == 3
    assert Classifier("boosting").make() is not None


@pytest.mark.usefixtures("bundled")
def test_clean_says_what_is_flagged_of_nothing_wrong(call, folder):
    files = [folder / "clean.npz", folder / "human.npz"]
    printed = call("clean", "--data", *files, "--seeds", 1, "--out", folder)
    runs = pd.read_csv(folder / "clean.csv").set_index(["classes", "recipe"])
    assert runs.data.drop_duplicates().tolist() == ["wine", "clean", "human"]
    assert len(runs) == 3 * 4
    assert runs.xs("transition", level="recipe").flagged.lt(0.05).all()
    assert (runs["of the first class"] <= runs["most of a class"]).all()
    thinned = importlib.import_module("clean").thin(
        np.repeat([0, 1, 2], [50, 900, 1100]), np.random.default_rng(0)
    )
    assert len(thinned) == 10 + 900 + 1100
    assert "most of a class" in printed
    assert (folder / "clean.png").read_bytes()[:4] == b"\x89PNG"


def test_evidence_is_compared_with_the_truth(call, folder):
    printed = call("evidence", "--data", folder / "human.npz", "--seeds", 1, "--out", folder)
    runs = pd.read_csv(folder / "evidence.csv")
    assert runs.method.unique().tolist() == ["transition", "paper", "cleanlab"]
    assert runs.noise.unique().tolist() == ["human", "human crowd"]
    first = runs[runs.noise == "human"]
    assert first["both true"].between(0.8, 1).all()
    crowd = runs[runs.noise == "human crowd"]  # only few labels are right, and these are flagged
    assert crowd["right where wrong"].isna().any()
    assert crowd["right where wrong"].dropna().eq(1).all()  # there are but two classes
    assert (first["right suggestions"] <= first["right where wrong"]).all()
    assert "both true" in printed
    assert (folder / "evidence.png").exists()


@pytest.mark.skipif(
    not has_fit_parameter(MLPClassifier(), "sample_weight"),
    reason="the net of scikit-learn takes weights from 1.7 on",
)
def test_cleaning_is_compared_with_right_and_with_noisy_labels(call, folder):
    args = ("--data", folder / "human.npz", "--noise", "human", "none 0", "--seeds", 1)
    printed = call("cleaning", *args, "--out", folder)
    runs = pd.read_csv(folder / "cleaning.csv")
    assert len(runs) == 2 * 3 * 7
    assert runs.noise.unique().tolist() == ["human", "none 0"]
    accuracy = runs.pivot(index=["noise", "classifier"], columns="labels", values="accuracy")
    assert accuracy[["drop", "relabel", "right"]].gt(90).all(axis=None)
    assert accuracy.noisy["none 0"].equals(accuracy.right["none 0"])
    assert accuracy.known["none 0"].equals(accuracy.right["none 0"])
    assert accuracy.known["human"].gt(90).all()
    assert "share of the gap closed" in printed
    assert (folder / "cleaning.png").exists()


def test_what_cleaning_is_worth_is_told_for_few_rows_apart(call, capsys):
    script = importlib.import_module("cleaning")
    accuracy = {  # of the ways in their order
        "much": [60, 70, 80, 60, 65, 90, 100],
        "little": [60, 80, 59, 62, 50, 90, 100],
    }
    rows = [
        {"data": data, "noise": "human", "seed": 0, "classifier": "net"}
        | {"labels": way, "accuracy": value}
        for data, values in accuracy.items()
        for way, value in zip(script.WAYS, values, strict=True)
    ]
    script.summarize(pd.DataFrame(rows), {"much": 5000, "little": 4999})
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "fewer rows 1 50 -2 5 -25 75" in printed
    assert "5,000 rows and more 1 25 50 0 12 75" in printed
    assert "all 2 38 24 2 -6 75" in printed
    assert "fewer rows 1 0 (20.0) 1 (-1.0) 0 (2.0) 1 (-10.0)" in printed


def test_robust_trainings_are_compared_by_accuracy_and_flags(call, refused, folder):
    args = ["--data", "digits300", "--seeds", 1, "--epochs", 6, "--out", folder]
    printed = call("robust", *args, "--noise", "symmetric 0.2")
    runs = pd.read_csv(folder / "robust.csv").set_index("method")
    criteria = ["cross_entropy", "gce", "sce", "elr"]
    held_out = [f"{name}_held_out" for name in criteria]
    dividing = ["dividemix", "ddyna_l", "ddyna_s"]
    assert runs.index.tolist() == [*criteria, *dividing, *held_out]
    assert runs.accuracy[:"ddyna_s"].between(10, 100).all()
    assert runs.accuracy.max() > 60
    assert runs.F1.max() > 40
    assert runs.accuracy.nunique() > 4
    assert "Accuracy on held-out rows" in printed
    overall = printed.partition("over all settings")[2].split()
    assert overall[:3] == ["accuracy", "F1", "AUROC"]
    assert float(overall[overall.index("elr") + 1]) == pytest.approx(runs.accuracy["elr"], rel=0.01)
    assert (folder / "robust.png").read_bytes()[:4] == b"\x89PNG"
    args = ["--data", "digits300", "--noise", "symmetric 0.2", "--rows", 150, "--seeds", 1]
    call("robust", *args, "--methods", *held_out[:1], "cross_entropy", "--out", folder)
    runs = pd.read_csv(folder / "robust_150_rows.csv").set_index("method")
    assert runs.accuracy.gt(70).all()
    assert runs.F1[held_out[0]] > 70
    # Of two classes, more wrong labels than right ones teach nothing.
    known = refused("robust", "--data", folder / "human.npz", "--noise", "symmetric 0.5")
    assert "known are symmetric 0.2, human, human crowd." in known
    assert "known are mlp, resnet18" in refused("robust", "--classifier", "boosting")


def test_flags_of_robust_trainings_are_told_beside_those_by_cross_entropy(call, capsys):
    table = pd.DataFrame(
        [
            ("a", "symmetric 0.2", "cross_entropy", 50, 0.1),
            ("a", "symmetric 0.2", "elr", 70, 0.1),
            ("b", "symmetric 0.2", "cross_entropy", 50, 0.1),
            ("b", "symmetric 0.2", "elr", 40, 0),
            ("a", "human", "cross_entropy", 60, 0.1),
            ("a", "human", "elr", 61, 0.1),
        ],
        columns=["data", "noise", "method", "F1", "flagged"],
    )
    script = importlib.import_module("robust")
    script.print_flags(table)
    nothing, _, beside = capsys.readouterr().out.partition("F1 of the flags beside")
    lines = [line.split() for line in nothing.splitlines()]
    assert ["symmetric", "0.2", "0", "50"] in lines
    assert ["human", "0", "0"] in lines
    assert ["elr", "66.7", "3.7"] in [line.split() for line in beside.splitlines()]
    script.print_flags(table[table.method == "elr"])
    assert "beside" not in capsys.readouterr().out
