"""What Orders does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .downcasters import Downcasters


class Handlers:
    """Takes the messages that the specs say Orders receives."""


service = create_app(Handlers(), Downcasters())
