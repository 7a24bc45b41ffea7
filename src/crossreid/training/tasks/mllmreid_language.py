"""Next-token losses of a LLaVA: what it answers about a picture, and about the beginning of a caption."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from crossreid.models.mllmreid import Mllmreid


def answer_loss(
    model: Mllmreid,
    questions: Sequence[Sequence[int]],
    answers: Sequence[Sequence[int]],
    tokens: Float[Tensor, "b tokens dim"] | None,
) -> tuple[Float[Tensor, ""], Float[Tensor, "b length dim"], Int[Tensor, "b length"]]:
    """Cross entropy of the answers after their questions, mean over all their tokens; in nats.

    Args:
        model: reads.
        questions: token ids of the chats up to the answer.
        answers: token ids; an empty one is only read and not learnt. Where all are empty, the loss is 0.
        tokens: visual tokens of the pictures that the questions are about; None for words alone.

    Returns:
        The loss, the last hidden states, and the token ids that they stand at.
    """
    ids = model.chats.pad([[*ask, *answer] for ask, answer in zip(questions, answers, strict=True)])
    place = torch.arange(ids.shape[1])
    first = torch.tensor([[len(ask)] for ask in questions])
    length = torch.tensor([[len(answer)] for answer in answers])
    learnt = ((place >= first) & (place < first + length))[:, 1:].to(model.device)
    ids = ids.to(model.device)
    hidden = model.read(ids, tokens)
    logits = model.llava.lm_head(hidden[:, :-1][learnt])
    if not len(logits):
        return hidden.sum() * 0, hidden, ids
    return functional.cross_entropy(logits.float(), ids[:, 1:][learnt]), hidden, ids
