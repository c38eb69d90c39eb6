"""Serve a model as a REST API."""

from tabrail.serving.app import create as create_app

__all__ = ["create_app"]
