"""Pure functions of features: what a model is told to change."""

from crossreid.losses.contrastive import clip_loss
from crossreid.losses.cosine import cosine_loss
from crossreid.losses.feature_relation import feature_relation_loss
from crossreid.losses.identity import identity_loss
from crossreid.losses.principal_components import principal_basis, principal_component_loss
from crossreid.losses.sdm import pairwise_sdm_loss, sdm_loss
from crossreid.losses.triplet import triplet_loss

__all__ = [
    "clip_loss",
    "cosine_loss",
    "feature_relation_loss",
    "identity_loss",
    "pairwise_sdm_loss",
    "principal_basis",
    "principal_component_loss",
    "sdm_loss",
    "triplet_loss",
]
