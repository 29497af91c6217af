"""What stops the embedded runtime."""


class StartError(Exception):
    """The platform cannot start or go on; the text is one line for a person."""


class StopAsked(Exception):
    """A signal asked the platform to stop."""
