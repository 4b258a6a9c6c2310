"""The application asked as by a program on its own machine."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient


def local_client(app: FastAPI, **settings: Any) -> TestClient:
    """A client of 127.0.0.1, which the door lets in."""
    return TestClient(
        app, **({"base_url": "http://127.0.0.1:8000", "client": ("127.0.0.1", 50_000)} | settings)
    )
