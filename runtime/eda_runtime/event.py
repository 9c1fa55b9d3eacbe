"""The base of generated event classes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Event"]


class Event(BaseModel):
    """A message's payload, or an object inside one.

    Unknown fields are ignored, so that a producer may add some. Fields go by their wire names outside and by their
    Python names inside. An optional field that nobody set is not written; a default that the schema names always is.
    `None` in an optional field is not written either, unless the schema allows null there: generated code marks such a
    field by `Field(json_schema_extra={"x-nullable": True})`.
    """

    model_config = ConfigDict(extra="ignore", populate_by_name=True, serialize_by_alias=True)

    _defaulted: ClassVar[frozenset[str]] = frozenset()
    _left_out_as_none: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        optional = {name: field for name, field in cls.model_fields.items() if not field.is_required()}
        cls._defaulted = frozenset(name for name, field in optional.items() if field.default is not None)
        nullable = {name for name, field in optional.items() if field.json_schema_extra == {"x-nullable": True}}
        cls._left_out_as_none = frozenset(optional.keys() - cls._defaulted - nullable)

    def model_post_init(self, context: Any, /) -> None:
        written = self.__pydantic_fields_set__
        written |= self._defaulted
        for name in self._left_out_as_none & written:
            if getattr(self, name) is None:
                written.discard(name)
