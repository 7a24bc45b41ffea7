"""The learning rate over a training."""

import math

from crossreid.training.config import LoopConfig


def rate_at(step: int, config: LoopConfig) -> float:
    """Share of the peak learning rate at a step."""
    warmup = max(1, round(config.warmup_share * config.steps))
    if step < warmup:
        return (step + 1) / warmup
    floor = config.final_learning_rate / config.learning_rate
    if config.drop_at is not None:
        return 1.0 if step < config.drop_at * config.steps else floor
    done = (step - warmup) / max(1, config.steps - warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
