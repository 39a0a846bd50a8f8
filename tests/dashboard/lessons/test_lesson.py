"""Reading lessons: what is right is read, and what is wrong is told with its place."""

import pytest
from lesson_helpers import SHORT

from dashboard.languages.language import find_language
from dashboard.languages.text import use_language
from dashboard.lessons.lesson import LARGEST_FILE, LessonError, change_texts, read_lesson
from dashboard.lessons.library import LESSONS, load_lesson, translated
from dashboard.lessons.measures import MEASURES, Condition, MeasureError
from dashboard.lessons.query import LONGEST, pack, pages_of, read_query, unpack, write_query


def test_a_file_is_read_into_its_parts():
    lesson = read_lesson(SHORT)
    first, second = lesson.steps
    assert (lesson.title, lesson.pane, lesson.minutes) == ("A short lesson", "spiral", 10)
    assert first.run.settings["points_count"] == 60
    assert first.run.pause_when == (Condition("iteration", ">=", 40.0),)
    assert second.run is None
    assert (lesson.question.right, lesson.claims[0].at_least) == (2, 4.0)


@pytest.mark.parametrize("name", LESSONS)
def test_the_lessons_of_the_package_are_complete(name):
    lesson = load_lesson(name)
    assert lesson.question is not None
    assert lesson.notes
    assert lesson.claims
    # Every step with a training says what it shows, and is the subject of a claim.
    spoken = {claim.step for claim in lesson.claims}
    for number, step in enumerate(lesson.steps, 1):
        assert step.shown
        assert number in spoken or step.run is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('pane = "spiral"', 'pane = "runs"', "pane: expected one of digits, spiral"),
        ("points_count = 60", "points_cuont = 60", "there is no setting “points_cuont”"),
        ("points_count = 60", "points_count = 6", "settings, points_count"),
        ('do = "Look."', "", "step 2, do: expected a text"),
        ('do = "Look."', 'do = "Look."\ndoo = "Look."', "step 2: there is no key “doo”"),
        ("iteration >= 40", "iterations >= 40", "step 1, run: there is no quantity “iterations”"),
        ("iteration >= 40", "iteration = 40", "expected a quantity, one of"),
        ("epochs = 500", "epochs = 0", "epochs: expected a whole number from 1"),
        ("right = 2", "right = 3", "question, right: expected a whole number from 1 to 2"),
        ("at_least = 4\nat_most = 4\n", "", "claim 1, at_least"),
        ("[[steps]]", "[steps", "is not a TOML file"),
        ("[[claims]]", "[claims]", "claims: expected tables that begin with [[claims]]"),
        ("step = 1", "step = 9", "claim 1, step: expected a whole number from 1 to 2"),
    ],
)
def test_a_fault_is_told_with_its_place(old, new, said):
    with pytest.raises(LessonError) as caught:
        read_lesson(SHORT.replace(old, new, 1))
    assert said in str(caught.value)


def test_a_lesson_begins_with_a_training_and_is_of_limited_length():
    without = SHORT.replace('[steps.run]\npause_when = ["iteration >= 40"]\nepochs = 500\n', "")
    for text in (without, SHORT + "#" * LARGEST_FILE, 'title = "Nothing"\npane = "digits"'):
        with pytest.raises(LessonError):
            read_lesson(text)


def test_conditions_are_finite_comparisons():
    assert Condition.read("gap > 0.2").text().endswith("above 20.0 points")
    for text in ("gap > nan", "gap > much", "gap", "", "gap >= 1 2"):
        with pytest.raises(MeasureError):
            Condition.read(text)


def test_an_address_names_a_lesson_and_a_step():
    place = read_query("lesson=overfitting&step=2")
    assert (place.lesson.name, place.step) == ("overfitting", 2)
    assert write_query(place.lesson, 2) == "lesson=overfitting&step=2"
    assert read_query("lesson=overfitting&step=99").step == pages_of(place.lesson)
    assert read_query("lesson=overfitting&step=x").step == 1
    assert read_query("").lesson is None
    with pytest.raises(LessonError, match="There is no lesson"):
        read_query("lesson=cats")


def test_an_address_carries_a_lesson_of_ones_own_or_tells_that_it_was_cut():
    lesson = read_lesson(SHORT)
    query = write_query(lesson, 2)
    assert read_query(query).lesson == lesson
    packed = pack(SHORT)
    assert unpack(packed) == SHORT
    for damaged in (packed[:-9], "x" + packed, "?", pack("a" * (2 * LARGEST_FILE))):
        with pytest.raises(LessonError, match="cut or changed"):
            unpack(damaged)
    assert len(packed) < LONGEST


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_of_the_package_is_translated_as_a_whole_and_otherwise_the_same(name):
    lesson = load_lesson(name)
    with use_language(find_language("de")):
        german = translated(lesson)
    texts: dict[str, list[str]] = {"en": [], "de": []}
    for code, it in (("en", lesson), ("de", german)):
        change_texts(it, lambda text, code=code: texts[code].append(text) or text)
    pairs = list(zip(texts["en"], texts["de"], strict=True))
    assert {one for one, other in pairs if one == other} <= {"He", "tanh", "Leaky ReLU"}
    assert [step.run for step in german.steps] == [step.run for step in lesson.steps]
    assert german.question.right == lesson.question.right
    assert translated(lesson) is lesson  # in English


def test_a_lesson_of_ones_own_is_not_translated():
    with use_language(find_language("de")):
        own = read_lesson(SHORT.replace("A short lesson", "Yes"))
        assert translated(own).title == "Yes"


def test_measures_are_told_in_the_current_language():
    with use_language(find_language("de")):
        assert MEASURES["gap"].format(0.2) == "+20,0 Punkte"
        assert "4 Pixel" in MEASURES["shifted_accuracy"].title()
        assert (
            Condition.read("validation_accuracy >= 0.8").text().endswith("mindestens 80,0\u00a0%")
        )
    assert MEASURES["oscillation"].title().endswith("10 % above the step before")
