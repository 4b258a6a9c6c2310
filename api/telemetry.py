"""Prometheus metrics of the service itself, and the middleware that counts requests."""

import time

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Those counted by name: anybody may invent others, and a series once made stays."""


class Telemetry:
    """Counters of one application; they live in a registry of their own."""

    def __init__(self) -> None:
        self.own = CollectorRegistry()
        self.requests = Counter(
            "civicmeter_http_requests_total",
            "Requests answered, by route, method and status.",
            ["route", "method", "status"],
            registry=self.own,
        )
        self.seconds = Histogram(
            "civicmeter_http_request_seconds",
            "Time from request to last byte, by route.",
            ["route"],
            registry=self.own,
        )
        self.posted = Counter(
            "civicmeter_http_readings_total",
            "Readings posted, by what became of them.",
            ["outcome"],
            registry=self.own,
        )

    def text(self) -> bytes:
        """This application's metrics and those of the process, as Prometheus text."""
        return generate_latest(self.own) + generate_latest(REGISTRY)


class CountRequests:
    """Counts each HTTP request under its route's template, so that ids make no new series."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        begun = time.perf_counter()

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._telemetry.requests.labels(route, method, str(status)).inc()
            self._telemetry.seconds.labels(route).observe(time.perf_counter() - begun)
