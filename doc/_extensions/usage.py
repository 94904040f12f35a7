"""The directive ``usage``: what ``skdynacor COMMAND --help`` prints."""

import contextlib
import io
import os

from docutils import nodes
from docutils.parsers.rst import Directive

from skdynacor.command_line.main import main


class Usage(Directive):
    """Print the help of a command."""

    required_arguments = 1

    def run(self):
        """Give a literal block."""
        os.environ["COLUMNS"] = "80"  # of the lines that argparse writes
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
            main([self.arguments[0], "--help"])
        return [nodes.literal_block(text=printed.getvalue(), language="text")]


def setup(app):
    """Register the directive."""
    app.add_directive("usage", Usage)
    return {"parallel_read_safe": True}
