"""Packages that are needed for some things only."""

from importlib import import_module


def import_optional(module, extra, needed_for):
    """Import a module of an optional package.

    Parameters
    ----------
    module : str
        As in ``import module``.
    extra : str
        The extra of skdynacor that brings it.
    needed_for : str
        What asks for it, as the error is to name it.

    Returns
    -------
    module : module

    Raises
    ------
    ImportError
        If the package is missing; it says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{needed_for} needs the package {package}, which is not installed: "
            f"pip install 'skdynacor[{extra}]'"
        ) from error
