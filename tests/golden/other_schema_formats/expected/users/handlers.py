"""What Users does with what it receives. Yours: written once, never overwritten."""

from .app import create_app


class Handlers:
    """Takes the messages that the specs say Users receives."""


service = create_app(Handlers())
