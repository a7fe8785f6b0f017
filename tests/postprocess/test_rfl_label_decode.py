import numpy as np

from ppocr.data.batch import Batch, SampleFacts
from ppocr.postprocess.rfl_label_decode import RFLLabelDecode

CHARACTERS = 36


def test_counts_are_rounded_sums():
    counts = np.zeros([2, CHARACTERS + 2], "float32")
    counts[:, 3], counts[1, 5] = 1.4, 1.2
    assert RFLLabelDecode()(counts) == [1, 3]


def test_the_true_number_is_that_of_the_text_with_what_the_dictionary_lacks():
    label = np.array([[0, 11, 37], [0, 37, 0]])
    batch = Batch([None, label], facts=[SampleFacts(0, "a?"), SampleFacts(1, "")], names=["image", "label"])
    counts = np.zeros([2, CHARACTERS + 2], "float32")
    assert RFLLabelDecode().process(counts, batch) == ([0, 0], [2, 0])
    assert RFLLabelDecode().process(counts, Batch([None, label], names=["image", "label"])) == ([0, 0], [1, 0])


def test_of_counts_and_scores_the_scores_are_read():
    scores = np.full([1, 4, CHARACTERS + 2], 0.25 / 37, "float32")
    for place, best in enumerate([0, 11, 37, 12]):
        scores[0, place, best] = 0.75
    assert RFLLabelDecode()([np.zeros([1, CHARACTERS + 2]), scores]) == [("a", 0.75)]
