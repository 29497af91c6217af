"""Dates as the console writes them, by language."""
