"""A server as an `Encoder`: the cloud's model from anywhere, without torch."""

import base64
import json
import os
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import describe_encoder
from crossreid.core.errors import CheckpointError, ConfigurationError, DataError
from crossreid.core.items import Items, as_samples
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.images import decode_image, read_file

TOKEN = "CROSSREID_TOKEN"
"""The environment variable that holds the key or token."""

_TRIES, _LONGEST_PAUSE_S = 6, 30.0
_MOST_BATCH_BYTES = 24 * 2**20
_MOST_ANSWER_BYTES = 256 * 2**20
_AGAIN = (429, 502, 503, 504)


class ServerUnavailableError(DataError):
    """A server that does not answer, or cannot now; whoever asked did nothing wrong."""


class RemoteEncoder:
    """Embeds by `POST /v1/embed`. Refusals that pass by themselves are waited out.

    Args:
        url: of the server, http:// or https://.
        token: a key or token; that of the environment variable `CROSSREID_TOKEN` when left out.
        timeout_s: of one request.

    Raises:
        CheckpointError: no such server answers there.
        ConfigurationError: the address is of another kind, or the server does not let this key in.
    """

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float = 120.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ConfigurationError(
                f"the server at {url!r}", expected="http://... or https://..., without a password"
            )
        self.source, self._parts, self._timeout_s = url, parts, timeout_s
        self._token = os.environ.get(TOKEN, "") if token is None else token
        try:
            encoder = self._ask("GET", "/v1/models")["encoder"]
            self._fingerprint, self._rotation = str(encoder["fingerprint"]), str(encoder["rotation"])
            self._dim, self._batch = int(encoder["dim"]), int(encoder["batch"])
            self._modalities = frozenset(map(Modality, encoder["modalities"]))
        except (DataError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"no encoder at {url} ({error})",
                expected="a server of `crossreid serve`",
                remedy="check the address",
            ) from error

    def __repr__(self) -> str:
        return describe_encoder(self, self.source)

    @property
    def fingerprint(self) -> str:
        """That of the encoder behind it: the same function, wherever it runs."""
        return self._fingerprint

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self._dim

    @property
    def modalities(self) -> frozenset[Modality]:
        """What it takes."""
        return self._modalities

    def encode(
        self,
        items: Items,
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        """See `crossreid.core.encoder.Encoder.encode`.

        Files travel as they are and pictures without loss, so that the vectors are those of the encoder itself.

        Raises:
            DataError: a file cannot be read, or the server refused it.
            ServerUnavailableError: the server could not be reached, or has too much to do.
        """
        from rich.console import Console
        from rich.progress import Progress

        samples = as_samples(items, modality=modality)
        vectors = np.empty((len(samples), self._dim), np.float32)
        done = 0
        with Progress(console=Console(stderr=True), disable=not progress) as bar:
            task = bar.add_task("embedding", total=len(samples))
            for batch in self._batches(samples, min(batch_size, self._batch)):
                vectors[done : done + len(batch)] = self._embed(batch)
                done += len(batch)
                bar.advance(task, len(batch))
        return Embeddings(
            vectors=vectors,
            modalities=np.array([str(sample.modality) for sample in samples], np.str_),
            person_ids=np.array([sample.person_id for sample in samples], np.int64),
            camera_ids=np.array([sample.camera_id for sample in samples], np.int64),
            source_ids=np.array([sample.source_id for sample in samples], np.str_),
            item_ids=np.array([sample.item_id for sample in samples], np.str_),
            fingerprint=self._fingerprint,
            rotation=self._rotation,
        ).unit()

    def _batches(self, samples: Sequence[Sample], most: int) -> Iterator[list[dict[str, object]]]:
        """Items as they travel, in steps that no server finds too large."""
        batch: list[dict[str, object]] = []
        size = 0
        for sample in samples:
            written = _write(sample)
            length = sum(len(str(value)) for value in written.values())
            if batch and (len(batch) == most or size + length > _MOST_BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(written)
            size += length
        if batch:
            yield batch

    def _embed(self, batch: list[dict[str, object]]) -> np.ndarray:
        answer = self._ask("POST", "/v1/embed", {"items": batch})
        try:
            found = (str(answer["fingerprint"]), str(answer["rotation"]))
            rows = [np.frombuffer(base64.b64decode(row, validate=True), "<f4") for row in answer["vectors"]]
            vectors = np.stack(rows) if rows else np.empty((0, self._dim), np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"an answer of {self.source} ({error!r})", expected="vectors") from error
        if found != (self._fingerprint, self._rotation) or vectors.shape != (len(batch), self._dim):
            raise DataError(
                f"{self.source} answers {vectors.shape} by {found[0]!r}",
                expected=f"({len(batch)}, {self._dim}) by {self._fingerprint!r}, as when it was opened",
                remedy="its model was changed: open it again",
            )
        return vectors

    def _ask(self, method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        body = None if content is None else json.dumps(content).encode()
        for attempt in range(_TRIES):
            try:
                status, wait_s, answer = self._send(method, path, body)
            except (OSError, HTTPException) as error:
                if attempt + 1 == _TRIES:
                    raise ServerUnavailableError(
                        f"{self.source} does not answer ({error})", expected="a server"
                    ) from error
                status, wait_s, answer = 503, 0.0, {}
            if status == 200:
                return answer
            if status not in _AGAIN or attempt + 1 == _TRIES:
                raise self._refusal(status, answer)
            time.sleep(min(max(wait_s, 0.2 * 2**attempt), _LONGEST_PAUSE_S))
        raise AssertionError("the last attempt returns or raises")

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, float, dict[str, Any]]:
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout_s)
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            written = answer.getheader("Retry-After", "")
            wait_s = float(written) if written.isdecimal() else 0.0
            content = answer.read(_MOST_ANSWER_BYTES)
            if answer.length and len(content) < _MOST_ANSWER_BYTES:
                raise IncompleteRead(content, answer.length)
            return answer.status, wait_s, _parse(content)
        finally:
            connection.close()

    def _refusal(self, status: int, answer: dict[str, Any]) -> DataError | ConfigurationError:
        error = answer.get("error")
        told = error if isinstance(error, dict) else {}
        found = f"{self.source} answers {status}: {told.get('found', 'no reason')}"
        kind = ConfigurationError if status in (401, 403) else DataError
        kind = ServerUnavailableError if status in _AGAIN else kind
        remedy = str(told.get("remedy", "")) or (f"put a key into {TOKEN}" if status == 401 else "")
        return kind(found, expected=str(told.get("expected", "")), remedy=remedy)


def _write(sample: Sample) -> dict[str, object]:
    if sample.caption is not None:
        return {"modality": str(sample.modality), "text": sample.caption}
    if sample.path is not None:
        data = read_file(sample.path)
        try:
            decode_image(data)
        except DataError as error:  # named here, where its name is known
            found = error.found.removeprefix("bytes: ")
            raise DataError(
                f"{sample.path}: {found}", expected=error.expected, remedy=error.remedy
            ) from error
    else:
        assert sample.image is not None, "a sample that is no caption has an image or a path"
        data = _png(sample.image)
    picture: dict[str, object] = {
        "modality": str(sample.modality),
        "picture": base64.b64encode(data).decode(),
    }
    return picture | ({"shrink": True} if sample.path is not None else {})


def _png(image: np.ndarray) -> bytes:
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(image).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _parse(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
