"""What a result came from: configuration, seed, commit, versions and hardware."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_LIBRARIES = ("crossreid", "torch", "transformers", "peft", "accelerate", "numpy")


def provenance() -> dict[str, Any]:
    """Commit ("" outside a repository), library versions and hardware."""
    return {
        "commit": _commit(),
        "versions": {"python": platform.python_version()}
        | {name: library_version(name) for name in _LIBRARIES},
        "hardware": {"processor": _processor(), "cores": os.cpu_count(), "accelerator": _accelerator()},
    }


def write_record(path: Path, configuration: dict[str, Any], *, seed: int, **results: Any) -> Path:
    """Write a result with its provenance as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"configuration": configuration, "seed": seed} | results | provenance()
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return path


def library_version(name: str) -> str:
    """Of an installed library; "" where it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    repository = Path(__file__).parents[3]
    if not (repository / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _accelerator() -> str:
    torch = sys.modules.get("torch")  # where nobody has loaded it, nothing was computed on an accelerator
    return torch.cuda.get_device_name() if torch and torch.cuda.is_available() else "none"
