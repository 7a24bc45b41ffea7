"""`crossreid project`."""

from pathlib import Path
from typing import Annotated

import typer

from crossreid.cli.options import command_line, is_file


def project(
    source: Annotated[
        str,
        typer.Argument(help="Full-width gallery (folder or address), or a .parquet of `crossreid embed`."),
    ],
    *,
    pack: Annotated[Path, typer.Option(help="Edge pack that was exported with --rank.")],
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="Output gallery, or output file for the embeddings (.parquet).",
        ),
    ],
) -> None:
    """Project a gallery, or embeddings, onto the directions of a low-rank pack, which can then search them.

    Embeds nothing again. Repeat it after the gallery has changed.
    """
    from crossreid.cli.outputs import check_output_file
    from crossreid.core.embeddings import Embeddings, check_same_space
    from crossreid.core.errors import ConfigurationError
    from crossreid.gallery.gallery import open_gallery
    from crossreid.gallery.projecting import project_gallery
    from crossreid.gallery.records import EncoderRecord
    from crossreid.runtime.pack import read_basis

    card, basis = read_basis(pack)
    if is_file(source) != is_file(out):
        raise ConfigurationError(f"{source} to {out}", expected="two galleries, or two .parquet files")
    if is_file(source):
        check_output_file(Path(out), ".parquet")
        embeddings = Embeddings.load(source)
        check_same_space(embeddings.fingerprint, card.fingerprint)
        basis.project(embeddings).save(out)
        print(f"Wrote {out}: {len(embeddings)} vectors of {basis.rank} numbers instead of {basis.dim}")
        print("Next: " + command_line("evaluate", pack, "--gallery", out, "--data", "DATA"))
        return
    target = open_gallery(out)
    encoder = EncoderRecord(card.fingerprint, str(pack))
    count = project_gallery(open_gallery(source), target, basis, encoder)
    print(f"Wrote {target.uri}: {count} pictures, {basis.rank} numbers instead of {basis.dim}")
    print("Next: " + command_line("search", target.uri, "--text", "a man in a red jacket"))
