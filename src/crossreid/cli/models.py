"""`crossreid models`."""

import json
from typing import Annotated

import typer


def models(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False
) -> None:
    """List the models that can be loaded by name.

    Every verb that takes an encoder also takes a model folder, an edge pack, the address of a server and other models
    of these families on the hub.
    """
    from rich.table import Table
    from rich.text import Text

    from crossreid.cli.outputs import print_tables
    from crossreid.models.catalogue import list_models

    listed = list_models()
    if as_json:
        rows = [
            {
                "name": model.name,
                "source": model.source,
                "modalities": model.kinds,
                "width": model.width,
                "licence": model.licence,
                "good_for": model.good_for,
            }
            for model in listed
        ]
        print(json.dumps({"models": rows}, indent=2))
        return
    table = Table("model", "source", "evidence", "width", "licence", "good for", box=None, pad_edge=False)
    for model in listed:
        cells = (model.name, model.source, ", ".join(model.kinds), str(model.width))
        table.add_row(*map(Text, (*cells, model.licence or "see its card", model.good_for)))
    print_tables(table)
    print(f"Next: crossreid index FOLDER --encoder {listed[0].name} --out gallery")
