"""The command itself: a process with a PostgreSQL of its own, from its first start to its orderly end."""

import base64
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crossreid.cli.failures import FAILED
from crossreid.cli.main import app
from crossreid.core.embeddings import Embeddings
from crossreid.gallery import EncoderRecord, GalleryItem, open_gallery
from crossreid.server.sealing import KEY_VARIABLE


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="crossreid-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def start(folder: Path, tenant: Any, *words: str) -> tuple[subprocess.Popen[str], str, str]:
    """The process, its address and what it has printed. Its encoder is another server: no model is loaded."""
    program = "from crossreid.cli.main import run; run()"
    command = [sys.executable, "-c", program, "serve", "--gallery", str(folder), "--encoder", tenant.url]
    environment = os.environ | {
        "CROSSREID_TOKEN": tenant.device.key, KEY_VARIABLE: base64.b64encode(bytes(32)).decode(),
        "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    process = subprocess.Popen([*command, "--port", "0", *words], env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)  # fmt: skip
    printed = ""
    assert process.stdout is not None
    for line in process.stdout:
        printed += line
        if match := re.match(r"Serving (\S+)", line):
            return process, match[1], printed
    raise AssertionError(printed)


def end(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    return process.returncode


@pytest.fixture
def patient() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=300) as client:
        yield client


def fill(folder: Path, encoder: Any) -> None:
    found: Embeddings = encoder.encode(["red", "blue"], modality="text")
    with open_gallery(folder).writing(EncoderRecord(encoder.fingerprint)) as writer:
        writer.put([GalleryItem("/a.jpg", "/", "ann", "1"), GalleryItem("/b.jpg", "/", "bob", "1")], found)


def test_from_the_first_start_to_the_last_answer(
    patient: httpx.Client, folder: Path, tenant: Any, encoder: Any, asking: Callable[..., dict[str, Any]]
) -> None:
    fill(folder, encoder)
    process, url, printed = start(folder, tenant)
    try:
        assert "Took over 2 items" in printed
        once = re.search(r"crk_\S+", printed)
        assert once is not None
        made = patient.post(
            f"{url}/v1/keys/exchange",
            headers={"Authorization": f"Bearer {once[0]}"},
            json={"name": "ann", "role": "supervisor"},
        ).json()["key"]
        headers = {"Authorization": f"Bearer {made}"}
        found = patient.post(f"{url}/v1/search", headers=headers, json=asking("blue")).json()
        assert [result["item"]["person"] for result in found["results"]] == ["bob", "ann"]
        assert patient.get(f"{url}/v1/models", headers=headers).json()["protected"] is True
    finally:
        assert end(process) == 0
    process, url, printed = start(folder, tenant)
    try:
        assert "crk_" not in printed
        assert "Took over" not in printed
        again = patient.post(f"{url}/v1/search", headers=headers, json=asking("blue")).json()
        assert [result["item"]["person"] for result in again["results"]] == ["bob", "ann"]
        assert json.loads(urllib.request.urlopen(f"{url}/v1/ready", timeout=300).read())["ready"] is True
    finally:
        assert end(process) == 0
    assert not (folder / ".server" / "postgres" / "postmaster.pid").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--certificate", "missing.pem"], "half of a certificate"),
        (["--oidc-issuer", "https://a"], "half of a provider"),
        (["--host", "203.0.113.1"], "cannot be taken"),
        (["--key-file", "missing"], "cannot be read"),
    ],
)
def test_what_cannot_work_is_said_at_once(words: list[str], message: str, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, ["serve", "--gallery", str(tmp_path), "--port", "0", *words])
    assert (result.exit_code, message in result.output) == (FAILED, True), result.output
    assert not list(tmp_path.iterdir())


def test_tls_by_file(make_service: Callable[..., Any], serve: Any, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(private)
    files = {"certificate": tmp_path / "cert.pem", "private_key": tmp_path / "key.pem"}
    with serve(make_service(), **files) as url:
        assert url.startswith("https://")
        trusted = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        assert httpx.get(f"{url}/v1/health", verify=trusted).json()["status"] == "ok"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/v1/health")
