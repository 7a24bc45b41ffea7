"""Every knob of training. Unknown keys are refused."""

from crossreid.training.config.balancer import BalancerConfig
from crossreid.training.config.batches import AugmentationConfig, BatchConfig, InputConfig, TeacherBatchConfig
from crossreid.training.config.configuration import Configuration
from crossreid.training.config.distillation import DistillationConfig, DistillationWeights
from crossreid.training.config.dsmd import DsmdConfig, DsmdWeights
from crossreid.training.config.labelled import LabelledConfig
from crossreid.training.config.loop import LoopConfig
from crossreid.training.config.mllmreid import (
    AlignmentConfig,
    DrawnPeopleConfig,
    LanguageLora,
    MllmreidConfig,
    MllmreidWeights,
)
from crossreid.training.config.pretraining import CaptioningConfig, ContrastiveConfig, PretrainingConfig
from crossreid.training.config.reading import TrainingConfig, load_config
from crossreid.training.config.student import EdgeConfig, StudentConfig
from crossreid.training.config.task_weights import ReidWeights, StudentTaskWeights, TaskWeights
from crossreid.training.config.teacher import LoraConfiguration, TeacherConfig
from crossreid.training.config.translators import TranslatorConfig, TranslatorNetwork, TranslatorWeights

__all__ = [
    "AlignmentConfig",
    "AugmentationConfig",
    "BalancerConfig",
    "BatchConfig",
    "CaptioningConfig",
    "Configuration",
    "ContrastiveConfig",
    "DistillationConfig",
    "DistillationWeights",
    "DrawnPeopleConfig",
    "DsmdConfig",
    "DsmdWeights",
    "EdgeConfig",
    "InputConfig",
    "LabelledConfig",
    "LanguageLora",
    "LoopConfig",
    "LoraConfiguration",
    "MllmreidConfig",
    "MllmreidWeights",
    "PretrainingConfig",
    "ReidWeights",
    "StudentConfig",
    "StudentTaskWeights",
    "TaskWeights",
    "TeacherBatchConfig",
    "TeacherConfig",
    "TrainingConfig",
    "TranslatorConfig",
    "TranslatorNetwork",
    "TranslatorWeights",
    "load_config",
]
