"""Optional packages."""

from importlib import import_module


def import_optional(module, extra, needed_for):
    """Import a module of an optional package, which ``needed_for`` names in the error.

    The error says which ``extra`` of skdynacor installs the package.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{needed_for} needs the package {package}, which is not installed: "
            f"pip install 'skdynacor[{extra}]'"
        ) from error
