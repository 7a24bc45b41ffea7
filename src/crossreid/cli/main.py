"""The command line: one file a verb."""

from typing import Annotated

import typer

from crossreid.cli.lazy import LazyVerbs


class Verbs(LazyVerbs):
    """All verbs of `crossreid`."""

    verbs = {  # noqa: RUF012 typer makes one instance
        "demo": ("crossreid.cli.demo:demo", "Show the whole system in a few minutes."),
        "data": ("crossreid.cli.data:app", "Make data sets, and check them."),
        "expand": ("crossreid.cli.expand:expand", "Make sketches and infrared pictures of photos."),
        "train": ("crossreid.cli.train:train", "Adapt the cloud model, train the edge model, or pretrain."),
        "distill": ("crossreid.cli.distill:distill", "Train the edge model to follow the cloud model."),
        "embed": ("crossreid.cli.embed:embed", "Embed a data set into a file."),
        "evaluate": ("crossreid.cli.evaluate:evaluate", "Count how often the right person comes first."),
        "calibrate": ("crossreid.cli.calibrate:calibrate", "Learn from which score on a search may answer."),
        "analyse": (
            "crossreid.cli.analyse:app",
            "Draw what stored embeddings look like, and where they fail.",
        ),
        "reproduce": (
            "crossreid.cli.reproduce:reproduce",
            "Make the paper's tables and figures anew.",
        ),
        "export": ("crossreid.cli.export:export", "Write an edge model as a pack that runs without torch."),
        "bench": ("crossreid.cli.bench:bench", "Measure how fast an encoder is on this machine."),
        "edge": ("crossreid.cli.edge:app", "Follow people before a camera, and send their vectors."),
        "save": ("crossreid.cli.save:save", "Write a model as a folder for the hub."),
        "index": ("crossreid.cli.index:index", "Enrol a folder of pictures in a gallery."),
        "project": ("crossreid.cli.project:project", "Write a gallery again for a low-rank pack."),
        "search": ("crossreid.cli.search:search", "Find a person by words, sketch, infrared or photo."),
        "serve": ("crossreid.cli.serve:serve", "Serve a gallery over HTTP, with accounts and an audit log."),
        "audit": ("crossreid.cli.audit:app", "Look whether an audit log is as it was written."),
        "doctor": ("crossreid.cli.doctor:doctor", "Check the installation."),
    }


app = typer.Typer(cls=Verbs, no_args_is_help=True, pretty_exceptions_show_locals=False)


def _show_version(wanted: bool) -> bool:
    if wanted:
        import crossreid

        print(f"crossreid {crossreid.__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def crossreid_(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find a person across cameras and kinds of evidence: photo, infrared, sketch, words."""


def run() -> None:
    """Entry point of the console script."""
    app(prog_name="crossreid")
