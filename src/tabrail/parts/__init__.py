"""Optional parts of a project, which `tabrail add` adds."""

from tabrail.parts.add import add, listed
from tabrail.parts.table import PARTS, Part

__all__ = ["PARTS", "Part", "add", "listed"]
