import pytest

from crossreid.demonstration.bars import bars_svg, bars_text
from crossreid.demonstration.story import Bar, aims, bars, claims

MEANS = {
    "untrained cloud": 20.0, "C2C": 72.5, "untrained edge": 25.0, "edge, closed form": 31.0, "edge, task only": 60.0,
    "E2E": 65.0, "E2C": 66.0, "C2E": 67.0,
}  # fmt: skip


def test_aims_compare_the_arms() -> None:
    found = aims(MEANS)
    assert [aim.value for aim in found] == [20.0, 52.5, 12.5, 5.0, 40.0, 7.5]
    assert all(aim.met for aim in found)
    assert str(found[0]) == "Untrained cloud model: 20.0 (aim: 15 to 45) - met"
    assert str(found[3]) == (
        "Distilled edge model above the edge model trained alone: 5.0 (aim: at least 3) - met"
    )


@pytest.mark.parametrize(
    ("setting", "value", "missed"),
    [
        ("untrained cloud", 14.9, 0),
        ("untrained cloud", 45.1, 0),
        ("untrained cloud", 48.0, 1),
        ("edge, task only", 68.0, 2),
        ("edge, task only", 62.1, 3),
        ("untrained edge", 45.1, 4),
        ("E2E", 72.6, 5),
    ],
)
def test_an_aim_is_missed_on_the_wrong_side_of_its_limits(setting: str, value: float, missed: int) -> None:
    assert not aims(MEANS | {setting: value})[missed].met


def told(**changes: float) -> str:
    names = {"alone": "edge, task only", "closed_form": "edge, closed form", "start": "untrained edge"}
    means = MEANS | {names.get(name, name): value for name, value in changes.items()}
    return " ".join(claims(means, labelled_people=2000, unseen_people=200))


def test_sentences_say_what_was_measured() -> None:
    words = told()
    for expected in (
        "Untrained, the cloud model has a mean mAP of 20.0 % among 200 people of the site, and the edge model 25.0 %.",
        "Adapted to 2,000 labelled people of the site, the cloud model has 72.5 % (+52.5).",
        "Distilled from the adapted cloud model, the edge model has 65.0 % (+40.0).",
        "That is +5.0 against the edge model trained without the cloud model (60.0 %)",
        "+34.0 against the best edge model without a training step (31.0 %).",
        "Here distillation was better than training without the cloud model and than no training step at all.",
    ):
        assert expected in words


def test_distillation_is_praised_only_above_both_rivals() -> None:
    assert "not better than training without the cloud model." in told(alone=65.0)
    assert "not better than no training step at all." in told(closed_form=70.0)
    assert "not better than no training step at all." in told(start=66.0)
    assert "not better than training without the cloud model or no training step at all." in told(E2E=30.0)


def test_a_loss_is_told_as_one() -> None:
    assert "the cloud model has 19.0 % (-1.0)" in told(C2C=19.0)


def test_three_bars_tell_where_it_begins_and_ends() -> None:
    assert bars(MEANS) == [
        Bar("Edge model, untrained", 25.0), Bar("Cloud model, adapted", 72.5), Bar("Edge model, distilled", 65.0),
    ]  # fmt: skip


def test_bars_of_a_terminal_are_as_long_as_their_values() -> None:
    lines = bars_text(bars(MEANS), width=40)
    assert [line.count("█") for line in lines] == [10, 29, 26]
    assert lines[0].startswith("Edge model, untrained  ███")
    assert lines[0].endswith(" 25.0 %")
    assert len({len(line) for line in lines}) == 1


def test_bars_of_a_picture_are_as_long_as_their_values() -> None:
    picture = bars_svg([Bar("A & B", 50.0), Bar("C", 100.0)], title="mAP")
    assert '<rect x="0" y="22" width="180.0"' in picture
    assert '<rect x="0" y="74" width="360.0"' in picture
    assert "<title>mAP. A &amp; B: 50.0 %; C: 100.0 %</title>" in picture
