"""The core's statements in the words of each database."""

from __future__ import annotations

import re
from functools import cache

from sqlalchemy import Table

__all__ = ["for_postgresql", "for_sqlite", "insert_for_postgresql", "insert_for_sqlite"]


@cache
def for_postgresql(sql: str) -> str:
    sql = re.sub(r"each\((\$\d+)\)", r"json_array_elements_text(\1::json) AS item(value)", sql)
    return sql.replace("now_ms()", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint")


@cache
def for_sqlite(sql: str) -> str:
    sql = re.sub(r"each\((\$\d+)\)", r"json_each(\1) AS item", sql)
    sql = re.sub(r"::\w+", "", re.sub(r"FOR UPDATE( SKIP LOCKED)?", "", sql))
    return re.sub(r"\$(\d+)", r"?\1", sql)


@cache
def insert_for_postgresql(table: Table, columns: tuple[str, ...]) -> str:
    types = {"TEXT": "text", "BIGINT": "bigint", "INTEGER": "integer", "SMALLINT": "smallint", "BLOB": "bytea"}
    arrays = ", ".join(f"${n}::{types[str(table.c[name].type)]}[]" for n, name in enumerate(columns, 1))
    return f"INSERT INTO {table.name} ({_names(columns)}) SELECT * FROM unnest({arrays})"  # noqa: S608  names of ours


@cache
def insert_for_sqlite(table: Table, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({_names(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  names of ours


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
