"""What the options say of a file: how it is written, and what its columns are."""

from dataclasses import dataclass

from .bad_input import BadInput, no_such_name


@dataclass(frozen=True)
class FileFormat:
    """How a file is written; None where the user does not say."""

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    sheet: str | None = None

    def __post_init__(self):
        if self.decimal is None:
            return
        if self.decimal == self.separator:
            raise BadInput(
                f"--decimal and --separator are both {self.decimal!r}; columns and decimals need "
                "different characters."
            )
        if self.decimal == self.thousands:
            raise BadInput(
                f"--decimal and --thousands are both {self.decimal!r}; they must differ."
            )


@dataclass(frozen=True)
class Roles:
    """Names of columns, or of the arrays of a ``.npz`` file, by what they are for."""

    label: str | None = None
    features: list | None = None
    text: list | None = None
    image: str | None = None  # paths of photos
    drop: list | None = None
    id: str | None = None
    groups: str | None = None
    missing_labels: list | None = None  # words for "no label"

    def check(self, names):
        """Check that the columns that options name are there, and that none is the label."""
        if self.label not in names:
            raise no_such_name(self.label, names, "column", "--label")
        for option in ("features", "text", "image", "drop", "id", "groups"):
            for name in as_list(getattr(self, option)):
                if name not in names:
                    raise no_such_name(name, names, "column", f"--{option}")
                if name == self.label:
                    raise BadInput(f"--{option} names the label, {name!r}; leave it out.")
                if option in ("features", "text") and not self.learnt([name]):
                    raise BadInput(
                        f"--{option} names {name!r}, which --image, --drop, --id or --groups names."
                    )

    def learnt(self, names):
        """List the columns that may be learnt from."""
        others = {self.label, self.id, self.groups, self.image, *(self.drop or [])}
        named = None if self.features is None else {*self.features, *(self.text or [])}
        return [name for name in names if name not in others and (named is None or name in named)]


def as_list(value):
    """Make a list of a name, a list of names or None."""
    return [value] if isinstance(value, str) else value or []
