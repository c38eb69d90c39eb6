"""Score tables of any size."""

from tabrail.batch.predict import predict as predict

__all__ = ["predict"]
