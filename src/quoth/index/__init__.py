"""Indexes derived from the store: what they hold can always be made again."""
