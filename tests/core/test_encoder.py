from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.modality import Modality


def test_whoever_has_the_members_is_an_encoder():
    class Constant:
        fingerprint, dim, modalities = "constant", 1, frozenset(Modality)

        def encode(self, items, *, modality=None, batch_size=64, progress=False) -> Embeddings: ...

    assert isinstance(Constant(), Encoder)
    assert not isinstance(object(), Encoder)
