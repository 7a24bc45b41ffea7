"""Signals during a training of this process; in a process of its own: tests/cli/test_interruption.py."""

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crossreid.core.errors import TrainingInterrupted
from crossreid.training import interruption
from crossreid.training.config import LoopConfig
from crossreid.training.interruption import signals_remembered
from crossreid.training.loop import BatchSequence, train


class Line(nn.Module):
    """Two numbers to learn."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)
        nn.init.constant_(self.layer.weight, 0.3)
        nn.init.zeros_(self.layer.bias)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        return [{"params": list(self.parameters()), "lr": learning_rate}]

    def forward(self, batch: Tensor, *, progress: float) -> dict[str, Tensor]:
        return {"total": (self.layer(batch) - batch.sum(dim=1, keepdim=True)).square().mean()}


class Signalled(BatchSequence):
    """Sends a signal to this process while the batch of a step is made."""

    def __init__(self, step: int | None = None, number: int = signal.SIGTERM) -> None:
        self.step, self.number = step, number

    def __len__(self) -> int:
        return 6

    def __getitem__(self, step: int) -> Tensor:
        if step == self.step:
            signal.raise_signal(self.number)
        return torch.randn(8, 2, generator=torch.Generator().manual_seed(step))


def learn(folder: Path, batches: Signalled) -> Line:
    line = Line()
    config = LoopConfig(steps=6, learning_rate=0.05, workers=0, tracker=None, log_every=1)
    train(line, batches, config, folder, quiet=True)
    return line


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_step_in_which_a_signal_comes_is_the_last_and_nothing_of_it_is_lost(
    tmp_path: Path, number: int, status: int
) -> None:
    straight = learn(tmp_path / "straight", Signalled())
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(TrainingInterrupted, match=r"after step 3 of 6; wrote .*checkpoint") as stopped:
        learn(tmp_path / "cut", Signalled(2, number))
    assert stopped.value.status == status
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
    assert json.loads((tmp_path / "cut" / "checkpoint" / "progress.json").read_text())["step"] == 3
    resumed = learn(tmp_path / "cut", Signalled())
    assert torch.equal(straight.layer.weight, resumed.layer.weight)


def test_a_signal_in_the_last_step_ends_the_program_too(tmp_path: Path) -> None:
    # What called the training would go on to the next one otherwise.
    with pytest.raises(TrainingInterrupted, match="after step 6 of 6"):
        learn(tmp_path, Signalled(5))
    assert len((tmp_path / "history.jsonl").read_text().splitlines()) == 6


def test_the_second_signal_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(interruption.time, "monotonic", lambda: now)
    with signals_remembered() as received:
        assert received.signal() == 0
        signal.raise_signal(signal.SIGTERM)
        now = 100.5  # a launcher passes on what the terminal has sent to all
        signal.raise_signal(signal.SIGINT)
        assert received.signal() == signal.SIGTERM
        now = 103.0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGTERM)
        assert ended.value.code == 143


def test_a_training_in_a_thread_leaves_signals_alone(tmp_path: Path) -> None:
    handler, seen = signal.getsignal(signal.SIGTERM), []

    class Looking(Signalled):
        def __getitem__(self, step: int) -> Tensor:
            seen.append(signal.getsignal(signal.SIGTERM))
            return super().__getitem__(step)

    thread = threading.Thread(target=learn, args=(tmp_path, Looking()))
    thread.start()
    thread.join()
    assert seen == [handler] * 6
