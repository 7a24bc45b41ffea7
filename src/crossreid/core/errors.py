"""What went wrong, what was expected, what to do."""


class CrossReIDError(Exception):
    """An error that a user can act on.

    Args:
        found: what was met, with the path or value.
        expected: what should have been there.
        remedy: what to do about it.
    """

    def __init__(self, found: str, *, expected: str = "", remedy: str = "") -> None:
        self.found, self.expected, self.remedy = found, expected, remedy
        parts = [found, f"expected {expected}" if expected else "", remedy]
        super().__init__("; ".join(part for part in parts if part))


class DataError(CrossReIDError):
    """A file, folder or value from outside is not what it should be."""


class FingerprintError(CrossReIDError):
    """Vectors of encoders that do not share a space were about to be mixed."""


class ConfigurationError(CrossReIDError):
    """A configuration asks for something impossible or unknown."""


class TrainingInterrupted(KeyboardInterrupt):
    """A signal stopped a training, after a checkpoint was written from which it can go on.

    Args:
        signal_name: such as "SIGINT".
        status: exit status of a program that ends by it, 128 and the number of the signal.
        step: that was the last.
        steps: of the whole training.
        folder: of the checkpoint.
    """

    def __init__(self, signal_name: str, *, status: int, step: int, steps: int, folder: str) -> None:
        self.status = status
        super().__init__(f"stopped by {signal_name} after step {step} of {steps}; wrote {folder}")


class CheckpointError(CrossReIDError):
    """A model folder or checkpoint is incomplete, foreign or damaged."""


class MissingDependencyError(CrossReIDError):
    """A library of an optional extra is needed and not installed."""
