"""Four services that sell things, each on its own; what they know of one another are the specs in `specs/shop/`."""
