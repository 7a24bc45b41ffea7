"""The command line: one file a verb."""

from typing import Annotated

import typer

from crossreid.cli.lazy import LazyVerbs


class Verbs(LazyVerbs):
    """All verbs of `crossreid`."""

    verbs = {  # noqa: RUF012 typer makes one instance
        "demo": ("crossreid.cli.demo:demo", "Run the demonstration, in a few minutes."),
        "data": ("crossreid.cli.data:app", "Draw and check data sets."),
        "expand": ("crossreid.cli.expand:expand", "Make sketches and infrared pictures from photos."),
        "train": ("crossreid.cli.train:train", "Adapt the cloud model, train the edge model, or pretrain."),
        "distill": ("crossreid.cli.distill:distill", "Train the edge model to follow the cloud model."),
        "embed": ("crossreid.cli.embed:embed", "Embed a data set into a file."),
        "evaluate": ("crossreid.cli.evaluate:evaluate", "Evaluate retrieval (R1, R5, R10, mAP, mINP)."),
        "calibrate": ("crossreid.cli.calibrate:calibrate", "Calibrate match thresholds."),
        "analyse": ("crossreid.cli.analyse:app", "Plot and probe stored embeddings."),
        "export": ("crossreid.cli.export:export", "Export an edge model as a pack that runs without torch."),
        "bench": ("crossreid.cli.bench:bench", "Measure the speed of an encoder on this machine."),
        "edge": ("crossreid.cli.edge:app", "Track people in a camera stream and send their embeddings."),
        "save": ("crossreid.cli.save:save", "Save a model as a folder for the hub."),
        "models": ("crossreid.cli.models:models", "List the models that can be loaded by name."),
        "index": ("crossreid.cli.index:index", "Enrol a folder of pictures in a gallery."),
        "project": ("crossreid.cli.project:project", "Project a gallery for a low-rank pack."),
        "search": ("crossreid.cli.search:search", "Find a person by words, sketch, infrared or photo."),
        "serve": ("crossreid.cli.serve:serve", "Serve a gallery over HTTP, with accounts and an audit log."),
        "audit": ("crossreid.cli.audit:app", "Verify an audit log."),
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
