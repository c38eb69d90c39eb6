"""Score tables of any size."""

from tabrail.batch.score import predict as predict

__all__ = ["predict"]
