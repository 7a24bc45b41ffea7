"""Checks for machines that are not here which extras can be installed from wheels alone: `make resolve`.

uv resolves `crossreid[EXTRA]` for every Python and platform and asks the package index for what it needs; nothing is
installed. The record in benchmarks/results/resolution.json says what was found, and README.md names what cannot be had.
"""

import json
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "benchmarks" / "results" / "resolution.json"
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux arm64": "aarch64-manylinux_2_28",
    "Linux arm64, glibc 2.35": "aarch64-manylinux_2_35",
    "macOS arm64": "aarch64-apple-darwin",
}
"""Names of platforms, and what uv calls them; 2.28 is the glibc of Debian 10 and RHEL 8, 2.35 that of Ubuntu 22.04."""
_AT_ONCE = 6  # they wait for the index most of the time
NOTHING, TESTED = "(none)", "dev, versions of constraints.txt"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Whether an extra can be installed from wheels on one platform, by one Python.

    Args:
        extra: its name.
        platform: of `PLATFORMS`.
        python: its version.
        packages: how many packages it takes; 0 where it cannot be installed.
        reason: why it cannot, in uv's words; else nothing.
    """

    extra: str
    platform: str
    python: str
    packages: int
    reason: str = ""


def main() -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = (NOTHING, *settings["project"]["optional-dependencies"], TESTED)
    places = [(extra, platform, python) for extra in extras for platform in PLATFORMS for python in PYTHONS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda place: resolve(*place), places))
    for extra in extras:
        lacking = [f"{one.platform} {one.python}" for one in found if one.extra == extra and one.reason]
        print(f"{extra}: {'not on ' + ', '.join(lacking) if lacking else 'everywhere'}")
    for reason in dict.fromkeys(one.reason for one in found if one.reason):
        print(f"  {reason}")
    write_record(found)
    print(f"Wrote {RECORD.relative_to(ROOT)}")
    return 0


def resolve(extra: str, platform: str, python: str) -> Resolution:
    """Ask for an extra on one platform by one Python."""
    words = command(extra, platform=PLATFORMS[platform], python=python)
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return Resolution(extra, platform, python, 0, reason_of(done.stderr))
    return Resolution(extra, platform, python, len(re.findall(r"^\S+==", done.stdout, re.MULTILINE)))


def command(extra: str, *, platform: str, python: str) -> list[str]:
    """What uv is called with."""
    words = [
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--quiet",
        "--no-header",
        "--no-annotate",
        "--only-binary",
        ":all:",
    ]
    words += ["--python-platform", platform, "--python-version", python]
    if extra == TESTED:
        return [*words, "--extra", "dev", "--constraint", "constraints.txt"]
    return words if extra == NOTHING else [*words, "--extra", extra]


def reason_of(stderr: str) -> str:
    """The sentence in which uv says what is missing."""
    lines = " ".join(stderr.split())
    cause = re.search(r"Because (.*?)(?:, we can conclude|$)", lines)
    return cause.group(1) if cause else lines


def write_record(found: list[Resolution]) -> None:
    version = subprocess.run(["uv", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "resolver": version.partition(" (")[0],
        "platforms": PLATFORMS,
        "rows": [asdict(one) for one in found],
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
