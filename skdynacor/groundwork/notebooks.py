"""What notebooks show of an estimator: a diagram with links to our pages, and what was found."""

import sys

from .sklearn_private import VisualBlock

#: Where the documentation is published.
DOCUMENTATION = "https://skdynacor.readthedocs.io/en/stable/"


class NotebookMixin:
    """Links an estimator's diagram to its page, and says in it what ``fit`` found.

    A subclass says so in ``_found()``, once it is fitted.
    """

    _doc_link_module = "skdynacor"
    _doc_link_template = DOCUMENTATION + "api/generated/{path}.html"

    def _doc_link_url_param_generator(self):
        return {"path": public_path(type(self))}

    def _found(self):
        """Say in a line what was found; None where there is nothing to say."""
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
    """The same for detectors, which set ``flags_`` and ``noise_rate_``."""

    def _found(self):
        if not hasattr(self, "flags_"):
            return None
        return (
            f"{self.flags_.sum():,} of {len(self.flags_):,} labels flagged, "
            f"estimated noise rate {100 * self.noise_rate_:.2g} %"
        )


def public_path(cls):
    """Name a class as users import it: from the package, if that names it, else from its room."""
    package, room, *_ = cls.__module__.split(".")
    rooms = [] if cls.__name__ in sys.modules[package].__all__ else [room]
    return ".".join([package, *rooms, cls.__name__])
