"""All models, embeddings and reports of one seed: made when they are asked for, found again afterwards."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.demonstration.stages import PROTOCOLS
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.report import Report
from crossreid.evaluation.tasks import every_combination
from crossreid.evaluation.together import reads_together
from crossreid.evaluation.weights import learn_weights
from crossreid.models.loading import load_encoder, model_folder
from crossreid.reproduction.once import data_signature, do_once, weights_signature
from crossreid.reproduction.study import Study, StudyData
from crossreid.reproduction.variants import (
    CHOSEN_ADAPTERS,
    TASK_ONLY,
    Adapters,
    with_adapters,
    with_terms,
)
from crossreid.training.build import read_history, train_model
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig
from crossreid.training.teacher_features import store_teacher_features

_TRAIN, _VALIDATION = "train", "validation"
EVEN, LEARNT = "summed evenly", "learnt weights"


@dataclass(frozen=True, slots=True)
class Model:
    """A model on disk.

    Args:
        name: of its folders.
        source: what `load_encoder` takes.
        signature: of its weights.
        run: folder of its training; None for a backbone.
        seconds: of its training, resumed ones counted through.
    """

    name: str
    source: str
    signature: str
    run: Path | None = None
    seconds: float = 0.0

    def history(self, quantity: str) -> list[tuple[int, float]]:
        """Steps and values that its training logged; nothing for a backbone."""
        return [] if self.run is None else read_history(self.run / "history.jsonl", quantity)


@dataclass(frozen=True)
class SeedRun:
    """One seed of a study.

    Args:
        study: what is compared.
        seed: of people, order and adapters.
        folder: of this seed alone.
        say: is told what is done.
        quiet: no progress bars.
    """

    study: Study
    seed: int
    folder: Path
    say: Callable[[str], None]
    quiet: bool = True

    @cached_property
    def data(self) -> StudyData:
        """Drawn or read once."""
        return self.study.read(self.seed, self.folder, self.quiet)

    def cloud(self, adapters: Adapters = CHOSEN_ADAPTERS) -> Model:
        """The backbone with adapters, trained and merged."""
        config = with_adapters(self.study.teacher, adapters)
        return self._trained(f"cloud, {adapters}", config)

    def edge(self, name: str) -> Model:
        """The edge model of a row of table 2 or 4."""
        if name == TASK_ONLY:
            return self._trained(f"edge, {name}", self.study.student)
        return self._trained(f"edge, {name}", with_terms(self.study.distillation, name), teacher=self.cloud())

    def backbone(self, kind: str) -> Model:
        """What the cloud (`teacher`) or the edge model (`student`) began as."""
        source = getattr(self.study, kind).backbone
        return Model(f"{kind} backbone", source, self._backbone_signatures[source])

    def embeddings(self, model: Model, data: str) -> Embeddings:
        """All evidence of a test set, or of one for figure 7 alone, as a model sees it."""
        return self._embedded(model, data, {**self.data.tests, **self.data.spectra}[data])

    def training_features(self) -> Embeddings:
        """What the cloud model says of the training set, as the distillations read it."""
        return self._embedded(self.cloud(), _TRAIN, self.data.train)

    def report(self, query: Model, gallery: Model, data: str) -> Report:
        """The three tasks by both protocols."""
        claim = {
            "seed": self.seed,
            "query": query.signature,
            "gallery": gallery.signature,
            "data": self._signatures[data],
            "precision": self.study.precision,
            "protocols": PROTOCOLS,
        }
        name = f"{query.name} in {gallery.name}, {data}"
        folder = self.folder / "reports" / _slug(name)

        def make(folder: Path) -> dict[str, Any]:
            asking = self.embeddings(query, data)
            answering = asking if query == gallery else self.embeddings(gallery, data)
            report = evaluate(asking, answering, protocol=PROTOCOLS)
            (folder / "report.json").write_text(report.to_json(), encoding="utf-8")
            return {"fingerprints": list(report.fingerprints)}

        do_once(folder, claim, make, say=self.say, what=self._what(f"evaluating {name}"))
        return Report.from_json((folder / "report.json").read_text(encoding="utf-8"))

    def combinations(self, model: Model) -> tuple[Report, dict[str, float]]:
        """Every combination of evidence in the first test set, by the judged protocol.

        Returns:
            Rows of vectors that are summed evenly (setting `EVEN`), by weights learnt on validation people (`LEARNT`)
            and, of a model that can, of evidence that is read as one; and those weights by kind.
        """
        data, people = next(iter(self.data.tests.items()))
        claim = {
            "seed": self.seed,
            "model": model.signature,
            "data": [self._signatures[data], self._signatures[_VALIDATION]],
            "precision": self.study.precision,
            "protocol": PROTOCOLS[0],
        }
        name = f"evidence by {model.name}, {data}"
        folder = self.folder / "reports" / _slug(name)

        def make(folder: Path) -> dict[str, Any]:
            rule = find_protocol(PROTOCOLS[0])
            known = self._embedded(model, _VALIDATION, self.validation)
            weights = learn_weights(known, known.of(Modality.RGB), rule=rule, seed=self.seed)
            encoder = load_encoder(model.source, precision=self.study.precision)
            asked = {"tasks": every_combination(("R", "IR", "S", "T")), "protocol": PROTOCOLS[0]}
            seen = self.embeddings(model, data)
            learnt = evaluate(seen, setting=LEARNT, weights=weights, **asked)
            together = reads_together(encoder)
            even = evaluate(
                encoder if together else seen, None, people, setting=EVEN, together=together, **asked
            )
            (folder / "report.json").write_text(
                Report((*even.rows, *learnt.rows)).to_json(), encoding="utf-8"
            )
            return {"weights": {kind.value: weight for kind, weight in weights.items()}}

        results = do_once(folder, claim, make, say=self.say, what=self._what(f"evaluating {name}"))
        report = Report.from_json((folder / "report.json").read_text(encoding="utf-8"))
        return report, results["weights"]

    @property
    def validation(self) -> Dataset:
        """People who are neither learnt from nor searched for.

        Raises:
            DataError: the study has none.
        """
        if self.data.validation is None:
            raise DataError("no validation people", expected="a study with some")
        return self.data.validation

    def drawn_world(self) -> Path:
        """Folder of the drawn people who are searched for.

        Raises:
            ConfigurationError: they were not drawn.
        """
        if self.data.world is None:
            raise ConfigurationError(
                "people whose attributes nobody knows", expected="people drawn by the program"
            )
        return self.data.world

    def _trained(
        self,
        name: str,
        config: TeacherConfig | StudentConfig | DistillationConfig,
        teacher: Model | None = None,
    ) -> Model:
        config = config.model_copy(update={"loop": config.loop.model_copy(update={"seed": self.seed})})
        claim = {
            "seed": self.seed,
            "configuration": config.model_dump(mode="json"),
            "weights": self._backbone_signatures[config.backbone],
            "data": self._signatures[_TRAIN],
            "teacher": teacher.signature if teacher else "",
        }
        folder = self.folder / _slug(name)

        def make(folder: Path) -> dict[str, Any]:
            followed = None if teacher is None else self.training_features()
            model = train_model(
                config,
                self.data.train,
                folder,
                teacher_features=followed,
                validation=self.data.validation,
                quiet=self.quiet,
            )
            seconds = read_history(folder / "history.jsonl", "seconds")[-1][1]
            return {"signature": weights_signature(model), "seconds": seconds}

        results = do_once(folder, claim, make, say=self.say, what=self._what(f"training {name}"))
        return Model(name, str(folder / "model"), results["signature"], folder, results["seconds"])

    def _embedded(self, model: Model, data: str, samples: Dataset) -> Embeddings:
        """Of the training set in half precision, as every distillation reads them; of a test set in full."""
        claim = {
            "seed": self.seed,
            "model": model.signature,
            "data": self._signatures[data],
            "precision": self.study.precision,
        }
        folder = self.folder / "embeddings" / _slug(f"{model.name}, {data}")

        def make(folder: Path) -> dict[str, Any]:
            encoder, file = (
                load_encoder(model.source, precision=self.study.precision),
                folder / "vectors.parquet",
            )
            if data == _TRAIN:
                store_teacher_features(encoder, samples, file, progress=not self.quiet)
            else:
                encoder.encode(samples.samples, progress=not self.quiet).save(file)
            return {"fingerprint": encoder.fingerprint, "items": len(samples)}

        what = self._what(f"embedding {len(samples)} items of {data} by {model.name}")
        do_once(folder, claim, make, say=self.say, what=what)
        return Embeddings.load(folder / "vectors.parquet")

    @cached_property
    def _signatures(self) -> dict[str, str]:
        sets = {_TRAIN: self.data.train, **self.data.tests, **self.data.spectra}
        if self.data.validation is not None:
            sets[_VALIDATION] = self.data.validation
        return {name: data_signature(dataset) for name, dataset in sets.items()}

    @cached_property
    def _backbone_signatures(self) -> dict[str, str]:
        sources = {
            config.backbone for config in (self.study.teacher, self.study.student, self.study.distillation)
        }
        return {source: weights_signature(model_folder(source)) for source in sources}

    def _what(self, words: str) -> str:
        return f"seed {self.seed}: {words}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
