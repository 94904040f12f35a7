"""The command ``skdynacor``: find the wrong labels of a file, or see it done."""
