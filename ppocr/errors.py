"""Errors that a user can mend: the command line prints them as one line and ends with exit code 2."""


class UserError(ValueError):
    """Something outside the code is wrong; the message says what, where and what to do."""


class ConfigError(UserError):
    """The configuration names something unknown or gives a value that does not fit."""


class DataError(UserError):
    """A label file, an image or a dictionary cannot be used."""


class CheckpointError(UserError):
    """A checkpoint or a file of weights is missing, damaged or does not fit the model."""


class ExportError(UserError):
    """A model cannot be exported, or what was exported does not give what the model gives."""


class Dropped(Exception):
    """A sample that cannot be used; whoever runs the operators replaces or counts it.

    Malformed input (a label that is no JSON, an empty file) raises :class:`DataError` instead.

    Args:
        reason: one of a few short words (``"unreadable_image"``, ``"bad_label"``, ``"too_long"``,
            ``"unknown_characters"``, ``"too_small"``, ``"too_large"``, ``"no_text"``), by which samples are counted.
        detail: what exactly was wrong, for a list that a person reads.
        expected: a setting asks for it; the sample is counted, but not as a bad one.
    """

    def __init__(self, reason: str, detail: str = "", expected: bool = False):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.expected = expected

    def __reduce__(self):
        return type(self), (self.reason, self.detail, self.expected)
