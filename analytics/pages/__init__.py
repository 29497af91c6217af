"""Analytics in the console: found by autodiscovery under this one name."""

from analytics.pages import fraud, overview, revenue

__all__ = ["fraud", "overview", "revenue"]
