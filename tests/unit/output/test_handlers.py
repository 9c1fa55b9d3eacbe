"""What handlers lack is found by reading them."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_gen.output.handlers import missing_methods

COMPLETE = """
class Handlers:
    async def on_order(self, event, ctx): ...
    async def on_stock(self, event, ctx): ...
"""


def lacking(tmp_path: Path, source: str) -> list[str]:
    (tmp_path / "handlers.py").write_text(source, "utf-8")
    found = missing_methods(tmp_path / "handlers.py", ("on_order", "on_stock"))
    return [f"{each.span.line}: {each.message}" for each in found]


def test_a_missing_method_is_named_with_the_line_of_its_class(tmp_path: Path) -> None:
    source = "import os\n\nclass Handlers:\n    async def on_order(self, event, ctx): ...\n"

    assert lacking(tmp_path, source) == ["3: Handlers lacks what the spec receives: on_stock"]


@pytest.mark.parametrize(
    "source",
    [
        COMPLETE,
        "class Base:\n    def on_order(self): ...\nclass Handlers(Base):\n    def on_stock(self): ...\n",
        "from elsewhere import Base\nclass Handlers(Base): ...\n",
        "def on_order(): ...\n",
        COMPLETE.replace("Handlers", "Mine"),
        "class Handlers:\n    def on_order(self): ...\n    on_stock = on_order\n",
    ],
    ids=["all there", "inherited here", "inherited from elsewhere", "no class", "another name", "assigned"],
)
def test_nothing_is_said_where_nothing_is_known_to_be_missing(tmp_path: Path, source: str) -> None:
    assert lacking(tmp_path, source) == []


def test_the_generated_protocol_as_a_base_does_nothing_by_itself(tmp_path: Path) -> None:
    source = "from .consumers import OrdersConsumer\nclass Handlers(OrdersConsumer):\n    def on_order(self): ...\n"

    assert lacking(tmp_path, source) == ["2: Handlers lacks what the spec receives: on_stock"]


def test_handlers_are_never_run(tmp_path: Path) -> None:
    lacking(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n{COMPLETE}")

    assert not (tmp_path / "ran").exists()


def test_a_file_that_is_no_python_is_told_with_its_line(tmp_path: Path) -> None:
    assert lacking(tmp_path, "class Handlers:\n    def (\n")[0].startswith("2: handlers.py is not Python")


def test_a_file_that_is_not_there_lacks_nothing(tmp_path: Path) -> None:
    assert missing_methods(tmp_path / "handlers.py", ("on_order",)) == ()
