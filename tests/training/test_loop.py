import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from crossreid.core.errors import CheckpointError, MissingDependencyError
from crossreid.models.precision import fastest_precision
from crossreid.training import accelerating
from crossreid.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from crossreid.training.config import LoopConfig
from crossreid.training.loop import BatchSequence, DivergedError, train
from crossreid.training.schedule import rate_at


class Regression(nn.Module):
    """Draws random numbers in its forward and keeps running statistics: both have to survive an interruption."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            self.layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.frozen = nn.Linear(4, 1).requires_grad_(False)
        self.seen: list[float] = []

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        return [{"params": list(self.layers.parameters()), "lr": learning_rate}]

    def forward(self, batch: Tensor, *, progress: float) -> dict[str, Tensor]:
        self.seen.append(progress)
        error = (self.layers(batch) - batch.sum(dim=1, keepdim=True)).square().mean()
        return {"total": error, "half": error / 2}


class Drawn(BatchSequence):
    def __init__(self, spoil: Callable[[int, Tensor], Tensor] = lambda _, batch: batch) -> None:
        self.spoil = spoil

    def __len__(self) -> int:
        return 100

    def __getitem__(self, step: int) -> Tensor:
        return self.spoil(step, torch.randn(16, 4, generator=torch.Generator().manual_seed(step)))


class PowerCut(Exception):  # noqa: N818
    """Stands for whatever ends a process in the middle of a step."""


def cut_at(step: int) -> Callable[[int, Tensor], Tensor]:
    def spoil(number: int, batch: Tensor) -> Tensor:
        if number == step:
            raise PowerCut
        return batch

    return spoil


def config(**changes: Any) -> LoopConfig:
    settings: dict[str, Any] = {
        "steps": 6,
        "learning_rate": 0.05,
        "log_every": 1,
        "checkpoint_every": 3,
        "workers": 0,
        "tracker": None,
    }
    return LoopConfig(**settings | changes)


def run(folder: Path, *, batches: BatchSequence | None = None, **changes: Any) -> Regression:
    task = Regression()
    validate = changes.pop("validate", None)
    every = changes.pop("validate_every", 0)
    train(
        task,
        batches or Drawn(),
        config(**changes),
        folder,
        validate=validate,
        validate_every=every,
        quiet=True,
    )
    return task


def history(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def assert_same(first: Any, second: Any) -> None:
    """Equality of nested state, bit for bit."""
    if isinstance(first, Tensor):
        assert torch.equal(first, second)
    elif isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    else:
        assert first == second


def state(folder: Path) -> dict[str, Any]:
    stored = torch.load(folder / "checkpoint" / "optimiser.pt", weights_only=True)
    return stored | {"task": load_file(folder / "checkpoint" / "task.safetensors")}


@pytest.mark.parametrize(
    "others", [{}, {"muon_learning_rate": 0.02}, {"average": 0.8}], ids=["plain", "muon", "average"]
)
@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.parametrize("cut", [1, 3, 4, 5])
def test_an_interrupted_training_ends_bit_for_bit_as_an_uninterrupted_one(
    tmp_path: Path, cut: int, accumulation: int, others: dict[str, float]
) -> None:
    settings: dict[str, Any] = {"accumulation": accumulation} | others
    straight = run(tmp_path / "straight", **settings)
    with pytest.raises(PowerCut):
        run(tmp_path / "cut", batches=Drawn(cut_at(cut * accumulation)), **settings)
    torch.rand(7)
    resumed = run(tmp_path / "cut", **settings)
    assert len(resumed.seen) == (6 if cut < 3 else 3) * accumulation
    assert_same(straight.layers.state_dict(), resumed.layers.state_dict())
    assert_same(state(tmp_path / "straight"), state(tmp_path / "cut"))
    assert history(tmp_path / "straight") == history(tmp_path / "cut")


def test_a_finished_training_is_not_continued(tmp_path: Path) -> None:
    first = run(tmp_path)
    before = history(tmp_path)
    again = run(tmp_path)
    assert again.seen == []
    assert_same(first.layers.state_dict(), again.layers.state_dict())
    assert history(tmp_path) == before


def test_another_configuration_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    expected = r"loop\.learning_rate: 0\.05 -> 0\.01; loop\.seed: 0 -> 7; restore these values"
    with pytest.raises(CheckpointError, match=expected):
        run(tmp_path, learning_rate=0.01, seed=7)
    assert len(history(tmp_path)) == 6


@pytest.mark.parametrize(
    "changed",
    [{"workers": 1}, {"log_every": 2}, {"checkpoint_every": 1}, {"tracker": "tensorboard"}],
    ids=str,
)
def test_settings_that_cannot_alter_the_result_may_change(tmp_path: Path, changed: dict[str, Any]) -> None:
    straight = run(tmp_path / "straight")
    with pytest.raises(PowerCut):
        run(tmp_path / "cut", batches=Drawn(cut_at(4)))
    resumed = run(tmp_path / "cut", **changed)
    assert len(resumed.seen) == 3
    assert_same(straight.layers.state_dict(), resumed.layers.state_dict())


def test_a_training_goes_on_in_another_precision_only_by_auto_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PowerCut):
        run(tmp_path, batches=Drawn(cut_at(4)), precision="fp32")
    path = tmp_path / "checkpoint" / "progress.json"
    progress = json.loads(path.read_text())
    assert (progress["precision"], progress["config"]["loop"]["precision"]) == ("fp32", "fp32")
    # What `auto` would be on another machine.
    path.write_text(json.dumps(progress | {"precision": "fp16"}))
    with pytest.raises(CheckpointError, match=r"loop\.precision: fp32 -> auto"):
        run(tmp_path, batches=Drawn(cut_at(5)), precision="auto")
    progress["config"]["loop"]["precision"] = "auto"
    path.write_text(json.dumps(progress | {"precision": "fp16"}))
    assert len(run(tmp_path, precision="auto").seen) == 3
    assert f"in {fastest_precision('cpu')} after 3 steps in fp16" in caplog.text


def test_a_precision_that_is_named_is_the_same_as_auto_where_auto_chose_it(tmp_path: Path) -> None:
    run(tmp_path, precision="auto")
    assert run(tmp_path, precision=fastest_precision("cpu")).seen == []


def test_another_model_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    for wrong in (nn.Linear(4, 1), nn.Linear(4, 9)):
        task = Regression()
        task.layers[0] = wrong
        optimiser = torch.optim.AdamW(task.layers.parameters())
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda _: 1.0)
        with pytest.raises(CheckpointError, match=r"layers\.0\.weight"):
            load_checkpoint(
                tmp_path / "checkpoint",
                task=task,
                optimiser=optimiser,
                schedule=schedule,
                config={"loop": config().model_dump(mode="json")},
                precision="fp32",
            )


def test_a_kill_while_a_checkpoint_is_written_leaves_the_older_one(tmp_path: Path) -> None:
    straight = run(tmp_path / "straight")
    folder = tmp_path / "killed"
    with pytest.raises(PowerCut):
        run(folder, batches=Drawn(cut_at(3)))
    checkpoint = folder / "checkpoint"
    # Killed before the new checkpoint was whole.
    partial = folder / "checkpoint.partial"
    shutil.copytree(checkpoint, partial)
    (partial / "task.safetensors").write_bytes(b"half")
    # Killed between the two renames.
    checkpoint.rename(folder / "checkpoint.old")
    resumed = run(folder)
    assert len(resumed.seen) == 3
    assert_same(straight.layers.state_dict(), resumed.layers.state_dict())
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint", "history.jsonl"]


def test_a_kill_while_the_history_is_written_costs_one_line(tmp_path: Path) -> None:
    run(tmp_path / "straight")
    with pytest.raises(PowerCut):
        run(tmp_path / "cut", batches=Drawn(cut_at(4)))
    with (tmp_path / "cut" / "history.jsonl").open("a") as file:
        file.write('{"step": 5, "tot')
    run(tmp_path / "cut")
    assert history(tmp_path / "straight") == history(tmp_path / "cut")


def test_a_checkpoint_holds_what_is_trained_and_no_more(tmp_path: Path) -> None:
    task = run(tmp_path)
    stored = load_file(tmp_path / "checkpoint" / "task.safetensors")
    assert set(stored) == {f"layers.{name}" for name in task.layers.state_dict()}
    progress = json.loads((tmp_path / "checkpoint" / "progress.json").read_text())
    assert progress["step"] == 6
    assert progress["config"] == {"loop": config().model_dump(mode="json")}


def test_a_loss_that_is_not_finite_stops_the_training_before_it_is_stored(tmp_path: Path) -> None:
    def spoil(step: int, batch: Tensor) -> Tensor:
        return batch * math.inf if step == 4 else batch

    with pytest.raises(DivergedError, match=r"at step 5; lower the learning rate"):
        run(tmp_path, batches=Drawn(spoil), log_every=100, checkpoint_every=1)
    assert json.loads((tmp_path / "checkpoint" / "progress.json").read_text())["step"] == 4


def test_history_has_a_line_every_so_many_steps_and_at_the_end(tmp_path: Path) -> None:
    run(tmp_path, steps=5, log_every=2)
    lines = history(tmp_path)
    assert [line["step"] for line in lines] == [2, 4, 5]
    for line in lines:
        assert set(line) == {"step", "learning_rate", "total", "half"}
        assert line["half"] == pytest.approx(line["total"] / 2)


def test_progress_runs_from_zero_towards_one(tmp_path: Path) -> None:
    assert run(tmp_path, steps=4, accumulation=2).seen == [0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]


def test_validation_is_called_at_the_start_in_between_and_at_the_end_in_evaluation_mode(
    tmp_path: Path,
) -> None:
    task = Regression()
    modes: list[bool] = []

    def validate() -> dict[str, float]:
        modes.append(task.training)
        return {"map": 10.0 * len(modes)}

    train(task, Drawn(), config(), tmp_path, validate=validate, validate_every=4, quiet=True)
    figures = [(line["step"], line["map"]) for line in history(tmp_path) if "map" in line]
    assert figures == [(0, 10.0), (4, 20.0), (6, 30.0)]
    assert modes == [False, False, False]
    assert not task.training


def test_the_first_validation_sees_the_untrained_weights_and_is_not_repeated(tmp_path: Path) -> None:
    seen: list[dict[str, Tensor]] = []

    def watched(task: Regression, batches: BatchSequence) -> None:
        def validate() -> dict[str, float]:
            seen.append({name: value.clone() for name, value in task.layers.named_parameters()})
            return {"map": 1.0}

        train(task, batches, config(average=0.5), tmp_path, validate=validate, quiet=True)

    untrained = dict(Regression().layers.named_parameters())
    with pytest.raises(PowerCut):
        watched(Regression(), Drawn(cut_at(4)))
    assert_same(seen[0], untrained)
    watched(Regression(), Drawn())
    assert [line["step"] for line in history(tmp_path) if "map" in line] == [0, 6]
    assert len(seen) == 2
    assert not torch.equal(seen[1]["0.weight"], untrained["0.weight"])


def test_validation_changes_nothing_about_the_training(tmp_path: Path) -> None:
    plain = run(tmp_path / "plain")
    watched = run(tmp_path / "watched", validate=lambda: {"map": 1.0}, validate_every=1)
    assert_same(plain.layers.state_dict(), watched.layers.state_dict())


def test_the_average_of_the_weights_is_what_is_validated_and_kept(tmp_path: Path) -> None:
    task, seen = Regression(), []

    def validate() -> dict[str, float]:
        seen.append({name: value.clone() for name, value in task.layers.named_parameters()})
        return {"map": 1.0}

    train(task, Drawn(), config(average=0.5), tmp_path, validate=validate, validate_every=6, quiet=True)
    plain = run(tmp_path / "plain").layers.state_dict()
    assert len(seen) == 2
    for name, value in task.layers.named_parameters():
        assert torch.equal(value, seen[1][name])
        assert not torch.equal(value, plain[name])
    stored = load_file(tmp_path / "checkpoint" / "task.safetensors")
    # What the optimiser works on is not the average.
    assert all(torch.equal(stored[f"layers.{name}"], value) for name, value in plain.items())


@pytest.mark.parametrize("cut", [None, 5])
def test_without_progress_a_training_ends_before_its_time(tmp_path: Path, cut: int | None) -> None:
    figures = iter([5.0, 10.0, 30.0, 30.0, 20.0, 40.0, 50.0])

    def validate() -> dict[str, float]:
        return {"map": next(figures), "other": 99.0}

    settings: dict[str, Any] = {
        "steps": 20, "patience": 2, "validate": validate, "validate_every": 2, "checkpoint_every": 2,
    }  # fmt: skip
    if cut is not None:
        with pytest.raises(PowerCut):
            run(tmp_path, batches=Drawn(cut_at(cut)), **settings)
    run(tmp_path, **settings)
    values = [(line["step"], line["map"]) for line in history(tmp_path) if "map" in line]
    # 30 is no better than 30, and 20 is worse: two in a row.
    assert values == [(0, 5.0), (2, 10.0), (4, 30.0), (6, 30.0), (8, 20.0)]
    assert json.loads((tmp_path / "checkpoint" / "progress.json").read_text())["step"] == 8
    assert run(tmp_path, **settings).seen == []


def test_the_scale_of_the_loss_in_fp16_is_part_of_a_checkpoint(tmp_path: Path) -> None:
    def parts(scale: float) -> dict[str, Any]:
        task = Regression()
        optimiser = torch.optim.AdamW(task.layers.parameters())
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda _: 1.0)
        scaler = torch.amp.GradScaler("cpu", init_scale=scale)
        return {"task": task, "optimiser": optimiser, "schedule": schedule, "scaler": scaler}

    settings = {"loop": config().model_dump(mode="json")}
    progress = Progress(step=1, config=settings, precision="fp16")
    save_checkpoint(tmp_path / "checkpoint", progress=progress, **parts(1024.0))
    fresh = parts(65536.0)
    assert load_checkpoint(tmp_path / "checkpoint", config=settings, precision="fp16", **fresh) == progress
    assert fresh["scaler"].get_scale() == 1024


def test_a_training_from_before_a_setting_was_there_goes_on(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "checkpoint" / "progress.json"
    progress = json.loads(path.read_text())
    for name in ("average", "patience"):
        del progress["config"]["loop"][name]
    path.write_text(json.dumps(progress))
    assert run(tmp_path).seen == []
    with pytest.raises(CheckpointError, match=r"loop\.average: not set -> 0\.9"):
        run(tmp_path, average=0.9)


class Linear(nn.Module):
    """Without randomness: a step on two halves is a step on the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Linear(4, 1)
        nn.init.constant_(self.layers.weight, 0.3)
        nn.init.zeros_(self.layers.bias)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        return [{"params": list(self.layers.parameters()), "lr": learning_rate}]

    def forward(self, batch: Tensor, *, progress: float) -> dict[str, Tensor]:
        return {"total": (self.layers(batch) - batch.square().sum(dim=1, keepdim=True)).square().mean()}


class Doubled(Drawn):
    def __getitem__(self, step: int) -> Tensor:
        return torch.cat([super(Doubled, self).__getitem__(2 * step + half) for half in (0, 1)])


def test_accumulation_is_a_larger_batch(tmp_path: Path) -> None:
    small, large = Linear(), Linear()
    train(small, Drawn(), config(steps=4, accumulation=2), tmp_path / "small", quiet=True)
    train(large, Doubled(), config(steps=4), tmp_path / "large", quiet=True)
    torch.testing.assert_close(small.layers.weight, large.layers.weight, atol=1e-6, rtol=1e-5)
    assert (small.layers.weight - 0.3).abs().max() > 0.05


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(tmp_path: Path, workers: int) -> None:
    alone, helped = run(tmp_path / "alone"), run(tmp_path / "helped", workers=workers)
    assert_same(alone.layers.state_dict(), helped.layers.state_dict())


def test_precision_may_change_from_training_to_training(tmp_path: Path) -> None:
    # One process trains the teacher in one precision and the student in another.
    for number, precision in enumerate(("fp32", "bf16", "fp32")):
        run(tmp_path / str(number), precision=precision)
    assert history(tmp_path / "0") == history(tmp_path / "2")
    assert history(tmp_path / "0") != history(tmp_path / "1")


def test_gradients_are_clipped(tmp_path: Path) -> None:
    class Recorded(Linear):
        def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
            norms.clear()
            return super().parameter_groups(learning_rate)

    norms: list[float] = []
    task = Recorded()
    step = torch.optim.AdamW.step

    def record(optimiser: Any, *arguments: Any, **options: Any) -> Any:
        gradients = [p.grad.flatten() for p in task.parameters() if p.grad is not None]
        norms.append(float(torch.cat(gradients).norm()))
        return step(optimiser, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", record)
        train(task, Drawn(), config(steps=3, gradient_clip=0.01), tmp_path, quiet=True)
    assert norms == pytest.approx([0.01] * 3, rel=1e-3)


def test_the_learning_rate_rises_linearly_and_falls_by_cosine() -> None:
    schedule = config(steps=10, learning_rate=1.0, final_learning_rate=0.1, warmup_share=0.2)
    shares = [rate_at(step, schedule) for step in range(11)]
    assert shares[:3] == pytest.approx([0.5, 1.0, 1.0])
    assert shares[6] == pytest.approx(0.55)  # half way: the mean of 1 and 0.1
    assert shares[10] == pytest.approx(0.1)
    assert shares[2:] == sorted(shares[2:], reverse=True)
    assert rate_at(0, config(warmup_share=0.0)) == 1.0


def test_the_learning_rate_may_stay_and_drop_once() -> None:
    schedule = config(steps=10, learning_rate=1.0, final_learning_rate=0.1, warmup_share=0.2, drop_at=0.5)
    shares = [rate_at(step, schedule) for step in range(11)]
    assert shares == pytest.approx([0.5, 1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])


def test_tensorboard_gets_the_losses(tmp_path: Path) -> None:
    run(tmp_path, tracker="tensorboard", steps=2)
    assert list(tmp_path.rglob("events.out.tfevents.*"))


def test_a_tracker_that_is_not_installed_is_told_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accelerating, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"loop\.tracker is wandb.*pip install wandb"):
        run(tmp_path, tracker="wandb", steps=2)
    assert not (tmp_path / "history.jsonl").exists()
