"""JSON Schema, drafts 4 to 2020-12: does the one allow what the other allows?

A schema is a set of values. A change narrows where the old set holds a value that the new one does not, and widens the
other way round. What cannot be proved to be harmless is reported.
"""

from eda_gen.compat.json_schema.compare import compare_json_schemas

__all__ = ["compare_json_schemas"]
