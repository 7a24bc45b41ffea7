from pathlib import Path

import numpy as np
from PIL import Image

from crossreid.gallery import GalleryItem, SearchResult, SearchResults, open_gallery


def result(rank: int, key: str, *, person: str = "", probability: float | None = None) -> SearchResult:
    return SearchResult.of(GalleryItem(key, person=person), rank=rank, score=0.75, probability=probability)


RESULTS = SearchResults([result(1, "a.jpg", person="ann"), result(2, "b.jpg"), result(3, "c.jpg")])


def test_results_are_a_tuple_and_so_is_a_part_of_them() -> None:
    assert (RESULTS[0], RESULTS[1], RESULTS[2]) == RESULTS
    assert isinstance(RESULTS[:2], SearchResults)
    assert [found.rank for found in RESULTS[1:]] == [2, 3]
    assert RESULTS[-1].key == "c.jpg"


def test_what_is_printed_is_short() -> None:
    assert repr(RESULTS[0]) == "SearchResult(1: 'a.jpg', 0.750, 'ann')"
    assert repr(RESULTS[:2]) == (
        "SearchResults(SearchResult(1: 'a.jpg', 0.750, 'ann'), SearchResult(2: 'b.jpg', 0.750))"
    )


def test_a_notebook_shows_pictures_and_escaped_text(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 4, 3), np.uint8)).save(tmp_path / "a.png")
    here = result(1, str(tmp_path / "a.png"), person="<ann>", probability=0.5)
    page = SearchResults([here, result(2, "gone.jpg")])._repr_html_()
    assert page.count('<img src="data:image/jpeg;base64,') == 1
    assert "<td>0.750</td><td>50.0%</td><td>&lt;ann&gt;</td>" in page
    assert "<td>no picture at gone.jpg</td>" in page


def test_a_notebook_shows_twenty() -> None:
    page = SearchResults([result(rank, "gone.jpg") for rank in range(1, 24)])._repr_html_()
    assert page.count("<tr>") == 1 + 20
    assert page.endswith("<p>The first 20 of 23 results.</p>")


def test_a_gallery_says_where_it_is(tmp_path: Path) -> None:
    assert repr(open_gallery(str(tmp_path))) == f"FolderGallery({str(tmp_path)!r})"
