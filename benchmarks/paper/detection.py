"""Tables 1 and 2 of the paper: every method on every data set and noise, with default settings.

All methods get the same features; those that train a classifier train the same net, but for the
default, which has its own models. Table 2 trains a ResNet on images: ``--data cifar10=FOLDER
--classifier resnet34``, without the two SimiFeat methods, which need features. ``--classifier
boosting`` trains scikit-learn's gradient boosting.
"""

from functools import lru_cache

from skdynacor import DynaCorDetector, LabelErrorDetector
from skdynacor.baselines import (
    AUM,
    CORES,
    AverageEncoder,
    ConfidentLearning,
    SimiFeatR,
    SimiFeatV,
)

from ..lib.figures import dots
from ..lib.harness import Benchmark, choose
from ..lib.recording import CLASSIFIERS, Classifier, record
from ..lib.scoring import score, timed

#: Detectors that read dynamics, with the signal that they read.
FROM_DYNAMICS = {
    "dynacor": (DynaCorDetector, "quantized_logit_difference"),
    "average_encoder": (AverageEncoder, "logit_difference"),
}
#: Detectors that take rows and labels.
FROM_ROWS = {
    "aum": AUM,
    "confident_learning": ConfidentLearning,
    "cores": CORES,
    "simifeat_v": SimiFeatV,
    "simifeat_r": SimiFeatR,
}
METHODS = ["default", *FROM_DYNAMICS, *FROM_ROWS]


def detect(argument, seed, variants):
    """Yield the scores of each method on one setting."""
    setting, cache, classifier = argument
    record_once = lru_cache(lambda: record(setting, seed, cache=cache, classifier=classifier))
    X, y, wrong = setting.make(seed)
    for variant in variants:
        method = variant["method"]
        if method in FROM_DYNAMICS:
            make, signal = FROM_DYNAMICS[method]
            yield record_once().detect(make(random_state=seed), signal)
            continue
        detector = LabelErrorDetector() if method == "default" else FROM_ROWS[method]()
        given = {"random_state": seed, "estimator": classifier.make()}
        known = given.keys() & detector.get_params()
        detector.set_params(**{name: given[name] for name in known})
        _, seconds = timed(detector.fit, X, y)
        noise_score = detector.noise_probability_ if method == "default" else detector.noise_score_
        yield score(wrong, detector.flags_, noise_score, seconds)


def main():
    """Measure, print both tables, and draw."""
    benchmark = Benchmark("detection", __doc__)
    benchmark.parser.add_argument(
        "--methods", nargs="+", help=f"only these of {', '.join(METHODS)}"
    )
    add = benchmark.parser.add_argument
    add("--classifier", default="mlp", help=f"{', '.join(CLASSIFIERS)} (default: %(default)s)")
    add("--epochs", type=int, help="of the classifier's training, if not its default")
    add("--width", type=int, help="of the classifier's layers, if not its default")
    args = benchmark.parse()
    with benchmark.refusals():
        methods = choose(args.methods, METHODS, "method")
        classifier = Classifier(
            *choose([args.classifier], CLASSIFIERS, "classifier"), args.epochs, args.width
        )
    if args.classifier != "mlp":
        benchmark.name += f"_{args.classifier}"
        methods = [method for method in methods if not method.startswith("simifeat")]
    if args.classifier == "boosting":
        methods = [method for method in methods if method not in ("aum", "cores")]
    variants = [{"method": method} for method in methods]
    table = benchmark.run(benchmark.units(args.cache, classifier), variants, detect)
    benchmark.report(table, "method")
    benchmark.save(dots(table, "method", "F1 of the flags, default settings"))


if __name__ == "__main__":
    main()
