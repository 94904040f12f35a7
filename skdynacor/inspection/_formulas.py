"""Texts that a spreadsheet would take for formulas, and run.

Labels, names of rows and of columns come from whoever made the data. As a cell, ``=HYPERLINK(...)``
sends away what is beside it; what ``+``, ``-`` or ``@`` begins is a formula, too. An apostrophe
before it makes it a text.
"""

import re

# A cell begins at the beginning of a text, and behind what separates cells in other countries.
_BEGINNING = r"(^|[;\t\r\n])"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:\Z|[;\t\r\n])"
# With apostrophes, its own or ours, so that these can be told apart when the text comes back.
_FORMULA = rf"'*(?!{_NUMBER})[ \xa0]*[=+\-@＝＋－＠]"

_DISARM = re.compile(rf"{_BEGINNING}(?={_FORMULA})")
_RESTORE = re.compile(rf"{_BEGINNING}'(?={_FORMULA})")


def disarm(text):
    """Put an apostrophe before each formula in a text that is to become a cell.

    Numbers with a sign stay as they are.

    Examples
    --------
    >>> from skdynacor.inspection._formulas import disarm, restore
    >>> disarm("=1+1"), disarm("-1"), disarm("a = b")
    ("'=1+1", '-1', 'a = b')
    >>> restore("'=1+1")
    '=1+1'
    """
    return _DISARM.sub(r"\1'", text)


def restore(text):
    """Give the text that ``disarm`` was given."""
    return _RESTORE.sub(r"\1", text)
