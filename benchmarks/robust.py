"""Figure 3 of the paper: DynaCor beside, and together with, trainings that resist wrong labels.

Labels go wrong symmetrically, at three rates. Every training gets the same net, and is scored on
rows that were held out, with right labels. The paper's detector flags by the dynamics of the
cross-entropy and of three other losses; DivideMix flags what it takes for wrong at its end; in
DDyna-L its training gives the dynamics, in DDyna-S the detector divides its rows.
"""

import numpy as np
from data import load
from figures import pivot, plt
from harness import Benchmark, choose
from recording import Classifier
from scoring import score, timed
from sklearn.model_selection import train_test_split
from torch import nn

from skdynacor import DynaCorDetector, DynamicsCollector, LabelCorruptor
from skdynacor.augment import center_crop
from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import (
    DivideMixClassifier,
    EarlyLearningRegularization,
    GeneralizedCrossEntropy,
    SymmetricCrossEntropy,
)

RATES = (0.2, 0.5, 0.8)
CRITERIA = {
    "cross_entropy": nn.CrossEntropyLoss,
    "gce": GeneralizedCrossEntropy,
    "sce": SymmetricCrossEntropy,
    "elr": EarlyLearningRegularization,
}
METHODS = [*CRITERIA, "dividemix", "ddyna_l", "ddyna_s"]
NETS = ("mlp", "resnet18", "resnet34")


def noises(path):
    """Name the noise of a data set: rates at which a class's right labels are still the most."""
    n_classes = len(np.unique(load(path).y_true))
    return [f"symmetric {rate}" for rate in RATES if rate < 1 - 1 / n_classes]


def make_model(method, net, seed):
    """Make what trains by a method, of the recipe of a net."""
    if method in CRITERIA:
        return net.set_params(criterion=CRITERIA[method])
    detector = DynaCorDetector() if method == "ddyna_s" else None
    return DivideMixClassifier(net, detector=detector, random_state=seed)


def train(method, net, X, y, seed):
    """Train by a method; return what is trained, flags, and noise scores."""
    model = make_model(method, net, seed)
    if method in ("dividemix", "ddyna_s"):
        noise = 1 - model.fit(X, y).clean_probability_
        return model, noise > 0.5, noise
    corruptor = LabelCorruptor(augment=center_crop if X.ndim > 2 else None, random_state=seed)
    collector = DynamicsCollector(model, random_state=seed)
    T = collector.fit_transform(corruptor.fit_transform(X, y), y)
    detector = DynaCorDetector(random_state=seed).fit(T)
    return collector.classifier_, detector.flags_, detector.noise_probability_


def compare(argument, seed, variants):
    """Yield the scores of each method on one setting."""
    setting, classifier = argument
    X, y, wrong = setting.make(seed)
    y_true = load(setting.path).y_true
    # Of X, given labels, right labels, and whether the given are wrong: for training, for testing.
    X_train, X_test, given, _, _, right, wrong, _ = train_test_split(
        X, y, y_true, wrong, test_size=0.3, stratify=y_true, random_state=seed
    )
    classes, given = np.unique(given, return_inverse=True)
    for variant in variants:
        net = classifier.make() or make_mlp_classifier()
        (model, flags, noise), seconds = timed(train, variant["method"], net, X_train, given, seed)
        accuracy = np.mean(classes[model.predict(X_test)] == right)
        yield {"accuracy": float(100 * accuracy), **score(wrong, flags, noise, seconds)}


def draw(table):
    """Draw the accuracy against the rate of wrong labels, a line a method, a panel a data set."""
    panels = list(table.groupby("data", sort=False))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(1 + 3.5 * len(panels), 3.5), squeeze=False, sharey=True
    )
    for axis, (data, runs) in zip(axes[0], panels, strict=True):
        rates = runs.noise.str.split().str[1].astype(float)
        for (name, group), marker in zip(
            runs.groupby("method", sort=False), "osDv^PX", strict=False
        ):
            accuracy = group.groupby(rates).accuracy.agg(["mean", "std"]).fillna(0)
            axis.errorbar(
                accuracy.index, accuracy["mean"], accuracy["std"], marker=marker, ms=4, label=name
            )
        axis.set(title=data, xlabel="share of wrong labels", xticks=sorted(set(rates)))
    axes[0, 0].set_ylabel("accuracy on right labels, %")
    axes[0, -1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.tight_layout()
    return figure


def main():
    """Measure, print both tables, and draw."""
    benchmark = Benchmark("robust", __doc__)
    add = benchmark.parser.add_argument
    add("--methods", nargs="+", help=f"only these of {', '.join(METHODS)}")
    add("--classifier", default="mlp", help=f"{', '.join(NETS)} (default: %(default)s)")
    add("--epochs", type=int, help="of each training, if not the classifier's default")
    add("--width", type=int, help="of the classifier's layers, if not its default")
    args = benchmark.parse()
    with benchmark.refusals():
        methods = choose(args.methods, METHODS, "method")
        net = Classifier(*choose([args.classifier], NETS, "classifier"), args.epochs, args.width)
    if args.classifier != "mlp":
        benchmark.name += f"_{args.classifier}"
    units = [
        ({"data": setting.data, "noise": setting.noise}, (setting, net))
        for setting in benchmark.settings(noises)
    ]
    table = benchmark.run(units, [{"method": method} for method in methods], compare)
    means = table.groupby(["data", "noise", "method"], sort=False).accuracy.mean()
    print("\nAccuracy on held-out rows with right labels, in %, mean over the seeds\n")
    print(pivot(means, table, "method").to_string(float_format="{:.1f}".format))
    benchmark.report(table, "method")
    benchmark.save(draw(table))


if __name__ == "__main__":
    main()
