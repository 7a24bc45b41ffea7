"""The contract with callers: these names, with these signatures, and an import that costs nothing."""

import inspect
import json
import pkgutil
import subprocess
import sys
from operator import attrgetter
from typing import Any

import pytest

import crossreid

SIGNATURES = {
    "load_encoder": "(source, *, device=None, precision=None)",
    "load_dataset": "(name, root, split=None)",
    "train": "(config, dataset, folder, *, validation=None, overrides=(), quiet=False)",
    "distill": (
        "(config, teacher, dataset, folder, *, validation=None, overrides=(), features=None, batch_size=64, "
        "quiet=False)"
    ),
    "list_models": "()",
    "evaluate": (
        "(query, gallery=None, dataset=None, *, tasks=('S->R', 'IR->R', 'T->R'), protocol='source-excluded', "
        "setting='', batch_size=64, progress=False, compatible=False, rerank=(), weights=None, together=False)"
    ),
    "open_gallery": "(uri)",
    "export": (
        "(encoder, folder, *, runtime='openvino', precision='fp32', size=None, basis=None, calibration=None, "
        "dataset=None, accept=False)"
    ),
    "losses.sdm_loss": "(queries, gallery, query_person_ids, gallery_person_ids, *, temperature)",
    "losses.triplet_loss": "(features, person_ids, *, margin=0.3, distance='euclidean', normalize=True)",
    "losses.principal_component_loss": "(student, teacher, basis)",
    "losses.principal_basis": "(teacher_features, k)",
    "losses.feature_relation_loss": "(student, teacher, *, relation='gram', match='rowwise')",
    "evaluation.rank": (
        "(query_vectors, gallery_vectors, query_person_ids, gallery_person_ids, *, exclude=None, ks=(1, 5, 10))"
    ),
    "analysis.low_rank_spectrum": "(features)",
    "Encoder.encode": "(self, items, *, modality=None, batch_size=64, progress=False)",
}


def find(name: str) -> Any:
    """What a caller gets who writes `crossreid.<name>`."""
    return attrgetter(name)(crossreid)


def bare_signature(function: Any) -> str:
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))


@pytest.mark.parametrize(("name", "signature"), SIGNATURES.items())
def test_public_signatures(name: str, signature: str) -> None:
    assert bare_signature(find(name)) == signature


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert crossreid.__all__ == sorted(crossreid.__all__)
    assert all(getattr(crossreid, name) is not None for name in crossreid.__all__)
    assert set(crossreid.__all__) <= set(dir(crossreid))


def test_results_have_the_promised_fields() -> None:
    from crossreid.analysis import Spectrum
    from crossreid.evaluation import Ranking

    assert {"cmc", "mean_ap", "mean_inp", "skipped_queries"} <= set(Ranking.__dataclass_fields__)
    promised = {"singular_values", "explained_variance", "cumulative", "importance", "effective_rank"}
    fields = set(Spectrum.__dataclass_fields__) | {
        n for n, v in vars(Spectrum).items() if isinstance(v, property)
    }
    assert promised <= fields


def test_no_public_name_is_hidden_by_a_subpackage() -> None:
    subpackages = {module.name for module in pkgutil.iter_modules(crossreid.__path__)}
    assert not subpackages & set(crossreid.__all__)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="load_encodr"):
        _ = crossreid.load_encodr  # type: ignore[attr-defined]


def run_python(program: str) -> Any:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["analysis", "evaluation", "losses"])
def test_packages_are_attributes_and_load_on_first_use(name: str) -> None:
    module = f"crossreid.{name}"
    program = (
        f"import sys, json, crossreid as cr; before = {module!r} in sys.modules; "
        f"print(json.dumps([before, cr.{name}.__name__, {name!r} in dir(cr)]))"
    )
    assert run_python(program) == [False, module, True]


def test_importing_costs_next_to_nothing() -> None:
    program = (
        "import sys, time, json; start = time.perf_counter(); import crossreid; "
        "print(json.dumps([time.perf_counter() - start, 'torch' in sys.modules, 'numpy' in sys.modules]))"
    )
    # The best of three: another process may have had the processor.
    seconds, torch_loaded, numpy_loaded = min(run_python(program) for _ in range(3))
    assert seconds < 0.3
    assert not torch_loaded
    assert not numpy_loaded


def test_arrays_need_no_torch() -> None:
    program = (
        "import sys, json; import crossreid as cr; "
        "names = (cr.Modality, cr.Sample, cr.Embeddings, cr.Encoder, cr.load_dataset, cr.evaluate, cr.open_gallery, "
        "cr.load_encoder, cr.Report, cr.Dataset, cr.list_models, cr.evaluation.rank); "
        "print(json.dumps('torch' in sys.modules))"
    )
    assert run_python(program) is False
