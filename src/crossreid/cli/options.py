"""Options that several verbs share, and the data set that they name."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crossreid.core.embeddings import Embeddings
    from crossreid.core.encoder import Encoder
    from crossreid.data.dataset import Dataset

_DATA_HELP = "Folder or table of the data set."

Data = Annotated[Path, typer.Option("--data", help=_DATA_HELP)]
OptionalData = Annotated[Path | None, typer.Option("--data", help=_DATA_HELP)]
DatasetName = Annotated[
    str,
    typer.Option(
        "--dataset",
        help=(
            "Format of the data: pedestrians (made by `crossreid data draw`), manifest (a CSV or "
            "Parquet table), folder (any tree of pictures) or a public data set such as "
            "cuhk-pedes."
        ),
    ),
]
Split = Annotated[
    str, typer.Option(help="Split to read; of a plain folder, the sub-folder. '' reads everything.")
]
ValidationSplit = Annotated[
    str | None, typer.Option(help="Split with other people. Their mAP is logged during training.")
]
BatchSize = Annotated[int, typer.Option(min=1, help="Items per batch of the encoder.")]
Device = Annotated[str | None, typer.Option(help="Device: cpu or cuda. By default cuda where available.")]
CpuFirstDevice = Annotated[
    str | None,
    typer.Option(
        "--device",
        help=(
            "Device: cpu or cuda. By default cuda where available, but tiny-edge runs on the "
            "CPU without torch."
        ),
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        help=(
            "Precision of the encoder: auto, fp32, bf16 or fp16. The default, auto, is bf16 or "
            "fp16 where the device computes it natively and faster, else fp32. An edge pack has "
            "its own."
        )
    ),
]

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a setting of the file, such as loop.steps=100. Repeatable.",
    ),
]

_QUERY = typer.Argument(help="Query encoder, or a .parquet of `crossreid embed`.")

Query = Annotated[str, _QUERY]
OptionalQuery = Annotated[str | None, _QUERY]
QueryGallery = Annotated[
    str | None,
    typer.Option(
        "--gallery",
        metavar="ENCODER|FILE",
        help="Gallery encoder, or a .parquet of `crossreid embed`. By default QUERY.",
    ),
]
Compatible = Annotated[bool, typer.Option("--compatible", help="Skip the embedding-space check.")]
Protocol = Annotated[
    str, typer.Option(help="Evaluation protocol, which says what is removed from the gallery.")
]

Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        help=(
            "Retrieval task X->Y, with X and Y of R (photo), IR, S (sketch) and T (text). "
            "Repeatable; by default S->R, IR->R and T->R."
        ),
    ),
]


@dataclass(frozen=True)
class TrainingData:
    """What the options of a training say about its data: `root` is None where they name none."""

    name: str
    root: Path | None
    split: str
    validation_split: str | None = None

    def people(self) -> "Dataset":
        """Those to train on, where data are named."""
        assert self.root is not None, "a training without data"
        return read_dataset(self.name, self.root, self.split)

    def validation(self) -> "Dataset | None":
        """Others, where they are wanted."""
        if self.root is None or self.validation_split is None:
            return None
        return read_dataset(self.name, self.root, self.validation_split)

    def training_words(self) -> list[object]:
        """The options of `command_line` that train on the same people and validate on the same others again."""
        words = data_words(self.name, self.root)
        words += ["--split", self.split] if self.split != "train" else []
        return words + (["--validation-split", self.validation_split] if self.validation_split else [])

    def test_words(self) -> list[object]:
        """Those that search for the people of its test split; where it knows no splits, for all."""
        return data_words(self.name, self.root) + ([] if self.split else ["--split", ""])


def read_dataset(name: str, root: Path, split: str | None) -> "Dataset":
    """The data set that the options name; all of it when the split is empty."""
    from crossreid.data.loading import load_dataset

    return load_dataset(name, root, split=split or None)


def is_file(source: str) -> bool:
    """Whether the name is that of stored embeddings rather than of an encoder."""
    return source.lower().endswith(".parquet")


def open_source(source: str, device: str | None, precision: str | None) -> "Encoder | Embeddings":
    """An encoder, or stored embeddings."""
    from crossreid.core.embeddings import Embeddings
    from crossreid.models.loading import load_encoder

    if is_file(source):
        return Embeddings.load(source)
    return load_encoder(source, device=device, precision=precision)


def check_data_given(sources: Sequence[str], data: Path | None) -> None:
    """Refuse encoders without a data set to embed, and a data set without an encoder.

    Raises:
        ConfigurationError: one is there without the other.
    """
    from crossreid.core.errors import ConfigurationError

    encoders = [source for source in sources if not is_file(source)]
    if encoders and data is None:
        raise ConfigurationError(f"{encoders[0]} without a data set", expected="--data for it to embed")
    if data is not None and not encoders:
        raise ConfigurationError(
            f"--data {data} for files of embeddings",
            expected="an encoder to embed it",
            remedy="leave it out",
        )


PHOTOGRAPHS = ("--task", "R->R", "--protocol", "market")
"""The options that search photographs by photographs of other cameras."""


def command_line(*words: object) -> str:
    """A command to type next, with quotes where the shell needs them."""
    return shlex.join(["crossreid", *map(str, words)])


def data_words(name: str, root: Path | None, split: str = "") -> list[object]:
    """The options of `command_line` that name a data set again."""
    words: list[object] = ["--data", "DATA" if root is None else root]
    words += [] if name == "pedestrians" else ["--dataset", name]
    return words + (["--split", split] if split else [])


def task_words(people: "Dataset") -> Sequence[object]:
    """The options of an evaluation on data like these: none where they have the evidence for its own three tasks."""
    from crossreid.evaluation.evaluate import TASKS
    from crossreid.evaluation.tasks import possible_tasks

    possible = possible_tasks(TASKS, {sample.modality for sample in people.samples})
    if possible == TASKS:
        return []
    if not possible:
        return PHOTOGRAPHS
    return [word for task in possible for word in ("--task", task)]


def parse_size(written: str) -> tuple[int, int]:
    """Height and width in pixels, written HEIGHTxWIDTH.

    Raises:
        ConfigurationError: it is written otherwise.
    """
    from crossreid.core.errors import ConfigurationError

    height, _, width = written.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise ConfigurationError(f"--size {written}", expected="HEIGHTxWIDTH in pixels, such as 280x140")
    return int(height), int(width)
