"""What stops an embedded start."""


class StartError(Exception):
    """A start that cannot go on. Its text is one sentence for the person at the terminal, and says what to do."""
