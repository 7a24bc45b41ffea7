"""A pack's card for people: `README.md` beside `pack.json`."""

from pathlib import Path

from crossreid.runtime.pack import Pack
from crossreid.runtime.towers import FILES

README = "README.md"
TENSORRT = "tensorrt.sh"
_MIB = 2**20
_LARGEST_BATCH = 32


def write_card(pack: Pack, folder: Path) -> None:
    """Write the card, and for ONNX in float a script that builds TensorRT engines."""
    sections = [_title(pack, folder), _use(pack), _parity(pack)]
    if pack.quantisation is not None:
        sections.append(_quantisation(pack))
    if pack.runtime == "onnx":
        sections.append(_servers(pack, folder))
    (folder / README).write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def _servers(pack: Pack, folder: Path) -> str:
    triton = "Triton: `crossreid.packing.write_triton_repository(pack, repository)`."
    if pack.precision == "int8":  # its ranges are not centred at zero, as TensorRT's must be
        return f"TensorRT does not read these eight bits: export in fp16 for it. {triton}"
    (folder / TENSORRT).write_text(tensorrt_script(pack), encoding="utf-8")
    return (
        f"TensorRT: `sh {TENSORRT}` builds an engine of each tower with `trtexec`, at the precision that is in"
        " the model (export in fp16 for half width): left to choose by itself, TensorRT has broken vision"
        f" transformers. {triton}"
    )


def tensorrt_script(pack: Pack) -> str:
    """Shell lines for `trtexec`, with a free number of items up to 32."""
    size = pack.preprocessing
    shapes = {
        "image": (f"pixels:{{n}}x3x{size.height}x{size.width},heads:{{n}}", 8),
        "text": ("tokens:{n}x{length}", 8),
    }
    lines = [
        "#!/bin/sh",
        "# Builds TensorRT engines beside the models; needs TensorRT 10 or newer.",
        "set -e",
    ]
    lines.append('cd "$(dirname "$0")"')
    for file in FILES["onnx"] if pack.takes_captions else FILES["onnx"][:1]:
        name = file.removesuffix(".onnx")
        pattern, usual = shapes[name]
        low = pattern.format(n=1, length=3)
        middle = pattern.format(n=usual, length=min(32, pack.longest_caption))
        high = pattern.format(n=_LARGEST_BATCH, length=pack.longest_caption)
        lines.append(
            f"trtexec --onnx={file} --saveEngine={name}.plan --stronglyTyped"
            f" --minShapes={low} --optShapes={middle} --maxShapes={high}"
        )
    return "\n".join(lines) + "\n"


def _title(pack: Pack, folder: Path) -> str:
    size_mib = sum((folder / name).stat().st_size for name in pack.checksums) / _MIB
    size = pack.preprocessing
    rows = [
        ("runtime", pack.runtime),
        ("precision", pack.precision),
        ("pictures", f"{size.height} × {size.width} px"),
        ("captions", f"at most {pack.longest_caption} tokens" if pack.takes_captions else "none"),
        ("vectors", f"{pack.dim} numbers" + (f", in the basis {pack.rotation}" if pack.rotation else "")),
        ("fingerprint", f"`{pack.fingerprint}`"),
        ("made from", f"`{pack.made_from}`"),
        ("size", f"{size_mib:.1f} MiB"),
    ]
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"# Edge pack of CrossReID\n\n| | |\n| --- | --- |\n{lines}"


def _use(pack: Pack) -> str:
    words = 'encoder.encode(["a man in a red coat"], modality="text")'
    example = words if pack.takes_captions else 'encoder.encode(["photo.jpg"])'
    return (
        "```python\nimport crossreid as cr\n\n"
        'encoder = cr.load_encoder("this folder")  # needs no torch: pip install "crossreid[edge]"\n'
        f"{example}\n```"
    )


def _parity(pack: Pack) -> str:
    lines = [f"Agreement with the model that it was made from, on {pack.parity.data}:", ""]
    lines += ["| | items | mean cosine | lowest |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {name} | {item.items} | {item.mean:.6f} | {item.lowest:.6f} |"
        for name, item in pack.parity.modalities.items()
    ]
    if pack.parity.tasks:
        lines += ["", "| | R1 % | change | mAP % | change |", "| --- | ---: | ---: | ---: | ---: |"]
        lines += [
            f"| {task.task} | {task.r1:.2f} | {task.r1_change:+.2f} | {task.mean_ap:.2f} | {task.mean_ap_change:+.2f} |"
            for task in pack.parity.tasks
        ]
    if pack.parity.accepted:
        lines += ["", "**Limits that it breaks, which was accepted:** " + "; ".join(pack.parity.accepted)]
    return "\n".join(lines)


def _quantisation(pack: Pack) -> str:
    assert pack.quantisation is not None
    made = pack.quantisation
    stayed = f"{len(made.float_layers)} stayed in float" if made.float_layers else "none stayed in float"
    return (
        f"{made.quantised_layers} matrix products are in eight bits and {stayed}; ranges were measured on"
        f" {made.pictures} pictures and {made.captions} captions ({made.data})."
    )
