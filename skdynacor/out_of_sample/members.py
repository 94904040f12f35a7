"""Members of the ensemble: estimators with out-of-sample log-probabilities of every sample.

A member has ``log_probs`` of the training samples, (n_samples, n_classes), float32, up to a
constant in each row; ``predict(X)`` returns those of other samples, and ``representations()`` the
spaces in which samples can be compared.
"""

import warnings
from concurrent.futures import CancelledError

import joblib
import numpy as np
from scipy.sparse import csc_array, csr_array, issparse
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from skorch import NeuralNet
from skorch.callbacks import Callback

from ..nets._mlp import schedule_for
from ..training.accelerated_nets import evaluate, weights_of
from ..training.net_training import EpochProgress, TrainedNet, check_finite, train_net
from ..utils.mapped_rows import as_mapped, opened
from ..utils.progress import no_progress
from ..utils.random_numbers import draw_seed, set_random_states

#: Probabilities of classifiers without decision_function are mixed with the uniform distribution by
#: this share: a probability of 0 would outweigh all other models.
_SMOOTHING = 0.01
#: Held-out samples that a net evaluates at a time.
_EVALUATED_AT_ONCE = 1024
#: Times that a cluster may lose the rows with a worker, before the training is given up.
_MOST_LOSSES = 3
#: Trees that are grown from one draw of the samples: drawing takes time, too.
_TREES_PER_DRAW = 4
#: Of more samples a tree sees so many, unless the forest says how many: the cost of a tree grows
#: faster than what it learns.
_MOST_SAMPLES_PER_TREE = 100_000


def is_out_of_bag(estimator):
    """Whether an estimator is a forest whose trees each leave samples out."""
    forests = ExtraTreesClassifier, RandomForestClassifier
    return isinstance(estimator, forests) and bool(estimator.bootstrap)


class CrossFittedMember:
    """A classifier trained on each training fold, which scores the test fold.

    ``codes`` (n_samples,) index ``classes``; ``n_jobs`` folds are trained at a time.
    """

    is_forest = False

    def __init__(
        self,
        estimator,
        X,
        codes,
        classes,
        folds,
        *,
        device,
        seed,
        n_jobs,
        advance=no_progress,
        name="",
    ):
        self.estimator = estimator
        self.is_net = isinstance(estimator, NeuralNet)
        self.test_folds = [test for _, test in folds]
        self.models = []
        self.n_jobs = min(n_jobs, len(folds))
        self._data, self._folds = (as_mapped(X), codes, classes), folds
        self._device, self._seed, self._advance, self._name = device, seed, advance, name
        self._sums = np.zeros((len(codes), len(classes)), dtype=np.float32)
        self._n_tests = np.zeros((len(codes), 1), dtype=np.float32)

    @property
    def log_probs(self):
        """Mean over the models that scored a sample, (n_samples, n_classes); 0 before any has."""
        return self._sums / np.maximum(self._n_tests, 1)

    @property
    def estimators(self):
        return [
            model.net if isinstance(model, TrainedNet) else model.model for model in self.models
        ]

    def fit(self, n_folds=None):
        """Train on the first ``n_folds``, or on all (also where these train at once); return self.

        ``first_log_probs`` (n_test, n_classes) are then those of the first fold alone.
        """
        what = f"lost the rows {_MOST_LOSSES} times, with workers that died (is the memory enough?)"
        for _ in range(_MOST_LOSSES):
            try:
                return self._fit(n_folds)
            except CancelledError as error:  # Dask does not replace rows that died with a worker
                cause = error
            try:
                joblib.effective_n_jobs(-1)
            except Exception:  # of any kind
                what = "is gone"
                break
        raise RuntimeError(
            f"While {self._name!r} was trained, the cluster {what}. See the logs of its scheduler "
            "and workers, start it again with a new Client, and call fit again."
        ) from cause

    def _fit(self, n_folds):
        train, options = (
            (_train_net, {"device": self._device}) if self.is_net else (_train_classifier, {})
        )
        if self.n_jobs == 1:
            options["advance"] = self._advance
        # Threads would share torch's random state. The caller's backend comes first.
        prefer = "processes" if self.is_net else None
        backend, _ = joblib.parallel.get_active_backend(prefer=prefer)
        return_as = "generator" if backend.supports_return_generator else "list"
        parallel = joblib.Parallel(self.n_jobs, prefer=prefer, return_as=return_as)
        stop = n_folds if self.n_jobs == 1 else None
        todo = list(enumerate(self._folds))[len(self.models) : stop]
        results = parallel(
            joblib.delayed(train)(
                self.estimator,
                *self._data,
                *fold,
                seed=draw_seed(np.random.default_rng([self._seed, number])),
                name=self._name,
                **options,
            )
            for number, fold in todo
        )
        for (model, logits), (_, (_, test)) in zip(results, todo, strict=True):
            if not self.models:
                self.first_log_probs = logits
            self.models.append(model)
            self._sums[test] += logits
            self._n_tests[test] += 1
            if self.n_jobs > 1:
                self._advance(count_steps(self.estimator, len(self._sums)), self._name)
        return self

    def finish(self):
        """Forget the training data."""
        n_left = len(self._folds) - len(self.models)
        self._advance(n_left * count_steps(self.estimator, len(self._sums)), self._name)
        self.first_log_probs = self._data = self._folds = self._advance = None

    def predict(self, X):
        """Mean log-probabilities over the folds' models, (n_samples, n_classes)."""
        return sum(model.mean_logits(X) for model in self.models) / len(self.models)

    def representations(self):
        """The models' representations, each with the mask of the samples it was not trained on."""
        if not isinstance(self.models[0], TrainedNet):
            return []
        found, done = [], np.zeros(len(self.log_probs), dtype=bool)
        for model, test in zip(self.models, self.test_folds, strict=True):
            mask = np.zeros(len(done), dtype=bool)
            mask[test] = True
            found.append((mask & ~done, model.representation))
            done |= mask
        return found


def count_steps(estimator, n_samples):
    """Number of progress steps in the training of one fold."""
    n_epochs = getattr(estimator, "max_epochs", 1) if isinstance(estimator, NeuralNet) else 1
    return schedule_for(n_samples)["max_epochs"] if n_epochs == "auto" else n_epochs


# --- nets --------------------------------------------------------------------------------------


class HeldOutLogits(Callback):
    """Average the logits of held-out samples over the epochs, and keep each epoch's weights.

    ``fetch(positions)`` gives a batch of samples; ``test`` (n_test,) are those held out.
    """

    def __init__(self, fetch, test, to_logits):
        self.fetch = fetch
        self.batches = np.array_split(test, -(-len(test) // _EVALUATED_AT_ONCE))
        self.to_logits = to_logits
        self.sum = 0.0
        self.checkpoints = []

    def on_epoch_end(self, net, **kwargs):
        check_finite(net, len(self.checkpoints) + 1)
        outputs = [evaluate(net, self.fetch(batch.tolist())) for batch in self.batches]
        outputs = [each[0] if isinstance(each, tuple) else each for each in outputs]
        logits = [self.to_logits(each.float()).cpu().numpy() for each in outputs]
        self.sum = self.sum + np.concatenate(logits)
        self.checkpoints.append(weights_of(net))

    def mean(self):
        """Mean logits, (n_test, n_classes)."""
        return self.sum / len(self.checkpoints)


def _train_net(
    estimator, X, codes, classes, train, test, *, seed, device, name="", advance=no_progress
):
    X = opened(X)
    callbacks = []

    def make_callbacks(net, dataset, to_logits):
        def fetch(positions):
            return net.iterator_train__collate_fn(dataset.__getitems__(positions))

        callbacks.append(HeldOutLogits(fetch, test, to_logits))
        return [*callbacks, EpochProgress(advance, name)]

    net, to_logits = train_net(
        estimator,
        X,
        X[:0],
        codes,
        len(classes),
        rows=train,
        device=device,
        seed=seed,
        make_callbacks=make_callbacks,
    )
    (held_out,) = callbacks
    return TrainedNet(net, held_out.checkpoints, to_logits), held_out.mean()


# --- classifiers of scikit-learn ---------------------------------------------------------------


class FittedClassifier:
    """A fitted classifier, whose outputs become log-probabilities of all classes.

    ``classes`` are those of all samples, of which the model may know some only.
    """

    def __init__(self, model, classes):
        self.model = model
        self.classes = classes

    def mean_logits(self, X):
        """Log-probabilities up to a constant in each row, (n_samples, n_classes), float32."""
        if hasattr(self.model, "decision_function"):
            outputs = np.asarray(self.model.decision_function(X))
            if outputs.ndim == 1:  # the log-odds of the second class
                outputs = np.column_stack([np.zeros(len(outputs)), outputs])
        else:
            probs = np.asarray(self.model.predict_proba(X))
            probs = (1 - _SMOOTHING) * probs + _SMOOTHING / probs.shape[1]
            outputs = np.log(probs)
        if not np.isfinite(outputs).all():
            raise ValueError(
                f"{type(self.model).__name__} gives scores that are not finite: scale the "
                "features, for instance with StandardScaler."
            )
        known = np.searchsorted(self.classes, self.model.classes_)
        if len(known) == len(self.classes):
            return outputs.astype(np.float32)
        # A class that the model has not seen is as unlikely as the least likely it has.
        all_outputs = np.repeat(outputs.min(axis=1, keepdims=True), len(self.classes), axis=1)
        all_outputs[:, known] = outputs
        return all_outputs.astype(np.float32)


def _train_classifier(
    estimator, X, codes, classes, train, test, *, seed, name="", advance=no_progress
):
    X = opened(X)
    model = set_random_states(clone(estimator), np.random.default_rng(seed))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        fitted = FittedClassifier(model.fit(X[train], classes[codes[train]]), classes)
    logits = fitted.mean_logits(X[test])
    advance(1, name)
    return fitted, logits


# --- forests, out of bag -----------------------------------------------------------------------


class OutOfBagMember:
    """A bootstrapped forest: every sample is scored by the trees that left out its whole group.

    Groups are drawn, not samples: ``groups`` (n_samples,) number them from 0. ``n_jobs`` is for a
    forest that has none of its own.
    """

    is_forest, is_net = True, False

    def __init__(
        self, estimator, X, codes, classes, groups, *, seed, n_jobs, advance=no_progress, name=""
    ):
        self._rng = np.random.default_rng(seed)
        forest = set_random_states(clone(estimator), self._rng)
        n_groups = groups.max() + 1
        self.n_trees = forest.n_estimators
        self._n_drawn = n_groups
        if isinstance(forest.max_samples, float):
            self._n_drawn = max(1, round(forest.max_samples * n_groups))
        elif forest.max_samples is not None:
            self._n_drawn = min(forest.max_samples, n_groups)
        elif n_groups > _MOST_SAMPLES_PER_TREE:
            # Trees leave out more samples, so that fewer are enough for as many votes on each.
            self._n_drawn = _MOST_SAMPLES_PER_TREE
            left_out = np.exp(-_MOST_SAMPLES_PER_TREE / n_groups)
            self.n_trees = int(np.ceil(self.n_trees * np.exp(-1) / left_out))
        if isinstance(forest.class_weight, dict):
            codes_of = dict(zip(classes.tolist(), range(len(classes)), strict=True))
            weights = {codes_of[label]: each for label, each in forest.class_weight.items()}
            forest.set_params(class_weight=weights)
        forest.set_params(bootstrap=False, oob_score=False, max_samples=None, warm_start=True)
        if forest.n_jobs is None:
            forest.set_params(n_jobs=n_jobs)
        self.forest = forest
        self.classes = classes
        # Trees are grown from columns and score rows.
        self._data = (csc_array(X) if issparse(X) else X), X, codes, groups
        self._sums = np.zeros((len(codes), len(classes)))
        self._n_votes = np.zeros(len(codes))
        self._advance, self._name = advance, name

    @property
    def estimators(self):
        return [self.forest]

    @property
    def log_probs(self):
        """Log-probabilities by the trees that left a sample out; uniform if none has."""
        probs = self._sums / np.maximum(self._n_votes, 1)[:, None]
        return self._to_log_probs(probs, self._n_votes[:, None])

    def fit(self, n_trees=None):
        """Grow to ``n_trees``, or to the end; return self."""
        n_trees = min(n_trees or self.n_trees, self.n_trees)
        n_grown = len(getattr(self.forest, "estimators_", ()))
        for start in range(n_grown, n_trees, _TREES_PER_DRAW):
            self._grow(min(_TREES_PER_DRAW, n_trees - start))
        return self

    def _grow(self, n_trees):
        """Grow trees from one draw of the groups, and score the samples that it left out."""
        columns, rows, codes, groups = self._data
        n_groups = groups.max() + 1
        drawn = self._rng.integers(0, n_groups, self._n_drawn)
        n_times = np.bincount(drawn, minlength=n_groups)[groups]
        n_grown = len(getattr(self.forest, "estimators_", ()))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The number of unique classes is greater")
            warnings.filterwarnings("ignore", message="class_weight presets")
            self.forest.set_params(n_estimators=n_grown + n_trees)
            # A few trees at a time are not worth sending the rows to other machines.
            with joblib.parallel_config("threading"):
                self.forest.fit(columns, codes, sample_weight=n_times)
        out = np.flatnonzero(n_times == 0)
        if len(out):
            left_out = rows[out].astype(np.float32, copy=False)
            for tree in self.forest.estimators_[n_grown:]:
                self._sums[out] += tree.predict_proba(left_out)
        self._n_votes[out] += n_trees
        self._advance(n_trees, self._name)

    def finish(self):
        """Delete the training data, and complete the progress."""
        self._advance(self.n_trees - len(getattr(self.forest, "estimators_", ())), self._name)
        self._data = self._advance = None
        self.forest.set_params(warm_start=False)
        self.forest.classes_ = self.classes

    def predict(self, X):
        """Log-probabilities by all trees, (n_samples, n_classes)."""
        probs = self.forest.predict_proba(X)
        return self._to_log_probs(probs, len(self.forest.estimators_))

    def _to_log_probs(self, probs, n_votes):
        """Logs of probabilities, smoothed by one vote spread over all classes."""
        smoothed = (probs * n_votes + 1 / len(self.classes)) / (n_votes + 1)
        return np.log(smoothed).astype(np.float32)

    def representations(self):
        """The leaves, for all samples."""
        return [(np.ones(len(self.log_probs), dtype=bool), self.representation)]

    def representation(self, X):
        """Leaves that samples fall into, (n_samples, n_nodes), csr_array of rows of norm 1.

        The product of two rows is the share of trees in which they share a leaf.
        """
        leaves = self.forest.apply(X)
        sizes = np.array([tree.tree_.node_count for tree in self.forest.estimators_])
        n_samples, n_trees = leaves.shape
        columns = (leaves + np.cumsum(sizes) - sizes).ravel()
        starts = np.arange(0, columns.size + 1, n_trees)
        values = np.full(columns.size, n_trees**-0.5, dtype=np.float32)
        return csr_array((values, columns, starts), shape=(n_samples, sizes.sum()))
