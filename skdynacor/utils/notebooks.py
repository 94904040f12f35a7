"""Diagrams of estimators in notebooks, with a link to their page and a summary of ``fit``."""

import sys

from .sklearn_private import VisualBlock

#: Where the documentation is published.
DOCUMENTATION = "https://skdynacor.readthedocs.io/en/stable/"


class NotebookMixin:
    """Links an estimator's diagram to its page, and adds a summary of what ``fit`` found.

    Subclasses override ``_found``.
    """

    _doc_link_module = "skdynacor"
    _doc_link_template = DOCUMENTATION + "api/generated/{path}.html"

    def _doc_link_url_param_generator(self):
        return {"path": public_path(type(self))}

    def _found(self):
        """Summary of what ``fit`` found, in one line, or None."""
        return None

    def _sk_visual_block_(self):
        return VisualBlock(
            "single",
            self,
            names=type(self).__name__,
            name_details=str(self),
            name_caption=self._found(),
        )


class FlagsMixin(NotebookMixin):
    """The same for detectors, which set ``flags_``, ``noise_rate_`` and maybe ``learnability_``."""

    def _found(self):
        if not hasattr(self, "flags_"):
            return None
        found = (
            f"{self.flags_.sum():,} of {len(self.flags_):,} labels flagged, "
            f"estimated noise rate {100 * self.noise_rate_:.2g} %"
        )
        learnability = getattr(self, "learnability_", None)
        return found if learnability is None else f"{learnability} {found}"


def public_path(cls):
    """Name by which users import a class: from the package if it is in ``__all__``."""
    package, folder, *_ = cls.__module__.split(".")
    folders = [] if cls.__name__ in sys.modules[package].__all__ else [folder]
    return ".".join([package, *folders, cls.__name__])
