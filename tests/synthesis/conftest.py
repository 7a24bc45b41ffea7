import numpy as np
import pytest

SKIN = (224, 172, 140)
PERSON = (slice(30, 270), slice(50, 90))
HEAD = (slice(30, 62), slice(56, 84))


@pytest.fixture
def photo() -> np.ndarray:
    """Somebody in a blue coat and dark trousers before a grey wall with noise, uint8 [280, 140, 3]."""
    rng = np.random.default_rng(3)
    picture = np.full((280, 140, 3), 150.0)
    picture[62:160, 46:94] = (40, 70, 170)
    picture[160:270, 52:88] = (45, 40, 42)
    picture[HEAD] = SKIN
    return np.clip(picture + rng.normal(0, 5, picture.shape), 0, 255).astype(np.uint8)
