"""Answers from your own documents, in their own words."""
