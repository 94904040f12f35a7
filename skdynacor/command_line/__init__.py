"""The command ``skdynacor``."""
