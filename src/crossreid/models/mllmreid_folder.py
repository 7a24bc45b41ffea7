"""What the folder of a LLaVA holds: the hub's names of its weights, and the card beside them."""

from typing import Any

from torch import Tensor
from transformers import CLIPVisionModel, LlavaForConditionalGeneration, PreTrainedTokenizerBase

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.mllmreid import Mllmreid

_HUB_NAMES = {
    "model.language_model.": "language_model.model.",
    "model.vision_tower.": "vision_tower.vision_model.",
    "model.": "",
    "lm_head.": "language_model.lm_head.",
}
"""How names begin in transformers' model -> in the hub's checkpoints, the first that fits."""


def llava_state(llava: LlavaForConditionalGeneration) -> dict[str, Tensor]:
    """Weights by the hub's names; a head that is tied to the embeddings is left out."""
    tied = {"lm_head.weight"} if llava.config.tie_word_embeddings else set()
    return {_hub_name(name): value for name, value in llava.state_dict().items() if name not in tied}


def _hub_name(name: str) -> str:
    own = next(own for own in _HUB_NAMES if name.startswith(own))
    return _HUB_NAMES[own] + name.removeprefix(own)


def mllmreid_card(model: Mllmreid) -> dict[str, Any]:
    """What the folder says beside the hub's own files, and what the embedding depends on beside the weights."""
    return {
        "kind": "mllmreid",
        "dim": model.dim,
        "preprocessing": model.preprocessing.to_dict(),
        "feature": model.feature,
        "instruction": model.instruction,
        "text_budget": model.chats.text_budget,
    }


def as_mllmreid(
    llava: LlavaForConditionalGeneration, tokenizer: PreTrainedTokenizerBase, card: dict[str, Any]
) -> Mllmreid:
    """A loaded LLaVA with the treatment of its card; of one straight from the hub the vision tower's own size.

    Raises:
        CheckpointError: its vision tower is not CLIP's.
    """
    if not isinstance(llava.model.vision_tower, CLIPVisionModel):
        raise CheckpointError(
            f"a LLaVA around a {type(llava.model.vision_tower).__name__}", expected="CLIP's vision tower"
        )
    vision: Any = llava.config.vision_config
    if not card:
        return Mllmreid(llava, tokenizer, Preprocessing(vision.image_size, vision.image_size))
    return Mllmreid(
        llava,
        tokenizer,
        Preprocessing.from_dict(card["preprocessing"]),
        feature=card["feature"],
        instruction=card["instruction"],
        text_budget=card["text_budget"],
    )
