"""Keys that published configurations carry although nothing reads them.

They give a warning instead of an error.  ``UNREAD_KEYS`` maps ``"<kind>/<name>"`` (kinds as in ``ppocr.registry``, or
``"section/<section>"``) to ``{key: why}``.
"""

UNREAD_KEYS = {}
