"""Figures 3 to 7 and the numbers behind them, from the models of all seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from crossreid.analysis.case_strips import case_strip
from crossreid.analysis.cases import retrieval_cases
from crossreid.analysis.figures import caption, convergence_figure, spectrum_figure, tsne_figure
from crossreid.analysis.low_rank import Spectrum, low_rank_spectrum, random_halves
from crossreid.analysis.projection import project
from crossreid.analysis.strips import Strip, cases_figure
from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.tasks import RetrievalTask
from papers.mllmembed.comparing import (
    JUDGED,
    Runs,
    edge_reports,
    floor_differences,
    floors,
    gate_arms,
)
from papers.mllmembed.confidence import over_seeds
from papers.mllmembed.model import Model
from papers.mllmembed.seed_run import SeedRun
from papers.mllmembed.variants import (
    BOTH,
    COSINE,
    PRINCIPAL,
    RELATION,
    TASK_ONLY,
    ZERO_STEPS,
)

SHARES = (0.9, 0.95, 0.99)
TRIALS = 4
START = "closed-form"
"""The edge model without a step, in names of pictures."""
LOW_RANK_SHARE, LOW_RANK_DIMENSIONS = 0.95, 0.1
"""The yardstick of `low-rank`: so much of the variance in so few of the dimensions. The paper names no number."""

_MAPPED_PEOPLE, _RESULTS = 12, 5
_CONVERGING = (COSINE, RELATION, PRINCIPAL, BOTH)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pictures of a figure by name, and its numbers as JSON holds them."""

    pictures: Mapping[str, Figure]
    numbers: dict[str, Any]


def figure_3(runs: Runs) -> Drawn:
    """The spectrum of the cloud model's features of the test people, in random halves."""
    spectra = [low_rank_spectrum(_all_tests(run).vectors) for run in runs]
    centred = [low_rank_spectrum(_centred(_all_tests(run).vectors)) for run in runs]
    halves = list(random_halves(_all_tests(runs[0]).vectors, trials=TRIALS))
    width = len(spectra[0].importance)
    shares = [100 * spectrum.components_for(LOW_RANK_SHARE) / width for spectrum in spectra]
    answer = {
        "claim": "the spectrum is low-rank",
        "unit": f"% of the {width} dimensions hold {LOW_RANK_SHARE:.0%} of the variance",
        "below": 100 * LOW_RANK_DIMENSIONS,
        "estimate": over_seeds(shares).to_json(),
    }
    picture = spectrum_figure({f"trial {number}": one for number, one in enumerate(halves, start=1)})
    caption(
        picture,
        f"Unit vectors of the cloud model, uncentred, of random halves of {len(_all_tests(runs[0]))} items of people"
        " not trained on; the trials lie on each other.",
    )
    numbers = {
        "width": width,
        "items": len(_all_tests(runs[0])),
        "uncentred": _spectra(spectra),
        "centred": _spectra(centred),
        "trials": _spectra(halves),
        "answers": [answer],
    }
    if runs[0].study.zero_shot:
        untrained = [_all_tests(run, run.backbone("teacher")) for run in runs]
        numbers["untrained"] = _spectra([low_rank_spectrum(seen.vectors) for seen in untrained])
    return Drawn({"figure3": picture}, numbers)


def figure_4(runs: Runs) -> Drawn:
    """Maps of the same people by the cloud model, by the distilled edge model and before any step."""
    pictures, numbers = {}, {}
    data = next(iter(runs[0].data.tests))
    for name, model in shown_models(runs[0]).items():
        seen = runs[0].embeddings(model, data)
        known = np.unique(seen.person_ids[seen.person_ids >= 0])
        drawn = np.random.default_rng(runs[0].seed).permutation(known)[:_MAPPED_PEOPLE]
        shown = seen.select(np.isin(seen.person_ids, drawn))
        points = project(shown, seed=runs[0].seed)
        picture = tsne_figure(points, shown.person_ids, shown.modalities)
        caption(picture, f"t-SNE of unit vectors of people not trained on, drawn at random ({name}).")
        pictures[f"figure4-{name}"] = picture
        numbers[name] = {"items": len(shown), "people": len(drawn)}
    return Drawn(pictures, numbers)


def figure_5(runs: Runs) -> Drawn:
    """Searches drawn at random, one that the cloud model gets right and one that it does not, by all models."""
    data, dataset = next(iter(runs[0].data.tests.items()))
    samples = {sample.item_id: sample for sample in dataset.samples}
    models = shown_models(runs[0])
    strips: dict[str, list[Strip]] = {name: [] for name in models}
    found: dict[str, list[bool]] = {name: [] for name in models}
    seen = {name: runs[0].embeddings(model, data) for name, model in models.items()}
    for task in map(RetrievalTask.parse, ("IR->R", "S->R", "T->R")):
        rule, photos = find_protocol(JUDGED), {name: one.of(task.gallery) for name, one in seen.items()}
        asked = {name: task.queries(one) for name, one in seen.items()}
        exclude = rule.exclusion(task, asked["cloud"], photos["cloud"])
        drawn = retrieval_cases(
            asked["cloud"], photos["cloud"], exclude=exclude, successes=1, failures=1, top=_RESULTS
        )
        for query in (case.query_index for case in drawn):
            for name in models:
                one = asked[name].select([query])
                keys = rule.exclusion(task, one, photos[name])
                cases = retrieval_cases(
                    one, photos[name], exclude=keys, successes=1, failures=1, top=_RESULTS
                )
                strips[name] += [case_strip(c, one, photos[name], samples, heading=str(task)) for c in cases]
                found[name] += [case.succeeded for case in cases]
    pictures = {f"figure5-{name}": cases_figure(rows) for name, rows in strips.items() if rows}
    return Drawn(pictures, {"right_first": found, "top": _RESULTS})


def figure_6(runs: Runs) -> Drawn:
    """How the loss that all distillations share falls: L_task + L_cos, unweighted."""
    shared = {name: [_shared_loss(run.edge(name)) for run in runs] for name in _CONVERGING}
    cosine = {name: [run.edge(name).history("cosine") for run in runs] for name in _CONVERGING}
    validation = {
        name: [run.edge(name).history("validation_map") for run in runs] for name in (*_CONVERGING, TASK_ONLY)
    }
    answers, above = [], floor_differences(edge_reports(runs, BOTH), floors(runs))
    for other in (PRINCIPAL, RELATION, COSINE):
        gains = [
            100 * (1 - _mean(one) / _mean(two)) for one, two in zip(shared[BOTH], shared[other], strict=True)
        ]
        answers.append(
            {
                "claim": f"PCM and FR together converge faster than {other}",
                "unit": "% less shared loss, mean over the steps",
                "estimate": over_seeds(gains).to_json(),
                "floors": {f"{name}, points of mean mAP": estimate for name, estimate in above.items()},
                "distillation": True,
            }
        )
    pictures = {
        "figure6": mean_curves(shared, "L_task + L_cos, unweighted", "The loss that all distillations share"),
        "figure6-cosine": mean_curves(cosine, "1 − cosine to the cloud model", "The cosine loss alone"),
    }
    if all(all(histories) for histories in validation.values()):
        pictures["figure6-validation"] = mean_curves(
            validation | _flat(runs, validation),
            "mean mAP on validation people, %",
            "What the steps are good for",
        )
    numbers = {
        "shared_loss": {name: [_mean(pairs) for pairs in histories] for name, histories in shared.items()},
        "cosine_loss": {name: [_mean(pairs) for pairs in histories] for name, histories in cosine.items()},
        "last_cosine_loss": {
            name: [pairs[-1][1] for pairs in histories] for name, histories in cosine.items()
        },
        "answers": answers,
    }
    return Drawn(pictures, numbers | gate_arms(runs))


def figure_7(runs: Runs) -> Drawn:
    """The spectra of different data: every test set, the training people, and other data sets of any evidence.

    Of one data set alone, each kind of evidence stands in for others.
    """
    run, cloud = runs[0], runs[0].cloud()
    data = {name: run.embeddings(cloud, name) for name in (*run.data.tests, *run.data.spectra)}
    kinds = next(iter(data.values()))
    parts = {name: one.unit().vectors for name, one in data.items()}
    parts["training people"] = run.training_features().unit().vectors
    if len(data) == 1:
        parts |= {f"{kind} alone": kinds.of(kind).unit().vectors for kind in Modality if len(kinds.of(kind))}
    halves = {name: list(random_halves(vectors, trials=TRIALS)) for name, vectors in parts.items()}
    picture = spectrum_figure({name: trials[0] for name, trials in halves.items()})
    caption(
        picture,
        f"Unit vectors of the cloud model, uncentred; of each kind of data one of {TRIALS} random halves is drawn.",
    )
    numbers = {
        "width": len(next(iter(halves.values()))[0].importance),
        "items": {name: len(vectors) for name, vectors in parts.items()},
        "spectra": {name: _spectra(trials) for name, trials in halves.items()},
    }
    return Drawn({"figure7": picture}, numbers)


def shown_models(run: SeedRun) -> dict[str, Model]:
    """Those whose answers are shown: both models and, where it was measured, the edge model without a step."""
    return both_models(run) | ({START: run.closed_form()} if run.study.zero_shot else {})


def both_models(run: SeedRun) -> dict[str, Model]:
    """The cloud model, and the edge model that has learnt of it."""
    return {"cloud": run.cloud(), "edge": run.edge(BOTH)}


def _all_tests(run: SeedRun, model: Model | None = None) -> Embeddings:
    """All test sets as a model sees them; the cloud model where none is named."""
    seen = [run.embeddings(model or run.cloud(), name) for name in run.data.tests]
    return Embeddings.concatenate(seen).unit()


def _flat(
    runs: Runs, curves: Mapping[str, Sequence[Sequence[tuple[int, float]]]]
) -> dict[str, list[list[tuple[int, float]]]]:
    """The edge model before any step as level curves over the same steps."""
    if not runs[0].study.zero_shot:
        return {}
    steps = [step for step, _ in next(iter(curves.values()))[0]]
    found = {name: [run.validated(run.edge(name)) for run in runs] for name in ZERO_STEPS}
    return {
        f"{name}, no step": [[(step, value) for step in steps] for value in values]
        for name, values in found.items()
    }


def _centred(vectors: np.ndarray) -> np.ndarray:
    return vectors - vectors.mean(axis=0)


def _spectra(spectra: Sequence[Spectrum]) -> dict[str, Any]:
    """Of each seed or trial: how many components hold each share, and the effective rank."""
    return {
        "components_for": {
            str(share): [spectrum.components_for(share) for spectrum in spectra] for share in SHARES
        },
        "effective_rank": [spectrum.effective_rank for spectrum in spectra],
        "first_component": [float(spectrum.explained_variance[0]) for spectrum in spectra],
    }


def _shared_loss(model: Model) -> list[tuple[int, float]]:
    cosine = dict(model.history("cosine"))
    return [(step, task + cosine[step]) for step, task in model.history("task")]


def _mean(pairs: Sequence[tuple[int, float]]) -> float:
    return float(np.mean([value for _, value in pairs]))


def mean_curves(
    histories: Mapping[str, Sequence[Sequence[tuple[int, float]]]], quantity: str, title: str
) -> Figure:
    """Of each kind of training the mean over its seeds, at every logged step.

    Args:
        histories: (step, value) pairs of each seed, by name.
        quantity: what the values are, with its unit.
        title: above the figure.
    """
    curves = {}
    for name, seeds in histories.items():
        steps = [step for step, _ in seeds[0]]
        means = np.mean([[value for _, value in pairs] for pairs in seeds], axis=0)
        curves[name] = list(zip(steps, means.tolist(), strict=True))
    picture = convergence_figure(curves, title=title, quantity=quantity)
    seeds = len(next(iter(histories.values())))
    caption(
        picture,
        f"Mean of {seeds} training{'s' if seeds > 1 else ''} of each kind; people, order and first weights are shared.",
    )
    return picture
