"""`crossreid bench`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossreid.cli.options import Device, command_line, parse_size

if TYPE_CHECKING:
    from rich.table import Table

    from crossreid.core.encoder import Encoder
    from crossreid.core.modality import Modality
    from crossreid.runtime.timing import Timing

_PAPER_SIZES, _PAPER_BATCHES = ["392x140", "280x140"], [1, 4]


def bench(
    encoder: Annotated[
        str, typer.Argument(help="Encoder: tiny-cloud, tiny-edge, a model folder, an edge pack or a hub id.")
    ],
    *,
    batch: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Batch size. Repeatable; by default 1, 2, 4, 8, 16 and 32."),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HxW", help="Picture size in pixels, such as 280x140. Repeatable. A pack has its own."
        ),
    ] = None,
    paper: Annotated[
        bool,
        typer.Option(
            "--paper",
            help=(
                "Measure table 5 of the paper: photos of 392x140 and 280x140 (a pack has its own "
                "size), in batches of 1 and 4."
            ),
        ),
    ] = False,
    modality: Annotated[
        list[str] | None,
        typer.Option(help="Modality: rgb, ir, sketch or text. Repeatable; by default rgb and text."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0, help="Seconds of measurement for each modality, size and batch.")
    ] = 5.0,
    warm_up: Annotated[int, typer.Option(min=0, help="Warm-up calls, which are not counted.")] = 3,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the runtime. By default its own choice.")
    ] = None,
    device: Device = None,
    precision: Annotated[
        str | None,
        typer.Option(help="Precision: auto (the default), fp32, bf16 or fp16. An edge pack has its own."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the results and their provenance to this file (.json)."),
    ] = None,
) -> None:
    """Measure latency, throughput and memory of an encoder on this machine, from decoded pictures to vectors."""
    from crossreid.cli.outputs import check_output_file, print_tables
    from crossreid.core.errors import ConfigurationError
    from crossreid.runtime.pack import is_pack
    from crossreid.runtime.timing import BATCHES, TimingRules, peak_memory_mib, time_encoder

    if out is not None:
        check_output_file(out, ".json")
    if paper and (batch or size or modality):
        raise ConfigurationError("--paper with --batch, --size or --modality", expected="--paper alone")
    if paper:
        own = is_pack(Path(encoder))
        batch, size, modality = _PAPER_BATCHES, None if own else _PAPER_SIZES, ["rgb"]
    rules = TimingRules(tuple(batch or BATCHES), seconds=seconds, warm_up_calls=warm_up)
    kinds = _kinds(modality or ["rgb", "text"])
    loaded = _load(encoder, threads=threads, device=device, precision=precision)
    rows: list[tuple[str, Timing]] = []
    for written in size or [""]:
        sized = _resized(loaded, parse_size(written) if written else None)
        shown = _size_of(sized)
        rows += [(shown, timing) for timing in time_encoder(sized, kinds, rules)]
    print_tables(_table(rows))
    memory_mib = peak_memory_mib()
    print(
        f"Memory of the whole process: {memory_mib:.0f} MiB at most; {threads or 'as many as it likes'} threads"
    )
    if out is not None:
        _write(out, encoder, loaded, rows, memory_mib, threads=threads, rules=asdict(rules))
    print("Next: " + command_line("export", "MODEL", "--precision", "int8", "--out", "pack"))


def _kinds(names: Sequence[str]) -> "list[Modality]":
    from crossreid.core.errors import ConfigurationError
    from crossreid.core.modality import Modality

    unknown = set(names) - set(Modality)
    if unknown:
        raise ConfigurationError(f"--modality {', '.join(sorted(unknown))}", expected=", ".join(Modality))
    return [Modality(name) for name in names]


def _load(source: str, *, threads: int | None, device: str | None, precision: str | None) -> "Encoder":
    from crossreid.models.loading import load_encoder
    from crossreid.runtime.encoder import PackEncoder

    loaded = load_encoder(source, device=device, precision=precision)
    if threads is None:
        return loaded
    if isinstance(loaded, PackEncoder):
        return PackEncoder(loaded.folder, threads=threads)
    import torch

    torch.set_num_threads(threads)
    return loaded


def _resized(encoder: "Encoder", size: tuple[int, int] | None) -> "Encoder":
    """The same model for other pictures; its fingerprint and weights stay as they are."""
    from dataclasses import replace

    from crossreid.core.errors import ConfigurationError

    if size is None:
        return encoder
    model: Any = getattr(encoder, "model", None)
    if model is None or not hasattr(model, "heads"):
        raise ConfigurationError(
            "--size for something that is no edge model",
            expected="an edge model",
            remedy="export a pack of that size",
        )
    model.preprocessing = replace(model.preprocessing, height=size[0], width=size[1])
    return encoder


def _size_of(encoder: "Encoder") -> str:
    owner: Any = getattr(encoder, "pack", None) or getattr(encoder, "model", None)
    shape = getattr(owner, "preprocessing", None)
    return f"{shape.height}x{shape.width}" if shape is not None else ""


def _table(rows: Sequence[tuple[str, "Timing"]]) -> "Table":
    from rich.table import Table

    right = {"justify": "right"}
    table = Table(box=None, pad_edge=False)
    for name in ("modality", "pictures"):
        table.add_column(name)
    for name in ("batch", "p50 ms", "p90 ms", "p99 ms", "± ms", "items/s", "J/item", "calls"):
        table.add_column(name, **right)  # type: ignore[arg-type]
    for size, row in rows:
        latency = (f"{row.latency_ms[name]:.2f}" for name in ("p50", "p90", "p99"))
        table.add_row(
            row.modality,
            "" if row.modality == "text" else size,
            str(row.batch),
            *latency,
            f"{row.deviation_ms:.2f}",
            f"{row.items_per_second:.2f}",
            "" if row.joules_per_item is None else f"{row.joules_per_item:.3f}",
            str(row.calls),
        )
    return table


def _write(
    out: Path,
    source: str,
    encoder: "Encoder",
    rows: Sequence[tuple[str, "Timing"]],
    memory_mib: float,
    *,
    threads: int | None,
    rules: dict[str, Any],
) -> None:
    from crossreid.training.record import library_version, provenance

    pack: Any = getattr(encoder, "pack", None)
    record = {
        "encoder": {
            "source": source,
            "fingerprint": encoder.fingerprint,
            "runtime": pack.runtime if pack else "torch",
            "precision": pack.precision if pack else getattr(encoder, "precision", ""),
            "dim": encoder.dim,
        },
        "rules": rules,
        "threads": threads,
        "peak_memory_mib": round(memory_mib, 1),
        "rows": [{"size": size} | asdict(row) for size, row in rows],
        "runtimes": {name: library_version(name) for name in ("onnxruntime", "openvino")},
    } | provenance()
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {out}")
