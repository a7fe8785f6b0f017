"""What the recognisers that teach super-resolution networks read: small letters and digits, or the strokes of these."""

END = 0
LETTERS = "-0123456789abcdefghijklmnopqrstuvwxyz"  # the first is the end
STROKES = "0123456789"  # alike
_NUMBERS = {letter: number for number, letter in enumerate(LETTERS)}


def letters_of(text: str) -> list:
    """Returns the classes of what of a text these recognisers know, in small letters, and of the end behind it."""
    return [_NUMBERS[letter] for letter in text.lower() if _NUMBERS.get(letter, END) != END] + [END]
