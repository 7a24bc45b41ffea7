"""What a result came from: configuration, seed, commit, versions and hardware."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from crossreid.core.processor import processor_features, processor_name

_LIBRARIES = ("crossreid", "torch", "transformers", "peft", "accelerate", "numpy")
_LIMITS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")


def provenance() -> dict[str, Any]:
    """Commit ("" outside a repository), library versions and hardware."""
    return {
        "commit": _commit(),
        "versions": {"python": platform.python_version()}
        | {name: library_version(name) for name in _LIBRARIES},
        "hardware": {
            "processor": processor_name(),
            "cores": os.cpu_count(),
            "features": " ".join(processor_features()),
            "accelerator": _accelerator(),
        }
        | _limits()
        | _precision(),
    }


def write_record(path: Path, configuration: dict[str, Any], *, seed: int, **results: Any) -> Path:
    """Write a result with its provenance as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"configuration": configuration, "seed": seed} | results | provenance()
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return path


def complete_record(path: Path, **results: Any) -> None:
    """Add to a record, where there is one, what was not known when it was written."""
    if path.is_file():
        record = json.loads(path.read_text(encoding="utf-8")) | results
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


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


def _limits() -> dict[str, str]:
    """The variables that hold torch or oneDNN below what the processor has."""
    return {name.lower(): os.environ[name] for name in _LIMITS if os.environ.get(name)}


def _accelerator() -> str:
    torch = sys.modules.get("torch")  # where nobody has loaded it, nothing was computed on an accelerator
    return torch.cuda.get_device_name() if torch and torch.cuda.is_available() else "none"


def _precision() -> dict[str, str]:
    """What `precision: auto` is here; nothing where torch is not loaded."""
    torch = sys.modules.get("torch")
    if not torch:
        return {}
    from crossreid.models.precision import fastest_precision

    return {"auto_precision": fastest_precision("cuda" if torch.cuda.is_available() else "cpu")}
