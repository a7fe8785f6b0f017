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
