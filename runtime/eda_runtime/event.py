"""The base of generated event classes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Event"]


class Event(BaseModel):
    """A message's payload, or an object inside one.

    Unknown fields are ignored, so that a producer may add some. Fields go by their wire names outside and by their
    Python names inside. An optional field that nobody set is not written; a default that the schema names always is.
    """

    model_config = ConfigDict(extra="ignore", populate_by_name=True, serialize_by_alias=True)

    _defaulted: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls._defaulted = frozenset(
            name for name, field in cls.model_fields.items() if not field.is_required() and field.default is not None
        )

    def model_post_init(self, context: Any, /) -> None:
        self.__pydantic_fields_set__.update(self._defaulted)
