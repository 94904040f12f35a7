"""What is to be trained on and recorded, and which kind of training a classifier gets for it."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs

from ..groundwork.progress_bar import SILENCE, Part
from ..groundwork.random_numbers import draw_seed, make_rng
from ..groundwork.row_order import order_rows
from ..groundwork.telling_columns import take_columns, telling_columns
from ..groundwork.threads import ENTRIES_PER_THREAD, using_threads
from ..groundwork.validation import check_copies, encode_known_labels
from ..nets import make_quick_mlp_classifier
from .accelerated_nets import n_processes_of
from .checkpoints import TrainingFolder, claiming, identify
from .halves import Halves, halve
from .held_out import hear
from .net_training import record_net
from .out_of_bag import is_bagged, record_out_of_bag
from .partners import can_join, can_judge, is_net
from .replay import hash_rows
from .signals import find_signal
from .staged_training import record_stages, refuse_folders
from .trial import lead_over_trees
from .workload import work_of_forest, work_of_half, work_of_trial


class TrainingTask(NamedTuple):
    """Rows and copies, and how a ``DynamicsCollector`` wants them recorded."""

    collector: Any  # a DynamicsCollector, for its parameters
    X: np.ndarray  # (n_samples, ...), or a csr_array
    keys: np.ndarray  # (n_samples,), see hash_rows
    copies: np.ndarray  # (n_copies, ...), or a csr_array
    sources: np.ndarray  # (n_copies,)
    labels: np.ndarray  # (n_samples + n_copies,), int64
    order: np.ndarray  # (n_samples,), in which random numbers meet the rows, see order_rows
    n_classes: int
    signals: list  # of callable
    seed: int

    @classmethod
    def of(cls, collector, X, codes, copies):
        """Gather what is to be trained on: rows, their labels' codes, and copies or None."""
        rows, labels, sources = check_copies(copies, X), codes, np.empty(0, dtype=int)
        if copies is not None:
            copied = encode_known_labels(np.asarray(copies.labels), collector.classes_)
            labels, sources = np.concatenate([codes, copied]), copies.sources
        signals = [find_signal(signal) for signal in (collector.signal, *collector.also)]
        seed = draw_seed(make_rng(collector.random_state, "DynamicsCollector"))
        n_classes = len(collector.classes_)
        keys, order = hash_rows(X), order_rows(X, codes)
        return cls(collector, X, keys, rows, sources, labels, order, n_classes, signals, seed)

    def parts(self):
        """Name what a progress bar is to show: all that may be trained, with its work."""
        classifier, X = self._classifier, self.X
        title = "net" if is_net(classifier) else type(classifier).__name__
        if not self.collector.held_out:
            return {"": Part(title, 1.0)}
        forests = self._forests()
        parts = {name: Part(name, work_of_forest(forest, X)) for name, forest in forests.items()}
        if self._has_halves:
            half = work_of_half(classifier, self.collector.n_stages, X)
            parts["first-half"] = Part(f"{title}, first half", half)
            parts["second-half"] = Part(f"{title}, second half", half)
            if forests:
                parts["trial"] = Part("trial trees", work_of_trial([*forests.values()], X))
        return parts

    @contextmanager
    def claiming(self):
        """Keep ``checkpoint_dir`` while the block runs; give the task with the seed in it."""
        folder, net = self.collector.checkpoint_dir, self._classifier
        # What cannot be saved is refused where it would be trained.
        if folder is None or not is_net(net) or (net is not None and n_processes_of(net) > 1):
            yield self
            return
        digests = {
            "X": self.keys,
            "y": self.labels[: len(self.keys)],
            "copies": hash_rows(self.copies),
            "labels of the copies": self.labels[len(self.keys) :],
        }
        with claiming(folder, identify(self.collector, digests), self.seed) as seed:
            yield self._replace(seed=seed)

    def record(self, only=None, name="", progress=SILENCE):
        """Train the classifier once, on all rows and copies or on some rows only."""
        wanted, classifier = self.collector, self._classifier
        if only is None:
            told = np.append(self.order, np.arange(len(self.order), len(self.labels)))
        else:
            told = self.order[np.isin(self.order, only)]
        task = (classifier, self.X, self.copies, self.labels, self.n_classes)
        options = {"signals": self.signals, "seed": self.seed, "progress": progress.of(name)}
        if is_net(classifier):
            keep = wanted.keep_checkpoints
            keep = keep if isinstance(keep, bool) else Path(keep, name)
            return record_net(
                *task,
                **options,
                told=told,
                keep=keep,
                device=wanted.device,
                folder=self._folder(name),
            )
        self._refuse_folders()
        options["n_stages"] = wanted.n_stages
        if is_bagged(classifier):
            return record_out_of_bag(*task, **options, told=told, n_jobs=self._n_jobs)
        with using_threads(self.X.size, ENTRIES_PER_THREAD):
            return record_stages(*task, **options, told=told, keep=wanted.keep_checkpoints)

    def record_held_out(self, progress=SILENCE):
        """Record every row by models that were not told its label, see ``hear``."""
        own_labels, forests = self.labels[: len(self.keys)], self._forests()
        partners = {
            name: partial(self._record_forest, forest, progress.of(name))
            for name, forest in forests.items()
        }
        halves, lead = None, None
        if "classifier" in forests:
            self._refuse_folders()
        elif self._has_halves:
            half = halve(own_labels, self.order)
            half = np.concatenate([half, half[self.sources]])
            train = partial(self.record, progress=progress)
            halves = Halves(train, half, own_labels, self._n_jobs, progress)
            lead = partial(self._lead, [*forests.values()], progress)
        return hear(halves, partners, own_labels, lead, progress)

    @property
    def _classifier(self):
        wanted = self.collector
        if wanted.classifier is None and wanted.held_out:
            return make_quick_mlp_classifier()
        return wanted.classifier

    @property
    def _has_halves(self):
        """Whether the classifier is trained on each half of the rows, where rows are held out."""
        return not is_bagged(self._classifier) and can_judge(self._classifier, self.X)

    def _forests(self):
        """The forests that judge rows out of bag, where rows are held out."""
        wanted = self.collector
        partners = {name: forest for name, forest in wanted.partners if can_join(forest, self.X)}
        own = {"classifier": wanted.classifier} if is_bagged(wanted.classifier) else {}
        return {**own, **partners}

    @property
    def _n_jobs(self):
        return effective_n_jobs(self.collector.n_jobs)

    def _lead(self, forests, progress, logits, *trainings):
        own_labels, trial = self.labels[: len(self.keys)], progress.of("trial")
        if len(trainings) == 1:  # else it is done, but for some doubt
            trial.begin()
        trainings = [[self.order[rows[self.order]] for rows in masks] for masks in trainings]
        seed = self.seed % 2**32
        X = take_columns(self.X, telling_columns(self.X).taken)
        lead = lead_over_trees(logits, forests, X, own_labels, trainings, seed)
        trial.end()
        return lead

    def _record_forest(self, forest, progress):
        # A classifier of the caller's gets its features as they came.
        own = forest is self.collector.classifier
        return record_out_of_bag(
            forest,
            self.X,
            self.copies,
            self.labels,
            self.n_classes,
            signals=self.signals,
            n_stages=self.collector.n_stages,
            seed=self.seed,
            told=self.order,
            sources=self.sources,
            columns=None if own else telling_columns(self.X).taken,
            n_jobs=self._n_jobs,
            progress=progress,
        )

    def _refuse_folders(self):
        wanted = self.collector
        folders = {name: getattr(wanted, name) for name in ("checkpoint_dir", "keep_checkpoints")}
        refuse_folders(wanted.classifier, **folders)

    def _folder(self, name):
        checkpoint_dir = self.collector.checkpoint_dir
        return None if checkpoint_dir is None else TrainingFolder(Path(checkpoint_dir, name))
