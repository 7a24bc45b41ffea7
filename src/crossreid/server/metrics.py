"""What the server counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
_ITEMS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Counters of one server, in a registry of their own: several servers may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("crossreid_requests", "Answers given", labels, registry=self.registry)
        self.seconds = Histogram(
            "crossreid_request_seconds",
            "Time from the head of a request to the end of its answer",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.problems = Counter("crossreid_problems", "Refusals by code", ("code",), registry=self.registry)
        self.busy = Gauge("crossreid_requests_in_progress", "Requests worked on now", registry=self.registry)
        self.queue = Gauge(
            "crossreid_encoder_queue", "Items that wait for the encoder", registry=self.registry
        )
        self.batches = Histogram(
            "crossreid_encoder_batch_items",
            "Items a call of the encoder",
            buckets=_ITEMS,
            registry=self.registry,
        )
        self.encoder_seconds = Histogram(
            "crossreid_encoder_seconds",
            "Time of a call of the encoder",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.enrolled = Counter("crossreid_enrolled", "Items enrolled", registry=self.registry)
        self.erased = Counter(
            "crossreid_erased", "Items erased, expired ones included", registry=self.registry
        )

    def encoded(self, items: int, seconds: float) -> None:
        """Note one call of the encoder."""
        self.batches.observe(items)
        self.encoder_seconds.observe(seconds)

    def render(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)
