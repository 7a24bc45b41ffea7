"""Pure functions of features: what a model is told to change."""

from crossreid.losses.balancer import balanced_weights
from crossreid.losses.contrastive import clip_loss
from crossreid.losses.cosine import cosine_loss
from crossreid.losses.feature_difference import feature_difference_loss
from crossreid.losses.feature_relation import feature_relation_loss
from crossreid.losses.hard_negative import hard_negative_loss
from crossreid.losses.identity import identity_loss
from crossreid.losses.principal_components import principal_basis, principal_component_loss
from crossreid.losses.queue_contrast import queue_contrast_loss
from crossreid.losses.sdm import pairwise_sdm_loss, sdm_loss
from crossreid.losses.similarity import similarity_loss
from crossreid.losses.structural_similarity import structural_similarity_loss
from crossreid.losses.triplet import triplet_loss

__all__ = [
    "balanced_weights",
    "clip_loss",
    "cosine_loss",
    "feature_difference_loss",
    "feature_relation_loss",
    "hard_negative_loss",
    "identity_loss",
    "pairwise_sdm_loss",
    "principal_basis",
    "principal_component_loss",
    "queue_contrast_loss",
    "sdm_loss",
    "similarity_loss",
    "structural_similarity_loss",
    "triplet_loss",
]
