"""A progress bar over the epochs, trees and folds of a fit."""

from contextlib import contextmanager

from .optional import import_optional


def no_progress(n_steps=1, description=None):
    """Do nothing, in place of a progress bar."""


@contextmanager
def progress_bar(verbose, total):
    """Show a progress bar, if ``verbose``; yield ``advance(n_steps=1, description=None)``."""
    if not verbose:
        yield no_progress
        return
    tqdm = import_optional("tqdm", "progress", "verbose=1").tqdm
    with tqdm(total=total, dynamic_ncols=True) as bar:

        def advance(n_steps=1, description=None):
            if description is not None:
                bar.set_description(description, refresh=False)
            bar.update(n_steps)

        yield advance
