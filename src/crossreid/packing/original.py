"""The model that packs are made from: prepared, traced, and asked what a pack has to answer."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.errors import ConfigurationError, MissingDependencyError
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.models.encoder import ModelEncoder
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_pictures import PictureStudent
from crossreid.models.student import Student
from crossreid.models.vision_text import EdgeModel
from crossreid.packing.onnx import write_onnx
from crossreid.packing.parity import parity_samples
from crossreid.packing.probes import draw_probes
from crossreid.packing.tokens import TokenRules
from crossreid.packing.towers import fix_positions, fold_directions
from crossreid.runtime.probes import Probes

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Original:
    """What all packs of a model share, whatever their runtime and precision.

    Args:
        student: on the CPU, in fp32; its heads answer in the basis, if there is one.
        space: of its vectors.
        made_from: fingerprint of the model as it was given.
        source: that it was loaded from; "" where it does not say.
        basis: that its heads were turned into.
        dataset: to compare retrieval on.
        samples: to compare vectors of.
        expected: those vectors, in full width.
        probes: a few items that travel in the packs, with the model's vectors in the packs' coordinates.
        traced: folder of the towers in ONNX, fp32.
    """

    student: EdgeModel | PictureStudent
    space: str
    made_from: str
    source: str
    basis: PrincipalBasis | None
    dataset: Dataset | None
    samples: tuple[Sample, ...]
    expected: Embeddings
    probes: Probes
    traced: Path


@contextmanager
def prepare(
    encoder: Encoder,
    *,
    size: tuple[int, int] | None = None,
    basis: PrincipalBasis | None = None,
    dataset: Dataset | None = None,
) -> Iterator[Original]:
    """Prepare a student for any number of packs; what was traced is forgotten afterwards.

    Args:
        encoder: a student or a LLaVA, as `load_encoder` gives it; it is not changed. Of a LLaVA the vision tower is
            packed.
        size: (height, width) of the pictures in pixels; the model's own when left out.
        basis: its packs answer in these directions.
        dataset: people to evaluate model and packs on; without one, vectors of drawn people are compared.

    Raises:
        ConfigurationError: the encoder is none of these, its feature is not the vision tower's, the size does not fit
            its patches, or the basis its width.
        MissingDependencyError: the packages that write packs are not installed.
    """
    if not isinstance(encoder, ModelEncoder) or not isinstance(encoder.model, EdgeModel | Mllmreid):
        raise ConfigurationError(
            f"{type(encoder).__name__} of {getattr(encoder, 'source', encoder)!s} to export",
            expected="a student (a model folder of kind student, or tiny-edge) or a LLaVA",
        )
    if basis is not None and basis.dim != encoder.dim:
        raise ConfigurationError(
            f"a basis of width {basis.dim} for a model of width {encoder.dim}", expected="one width"
        )
    model = _resized(encoder.model, size)
    student = PictureStudent(model) if isinstance(model, Mllmreid) else model
    dataset = None if dataset is None else dataset.of(*encoder.modalities)
    samples = parity_samples(dataset, encoder.modalities)
    reference = ModelEncoder(model, space=encoder.space, precision="fp32")
    expected = reference.encode(samples, batch_size=_BATCH)
    probes = draw_probes(reference, basis)
    if basis is not None:
        fold_directions(student, basis.directions)
    if isinstance(student, Student):
        fix_positions(student)
    with TemporaryDirectory() as traced, writing_packages():
        write_onnx(student, Path(traced), padding=TokenRules.of(student).padding_token)
        yield Original(
            student=student,
            space=encoder.space,
            made_from=encoder.fingerprint,
            source=encoder.source,
            basis=basis,
            dataset=dataset,
            samples=tuple(samples),
            expected=expected,
            probes=probes,
            traced=Path(traced),
        )


@contextmanager
def writing_packages() -> Iterator[None]:
    """Say which packages are missing.

    Raises:
        MissingDependencyError: one that writes packs.
    """
    try:
        yield
    except ImportError as error:
        raise MissingDependencyError(
            f"the packages that write packs are not installed ({error})",
            expected="onnx, onnxscript, onnxruntime and openvino, and nncf for int8",
            remedy="pip install 'crossreid[export]'",
        ) from error


def _resized(model: EdgeModel | Mllmreid, size: tuple[int, int] | None) -> EdgeModel | Mllmreid:
    """A copy on the CPU, in fp32, for pictures of the given size; of a LLaVA, whose weights are shared."""
    patch: Any = model.vision.config.patch_size  # of both kinds a single number
    if size is not None and (min(size) < patch or size[0] % patch or size[1] % patch):
        raise ConfigurationError(
            f"pictures of {size[0]} x {size[1]} pixels", expected=f"multiples of the patch, {patch} pixels"
        )
    if isinstance(model, Mllmreid):
        student: EdgeModel | Mllmreid = copy.copy(model)
    else:
        student = cast("EdgeModel", copy.deepcopy(model)).cpu().float().eval()
    if size is not None:
        student.preprocessing = replace(student.preprocessing, height=size[0], width=size[1])
    return student
