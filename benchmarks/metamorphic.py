"""What must not matter, does not: verdicts agree however the same data are told.

Each relation tells the same data in another way, or asks in another way, and compares the verdicts
with those of the plain call, row by row: flags, or of ``cleaning`` the classes that it predicts.
Some relations must leave every bit of the scores. Others change which random numbers meet which
column; two seeds, which are compared as well, tell how much that is.
"""

from typing import NamedTuple

import numpy as np
from harness import Benchmark, choose
from scoring import timed
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor import make_dynacor_pipeline
from skdynacor.baselines import AUM, CORES, AverageEncoder, ConfidentLearning, SimiFeatR, SimiFeatV
from skdynacor.cleaning import LabelCleaningClassifier

DATA = ("wine", "breast_cancer", "digits")
NOISES = ("symmetric 0.1", "symmetric 0.3")


class Answer(NamedTuple):
    """What is said of each row, (n_samples,) both."""

    verdicts: np.ndarray  # flags, or codes of classes
    scores: np.ndarray  # what they follow from


class OfPipeline(NamedTuple):
    """How a recipe is asked."""

    recipe: str
    detector: type | None = None  # in place of the recipe's own

    def fit(self, X, y, seed, **params):
        """Fit, and say what is flagged."""
        pipe = make_dynacor_pipeline(recipe=self.recipe, random_state=seed, **params)
        if self.detector is not None:
            pipe.steps[-1] = "detector", self.detector(random_state=seed)
        pipe.fit(X, y)
        return pipe, Answer(pipe[-1].flags_, pipe[-1].noise_probability_)

    def ask(self, pipe, X):
        """Say which rows, as the classifier would label them, are doubtful."""
        return Answer(pipe.predict(X), pipe.predict_proba(X)[:, 1])


class OfCleaning(NamedTuple):
    """How a classifier is asked that is trained on cleaned labels."""

    def fit(self, X, y, seed, **params):
        """Fit, and say what classes the rows get."""
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        detector = make_dynacor_pipeline(random_state=seed, **params)
        model = LabelCleaningClassifier(classifier, detector).fit(X, y)
        return model, self.ask(model, X)._replace(scores=model.noise_probability_)

    def ask(self, model, X):
        """Say what classes rows get."""
        codes = np.searchsorted(model.classes_, model.predict(X))
        return Answer(codes, model.predict_proba(X).max(axis=1))


class OfBaseline(NamedTuple):
    """How a baseline is asked."""

    make: type

    def fit(self, X, y, seed):
        """Fit, and say what is flagged."""
        detector = self.make()
        if "random_state" in detector.get_params():
            detector.set_params(random_state=seed)
        detector.fit(X, y)
        return detector, Answer(detector.flags_, detector.noise_score_)


BASELINES = (AUM, ConfidentLearning, CORES, SimiFeatV, SimiFeatR)
METHODS = {
    "default": OfPipeline("transition"),
    "paper": OfPipeline("paper"),
    "AverageEncoder": OfPipeline("paper", AverageEncoder),
    "cleaning": OfCleaning(),
    **{make.__name__: OfBaseline(make) for make in BASELINES},
}


class Case(NamedTuple):
    """Data, a method and its plain answer, for a relation to look at."""

    method: OfPipeline | OfCleaning | OfBaseline
    X: np.ndarray
    codes: np.ndarray
    seed: int
    fitted: object
    plain: Answer

    def again(self, X=None, y=None, **options):
        """Fit anew; what is not given is that of the plain call."""
        X, y = (self.X if X is None else X), (self.codes if y is None else y)
        return self.method.fit(X, y, options.pop("seed", self.seed), **options)[1]

    @property
    def rng(self):
        """Random numbers for changes, not those of the method."""
        return np.random.default_rng([self.seed, 16])


def rows_in_another_order(case):
    """Compare with the rows shuffled."""
    order = case.rng.permutation(len(case.X))
    answer = case.again(case.X[order], case.codes[order])
    back = np.argsort(order)
    return case.plain, Answer(*(each[back] for each in answer))


def classes_in_another_order(case):
    """Compare with the classes named so that they sort the other way round."""
    n_classes = case.codes.max() + 1
    answer = case.again(y=n_classes - 1 - case.codes)
    verdicts = answer.verdicts
    if verdicts.dtype != bool:
        verdicts = n_classes - 1 - verdicts
    return case.plain, answer._replace(verdicts=verdicts)


def classes_of_other_names(case):
    """Compare with classes of strings, which sort as the numbers did."""
    return case.plain, case.again(y=np.array([f"class {code:03}" for code in case.codes]))


def features_of_another_scale(case):
    """Compare with each feature in a unit and from an origin of its own."""
    scale = 10 ** case.rng.uniform(-3, 3, case.X.shape[1])
    shift = case.rng.normal(size=case.X.shape[1]) * case.X.std(axis=0)
    return case.plain, case.again((case.X.astype(np.float64) + shift) * scale)


def features_all_scaled(case):
    """Compare with all features multiplied by a power of two, which rounds nothing."""
    return case.plain, case.again(case.X * np.float32(2**10))


def columns_twice(case):
    """Compare with each column there twice."""
    return case.plain, case.again(np.hstack([case.X, case.X]))


def columns_that_say_nothing(case):
    """Compare with constant columns between the others."""
    places = case.rng.integers(0, case.X.shape[1] + 1, 3)
    return case.plain, case.again(np.insert(case.X, places, [0, 1, -7.5], axis=1))


def columns_in_another_order(case):
    """Compare with the columns shuffled."""
    return case.plain, case.again(case.X[:, case.rng.permutation(case.X.shape[1])])


def in_double_precision(case):
    """Compare with the same numbers in float64."""
    return case.plain, case.again(case.X.astype(np.float64))


def with_two_jobs(case):
    """Compare with two jobs."""
    return case.plain, case.again(n_jobs=2)


def the_same_again(case):
    """Compare with the same call."""
    return case.plain, case.again()


def another_seed(case):
    """Compare with another seed: what is left to chance anyway."""
    return case.plain, case.again(seed=case.seed + 1000)


def new_rows_in_batches(case):
    """Compare what is said of new rows, asked for at once and in batches."""
    new = case.X + case.rng.normal(size=case.X.shape).astype(np.float32) * case.X.std(axis=0) / 4
    answers = [case.method.ask(case.fitted, new[i : i + 97]) for i in range(0, len(new), 97)]
    together = (np.concatenate(parts) for parts in zip(*answers, strict=True))
    return case.method.ask(case.fitted, new), Answer(*together)


#: What must leave every bit, what leaves nothing to chance but rounding, and all others.
EXACT = {
    "the same again": the_same_again,
    "two jobs": with_two_jobs,
    "float64": in_double_precision,
    "other names of classes": classes_of_other_names,
    "all features x 1024": features_all_scaled,
    "each column twice": columns_twice,
    "constant columns": columns_that_say_nothing,
}
ROUNDED = {
    "shifted and scaled features": features_of_another_scale,
    "new rows in batches": new_rows_in_batches,
    "another order of rows": rows_in_another_order,
    "another order of classes": classes_in_another_order,
}
BY_CHANCE = {
    "another seed": another_seed,
    "another order of columns": columns_in_another_order,
}
RELATIONS = {**EXACT, **ROUNDED, **BY_CHANCE}


def variants_of(methods):
    """List what is compared: baselines have no jobs, and judge no new rows."""
    for method in methods:
        is_baseline = isinstance(METHODS[method], OfBaseline)
        for relation in RELATIONS:
            if not (is_baseline and relation in ("two jobs", "new rows in batches")):
                yield {"method": method, "relation": relation}


def compare(setting, seed, variants):
    """Yield how far verdicts and scores agree."""
    X, y, _ = setting.make(seed)
    codes, cases = np.unique(y, return_inverse=True)[1], {}
    for variant in variants:
        name = variant["method"]
        if name not in cases:
            fitted, plain = METHODS[name].fit(X, codes, seed)
            cases[name] = Case(METHODS[name], X, codes, seed, fitted, plain)
        (one, other), seconds = timed(RELATIONS[variant["relation"]], cases[name])
        yield {
            "agreement": float(np.mean(one.verdicts == other.verdicts)),
            "difference": float(np.abs(one.scores - other.scores).max()),
            "seconds": float(seconds),
        }


def judge(table):
    """Give the comparisons that must leave every bit or but round, and which of them did not.

    Returns
    -------
    exact, rounded : (DataFrame, Series)
        The comparisons of each kind, and whether they are broken.
    """
    exact, rounded = (table[table.relation.isin(known)] for known in (EXACT, ROUNDED))
    return (exact, exact.difference != 0), (rounded, rounded.agreement < 0.99)


def print_summary(table):
    """Print the smallest agreement of each method in each relation, and what is not as it must be.

    Returns
    -------
    smallest : DataFrame
        In %, one row a method and relation, one column a data set.
    """
    groups = table.groupby(["method", "relation", "data"], sort=False)
    smallest = 100 * groups.agreement.min().unstack()
    shown = smallest.assign(difference=groups.difference.max().unstack().max(axis=1))
    print(f"\nsmallest agreement in % over {table.seed.nunique()} seeds and {len(NOISES)} noises;")
    print("difference: the largest of a score\n")
    print(shown.to_string(float_format="{:.4g}".format))
    (exact, changed), (rounded, apart) = judge(table)
    print(f"\nmust leave every bit, and did not: {changed.sum()} of {len(exact)}")
    print(f"only rounded, and below 99 %: {apart.sum()} of {len(rounded)}")
    for broken in (exact[changed], rounded[apart]):
        for row in broken.itertuples():
            print(f"  {row.method}, {row.data} {row.noise}, seed {row.seed}: {row.relation}")
    return smallest


def main():
    """Measure, print the table, and draw."""
    benchmark = Benchmark("metamorphic", __doc__, data=DATA[0])
    benchmark.parser.set_defaults(data=DATA)
    benchmark.parser.add_argument(
        "--methods",
        nargs="+",
        default=["default", "paper"],
        help=f"any of {', '.join(METHODS)} (default: %(default)s)",
    )
    args = benchmark.parse()
    with benchmark.refusals():
        methods = choose(args.methods, METHODS, "method")
    units = [
        ({"data": setting.data, "noise": setting.noise}, setting)
        for setting in benchmark.settings(lambda path: NOISES)
    ]
    table = benchmark.run(units, list(variants_of(methods)), compare)
    smallest = print_summary(table).min(axis=1).unstack("method")[methods]
    axes = smallest.plot.barh(figsize=(8, 1 + 0.5 * len(smallest)), width=0.8)
    axes.invert_yaxis()
    axes.set(xlabel="rows whose verdict is the same, %, worst case", ylabel="")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    axes.figure.tight_layout()
    benchmark.save(axes.figure)


if __name__ == "__main__":
    main()
