"""All models, embeddings and reports of one seed: made when they are asked for, found again afterwards."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.data.dataset import Dataset
from crossreid.demonstration.closed_form import set_heads
from crossreid.demonstration.stages import PROTOCOLS
from crossreid.evaluation.evaluate import TASKS, evaluate
from crossreid.evaluation.report import Report
from crossreid.models.loading import load_encoder, model_folder
from crossreid.models.training_record import HISTORY
from crossreid.training.build import read_history, train_model
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig
from crossreid.training.teacher_features import store_teacher_features
from papers.mllmembed.arms import first_people, with_people, with_rate, without_names
from papers.mllmembed.model import Model, kept_validation
from papers.mllmembed.once import data_signature, do_once, weights_signature
from papers.mllmembed.study import Study, StudyData
from papers.mllmembed.variants import (
    BOTH,
    CLOSED_FORM,
    PRINCIPAL,
    TASK_ONLY,
    UNTRAINED,
    Adapters,
    adapters_of,
    with_adapters,
    with_components,
    with_terms,
    without_task,
)

_AnyConfig = TeacherConfig | StudentConfig | DistillationConfig
_Config = TypeVar("_Config", bound=_AnyConfig)

_TRAIN, _VALIDATION = "train", "validation"


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

    def cloud(self, adapters: Adapters | None = None, *, people: int | None = None) -> Model:
        """The backbone with adapters, trained and merged.

        Args:
            adapters: rank and stride; None for those of the study, behind everything but table 3.
            people: the first training identities alone; None for all.
        """
        people, adapters = self._fewer(people), adapters or adapters_of(self.study.teacher)
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
            start=self._start(people=people) if distilled else None,
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
            start=self._start(),
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
            start=self._start(people=people, all_crops=True),
            same=lambda run: run.edge_unlabelled(people),
        )

    def closed_form(self, *, people: int | None = None, all_crops: bool = False) -> Model:
        """The edge model whose heads are mapped onto the cloud model's features, without a step.

        Args:
            people: the training identities that the cloud model has learnt from; None for all.
            all_crops: map by the crops of all training people, without their names, rather than of these.
        """
        people = self._fewer(people)
        teacher, follower = self.cloud(people=people), self.study.distillation
        config = self._seeded(self.study.student).model_copy(
            update={"backbone": follower.backbone, "loop": follower.loop}
        )
        name = _named(f"edge, {CLOSED_FORM}{', all crops' if all_crops else ''}", people)
        dataset = without_names(self.data.train) if all_crops else first_people(self.data.train, people)
        claim = self._claim(config, dataset, teacher) | {"validation": self._signatures[_VALIDATION]}
        folder = self.folder / slug(name)

        def make(folder: Path) -> dict[str, Any]:
            found = set_heads(config, dataset, self.validation, self._features(teacher, dataset), folder)
            return {"signature": weights_signature(found.model), "ways": dict(found.validation_map)}

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

    def _start(self, *, people: int | None = None, all_crops: bool = False) -> Model | None:
        """What distillations begin with: the closed form, where the study measures it."""
        return self.closed_form(people=people, all_crops=all_crops) if self.study.zero_shot else None

    def validated(self, model: Model) -> float:
        """Mean mAP of the three tasks on validation people, percent."""
        report = evaluate(self.validation_embeddings(model), tasks=TASKS, protocol=PROTOCOLS[0])
        return sum(row.mean_ap for row in report.rows) / len(report.rows)

    def backbone(self, kind: str) -> Model:
        """What the cloud (`teacher`) or the edge model (`student`) began as."""
        source = getattr(self.study, kind).backbone
        return Model(f"{kind} backbone", source, self._backbone_signatures[source])

    def embeddings(self, model: Model, data: str) -> Embeddings:
        """All evidence of a test set, or of one for figure 7 alone, as a model sees it."""
        return self._embedded(model, data, {**self.data.tests, **self.data.spectra}[data])

    def validation_embeddings(self, model: Model) -> Embeddings:
        """All evidence of the validation people as a model sees it."""
        return self._embedded(model, _VALIDATION, self.validation)

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
        folder = self.folder / "reports" / slug(name)

        def make(folder: Path) -> dict[str, Any]:
            asking = self.embeddings(query, data)
            answering = asking if query == gallery else self.embeddings(gallery, data)
            report = evaluate(asking, answering, protocol=PROTOCOLS)
            (folder / "report.json").write_text(report.to_json(), encoding="utf-8")
            return {"fingerprints": list(report.fingerprints)}

        do_once(folder, claim, make, say=self.say, what=self._what(f"evaluating {name}"))
        return Report.from_json((folder / "report.json").read_text(encoding="utf-8"))

    @property
    def validation(self) -> Dataset:
        """People who are neither learnt from nor searched for.

        Raises:
            DataError: the study has none.
        """
        if self.data.validation is None:
            raise DataError("no validation people", expected="a study with some")
        return self.data.validation

    def _tuned(
        self,
        name: str,
        config: _AnyConfig,
        dataset: Dataset,
        *,
        same: Callable[["SeedRun"], Model],
        teacher: Model | None = None,
        start: Model | None = None,
    ) -> Model:
        """The training at the learning rate that validation people chose: here, or on the seed that tunes.

        Args:
            name: of the model.
            config: of the training.
            dataset: of the training; a smaller one than a batch shrinks the batch.
            same: the same model of another seed.
            teacher: that is followed.
            start: edge model to begin with in place of the configuration's backbone and head start.

        Raises:
            ConfigurationError: there is a choice, and nobody to validate on.
        """
        config = self._seeded(with_people(config, len(dataset.people)))
        if self.tuned_by is not None:
            rate = same(self.tuned_by).learning_rate
            assert rate is not None
            return self._noted(self._trained(name, with_rate(config, rate), dataset, teacher, start))
        rates = self.study.arms.rates_of(config)
        models = {
            rate: self._trained(name, with_rate(config, rate), dataset, teacher, start) for rate in rates
        }
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

    def _trained(
        self, name: str, config: _AnyConfig, dataset: Dataset, teacher: Model | None, start: Model | None
    ) -> Model:
        rate = config.loop.learning_rate
        folder = self.folder / slug(name) / f"rate-{rate:g}"
        claim = self._claim(config, dataset, teacher) | {"start": start.signature if start else ""}
        if self.data.validation is not None:
            claim |= {"validation": self._signatures[_VALIDATION]}

        def make(folder: Path) -> dict[str, Any]:
            model = train_model(
                config if start is None else _starting_from(config, start),
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

    def _claim(self, config: _AnyConfig, dataset: Dataset, teacher: Model | None) -> dict[str, Any]:
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
        folder = self.folder / "embeddings" / slug(f"{model.name}, {data}")

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


def _starting_from(config: _Config, start: Model) -> _Config:
    """The configuration with an edge model whose heads are set already."""
    changed: dict[str, Any] = {"backbone": str(Path(start.source).resolve())}
    if isinstance(config, DistillationConfig):
        changed["distillation"] = config.distillation.model_copy(update={"head_start": "clip"})
    return config.model_copy(update=changed)


def _named(name: str, people: int | None) -> str:
    return name if people is None else f"{name}, {people} people"


def slug(name: str) -> str:
    """A name as that of a folder."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
