"""All models, embeddings and reports of one seed: made when they are asked for, found again afterwards."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.demonstration.stages import PROTOCOLS
from crossreid.evaluation.evaluate import TASKS, evaluate
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.report import Report
from crossreid.evaluation.tasks import every_combination
from crossreid.evaluation.together import reads_together
from crossreid.evaluation.weights import learn_weights
from crossreid.models.loading import load_encoder, model_folder
from crossreid.models.training_record import HISTORY
from crossreid.reproduction.arms import first_people, with_people, with_rate, without_names
from crossreid.reproduction.closed_form import write_closed_form
from crossreid.reproduction.model import Model, kept_validation
from crossreid.reproduction.once import data_signature, do_once, weights_signature
from crossreid.reproduction.study import Study, StudyData
from crossreid.reproduction.variants import (
    BOTH,
    CHOSEN_ADAPTERS,
    CLOSED_FORM,
    PRINCIPAL,
    TASK_ONLY,
    UNTRAINED,
    Adapters,
    with_adapters,
    with_components,
    with_terms,
    without_task,
)
from crossreid.training.build import read_history, train_model
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig
from crossreid.training.teacher_features import store_teacher_features

_Config = TypeVar("_Config", bound=TeacherConfig | StudentConfig | DistillationConfig)

_TRAIN, _VALIDATION = "train", "validation"
EVEN, LEARNT = "summed evenly", "learnt weights"


@dataclass(frozen=True)
class SeedRun:
    """One seed of a study.

    Args:
        study: what is compared.
        seed: of people, order and adapters.
        folder: of this seed alone.
        say: is told what is done.
        quiet: no progress bars.
        tuned_by: the seed on which learning rates are chosen; None for this one.
        used: the trained models that were asked for, by name, until somebody clears it.
    """

    study: Study
    seed: int
    folder: Path
    say: Callable[[str], None]
    quiet: bool = True
    tuned_by: "SeedRun | None" = None
    used: dict[str, Model] = field(default_factory=dict, compare=False)

    @cached_property
    def data(self) -> StudyData:
        """Drawn or read once."""
        return self.study.read(self.seed, self.folder, self.quiet)

    def cloud(self, adapters: Adapters = CHOSEN_ADAPTERS, *, people: int | None = None) -> Model:
        """The backbone with adapters, trained and merged.

        Args:
            adapters: rank and stride.
            people: the first training identities alone; None for all.
        """
        people = self._fewer(people)
        return self._tuned(
            _named(f"cloud, {adapters}", people),
            with_adapters(self.study.teacher, adapters),
            first_people(self.data.train, people),
            same=lambda run: run.cloud(adapters, people=people),
        )

    def edge(self, name: str, *, people: int | None = None) -> Model:
        """The edge model of a row of table 2 or 4, trained by the names of some training identities.

        Args:
            name: of the row.
            people: the first training identities alone, of the cloud model too; None for all.
        """
        people = self._fewer(people)
        if name == UNTRAINED:
            return self.backbone("student")
        if name == CLOSED_FORM:
            return self.closed_form(people=people)
        distilled = name != TASK_ONLY
        return self._tuned(
            _named(f"edge, {name}", people),
            with_terms(self.study.distillation, name) if distilled else self.study.student,
            first_people(self.data.train, people),
            teacher=self.cloud(people=people) if distilled else None,
            same=lambda run: run.edge(name, people=people),
        )

    def edge_by_components(self, components: int) -> Model:
        """The edge model distilled by cosine and PCM over another number of components."""
        if components == self.study.distillation.distillation.components:
            return self.edge(PRINCIPAL)
        return self._tuned(
            f"edge, {PRINCIPAL}, {components} components",
            with_components(with_terms(self.study.distillation, PRINCIPAL), components),
            self.data.train,
            teacher=self.cloud(),
            same=lambda run: run.edge_by_components(components),
        )

    def edge_unlabelled(self, people: int) -> Model:
        """The edge model distilled over all training crops without names, after a cloud model of a few people.

        Args:
            people: the training identities whose names the cloud model has learnt from.
        """
        return self._tuned(
            _named("edge, unlabelled", people),
            without_task(with_terms(self.study.distillation, BOTH)),
            without_names(self.data.train),
            teacher=self.cloud(people=people),
            same=lambda run: run.edge_unlabelled(people),
        )

    def closed_form(self, *, people: int | None = None, all_crops: bool = False) -> Model:
        """The edge model whose heads are mapped onto the cloud model's features, without a step.

        Args:
            people: the training identities that the cloud model has learnt from; None for all.
            all_crops: map by the crops of all training people rather than of these.
        """
        people = self._fewer(people)
        teacher, config = self.cloud(people=people), self._seeded(self.study.distillation)
        name = _named(f"edge, {CLOSED_FORM}{', all crops' if all_crops else ''}", people)
        dataset = self.data.train if all_crops else first_people(self.data.train, people)
        claim = self._claim(config, dataset, teacher) | {"validation": self._signatures[_VALIDATION]}
        folder = self.folder / _slug(name)

        def make(folder: Path) -> dict[str, Any]:
            features = self._features(teacher, dataset)
            model = folder / "model"
            found = write_closed_form(config, dataset, features, model, validation=self.validation)
            return {"signature": weights_signature(model), "ways": found}

        results = do_once(folder, claim, make, say=self.say, what=self._what(f"fitting {name}"))
        ways = results["ways"]
        return self._noted(
            Model(
                name,
                str(folder / "model"),
                results["signature"],
                validation=max(ways.values()),
                kept_step=0,
                tried=ways,
            )
        )

    def validated(self, model: Model) -> float:
        """Mean mAP of the three tasks on validation people, percent."""
        report = evaluate(
            self._embedded(model, _VALIDATION, self.validation), tasks=TASKS, protocol=PROTOCOLS[0]
        )
        return report_mean(report)

    def backbone(self, kind: str) -> Model:
        """What the cloud (`teacher`) or the edge model (`student`) began as."""
        source = getattr(self.study, kind).backbone
        return Model(f"{kind} backbone", source, self._backbone_signatures[source])

    def embeddings(self, model: Model, data: str) -> Embeddings:
        """All evidence of a test set, or of one for figure 7 alone, as a model sees it."""
        return self._embedded(model, data, {**self.data.tests, **self.data.spectra}[data])

    def training_features(self) -> Embeddings:
        """What the cloud model says of the training set, as the distillations read it."""
        return self._features(self.cloud(), self.data.train)

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

    def _tuned(
        self,
        name: str,
        config: _Config,
        dataset: Dataset,
        *,
        same: Callable[["SeedRun"], Model],
        teacher: Model | None = None,
    ) -> Model:
        """The training at the learning rate that validation people chose: here, or on the seed that tunes.

        Args:
            name: of the model.
            config: of the training.
            dataset: of the training; a smaller one than a batch shrinks the batch.
            same: the same model of another seed.
            teacher: that is followed.

        Raises:
            ConfigurationError: there is a choice, and nobody to validate on.
        """
        config = self._seeded(with_people(config, len(dataset.people)))
        if self.tuned_by is not None:
            rate = same(self.tuned_by).learning_rate
            assert rate is not None
            return self._noted(self._trained(name, with_rate(config, rate), dataset, teacher))
        rates = self.study.arms.rates_of(config)
        models = {rate: self._trained(name, with_rate(config, rate), dataset, teacher) for rate in rates}
        if len(models) == 1:
            return self._noted(models[rates[0]])
        tried = {f"{rate:g}": model.validation for rate, model in models.items()}
        known = {rate: value for rate, value in tried.items() if value is not None}
        if len(known) < len(tried):
            raise ConfigurationError(
                f"{len(rates)} learning rates for {name} and nobody to validate on",
                expected="one rate, or validation people",
            )
        best = max(models.values(), key=lambda model: model.validation or 0.0)
        return self._noted(replace(best, tried=known))

    def _trained(self, name: str, config: _Config, dataset: Dataset, teacher: Model | None) -> Model:
        rate = config.loop.learning_rate
        folder = self.folder / _slug(name) / f"rate-{rate:g}"
        claim = self._claim(config, dataset, teacher)
        if self.data.validation is not None:
            claim |= {"validation": self._signatures[_VALIDATION]}

        def make(folder: Path) -> dict[str, Any]:
            model = train_model(
                config,
                dataset,
                folder,
                teacher_features=None if teacher is None else self._features(teacher, dataset),
                validation=self.data.validation,
                quiet=self.quiet,
            )
            seconds = read_history(folder / HISTORY, "seconds")[-1][1]
            return {"signature": weights_signature(model), "seconds": seconds} | kept_validation(folder)

        what = self._what(f"training {name}, learning rate {rate:g}")
        results = do_once(folder, claim, make, say=self.say, what=what)
        return Model(name, str(folder / "model"), run=folder, learning_rate=rate, **results)

    def _seeded(self, config: _Config) -> _Config:
        return config.model_copy(update={"loop": config.loop.model_copy(update={"seed": self.seed})})

    def _claim(self, config: _Config, dataset: Dataset, teacher: Model | None) -> dict[str, Any]:
        """Everything that a model depends on."""
        return {
            "seed": self.seed,
            "configuration": config.model_dump(mode="json"),
            "weights": self._backbone_signatures[config.backbone],
            "data": data_signature(dataset),
            "teacher": teacher.signature if teacher else "",
        }

    def _fewer(self, people: int | None) -> int | None:
        """None where these are all, so that both are one training."""
        return None if people is None or people >= len(self.data.train.people) else people

    def _noted(self, model: Model) -> Model:
        self.used[model.name] = model
        return model

    def _features(self, teacher: Model, dataset: Dataset) -> Embeddings:
        """What a cloud model says of training crops, whatever their names are."""
        if len(dataset) == len(self.data.train):
            return self._embedded(teacher, _TRAIN, self.data.train)
        return self._embedded(teacher, f"{_TRAIN}, {len(dataset.people)} people", dataset)

    def _embedded(self, model: Model, data: str, samples: Dataset) -> Embeddings:
        """Of the training set in half precision, as every distillation reads them; of a test set in full."""
        claim = {
            "seed": self.seed,
            "model": model.signature,
            "data": self._signatures.get(data) or data_signature(samples),
            "precision": self.study.precision,
        }
        folder = self.folder / "embeddings" / _slug(f"{model.name}, {data}")

        def make(folder: Path) -> dict[str, Any]:
            encoder, file = (
                load_encoder(model.source, precision=self.study.precision),
                folder / "vectors.parquet",
            )
            if data not in self._signatures or data == _TRAIN:
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


def report_mean(report: Report) -> float:
    """Mean mAP of the rows, percent."""
    return sum(row.mean_ap for row in report.rows) / len(report.rows)


def _named(name: str, people: int | None) -> str:
    return name if people is None else f"{name}, {people} people"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
