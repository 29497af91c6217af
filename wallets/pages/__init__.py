"""Wallets in the console: found by autodiscovery under this one name."""

from wallets.pages import acts, chart, dashboard, detail, files, statement, terms, transfer

__all__ = ["acts", "chart", "dashboard", "detail", "files", "statement", "terms", "transfer"]
