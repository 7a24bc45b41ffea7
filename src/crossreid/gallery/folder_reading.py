"""What a folder gallery holds, read again when another process has changed it."""

from collections.abc import Collection
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.calibration_file import CALIBRATIONS, read_calibrations
from crossreid.gallery.parts import Part
from crossreid.gallery.refusals import nothing_enrolled
from crossreid.gallery.snapshot import Snapshot, load_basis
from crossreid.gallery.state import ERASURES, PARTS, STATE, State
from crossreid.gallery.writer import last_of_each

_READS = 20

_Signature = tuple[int, int, int]


class FolderReader:
    """Reads the files of a gallery once, and again when they are others.

    Args:
        folder: of the gallery; it may not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cached: tuple[_Signature, Snapshot] | None = None
        self._keys: dict[str, frozenset[str]] = {}
        self._calibrations: tuple[_Signature | None, tuple[Calibration, ...]] = None, ()

    def snapshot(self) -> Snapshot | None:
        """The committed state, read again when another process has changed it."""
        for _ in range(_READS):
            signature = _signature(self._folder / STATE)
            if self._cached and self._cached[0] == signature:
                return self._cached[1]
            state = State.load(self._folder)
            if state is None or not state.parts:
                return None
            try:
                stored = Part.concatenate([Part.load(self._folder / PARTS, name) for name in state.parts])
                rows = last_of_each(stored.paths)
                snapshot = Snapshot(self._folder, state, stored, rows, load_basis(self._folder, state))
            except DataError:
                if _signature(self._folder / STATE) == signature:  # nobody cleaned up: it is damaged
                    raise
                continue
            if signature is not None:
                self._cached = signature, snapshot
            return snapshot
        raise DataError(f"{self._folder} changes faster than it can be read", expected="a quieter writer")

    def filled(self) -> Snapshot:
        """The committed state of a gallery that has items.

        Raises:
            DataError: it has none.
        """
        snapshot = self.snapshot()
        if snapshot is None or not len(snapshot.rows):
            raise nothing_enrolled(str(self._folder))
        return snapshot

    def calibrations(self) -> tuple[Calibration, ...]:
        """What scores mean; nothing where there is no such file."""
        file = self._folder / CALIBRATIONS
        signature = _signature(file)
        if self._calibrations[0] != signature:
            self._calibrations = signature, read_calibrations(file)
        return self._calibrations[1]

    def keys(self, state: State) -> Collection[str]:
        """Of everything in the parts that count; a part never changes, so each is read once."""
        for name in set(state.parts) - self._keys.keys():
            self._keys[name] = Part.load_keys(self._folder / PARTS, name)
        self._keys = {name: self._keys[name] for name in state.parts}
        return frozenset().union(*self._keys.values())

    def erased_hashes(self, state: State) -> set[str]:
        """By which an erased key is known again."""
        files = (self._folder / ERASURES / f"{proof.id}.txt" for proof in state.erasures)
        return {line for file in files for line in file.read_text(encoding="ascii").split()}


def _signature(file: Path) -> _Signature | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
