"""Every combination of evidence as one model finds people by it."""

from pathlib import Path
from typing import Any

from crossreid.core.modality import Modality
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.report import Report
from crossreid.evaluation.tasks import every_combination
from crossreid.evaluation.together import reads_together
from crossreid.evaluation.weights import learn_weights
from crossreid.models.loading import load_encoder
from papers.mllmembed.comparing import JUDGED
from papers.mllmembed.model import Model
from papers.mllmembed.once import data_signature, do_once
from papers.mllmembed.seed_run import SeedRun, slug

EVEN, LEARNT = "summed evenly", "learnt weights"


def combinations(run: SeedRun, model: Model) -> tuple[Report, dict[str, float]]:
    """Return every combination of evidence in the first test set, by the judged protocol.

    Args:
        run: of one seed.
        model: embeds queries and gallery.

    Returns:
        Rows of vectors that are summed evenly (setting `EVEN`), by weights learnt on validation people (`LEARNT`)
        and, of a model that can, of evidence that is read as one; and those weights by kind.
    """
    data, people = next(iter(run.data.tests.items()))
    claim = {
        "seed": run.seed,
        "model": model.signature,
        "data": [data_signature(people), data_signature(run.validation)],
        "precision": run.study.precision,
        "protocol": JUDGED,
    }
    name = f"evidence by {model.name}, {data}"
    folder = run.folder / "reports" / slug(name)

    def make(folder: Path) -> dict[str, Any]:
        known = run.validation_embeddings(model)
        weights = learn_weights(known, known.of(Modality.RGB), rule=find_protocol(JUDGED), seed=run.seed)
        encoder = load_encoder(model.source, precision=run.study.precision)
        asked: dict[str, Any] = {"tasks": every_combination(("R", "IR", "S", "T")), "protocol": JUDGED}
        seen = run.embeddings(model, data)
        learnt = evaluate(seen, setting=LEARNT, weights=weights, **asked)
        together = reads_together(encoder)
        even = evaluate(encoder if together else seen, None, people, setting=EVEN, together=together, **asked)
        report = Report((*even.rows, *learnt.rows))
        (folder / "report.json").write_text(report.to_json(), encoding="utf-8")
        return {"weights": {kind.value: weight for kind, weight in weights.items()}}

    results = do_once(folder, claim, make, say=run.say, what=f"seed {run.seed}: evaluating {name}")
    report = Report.from_json((folder / "report.json").read_text(encoding="utf-8"))
    return report, results["weights"]
