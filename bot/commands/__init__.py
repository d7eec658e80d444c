"""Slash commands and message menus, a module for each."""
