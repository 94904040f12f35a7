"""Figure 3 of the paper: DynaCor beside, and together with, robust training.

Label noise is symmetric, at three rates, or of people. Every training gets the same net, the
default of ``DivideMixClassifier``, and its accuracy is measured on held-out rows with right labels.
The paper's detector flags by the dynamics of the cross-entropy and of three robust losses;
DivideMix flags by its own last division of the rows; DDyna-L takes the dynamics of DivideMix's
training, DDyna-S divides the rows by the detector.

With ``_held_out`` the default flags by the out-of-sample probabilities of one net, its own if no
other is named; the accuracy is that of the mean over the fitted nets.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from torch import nn

from skdynacor import DynaCorDetector, DynamicsCollector, LabelCorruptor, LabelErrorDetector
from skdynacor.augment import center_crop
from skdynacor.nets import make_mlp_classifier, make_quick_mlp_classifier
from skdynacor.robust import (
    DivideMixClassifier,
    EarlyLearningRegularization,
    GeneralizedCrossEntropy,
    SymmetricCrossEntropy,
)

from ..lib.data import fill_gaps, load
from ..lib.figures import dots, pivot
from ..lib.harness import Benchmark, choose
from ..lib.recording import Classifier
from ..lib.scoring import score, timed

RATES = (0.2, 0.5, 0.8)
CRITERIA = {
    "cross_entropy": nn.CrossEntropyLoss,
    "gce": GeneralizedCrossEntropy,
    "sce": SymmetricCrossEntropy,
    "elr": EarlyLearningRegularization,
}
HELD_OUT = "_held_out"
DIVIDING = ["dividemix", "ddyna_l", "ddyna_s"]
METHODS = [*CRITERIA, *DIVIDING, *(name + HELD_OUT for name in CRITERIA)]
NETS = ("mlp", "resnet18", "resnet34")


def noises(path):
    """Name the noise of a data set: rates at which right labels are the most; human errors."""
    data = load(path)
    n_classes = len(np.unique(data.y_true))
    human = [f"human {name}".strip() for name in data.given]
    return [f"symmetric {rate}" for rate in RATES if rate < 1 - 1 / n_classes] + human


def train(method, net, X, y, X_test, seed):
    """Train by a method; return the class of each row of X_test, flags, and noise scores."""
    name, held_out = method.removesuffix(HELD_OUT), method.endswith(HELD_OUT)
    if name in DIVIDING:
        detector = DynaCorDetector() if name == "ddyna_s" else None
        model = DivideMixClassifier(net, detector=detector, random_state=seed)
    else:
        default = make_quick_mlp_classifier() if held_out else make_mlp_classifier(batch_size=64)
        net = net or default
        model = net.set_params(criterion=CRITERIA[name])
    if name in ("dividemix", "ddyna_s"):
        noise = 1 - model.fit(X, y).clean_probability_
        return model.predict(X_test), noise > 0.5, noise
    if held_out:
        detector = LabelErrorDetector(model, random_state=seed).fit(X, y)
        predicted = predict_by_all(detector, X_test)
    else:
        collector = DynamicsCollector(model, random_state=seed)
        augment = center_crop if X.ndim > 2 else None
        rows = LabelCorruptor(augment=augment, random_state=seed).fit_transform(X, y)
        detector = DynaCorDetector(random_state=seed).fit(collector.fit_transform(rows, y))
        predicted = collector.estimator_.predict(X_test)
    return predicted, detector.flags_, detector.noise_probability_


def predict_by_all(detector, X):
    """Predict by the mean probabilities of all fitted nets of a ``LabelErrorDetector``."""
    nets = detector.estimators_["estimator"]
    return np.mean([net.predict_proba(X) for net in nets], axis=0).argmax(axis=1)


def compare(argument, seed, variants):
    """Yield the scores of each method on one setting."""
    setting, classifier, most = argument
    X, y, wrong = setting.make(seed)
    y_true, size = load(setting.path).y_true, min(int(0.7 * len(X)), most or len(X))
    # Of X, given labels, right labels, and whether the given are wrong: for training, for testing.
    X_train, X_test, given, _, _, right, wrong, _ = train_test_split(
        fill_gaps(X), y, y_true, wrong, train_size=size, stratify=y_true, random_state=seed
    )
    classes, given = np.unique(given, return_inverse=True)
    for variant in variants:
        task = variant["method"], classifier.make(), X_train, given, X_test, seed
        (predicted, flags, noise), seconds = timed(train, *task)
        accuracy = np.mean(classes[predicted] == right)
        yield {"accuracy": float(100 * accuracy), **score(wrong, flags, noise, seconds)}


def print_flags(table):
    """Print where flags are better than those by cross-entropy, and how often there are none."""
    print("\nfits that flag nothing, in % of all of a kind of noise\n")
    nothing = 100 * table.flagged.eq(0).groupby([table.noise, table.method], sort=False).mean()
    print(pivot(nothing, table, "method").to_string(float_format="{:.0f}".format))
    F1 = table.groupby(["data", "noise", "method"], sort=False).F1.mean()
    F1 = pivot(F1, table, "method")
    if "cross_entropy" in F1:
        more = F1.drop(columns="cross_entropy").sub(F1["cross_entropy"], axis=0)
        print("\nF1 of the flags beside those by cross-entropy\n")
        ahead = {"higher in % of settings": 100 * more.gt(0).mean(), "more by": more.mean()}
        print(pd.DataFrame(ahead).to_string(float_format="{:.1f}".format))


def main():
    """Measure, print both tables, and draw."""
    benchmark = Benchmark("robust", __doc__)
    add = benchmark.parser.add_argument
    add("--methods", nargs="+", help=f"only these of {', '.join(METHODS)}")
    add("--classifier", default="mlp", help=f"{', '.join(NETS)} (default: %(default)s)")
    add("--epochs", type=int, help="of each training, if not the classifier's default")
    add("--width", type=int, help="of the classifier's layers, if not its default")
    add("--rows", type=int, help="to train on at most (default: 70 %% of all); all others test")
    args = benchmark.parse()
    with benchmark.refusals():
        methods = choose(args.methods, METHODS, "method")
        net = Classifier(*choose([args.classifier], NETS, "classifier"), args.epochs, args.width)
    if args.classifier != "mlp":
        benchmark.name += f"_{args.classifier}"
    if args.rows is not None:
        benchmark.name += f"_{args.rows}_rows"
    units = [
        ({"data": setting.data, "noise": setting.noise}, (setting, net, args.rows))
        for setting in benchmark.settings(noises)
    ]
    table = benchmark.run(units, [{"method": method} for method in methods], compare)
    means = table.groupby(["data", "noise", "method"], sort=False).accuracy.mean()
    print("\nAccuracy on held-out rows with right labels, in %, mean over the seeds\n")
    print(pivot(means, table, "method").to_string(float_format="{:.1f}".format))
    benchmark.report(table, "method")
    print_flags(table)
    label = "accuracy on right labels, %"
    benchmark.save(dots(table, "method", "Training with wrong labels", "accuracy", label))


if __name__ == "__main__":
    main()
