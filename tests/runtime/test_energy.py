from pathlib import Path

import pytest

from crossreid.runtime.energy import EnergyMeter


def zone(folder: Path, name: str, kind: str, microjoules: int, *, span: int = 999_999) -> Path:
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "name").write_text(f"{kind}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text(f"{span}\n")
    return path


def test_packages_are_summed_and_what_lies_in_them_is_not_counted_twice(tmp_path: Path) -> None:
    for number in (0, 1):
        zone(tmp_path, f"intel-rapl:{number}", f"package-{number}", 100_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 100_000)
    zone(tmp_path, "intel-rapl:2", "psys", 100_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 100_000)
    meter = EnergyMeter(tmp_path)
    assert meter.joules() == 0
    for name, kind in (
        ("intel-rapl:0", "package-0"),
        ("intel-rapl:0:0", "core"),
        ("intel-rapl:2", "psys"),
        ("intel-rapl-mmio:0", "package-0"),
    ):
        zone(tmp_path, name, kind, 350_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 600_000)
    assert meter.joules() == pytest.approx(0.25 + 0.5)


def test_a_counter_that_wrapped_goes_on(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 900_000)
    meter = EnergyMeter(tmp_path)
    zone(tmp_path, "intel-rapl:0", "package-0", 100_000)  # after 999,999 comes 0
    assert meter.joules() == pytest.approx(0.2)
    zone(tmp_path, "intel-rapl:0", "package-0", 300_000)
    assert meter.joules() == pytest.approx(0.4)


def test_a_machine_that_does_not_tell(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).joules() is None
    assert EnergyMeter(tmp_path / "missing").joules() is None
    (zone(tmp_path, "intel-rapl:0", "package-0", 1) / "energy_uj").unlink()
    assert EnergyMeter(tmp_path).joules() is None
