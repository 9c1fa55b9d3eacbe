"""What Account Service does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.user_logged_in import UserLoggedInV1
from .events.user_signed_up import UserSignedUpV1


class Handlers:
    """Takes the messages that the specs say Account Service receives."""

    async def sign_up(
        self, event: UserSignedUpV1 | UserLoggedInV1, ctx: Context
    ) -> None:
        raise NotImplementedError("signUp")


service = create_app(Handlers())
