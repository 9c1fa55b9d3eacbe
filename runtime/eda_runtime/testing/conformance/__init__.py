"""The suite that a transport must pass before it is fit for production.

A third party's transport runs it so:

    class TestMyBroker(TransportConformance):
        @pytest.fixture
        async def broker(self) -> AsyncIterator[Broker]:
            ...

It needs pytest and pytest-asyncio, in its mode `auto`. What a transport does not claim in its `Features` is not asked of it.
"""

from __future__ import annotations

from eda_runtime.testing.conformance.consuming import Consuming
from eda_runtime.testing.conformance.groups import Groups
from eda_runtime.testing.conformance.kit import Broker
from eda_runtime.testing.conformance.operating import Operating
from eda_runtime.testing.conformance.publishing import Publishing

__all__ = ["Broker", "TransportConformance"]


class TransportConformance(Publishing, Consuming, Groups, Operating):
    """Subclass it in a test module, with a fixture `broker` that gives a `Broker`."""
