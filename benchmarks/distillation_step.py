"""Measure what distillation costs: its losses beside the formulas as written, its step beside the student's own.

- *losses*: *as written*, the dim x dim relation matrices are formed and the teacher's matrix is decomposed in every
  step; *ours* needs products of n x n, and the basis of the whole training set was found once. Forward and backward,
  from features to gradients.
- *step*: *student alone* learns identities; *ours* follows stored features of the teacher beside; *teacher in the step*
  computes them anew. One step of the optimiser, batch in memory.

All take turns within a round. The losses as written and ours must agree where both take the batch's own basis. Run
`python benchmarks/distillation_step.py`: it measures what `benchmarks/results/distillation_step.json` does not hold
yet; `--small` leaves out what needs much memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from harness.cases import measure_cases, read_arguments
from harness.measuring import compare
from torch import Tensor
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, Qwen2VLModel

from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.losses import feature_relation_loss, principal_basis, principal_component_loss
from crossreid.losses.cosine import cosine_loss
from crossreid.models.full_size import vit_large_config
from crossreid.models.presets import PAPER, tiny_cloud_config, tiny_edge_config, tiny_preprocessing
from crossreid.models.prompts import TINY_PROMPTS
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids, train_tokenizer
from crossreid.synthesis.pedestrians.world import World
from crossreid.training.batches import Batch
from crossreid.training.config import DistillationWeights, TaskWeights
from crossreid.training.tasks.distillation import DistillationTask
from crossreid.training.tasks.identity_matching import embed
from crossreid.training.tasks.student import StudentTask

RESULTS = Path(__file__).parent / "results" / "distillation_step.json"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
COMPONENTS, TRAIN_SET, CAPTIONS = 50, 2000, 300
Relation = Literal["gram", "correlation"]


@dataclass(frozen=True, slots=True)
class Losses:
    """Features of a batch: `rows` of `dim`."""

    rows: int
    dim: int
    relation: Relation
    rounds: int = 15


@dataclass(frozen=True, slots=True)
class Step:
    """A random student, and a teacher where it is small enough to be run in the step.

    Args:
        pictures: input size.
        config: of the CLIP, from the ids of special tokens.
        people: of a batch; each comes with three pictures and a caption.
        rounds: that count.
        teacher: run the tiny cloud model in the step too.
    """

    pictures: Preprocessing
    config: Callable[[dict[str, int]], CLIPConfig]
    people: int
    rounds: int
    teacher: bool


CASES: dict[str, Losses | Step] = {
    "losses, 32 x 1536, Gram": Losses(32, 1536, "gram"),
    "losses, 128 x 1536, Gram": Losses(128, 1536, "gram"),
    "losses, 128 x 1536, correlation": Losses(128, 1536, "correlation"),
    "losses, 512 x 1536, Gram": Losses(512, 1536, "gram", rounds=7),
    "step, tiny": Step(tiny_preprocessing(), tiny_edge_config, people=16, rounds=15, teacher=True),
    "step, ViT-L/14": Step(
        PAPER.student, partial(vit_large_config, projection=1536), people=2, rounds=5, teacher=False
    ),
}


def as_written(student: Tensor, teacher: Tensor, relation: Relation) -> dict[str, Tensor]:
    """Equations 10 to 12 word for word, on one batch."""
    basis = torch.linalg.svd(teacher, full_matrices=False).Vh[: min(COMPONENTS, len(teacher))].T
    relations = []
    for features in (student, teacher):
        if relation == "correlation":
            centred = features - features.mean(dim=0)
            covariance = centred.T @ centred / (len(features) - 1)
            deviations = covariance.diagonal().clamp(min=1e-16).sqrt()
            relations.append(covariance / torch.outer(deviations, deviations))
        else:
            relations.append(features.T @ features)
    return {
        "cosine": 1 - functional.cosine_similarity(student, teacher).mean(),
        "principal": 1 - functional.cosine_similarity(student @ basis, teacher @ basis).mean(),
        "relation": 1 - functional.cosine_similarity(*relations).mean(),
    }


def ours(student: Tensor, teacher: Tensor, relation: Relation, basis: Tensor) -> dict[str, Tensor]:
    return {
        "cosine": cosine_loss(student, teacher),
        "principal": principal_component_loss(student, teacher, basis),
        "relation": feature_relation_loss(student, teacher, relation=relation),
    }


def measure_losses(case: Losses) -> Mapping[str, Any]:
    torch.manual_seed(0)
    scale = torch.linspace(3, 0.1, case.dim, device=DEVICE)
    known = functional.normalize(torch.randn(TRAIN_SET, case.dim, device=DEVICE) * scale, dim=1)
    teacher, basis = known[: case.rows], principal_basis(known, COMPONENTS)
    student = functional.normalize(teacher + 0.02 * torch.randn_like(teacher), dim=1).requires_grad_()
    own = principal_basis(teacher, min(COMPONENTS, case.rows))
    written, short = as_written(student, teacher, case.relation), ours(student, teacher, case.relation, own)
    for name, value in written.items():
        torch.testing.assert_close(
            short[name], value, atol=1e-4, rtol=1e-3, msg=lambda m, n=name: f"{n}: {m}"
        )

    def run(losses: Callable[[], dict[str, Tensor]]) -> Callable[[], None]:
        def once() -> None:
            student.grad = None
            torch.stack(list(losses().values())).sum().backward()

        return once

    return compare(
        {
            "as written": run(lambda: as_written(student, teacher, case.relation)),
            "ours": run(lambda: ours(student, teacher, case.relation, basis)),
        },
        ours="ours",
        items=case.rows,
        rounds=case.rounds,
        dtype=torch.float32,
    )


def measure_step(case: Step) -> Mapping[str, Any]:
    world = World(0)
    words = [world.group("train", person, 0).caption for person in range(CAPTIONS)]
    tokenizer = train_tokenizer(words, vocabulary=2048)
    ids = special_token_ids(tokenizer)
    torch.manual_seed(0)
    config = case.config(ids)
    dim = int(config.projection_dim or 0)
    student = Student(CLIPModel(config), tokenizer, case.pictures, dim=dim).to(DEVICE)
    features = functional.normalize(torch.randn(TRAIN_SET, dim), dim=1)
    alone = StudentTask(student, people=TRAIN_SET, weights=TaskWeights())
    following = DistillationTask(
        student,
        features,
        people=TRAIN_SET,
        task_weights=TaskWeights(),
        weights=DistillationWeights(components=COMPONENTS),
    )
    tasks = torch.nn.ModuleList([alone, following]).to(DEVICE).train()
    optimiser = torch.optim.AdamW([p for p in tasks.parameters() if p.requires_grad], lr=1e-6, fused=True)
    batch = draw(case, words).to(torch.device(DEVICE))

    def step(loss: Callable[[], Tensor]) -> Callable[[], None]:
        def once() -> None:
            loss().backward()
            optimiser.step()
            optimiser.zero_grad()

        return once

    ways = {
        "student alone": step(lambda: alone(batch, progress=1.0)["total"]),
        "ours": step(lambda: following(batch, progress=1.0)["total"]),
    }
    if case.teacher:
        cloud = Teacher(Qwen2VLModel(tiny_cloud_config(ids)), tokenizer, TINY_PROMPTS, case.pictures)
        cloud = cloud.to(DEVICE).eval()

        def with_teacher() -> Tensor:
            with torch.no_grad():
                said = functional.normalize(embed(cloud, batch), dim=1)
                following.teacher_features[batch.rows] = said
            return following(batch, progress=1.0)["total"]

        ways["teacher in the step"] = step(with_teacher)
    numbers = compare(ways, ours="ours", items=len(batch.rows), rounds=case.rounds, dtype=torch.float32)
    return numbers | {"precision": "float32"}


def draw(case: Step, words: list[str]) -> Batch:
    """Noise for pictures; people one after another."""
    kinds = (Modality.RGB, Modality.IR, Modality.SKETCH)
    size = case.pictures
    people = [person for person in range(case.people) for _ in kinds] + list(range(case.people))
    return Batch(
        pixel_values=torch.randn(3 * case.people, 3, size.height, size.width),
        captions=tuple(words[: case.people]),
        modalities=(*kinds * case.people, *[Modality.TEXT] * case.people),
        person_ids=torch.tensor(people),
        rows=torch.arange(len(people)),
    )


def main(
    cases: Mapping[str, Losses | Step] = CASES, *, results: Path = RESULTS, again: bool = False
) -> Mapping[str, Any]:
    if DEVICE == "cpu":
        torch.set_num_threads(1)
    named = {
        f"{name}, {DEVICE}": lambda case=case: (
            measure_losses(case) if isinstance(case, Losses) else measure_step(case)
        )
        for name, case in cases.items()
    }
    what = "the losses of a distillation from features to gradients, and whole training steps"
    return measure_cases(results, what, named, again=again)


if __name__ == "__main__":
    asked = read_arguments(__doc__)
    chosen = {name: case for name, case in CASES.items() if not asked.small or "ViT-L" not in name}
    main(chosen, again=asked.again)
