"""The specification as data: which objects there are, which fields they have, and what may stand in them."""
