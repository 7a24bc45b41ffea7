"""Which precision `auto` is: by what the device has, by what holds it below, and by a measured product."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from crossreid.core.errors import ConfigurationError
from crossreid.models import precision
from crossreid.models.encoder import ModelEncoder
from crossreid.models.loading import PRECISIONS
from crossreid.models.precision import (
    fastest_precision,
    native_precisions,
    product_gflops,
    resolve_precision,
    slowdown,
)
from crossreid.training import accelerating
from crossreid.training.accelerating import training_precision
from crossreid.training.config import LoopConfig

WITH_BF16 = {"avx2": True, "avx512_bf16": True, "architecture": "x86_64"}


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is remembered of earlier tests, or for later ones."""
    cached = (fastest_precision, native_precisions, product_gflops)
    for function in cached:
        function.cache_clear()
    monkeypatch.setattr(precision, "_WARNED", set())
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretend to be another processor."""

    def become(
        has: dict[str, Any],
        *,
        torch_uses: str = "AVX512",
        products: bool = True,
        kind: str = "x86_64",
        factor: float = 0.3,
    ) -> None:
        monkeypatch.setattr(precision.platform, "machine", lambda: kind)
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: torch_uses)
        monkeypatch.setattr(precision, "_products_may_use_bf16", lambda: products)
        monkeypatch.setattr(precision, "slowdown", lambda device, wanted: factor)

    return become


def test_bf16_where_the_processor_has_it_and_is_faster_by_it(machine: Any) -> None:
    machine(WITH_BF16)
    assert native_precisions("cpu") == {"fp32", "bf16"}
    assert fastest_precision("cpu") == "bf16"


def test_instructions_alone_do_not_suffice(machine: Any) -> None:
    machine(WITH_BF16, factor=0.95)
    assert fastest_precision("cpu") == "fp32"


@pytest.mark.parametrize(
    "held",
    [{"torch_uses": "AVX2"}, {"torch_uses": "DEFAULT"}, {"products": False}],
    ids=["ATEN_CPU_CAPABILITY=avx2", "ATEN_CPU_CAPABILITY=default", "ONEDNN_MAX_CPU_ISA=AVX2"],
)
def test_a_processor_that_is_held_below_what_it_has_computes_in_fp32(machine: Any, held: Any) -> None:
    machine(WITH_BF16, **held)
    assert native_precisions("cpu") == {"fp32"}
    assert fastest_precision("cpu") == "fp32"


def test_the_processors_of_most_laptops_compute_in_fp32(machine: Any) -> None:
    machine({"avx2": True, "avx512_f": False, "avx512_bf16": False}, torch_uses="AVX2")
    assert fastest_precision("cpu") == "fp32"


@pytest.mark.parametrize(
    ("has", "expected"), [({"neon": True, "bf16": True}, "bf16"), ({"neon": True}, "fp32")]
)
def test_arm64(machine: Any, has: Any, expected: str) -> None:
    machine(has, kind="arm64", torch_uses="DEFAULT")
    assert fastest_precision("cpu") == expected


def test_without_the_names_of_torch_those_of_the_system_count(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine({})
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    monkeypatch.setattr(precision, "processor_features", lambda: ("avx2", "amx_bf16"))
    assert fastest_precision("cpu") == "bf16"


@pytest.mark.parametrize(
    ("bf16", "generation", "expected"),
    [(True, (8, 0), "bf16"), (False, (7, 5), "fp16"), (False, (7, 0), "fp16"), (False, (6, 1), "fp32")],
    ids=["Ampere", "Turing", "Volta", "Pascal"],
)
def test_gpus_by_generation(
    monkeypatch: pytest.MonkeyPatch, bf16: bool, generation: tuple[int, int], expected: str
) -> None:
    def supported(*, including_emulation: bool) -> bool:
        return bf16 or including_emulation

    monkeypatch.setattr(torch.cuda, "device", lambda _: torch.no_grad())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: generation)
    monkeypatch.setattr(precision, "slowdown", lambda device, wanted: 0.2)
    assert fastest_precision("cuda") == expected
    # A loss is scaled by each process, and the parts of a sharded training would be scaled differently.
    monkeypatch.setattr(accelerating, "training_device", lambda: "cuda")
    chosen = training_precision(LoopConfig(steps=1, learning_rate=1, sharded=True))
    assert chosen == ("fp32" if expected == "fp16" else expected)


def test_auto_is_what_this_machine_computes_natively_and_fastest() -> None:
    chosen = resolve_precision("auto", "cpu", remedy="")
    assert chosen in native_precisions("cpu") - {"fp16"}
    assert chosen == "fp32" or slowdown("cpu", chosen) < 1


def test_a_measurement_draws_no_random_numbers_and_is_made_once() -> None:
    before = torch.get_rng_state()
    rate = product_gflops("cpu", "fp32")
    assert rate > 0.1
    assert product_gflops("cpu", "fp32") == rate
    assert torch.equal(before, torch.get_rng_state())


def test_an_emulated_precision_is_taken_with_one_warning_that_names_factor_and_setting(
    machine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    machine({"avx2": True}, torch_uses="AVX2", factor=71.3)
    with caplog.at_level(logging.WARNING):
        assert resolve_precision("bf16", "cpu", remedy="loop.precision=auto") == "bf16"
        assert resolve_precision("bf16", "cpu", remedy="--precision auto") == "bf16"
    (record,) = caplog.records
    emulated = "bf16 is emulated on this processor: a matrix product takes 71 times as long as in fp32"
    assert record.getMessage() == f"{emulated}; set loop.precision=auto"


@pytest.mark.parametrize("asked", ["auto", "fp32", "bf16"])
def test_what_is_native_is_taken_without_a_warning(
    machine: Any, caplog: pytest.LogCaptureFixture, asked: Any
) -> None:
    machine(WITH_BF16)
    assert resolve_precision(asked, "cpu", remedy="") == ("fp32" if asked == "fp32" else "bf16")
    assert not caplog.records


def test_a_training_in_fp16_needs_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerating, "training_device", lambda: "cpu")
    with pytest.raises(ConfigurationError, match=r"fp16 .*expected a GPU; --set loop\.precision=auto"):
        training_precision(LoopConfig(steps=1, learning_rate=1, precision="fp16"))


def test_an_encoder_says_what_auto_is_and_its_fingerprint_does_not(tiny: Any) -> None:
    model = tiny.student()
    chosen, named = ModelEncoder(model), ModelEncoder(model, precision="fp32")
    assert chosen.precision == fastest_precision("cpu")
    assert named.precision == "fp32"
    assert chosen.fingerprint == named.fingerprint


@pytest.mark.slow
def test_variables_that_hold_torch_below_the_processor_are_obeyed() -> None:
    code = "from crossreid.models.precision import fastest_precision; print(fastest_precision('cpu'))"
    for limits in ({"ATEN_CPU_CAPABILITY": "avx2"}, {"ONEDNN_MAX_CPU_ISA": "AVX2"}):
        done = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | limits, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "fp32", limits


def test_the_settings_are_auto_and_the_three_precisions() -> None:
    assert PRECISIONS == ("auto", "fp32", "bf16", "fp16")
