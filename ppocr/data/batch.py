"""What the loader gives."""


class Batch(list):
    """The fields of a batch, in ``keep_keys`` order, that know which samples they were made from.

    Attributes:
        sample_keys: list of :class:`ppocr.data.datasets.base.SampleKey`.  A sample that was replaced stands under the
            key of the one in whose place it came.
    """

    def __init__(self, fields, sample_keys=()):
        super().__init__(fields)
        self.sample_keys = list(sample_keys)
