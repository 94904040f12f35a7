"""Tables 1 and 2 of the paper: every method on every data set and noise, with default settings.

All methods get the same features; those that train a classifier train the same net. Table 2 trains
a ResNet on images: ``--data cifar10=FOLDER --classifier resnet34``, without the two SimiFeat
methods, which need features. ``--classifier boosting`` records scikit-learn's gradient boosting.
"""

from functools import lru_cache

from figures import dots
from harness import Benchmark, choose
from recording import CLASSIFIERS, Classifier, record
from scoring import score, timed

from skdynacor.baselines import (
    AUM,
    CORES,
    AverageEncoder,
    ConfidentLearning,
    SimiFeatR,
    SimiFeatV,
)
from skdynacor.pipeline import RECIPES

#: Detectors that read dynamics, with the signal that they read and the recipe that records it; one
#: recording serves all of a recipe.
FROM_DYNAMICS = {
    "transition": (RECIPES["transition"].detector, RECIPES["transition"].signal, "transition"),
    "dynacor": (RECIPES["paper"].detector, RECIPES["paper"].signal, "paper"),
    "average_encoder": (AverageEncoder, "logit_difference", "paper"),
}
#: Detectors that take rows and labels.
FROM_ROWS = {
    "aum": AUM,
    "confident_learning": ConfidentLearning,
    "cores": CORES,
    "simifeat_v": SimiFeatV,
    "simifeat_r": SimiFeatR,
}
METHODS = [*FROM_DYNAMICS, *FROM_ROWS]


def detect(argument, seed, variants):
    """Yield the scores of each method on one setting."""
    setting, cache, classifier = argument

    @lru_cache
    def record_once(recipe):
        return record(setting, seed, cache=cache, classifier=classifier, recipe=recipe)

    X, y, wrong = setting.make(seed)
    for variant in variants:
        method = variant["method"]
        if method in FROM_DYNAMICS:
            make, signal, recipe = FROM_DYNAMICS[method]
            yield record_once(recipe).detect(make(random_state=seed), signal)
        else:
            detector = FROM_ROWS[method]()
            given = {"random_state": seed, "classifier": classifier.make()}
            known = given.keys() & detector.get_params()
            detector.set_params(**{name: given[name] for name in known})
            _, seconds = timed(detector.fit, X, y)
            yield score(wrong, detector.flags_, detector.noise_score_, seconds)


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
    benchmark.save(dots(table, "method", "Wrong labels found, default settings"))


if __name__ == "__main__":
    main()
