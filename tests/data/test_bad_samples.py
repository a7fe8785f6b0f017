"""The account of bad samples."""

import logging
import pickle

import pytest

from ppocr.data.bad_samples import BadSample, BadSampleLog, NoGoodSample
from ppocr.errors import DataError


def bad(index, reason="unreadable_image", kept=False, **more):
    return BadSample(index, reason, f"{index}.png", "gone", f"label {index}", kept, **more)


def test_counts_different_samples_by_cause():
    report = BadSampleLog(100, False, None)
    report.add([bad(1), bad(2), bad(1), bad(3, "too_long"), bad(4, "unknown_characters", kept=True)])
    assert report.counts == {"unreadable_image": 2, "too_long": 1}
    assert report.kept == {"unknown_characters": 1}
    assert report.summary() == (
        "samples not used: 2 unreadable image (1.png: gone, 2.png: gone); 1 too long (3.png: gone); "
        "samples used in part: 1 unknown characters (4.png: gone)"
    )


def test_nothing_wrong_gives_an_empty_summary():
    assert BadSampleLog(5, True, None).summary() == ""


def test_lost_parts_are_counted_and_their_samples_named():
    report = BadSampleLog(100, True, None, examples=2)
    report.add([bad(i, "boxes_outside_of_the_image", kept=True, count=4) for i in range(3)])
    report.add([bad(0, "boxes_outside_of_the_image", kept=True, count=4), bad(9, "boxes_without_area", True, count=1)])
    assert report.summary() == (
        "samples used in part: 12 boxes outside of the image (0.png: gone, 1.png: gone, ...); "
        "1 box without area (9.png: gone)"
    )


def test_one_reason_names_what_is_used_apart_from_what_is_not():
    report = BadSampleLog(100, False, None)
    report.add([bad(1, "unknown_characters", kept=True), bad(2, "unknown_characters")])
    assert report.summary() == (
        "samples not used: 1 unknown characters (2.png: gone); samples used in part: 1 unknown characters (1.png: gone)"
    )


def test_what_augmentation_leaves_out_is_summed_up_without_a_warning(ppocr_caplog):
    report = BadSampleLog(1, True, logging.getLogger("ppocr"))
    assert report.account() == "every sample that was read was used"
    for _ in range(2):
        read = bad(0, "boxes", kept=True, count=10, expected=True)
        report.add([read, bad(0, "boxes_cut_off", kept=True, count=3, expected=True)])
        report.start_epoch()
    assert report.summary() == "" and not ppocr_caplog.messages
    assert report.account() == (
        "every sample that was read was used; "
        "of 20 boxes that were read, augmentation and size limits left out 6 boxes cut off"
    )


def test_a_report_knows_when_no_box_remains():
    report = BadSampleLog(1, True, None)
    assert report.no_box_left() == ""
    report.add([bad(0, "boxes", kept=True, count=3, expected=True)])
    report.add([bad(0, "boxes_cut_off", kept=True, count=2, expected=True)])
    assert report.no_box_left() == ""
    report.add([bad(0, "boxes_below_min_text_size", kept=True, count=1, expected=True)])
    assert report.no_box_left() == "of 3 boxes, 2 boxes cut off, 1 box below min text size"


def test_samples_that_a_setting_leaves_out_are_counted_but_end_nothing(ppocr_caplog):
    report = BadSampleLog(20, True, logging.getLogger("ppocr"))
    report.add([bad(i, "no_text", expected=True) for i in range(15)])
    report.check()
    assert report.counts == {"no_text": 15} and not ppocr_caplog.messages
    assert report.account().startswith("samples not used: 15 no text (0.png: gone, ")


def test_names_no_more_than_asked_for():
    report = BadSampleLog(100, False, None, examples=1)
    report.add([bad(1), bad(2)])
    assert report.summary() == "samples not used: 2 unreadable image (1.png: gone, ...)"


def test_what_an_evaluation_met_is_given_once():
    report = BadSampleLog(100, False, None)
    report.add([bad(1), bad(2, kept=True)])
    report.add([bad(1)])
    assert report.take_events() == [bad(1), bad(2, kept=True), bad(1)]
    assert report.take_events() == []


def test_samples_of_another_process_are_counted_once():
    report = BadSampleLog(100, False, None)
    report.add([bad(1)])
    report.count_new([bad(1), bad(2), bad(2)])
    assert report.counts == {"unreadable_image": 2} and report.take_events() == [bad(1)]


@pytest.mark.parametrize("samples, ratio, limit", [(20, 0.1, 10), (300, 0.1, 30), (300, 0.5, 150), (300, 0.0, 10)])
def test_training_ends_beyond_the_limit(samples, ratio, limit):
    report = BadSampleLog(samples, True, None, ratio)
    report.add([bad(i) for i in range(limit)] * 2)
    report.add([bad(i, kept=True) for i in range(limit, samples)])
    report.check()
    report.add([bad(limit + 1, "too_long")])
    with pytest.raises(DataError) as caught:
        report.check()
    text = str(caught.value)
    assert f"{limit + 1} of {samples}" in text and f"{limit} unreadable image (0.png: gone" in text
    assert "1 too long" in text and "max_bad_ratio" in text and "\n" not in text


def test_each_epoch_counts_anew_against_the_limit():
    report = BadSampleLog(20, True, None)
    report.add([bad(i) for i in range(10)])
    report.start_epoch()
    report.add([bad(i) for i in range(10, 20)])
    report.check()
    assert report.counts["unreadable_image"] == 20


def test_evaluation_has_no_limit():
    report = BadSampleLog(20, False, None)
    report.add([bad(i) for i in range(20)])
    report.check()
    assert len(report.take_events()) == 20


def test_warns_once_for_each_new_sample_up_to_a_number(caplog):
    logger = logging.getLogger("report-test")
    report = BadSampleLog(100, False, logger, max_warnings=2)
    with caplog.at_level(logging.WARNING, logger="report-test"):
        report.add([bad(1), bad(1), bad(2), bad(3)])
    assert [record.getMessage() for record in caplog.records] == [
        "sample not used, unreadable image: 1.png: gone",
        "sample not used, unreadable image: 2.png: gone (further ones are only counted)",
    ]


def test_no_good_sample_names_causes():
    error = NoGoodSample([bad(1), bad(2), bad(2), bad(5, "too_long")])
    assert str(error).startswith(
        "4 samples drawn in a row cannot be used: 3 unreadable image (1.png: gone, 2.png: gone, ...); "
        "1 too long (5.png: gone)"
    )
    assert len(error.events) == 4


def test_the_shares_of_several_processes_add_up():
    one, other, nothing = (BadSampleLog(100, True, None) for _ in range(3))
    one.add([bad(1), bad(2), bad(3, "too_long"), bad(4, "unknown_characters", kept=True)])
    other.add([bad(11), bad(12), bad(13), bad(14, "unknown_characters", kept=True)._replace(count=2)])
    other.add([BadSample(0, "boxes_too_small", "", "", "", kept=True, count=5, expected=True)])
    parts = pickle.loads(pickle.dumps([report.counted for report in (nothing, one, other)]))
    for report in (one, nothing):
        report.take_in(parts)
        assert report.account() == (
            "samples not used: 5 unreadable image (1.png: gone, 2.png: gone, 11.png: gone, ...); "
            "1 too long (3.png: gone); "
            "samples used in part: 3 unknown characters (4.png: gone, 14.png: gone); "
            "augmentation and size limits left out 5 boxes too small"
        )
    nothing.take_in([BadSampleLog(100, True, None).counted])
    assert nothing.account() == "every sample that was read was used"
