import platform
from pathlib import Path

from crossreid.runtime.processor import processor_features


def test_instructions_of_matrix_products_are_listed_once(tmp_path: Path) -> None:
    listed = "processor\t: 0\nflags\t\t: fpu avx2 sse avx512_vnni\n\nprocessor\t: 1\nflags\t\t: fpu avx2\n"
    (tmp_path / "cpuinfo").write_text(listed)
    assert processor_features(tmp_path / "cpuinfo") == (platform.machine(), "avx2", "avx512_vnni")


def test_arm_names_them_features(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("Features\t: fp asimd asimddp i8mm\n")
    assert processor_features(tmp_path / "cpuinfo")[1:] == ("asimddp", "i8mm")


def test_a_system_without_the_list_has_an_architecture(tmp_path: Path) -> None:
    assert processor_features(tmp_path / "cpuinfo") == (platform.machine(),)
