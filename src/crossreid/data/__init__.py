"""Files in, samples out."""

from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset

__all__ = ["Dataset", "load_dataset"]
