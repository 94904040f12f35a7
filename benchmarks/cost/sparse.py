"""F1, seconds and memory of the default on sparse documents, on one thread.

Documents of overlapping topics are made, weighted by TF-IDF, and given label noise. Beside the
default stands cleanlab's filter on five-fold probabilities of logistic regression. Every run has a
process of its own, which loads the rows from the disk.
"""

import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import torch
from cleanlab.filter import find_label_issues
from scipy.sparse import csr_array, load_npz, save_npz
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from skdynacor.datasets import make_label_noise

from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.methods import fit
from ..lib.scoring import score, timed
from ..lib.synthetic import refuse_jobs
from .scale import peak

NOISE_RATE = 0.2
#: How often a word is of the document's topic, of another one, or of none.
SOURCES = (0.4, 0.15, 0.45)


class Documents(NamedTuple):
    """Documents of 50 to 150 words, each of a topic that shares its themes with others."""

    rows: int
    words: int
    topics: int = 15
    themes: int = 30

    def make(self, seed):
        """Return X by TF-IDF, given labels and the mask of wrong ones."""
        rng = np.random.default_rng(seed)
        by_rank = 1 / np.arange(1, self.words + 1)  # Zipf's law
        themes = np.array([rng.permutation(by_rank) for _ in range(self.themes)])
        shares = rng.dirichlet(np.full(self.themes, 0.3), self.topics)  # (topics, themes)
        kinds = np.vstack([shares @ themes, themes.mean(axis=0)])  # the last of no topic
        topic = rng.integers(0, self.topics, self.rows)
        other = rng.integers(0, self.topics, self.rows)
        document = np.repeat(np.arange(self.rows), rng.integers(50, 151, self.rows))
        source = rng.choice(3, len(document), p=SOURCES)
        kind = np.choose(source, [topic[document], other[document], self.topics])
        word = np.empty(len(document), dtype=np.int64)
        for position, frequencies in enumerate(kinds):
            drawn = kind == position
            word[drawn] = rng.choice(self.words, drawn.sum(), p=frequencies / frequencies.sum())
        counts = csr_array(
            (np.ones(len(word), dtype=np.float32), (document, word)), shape=(self.rows, self.words)
        )
        y, wrong = make_label_noise(topic, "symmetric", NOISE_RATE, random_state=seed)
        return csr_array(TfidfTransformer().fit_transform(counts)), y, wrong


def run_default(X, y, seed):
    """Give flags and scores of the default."""
    detector = fit("default", X, y, device="cpu", random_state=seed)
    return detector.flags_, detector.noise_probability_


def run_cleanlab(X, y, seed):
    """Give flags and scores of cleanlab's filter."""
    folds = StratifiedKFold(shuffle=True, random_state=seed)
    classifier = LogisticRegression(max_iter=1000)
    probabilities = cross_val_predict(classifier, X, y, cv=folds, method="predict_proba")
    flags = find_label_issues(y, probabilities, n_jobs=1)
    return flags, 1 - probabilities[np.arange(len(y)), y]


METHODS = {"default": run_default, "cleanlab logistic": run_cleanlab}


def measure(documents, seed, variants):
    """Give the scores and costs of each method, in fresh processes."""
    X, y, wrong = documents.make(seed)
    with tempfile.TemporaryDirectory() as folder:
        save_npz(f"{folder}/X.npz", X)
        np.savez(f"{folder}/y.npz", y=y, wrong=wrong)
        for variant in variants:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
                yield executor.submit(run_saved, folder, variant["method"], seed).result()


@threadpool_limits.wrap(limits=1)
def run_saved(folder, method, seed):
    """Run a method on the rows of a folder."""
    torch.set_num_threads(1)
    few = Documents(300, 200, topics=3).make(0)
    METHODS[method](*few[:2], 0)  # imports what a first fit imports
    X, labels = load_npz(f"{folder}/X.npz"), np.load(f"{folder}/y.npz")
    y, wrong = labels["y"], labels["wrong"]
    with peak() as above:
        (flags, noise_score), seconds = timed(METHODS[method], X, y, seed)
    return {
        **score(wrong, flags, noise_score, seconds),
        "memory MB": max(above),
        "input MB": (X.data.nbytes + X.indices.nbytes + X.indptr.nbytes) / 2**20,
    }


def draw(means):
    """Draw what each method finds and costs, one panel each."""
    figure, panels = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
    for axes, column in zip(panels, ("F1", "seconds", "memory MB"), strict=True):
        axes.bar(means.index, means[column], color=[f"C{k}" for k in range(len(means))])
        axes.set(title=column)
    return figure


def main():
    """Measure, print the means, and draw."""
    benchmark = Benchmark("sparse", __doc__, data="synthetic")
    add = benchmark.parser.add_argument
    add("--rows", type=int, default=20_000, help="documents (default: %(default)s)")
    add("--words", type=int, default=50_000, help="of the vocabulary (default: %(default)s)")
    args = benchmark.parse()
    refuse_jobs(benchmark)
    documents = Documents(args.rows, args.words)
    keys = {"data": "documents", "noise": f"symmetric {NOISE_RATE}", **documents._asdict()}
    variants = [{"method": method} for method in METHODS]
    table = benchmark.run([(keys, documents)], variants, measure)

    columns = ["F1", "AUROC", "flagged", "seconds", "memory MB", "input MB"]
    means = table.groupby("method", sort=False)[columns].mean()
    print(f"\nmean over {args.seeds} seeds, on one thread; memory above what the input takes\n")
    print(means.to_string(float_format="{:.4g}".format))
    benchmark.save(draw(means))


if __name__ == "__main__":
    main()
