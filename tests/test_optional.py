"""Optional packages."""

import math

import pytest

from skdynacor.utils.optional import import_optional


def test_modules_are_imported():
    assert import_optional("math", "report", "This") is math


def test_error_has_the_command_to_install():
    with pytest.raises(ImportError, match=r"The report needs .* nowhere, .*skdynacor\[report\]"):
        import_optional("nowhere.at_all", "report", "The report")
