"""What the paper compares: places of adapters, and weights of the distillation's losses."""

from dataclasses import dataclass

from crossreid.training.config import DistillationConfig, TeacherConfig


@dataclass(frozen=True, slots=True, order=True)
class Adapters:
    """Rank of the adapters and stride of the adapted blocks (table 3)."""

    rank: int
    stride: int

    def __str__(self) -> str:
        return f"rank {self.rank}, stride {self.stride}"


ADAPTERS = tuple(Adapters(rank, stride) for rank in (8, 16) for stride in (1, 2, 4))
CHOSEN_ADAPTERS = Adapters(16, 2)
"""The paper's, of the teacher behind all other tables and figures."""

UNTRAINED, CLOSED_FORM = "untrained", "closed form"
"""The edge model before any step: as it was pretrained, and with heads mapped onto the teacher's features."""
TASK_ONLY, COSINE, RELATION, PRINCIPAL = "task only", "cosine", "cosine + FR", "cosine + PCM"
BOTH = "cosine + PCM + FR"
LITTLE, HALF = "0.70 : 0.29", "0.495 : 0.495"

_TERMS = ("cosine", "principal", "relation")
TERMS: dict[str, tuple[float, float, float]] = {
    COSINE: (0.99, 0.0, 0.0),
    RELATION: (0.29, 0.0, 0.70),
    PRINCIPAL: (0.29, 0.70, 0.0),
    BOTH: (0.29, 0.35, 0.35),
    LITTLE: (0.70, 0.145, 0.145),
    HALF: (0.495, 0.2475, 0.2475),
}
"""Weights of cosine, PCM and FR in each distillation; the task has 0.01 in all of them."""

ZERO_STEPS = (UNTRAINED, CLOSED_FORM)
ABLATION = (TASK_ONLY, COSINE, RELATION, PRINCIPAL, BOTH)
"""Rows (a) to (e) of table 2."""
RATIOS = (LITTLE, HALF, BOTH)
"""Rows (a) to (c) of table 4: the weight of the cosine against that of PCM and FR together."""


def adapters_of(config: TeacherConfig) -> Adapters:
    """The adapters of a configuration."""
    return Adapters(config.lora.rank, config.lora.stride)


def compared_adapters(config: TeacherConfig) -> tuple[Adapters, ...]:
    """Rows of table 3: the paper's, and those of the configuration where they are others."""
    return tuple(dict.fromkeys((*ADAPTERS, adapters_of(config))))


def with_adapters(config: TeacherConfig, adapters: Adapters) -> TeacherConfig:
    """The configuration with other adapters."""
    lora = config.lora.model_copy(update={"rank": adapters.rank, "stride": adapters.stride})
    return config.model_copy(update={"lora": lora})


def with_terms(config: DistillationConfig, name: str) -> DistillationConfig:
    """The configuration with the weights of one distillation."""
    return _with_distillation(config, **dict(zip(_TERMS, TERMS[name], strict=True)))


def with_components(config: DistillationConfig, components: int) -> DistillationConfig:
    """The configuration with PCM over another number of components."""
    return _with_distillation(config, components=components)


def without_task(config: DistillationConfig) -> DistillationConfig:
    """The configuration without L_task, which is the only term that reads names."""
    return _with_distillation(config, task=0.0)


def _with_distillation(config: DistillationConfig, **changed: float | int) -> DistillationConfig:
    return config.model_copy(update={"distillation": config.distillation.model_copy(update=changed)})
