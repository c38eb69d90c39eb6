"""Parts that a project starts without, and `tabrail add` brings."""

from tabrail.parts.add import add, listed
from tabrail.parts.table import PARTS, Part

__all__ = ["PARTS", "Part", "add", "listed"]
