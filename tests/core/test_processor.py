"""What a system says of its processor."""

import pytest

from crossreid.core.processor import features_in, processor_features, processor_name

ZEN_3 = """processor\t: 0
model name\t: AMD EPYC
flags\t\t: fpu sse2 ssse3 fma f16c avx avx2 sha_ni
processor\t: 1
flags\t\t: fpu sse2 ssse3 fma f16c avx avx2 sha_ni
"""
SAPPHIRE_RAPIDS = (
    "flags\t\t: avx2 fma f16c avx512f avx512_vnni avx512_bf16 amx_bf16 amx_tile amx_int8 avx_vnni\n"
)
GRAVITON_3 = "CPU implementer\t: 0x41\nFeatures\t: fp asimd asimdhp asimddp sve bf16 i8mm\n"
M2 = "hw.optional.arm.FEAT_BF16: 1\nhw.optional.arm.FEAT_I8MM: 1\nhw.optional.arm.FEAT_SME: 0\nhw.optional.neon: 1\n"


@pytest.mark.parametrize(
    ("text", "features"),
    [
        (ZEN_3, "avx2 fma f16c"),
        (SAPPHIRE_RAPIDS, "avx2 fma f16c avx_vnni avx512f avx512_vnni avx512_bf16 amx_int8 amx_bf16"),
        (GRAVITON_3, "asimd asimdhp asimddp bf16 i8mm sve"),
        (M2, "bf16 i8mm"),
        ("", ""),
    ],
)
def test_the_features_that_decide_about_products(text: str, features: str) -> None:
    assert " ".join(features_in(text)) == features


def test_this_processor_has_a_name() -> None:
    assert processor_name()
    assert set(processor_features()) <= set(features_in(SAPPHIRE_RAPIDS + GRAVITON_3)) | {
        "avx512_fp16", "amx_fp16", "dotprod", "sve2",
    }  # fmt: skip
