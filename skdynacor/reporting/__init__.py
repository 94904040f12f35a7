"""One file of HTML that shows what was found, and why."""
