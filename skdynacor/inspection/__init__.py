"""From flags to a list that people can read, correct and hand back."""
