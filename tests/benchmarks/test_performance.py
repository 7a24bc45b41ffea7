"""The benchmarks of models and of the distillation run, with models of nothing."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture
def benchmark(program: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """A benchmark by its name, with few captions for its tokenizer."""

    def load(name: str) -> Any:
        module = program(f"benchmarks/{name}.py")
        monkeypatch.setattr(module, "CAPTIONS", 20)
        return module

    return load


@pytest.fixture(autouse=True)
def known_peak(program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    program("benchmarks/teacher.py")  # imports the harness by the name that all benchmarks have for it
    monkeypatch.setattr(sys.modules["harness.measuring"], "peak_flops", lambda dtype: 1e12)


def check(numbers: dict[str, Any], ways: set[str]) -> None:
    assert set(numbers["ways"]) == ways
    for row in numbers["ways"].values():
        assert row["items_per_second"] > 0
        assert row["gflop"] > 0
        assert row["extra_memory_mib"] >= 0
    assert set(numbers["times_faster"]) == ways - {"ours"}


def test_the_cloud_model_s(benchmark: Any, tiny: Any, tmp_path: Path, capsys: Any) -> None:
    module, path = benchmark("teacher"), tmp_path / "teacher.json"
    small = {
        prompts: replace(
            module.SIZES[prompts],
            pictures=tiny.SIZE,
            items=4,
            rounds=1,
            config=lambda ids: config(tiny, ids),
        )
        for prompts in ("tiny", "tiny, prompts of the paper")
    }
    stored = module.main(small, results=path)
    assert len(stored) == 4
    for numbers in stored.values():
        check(numbers, {"straightforward", "ours"})
        assert numbers["least_cosine"] > 0.9999
    assert json.loads(path.read_text())["cases"] == stored
    module.main(small, results=path)
    assert "measured before" in capsys.readouterr().out


def config(tiny: Any, ids: dict[str, int]) -> Any:
    small = tiny.qwen_config()
    small.text_config.vocab_size = 2048
    for name in ("image", "video"):
        setattr(small, f"{name}_token_id", ids[f"<|{name}_pad|>"])
    return small


def test_the_cloud_model_s_refuses_two_ways_that_do_not_agree(benchmark: Any, tiny: Any) -> None:
    module = benchmark("teacher")
    size = replace(module.SIZES["tiny"], agreement=1.1, items=2, rounds=1, pictures=tiny.SIZE)
    size = replace(size, config=lambda ids: config(tiny, ids))
    with pytest.raises(SystemExit, match="do not agree"):
        module.measure(size, "captions")


def test_the_edge_model_s(benchmark: Any, tiny: Any, tmp_path: Path) -> None:
    module = benchmark("student")
    size = replace(
        module.SIZES["tiny"],
        pictures=tiny.SIZE,
        items=8,
        rounds=1,
        photographs=(200, 100),
        config=edge_config,
    )
    stored = module.main({"nothing": size}, results=tmp_path / "student.json")
    pictures, captions, loading = stored.values()
    check(pictures, {"straightforward", "ours"})
    check(captions, {"straightforward", "ours"})
    assert min(pictures["least_cosine"], captions["least_cosine"]) > 0.9999
    assert set(loading["ways"]) == {"all pixels", "ours", "training step"}


def edge_config(ids: dict[str, int]) -> Any:
    from transformers import CLIPConfig

    end = ids["<|endoftext|>"]
    tower = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = tower | {"vocab_size": 2048, "bos_token_id": end, "eos_token_id": end, "pad_token_id": end}
    return CLIPConfig(
        text_config=text, vision_config=tower | {"image_size": 56, "patch_size": 14}, projection_dim=64
    )


def test_the_distillation_s(benchmark: Any, tiny: Any, tmp_path: Path) -> None:
    module = benchmark("distillation_step")
    cases = {
        "losses": module.Losses(64, 96, "gram", rounds=1),
        "correlations": module.Losses(24, 96, "correlation", rounds=1),
        "step": module.Step(tiny.SIZE, edge_config, people=2, rounds=1, teacher=False),
    }
    stored = module.main(cases, results=tmp_path / "distillation_step.json")
    losses, correlations, step = stored.values()
    check(losses, {"as written", "ours"})
    check(correlations, {"as written", "ours"})
    check(step, {"student alone", "ours"})


def test_the_ranking_s(program: Any, tmp_path: Path) -> None:
    module = program("benchmarks/ranking.py")
    cases = {
        "loop": module.Case(40, 300, 10, "per-query loop", rounds=1),
        "argsort": module.Case(40, 300, 10, "full argsort", rounds=1),
        "large": module.Case(40, 300, 10, None, rounds=1),
    }
    stored = module.main(cases, results=tmp_path / "ranking.json")
    assert [set(case["ways"]) for case in stored.values()] == [
        {"ours", "per-query loop"},
        {"ours", "full argsort"},
        {"ours"},
    ]
    assert all(row["items_per_second"] > 0 for case in stored.values() for row in case["ways"].values())
    assert set(stored["loop"]["times_faster"]) == {"per-query loop"}


def test_rankings_that_do_not_agree_are_no_result(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = program("benchmarks/ranking.py")
    monkeypatch.setitem(module.WAYS, "full argsort", lambda items: (0.0,) * 5)
    with pytest.raises(SystemExit, match="the results differ"):
        module.measure(module.Case(40, 300, 10, "full argsort", rounds=1))


def test_the_losses_as_written_are_those_of_the_program(benchmark: Any) -> None:
    module = benchmark("distillation_step")
    drawn = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(12, 20, generator=drawn) for _ in range(2))
    from crossreid.losses import principal_basis

    for relation in ("gram", "correlation"):
        written = module.as_written(student, teacher, relation)
        ours = module.ours(student, teacher, relation, principal_basis(teacher, 12))
        for name, value in written.items():
            torch.testing.assert_close(ours[name], value, atol=1e-5, rtol=1e-4)
