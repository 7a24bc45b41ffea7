"""What is measured, and how often."""

from dataclasses import dataclass

from crossreid.runtime.pack import Precision, Runtime

KINDS: tuple[tuple[Runtime, Precision], ...] = (
    ("onnx", "fp32"),
    ("onnx", "fp16"),
    ("onnx", "int8"),
    ("openvino", "fp32"),
    ("openvino", "fp16"),
    ("openvino", "bf16"),
    ("openvino", "int8"),
)
"""Of packs."""

CAPTION = (
    "a man with short dark hair in a red jacket, blue jeans and white shoes carries a large black backpack"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and how often.

    Args:
        subjects: of `SUBJECTS`.
        batches: items a call.
        rounds: in which every way has its turn.
        least_s: that a turn takes at least, in calls of which the median counts.
        threads: of every runtime.
        calibration_people: drawn, for the eight bits of large models.
        product_side: of the matrices whose product is timed.
        seed: of random weights and pictures.
    """

    subjects: tuple[str, ...] = ("vit-l-14", "tiny-edge")
    batches: tuple[int, ...] = (1, 4)
    rounds: int = 10
    least_s: float = 0.1
    threads: int = 1
    calibration_people: int = 16
    product_side: int = 2048
    seed: int = 0


MINIATURE = Plan(("miniature",), batches=(1,), rounds=2, least_s=0.01, calibration_people=4, product_side=256)
