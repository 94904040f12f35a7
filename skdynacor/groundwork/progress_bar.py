"""How far a long computation is: one bar over all of its parts, or none."""

from typing import NamedTuple

from .optional import import_optional

_REDRAWN_AFTER = 0.1  # seconds, at the earliest


class Part(NamedTuple):
    """A part of a computation."""

    title: str
    work: float  # expected, in seconds


class Silence:
    """Takes the place of a bar, and of a part of one, where nobody looks."""

    shown = False

    def of(self, name):
        return self

    def begin(self, share=0.0):
        pass

    def reach(self, share, text="", agreement=None):
        pass

    def end(self):
        pass

    def drop(self, *names):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


SILENCE = Silence()


class ProgressBar:
    """One bar, on standard error, over the parts of a computation.

    As a context manager it is closed at the end, full unless the computation failed.

    Parameters
    ----------
    parts : dict of str to Part
        All that may come.

    Raises
    ------
    ImportError
        If tqdm is missing.
    """

    def __init__(self, parts):
        tqdm = import_optional("tqdm", "progress", "verbose=1").tqdm

        class Bar(tqdm):
            monitor_interval = 0  # a thread that would outlive the bar, and trouble forks

        self._reports = {name: Report(self, *part) for name, part in parts.items()}
        # Not tqdm.auto: a notebook's widget does not follow a total that shrinks.
        self._bar = Bar(
            total=self._total(),
            mininterval=_REDRAWN_AFTER,
            miniters=0,
            delay=1e-6,  # the first part shows it
            dynamic_ncols=True,
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {remaining} left{postfix}",
        )

    def of(self, name):
        """Give the ``Report`` of a part, for those who work on it."""
        return self._reports[name]

    def drop(self, *names):
        """Leave out what is still to be done of some parts."""
        for name in names:
            report = self._reports[name]
            report.work = report.done
        self._bar.total = self._total()

    def show(self, title, text="", worked=0, found=0):
        """Show where the computation is.

        Parameters
        ----------
        title, text : str
        worked : int
            Work done since the last time.
        found : int
            Work that was found done, which says nothing of how long the rest will take.
        """
        bar = self._bar
        bar.set_description_str(title, refresh=False)
        bar.set_postfix_str(text, refresh=False)
        for counter in ("n", "initial", "last_print_n"):
            setattr(bar, counter, getattr(bar, counter) + found)
        if worked:
            bar.update(worked)
        else:
            bar.refresh()

    def _total(self):
        return sum(report.work for report in self._reports.values())

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        if kind is None:
            self.drop(*self._reports)
        self._bar.close()

    def __reduce__(self):
        return Silence, ()


class Report:
    """How far one part is.

    Parameters
    ----------
    bar : ProgressBar
    title : str
    work : float
        In seconds.
    """

    shown = True

    def __init__(self, bar, title, work):
        self.bar = bar
        self.title = title
        self.work = round(1e6 * work)  # whole numbers, which add up to the total
        self.done = 0
        self.begun = False

    def begin(self, share=0.0):
        """Say that the part begins, or goes on, with a share of it found done."""
        found = self._get_to(share)
        if found or not self.begun:
            self.begun = True
            self.bar.show(self.title, found=found)

    def reach(self, share, text="", agreement=None):
        """Say that a share of the part is done.

        Parameters
        ----------
        share : float
        text : str
            What there is to say of it, as "epoch 3/20".
        agreement : callable or None, default=None
            Gives the share of rows that agree with their labels. It is not called for ``Silence``.
        """
        if agreement is not None:
            text = f"{text}, {agreement():.0%} agree"
        self.bar.show(self.title, text, self._get_to(share))

    def end(self):
        """Say that the part is done, if it has not been said."""
        if self.done < self.work:
            self.reach(1.0)

    def _get_to(self, share):
        before, self.done = self.done, round(share * self.work)
        return self.done - before

    def __reduce__(self):
        return Silence, ()  # another process has no part in the bar


def open_progress(verbose, parts):
    """Make a ``ProgressBar`` over what ``parts()`` gives if ``verbose``, else ``Silence``."""
    return ProgressBar(parts()) if verbose else SILENCE
