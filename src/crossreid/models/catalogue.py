"""The models that can be loaded by name: two travel with the package, the others are on the hub."""

from dataclasses import dataclass

from crossreid.core.modality import VISUAL, Modality
from crossreid.models.loading import CLIP, QWEN


@dataclass(frozen=True, slots=True, repr=False)
class ListedModel:
    """One model by name.

    Args:
        name: what `load_encoder` takes.
        source: "shipped", or "hub", from where it is downloaded once.
        modalities: the kinds of evidence that it embeds.
        width: of its vectors.
        licence: of its weights; "" where none is known: see its card on the hub.
        good_for: what to use it for.
    """

    name: str
    source: str
    modalities: frozenset[Modality]
    width: int
    licence: str
    good_for: str

    def __repr__(self) -> str:
        return f"ListedModel({self.name!r}, {self.source}, {', '.join(self.kinds)}, {self.width} dimensions)"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Its modalities by name, in the usual order."""
        return tuple(kind.value for kind in Modality if kind in self.modalities)


_ALL = frozenset(Modality)
_MODELS = (
    ListedModel(
        "tiny-edge",
        "shipped",
        _ALL,
        320,
        "Apache-2.0",
        "trying everything out on drawn people; needs no torch",
    ),
    ListedModel("tiny-cloud", "shipped", _ALL, 320, "Apache-2.0", "trying to adapt and distil in minutes"),
    ListedModel(
        "KingH12138/MLLMEmbed-ReID-Cloud",
        "hub",
        _ALL,
        1536,
        "",
        "photographs; released by the authors",
    ),
    ListedModel(QWEN, "hub", _ALL, 1536, "Apache-2.0", "a cloud model to adapt; untrained for people"),
    ListedModel(
        "Qwen/Qwen2-VL-7B-Instruct", "hub", _ALL, 3584, "Apache-2.0", "a larger cloud model to adapt"
    ),
    ListedModel(CLIP, "hub", _ALL, 768, "MIT", "an edge model to distil into; untrained for people"),
    ListedModel(
        "llava-hf/llava-1.5-7b-hf", "hub", VISUAL, 1024, "Llama 2 Community", "MLLMReID; untrained for people"
    ),
)


def list_models() -> tuple[ListedModel, ...]:
    """Return the models that can be loaded by name, those that travel with the package first.

    `load_encoder` also takes model folders, edge packs, the addresses of servers, and other models of these families
    on the hub.
    """
    return _MODELS
