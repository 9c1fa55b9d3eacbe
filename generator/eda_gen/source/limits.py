"""How much of an input is read before it is called hostile. Far above any spec that a person writes."""

MAX_BYTES = 16 * 1024 * 1024
"""Of one file."""

MAX_DEPTH = 64
"""Of mappings and sequences inside one another, in one file."""

MAX_ALIASED = 100_000
"""Values of one file that stand there only by YAML aliases."""

MAX_DIGITS = 400
"""Of a number: more digits are an accident or an attack (converting them takes quadratic time)."""

MAX_FINDINGS = 1_000
"""Problems that are told of one document: nobody reads on, and telling them takes time."""

MAX_HOPS = 30
"""References that a pointer of another passes through: far enough for any spec, and an end for those that go in circles."""

MAX_FILES = 2_000
"""In one workspace, with all that its documents refer to."""
