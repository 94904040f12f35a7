"""The scripts of ``benchmarks/accuracy`` run, on little data."""

import numpy as np
import pandas as pd

from benchmarks.accuracy import (
    clean,
    cleaning,
    field,
    peers,
    robust,
    small,
    tables,
    verdicts,
)
from benchmarks.lib.classifiers import FILTERS, make_forest, make_peers, out_of_sample


def test_peers(smoke):
    rows, printed = smoke("accuracy.peers", "--noise", "human")
    rows = rows.set_index("method")
    of_cleanlab = [f"{name} {rule}" for name in make_peers(3, 0) for rule in FILTERS]
    assert rows.index.tolist() == ["default", "paper", *of_cleanlab]
    assert rows.F1["default"] > 90
    assert rows.Brier.between(0, 1).all()
    expected = rows.flagged[of_cleanlab] - 0.2
    np.testing.assert_allclose(rows["rate error"][of_cleanlab], expected, atol=1e-4)
    for _, row in rows.iterrows():
        counts = [
            sum(map(int, row[f"{what} by probability"].split())) for what in ("rows", "wrong")
        ]
        assert counts == [200, 40]
    (line,) = [line.split() for line in printed.splitlines() if line.startswith("human human")]
    shown = [rows.F1["default"], rows.F1["paper"], rows.F1[of_cleanlab].max()]
    assert line[2:5] == [f"{f1:.1f}" for f1 in shown]


def test_peers_are_summed_up_by_groups_of_settings():
    f1 = {  # of the default, the paper's method, and three peers; trees are for tables
        ("letter", "symmetric 0.1"): (80, 70, 60, 75, 90),
        ("magic", "symmetric 0.1"): (70, 60, 50, 65, 69),
        ("cifar10n", "human worse"): (75, 77, 76, 40, None),
    }
    methods = ("default", "paper", "mlp both", "forest both", "trees both")
    table = pd.DataFrame(
        {
            "data": data,
            "noise": noise,
            "method": method,
            "F1": value,
            "is_table": data != "cifar10n",
        }
        for (data, noise), values in f1.items()
        for method, value in zip(methods, values, strict=True)
        if value is not None
    )
    means = peers.group_means(table)
    assert means.index.tolist() == ["all", "tables", "embeddings", "first half", "second half"]
    np.testing.assert_allclose(means.default, [75, 75, 75, 80, 72.5])
    np.testing.assert_allclose(means["best peer"], [235 / 3, 79.5, 76, 90, 72.5])
    np.testing.assert_allclose(means["single peer: mlp both"], [62, 55, 76, 60, 63])


def test_rows_that_every_tree_saw_get_equal_probabilities():
    X, codes = np.arange(60.0)[:, None], np.repeat([0, 1, 2], 20)
    few = out_of_sample(make_forest(0).set_params(n_estimators=1), X, codes, 0)
    np.testing.assert_allclose(few.sum(axis=1), 1)
    assert np.isclose(few, 1 / 3).all(axis=1).mean() > 0.4


def test_find_issues(smoke):
    rows, _ = smoke("accuracy.find_issues", "--noise", "human", "symmetric 0.3")
    assert rows.groupby(["data", "noise"], sort=False).size().to_dict() == {
        ("digits", "symmetric 0.3"): 12,
        ("human", "human"): 12,
    }
    assert rows.method.unique().tolist() == ["skdynacor", *FILTERS]
    assert rows.F1[(rows.data == "digits") & (rows.classifier == "trees")].min() > 60


def test_small(smoke, monkeypatch):
    monkeypatch.setattr(small, "DATA", ("iris",))
    rows, _ = smoke("accuracy.small", data=())
    assert rows.noise.unique().tolist() == ["symmetric 0", "symmetric 0.1", "symmetric 0.3"]
    assert rows.method.unique().tolist() == ["default", "logistic", "forest"]
    right = rows.noise == "symmetric 0"
    assert rows[right].F1.eq(0).all()
    assert rows[right].AUROC.isna().all()
    assert rows[~right].F1.gt(30).all()


def test_small_lists_where_the_default_is_behind(capsys):
    points = {
        "symmetric 0": (5, 1, 2),
        "symmetric 0.1": (80, 81, 70),
        "symmetric 0.3": (70, 60, 75),
    }
    small.print_summary(
        pd.DataFrame(
            {
                **{"data": "iris", "noise": noise, "seed": 0, "method": method},
                **{"F1": 0 if noise == small.RIGHT else value, "flagged": value / 100},
            }
            for noise, values in points.items()
            for method, value in zip(small.METHODS, values, strict=True)
        )
    )
    behind = "2 of 3 settings\n  iris symmetric 0.3: -5.0\n  iris symmetric 0: -4.0\n"
    assert capsys.readouterr().out.endswith(f"more than 2 points behind: {behind}")


def test_tables(smoke, monkeypatch):
    monkeypatch.setattr(tables, "DATA", ("iris",))
    rows, printed = smoke("accuracy.tables")
    assert rows.groupby(["data", "noise"], sort=False).size().to_dict() == {
        ("iris", tables.RIGHT): 26,
        **{("iris", noise): 26 for noise in tables.ADDED},
        **{("human", noise): 26 for noise in (tables.RIGHT, "human")},
    }
    assert rows.method.unique().tolist() == ["default", *tables.PEERS]
    right = rows.noise == tables.RIGHT
    assert rows[right].AUROC.isna().all()
    assert rows[~right].AUROC.gt(0.8).all()
    assert rows[rows.data == "human"].groupby("noise").flagged.max().lt(0.3).all()
    assert "real errors" in printed


def test_tables_sum_up_each_half():
    f1 = {  # of the default, and two peers
        ("glass", "symmetric 0.1"): (60, 50, 70),
        ("hawks", "symmetric 0.1"): (90, 80, 40),
        ("iris", "instance 0.3"): (70, 60, 75),
        ("music", "human"): (30, 10, 90),
    }
    methods = ("default", "svm both", "trees both")
    table = pd.DataFrame(
        {"data": data, "noise": noise, "method": method, "F1": value}
        | {"noise rate": 0.1, "AUROC": value / 100, "AUROC of the margin": 0.8}
        for (data, noise), values in f1.items()
        for method, value in zip(methods, values, strict=True)
    )
    assert tables.best_single(table) == "svm both"
    settings = tables.beside_all(table, "svm both")
    assert settings.difference.tolist() == [-10, 10, -5, -60]
    means = tables.group_means(settings)
    assert means.loc[("all", "mean"), "worst"] == "-10.0 glass"
    np.testing.assert_allclose(means.default["first half"], [60, 70, 65])
    np.testing.assert_allclose(means.single["second half"], [80, 80])


def test_verdicts(smoke, refused, tmp_path, monkeypatch):
    monkeypatch.setattr(verdicts, "NUMBERS", (20, 50))
    monkeypatch.setattr(verdicts, "N_DRAWS", 2)
    rows, printed = smoke("accuracy.verdicts", data=("clean.npz", "human.npz"))
    assert rows.noise.unique().tolist() == ["symmetric 0", "human"]
    keys = ["method", "verdicts", "mistakes"]
    variants = pd.DataFrame(verdicts.make_variants(3))[keys]
    for _, part in rows.groupby("noise"):
        pd.testing.assert_frame_equal(part[keys].reset_index(drop=True), variants)
    human = rows[(rows.noise == "human") & rows.mistakes.eq(0) & rows.verdicts.eq(20)]
    f1 = human.set_index("method").F1
    assert f1[["default", "recalibrated f1", "peer by verdicts"]].min() > 80
    assert rows[rows.noise == "symmetric 0"].precision.dropna().eq(0).all()
    assert rows[rows.noise == "symmetric 0"].recall.isna().all()
    assert (rows["most flagged"] >= rows.flagged - 1e-4).all()
    covered = rows[[f"{name} covered" for name in verdicts.COVERED]]
    assert covered.stack().dropna().between(0, 1).all()
    assert covered[rows.method == "default"].isna().all(axis=None)
    assert "F1 over that of the default, least" in printed
    assert "files with real errors" in refused("accuracy.verdicts", "--out", tmp_path)


def test_verdicts_choose_and_scale_peers():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 100)
    X = rng.normal(size=(200, 2)) + 6 * codes[:, None]
    wrong = np.arange(200) % 10 == 0
    peers = verdicts.Peers(X, codes ^ wrong, seed=0, cache=None)
    reviewed = np.arange(0, 200, 5)
    np.testing.assert_array_equal(peers.by_verdicts(reviewed, wrong[reviewed]), wrong)
    for threshold in (0.5, "f1"):
        flags = peers.by_platt_scaling(reviewed, wrong[reviewed], threshold)
        np.testing.assert_array_equal(flags, wrong)
        all_right = np.zeros(len(reviewed), dtype=bool)
        assert not peers.by_platt_scaling(reviewed, all_right, threshold).any()


def test_the_margin_is_that_to_the_best_other_class():
    scores = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
    np.testing.assert_allclose(tables.negative_margin(scores, np.array([0, 2])), [-0.2, 0.3])
    assert scores[0, 0] == 0.5


def test_clean(smoke, monkeypatch):
    monkeypatch.setattr(clean, "BUNDLED", ())
    rows, _ = smoke("accuracy.clean", data=("clean.npz",))
    assert rows.flagged[rows.method == "default"].lt(0.05).all()
    assert (rows["of the first class"] <= rows["most of a class"]).all()
    y = np.repeat([0, 1, 2], [50, 900, 1100])
    assert len(clean.thin(y, np.random.default_rng(0))) == 10 + 900 + 1100


def test_evidence(smoke):
    rows, _ = smoke("accuracy.evidence")
    assert rows.method.tolist() == ["default", "paper", "cleanlab"]
    assert rows["both true"].between(0.8, 1).all()
    assert (rows["right suggestions"] <= rows["right where wrong"]).all()


def test_cleaning(smoke, monkeypatch):
    monkeypatch.setattr(cleaning, "CLASSIFIERS", {"logistic": cleaning.make_logistic})
    rows, printed = smoke("accuracy.cleaning", "--noise", "human")
    accuracy = rows.set_index("labels").accuracy
    assert accuracy.index.tolist() == list(cleaning.WAYS)
    assert accuracy[["drop", "relabel", "known", "right"]].gt(90).all()
    assert "share of the gap closed" in printed


def test_cleaning_sums_up_few_rows_apart(capsys):
    accuracy = {  # of the ways in their order
        "much": [60, 70, 80, 60, 65, 90, 100],
        "little": [60, 80, 59, 62, 50, 90, 100],
    }
    rows = [
        {"data": data, "noise": "human", "seed": 0, "classifier": "net"}
        | {"labels": way, "accuracy": value}
        for data, values in accuracy.items()
        for way, value in zip(cleaning.WAYS, values, strict=True)
    ]
    cleaning.summarize(pd.DataFrame(rows), {"much": 5000, "little": 4999})
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "fewer rows 1 50 -2 5 -25 75" in printed
    assert "all 2 38 24 2 -6 75" in printed
    assert "fewer rows 1 0 (20.0) 1 (-1.0) 0 (2.0) 1 (-10.0)" in printed


def test_robust(smoke, refused, folder):
    methods = ["cross_entropy", "elr", *robust.DIVIDING, "cross_entropy" + robust.HELD_OUT]
    args = ["--noise", "symmetric 0.2", "--epochs", 6, "--rows", 150, "--methods", *methods]
    rows, printed = smoke("accuracy.robust", *args, data=("digits300",), name="robust_150_rows")
    assert rows.method.tolist() == methods
    assert rows.accuracy.between(5, 100).all()
    assert "Accuracy on held-out rows" in printed
    # Of two classes, more wrong labels than right ones teach nothing.
    args = "--data", folder / "human.npz", "--noise", "symmetric 0.5"
    assert "known are symmetric 0.2, human." in refused("accuracy.robust", *args)


def test_field(call, monkeypatch, tmp_path):
    words = np.array(["ball", "goal", "vote", "law"])
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 2, 60)
    texts = [" ".join(rng.choice(words[2 * code : 2 * code + 2], 5)) for code in topic]
    given = np.where(np.arange(60) < 6, 1 - topic, topic)
    news = pd.DataFrame({"text": texts, "topic": given, "true_topic": topic})
    news.to_csv(tmp_path / "news.csv", index=False)
    monkeypatch.setattr(field, "CASES", {"rows twice": field.CASES["rows twice"]})
    monkeypatch.setattr(field, "NEWS", (50, 60))
    monkeypatch.setattr(field, "print_summary", lambda table, has_news: None)
    args = ["accuracy.field", "--news", tmp_path / "news.csv", "--seeds", 1, "--out", tmp_path]
    printed = call(*args)
    assert call(*args) == printed
    rows = pd.read_csv(tmp_path / "field.csv")
    assert rows.case.tolist() == ["rows twice"] * 2 + ["news 50"] * 2 + ["news 60"] * 2
    assert rows.method.tolist() == ["default", "forest"] + ["default", "logistic"] * 2
    assert rows.wrong.tolist()[::5] == [240, 6]
    n_rows = np.repeat([2000, 50, 60], 2)
    np.testing.assert_allclose(rows.found + rows.false, rows.flagged * n_rows, atol=0.1)


def test_field_makes_what_it_says():
    made = {name: make(np.random.default_rng(0)) for name, make in field.CASES.items()}
    once, twice = made["rows once"], made["rows twice"]
    np.testing.assert_array_equal(twice[0][1000:], once[0])
    assert twice[2].sum() == 2 * once[2].sum() == 240
    _, y, wrong = made["rare class"]
    assert (len(y), wrong.sum(), (y ^ wrong).sum()) == (1500, 75, 150)
    _, y, _ = made["rare class oversampled"]
    assert y.sum() == (~y).sum()
    _, y, wrong = made["40 frauds hidden"]
    assert (y.sum(), wrong.sum(), (wrong & y).sum()) == (32, 8, 0)
    assert made["features far from zero"][0].dtype == np.float64
    assert not made["random labels (200, 8, 3)"][2].any()


def test_field_says_which_targets_are_met(capsys):
    cases = [*field.CASES, *(f"news {n_rows}" for n_rows in field.NEWS)]
    table = pd.DataFrame(
        {"case": case, "method": method, "seed": 0, "AUROC": 0.9, "flagged": 0.01}
        | {"wrong": 10, "found": 5 if case == "rows twice" else 10, "false": 1}
        for case in cases
        for method in ("default", "forest", "logistic")
    )
    field.print_summary(table, True)
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "each row twice: recall 0.5 at least 0.9 MISSED" in printed
    assert "features exp(3 z): AUROC, target by z 0.9 at least 0.88 met" in printed
    assert "800 frauds of 8,000, 160 hidden: false 1 at most 1 met" in printed
    assert "news 4500 rows: recall, target by news 4000 1 at least 0.92 met" in printed
