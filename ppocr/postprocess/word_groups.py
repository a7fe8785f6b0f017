"""Groups the decoded characters of a line into words, for boxes around single words."""

MAX_GAP = 5
CHINESE, LATIN, SPLITTER = "cn", "en&num", "splitter"


def group_words(characters, steps):
    """Splits a line into Chinese runs and words.

    A word is made of letters and digits; a hyphen or an apostrophe in it and a decimal point between digits belong to
    it.  A change of script, any other character and a gap of more than ``MAX_GAP`` steps end a group.

    Args:
        characters: the decoded characters of a line.
        steps: the time step of each.

    Returns:
        Three lists with an entry per group, from left to right on the image:
        its characters, their steps, and ``"cn"`` or ``"en&num"``.
    """
    groups, group_steps, kinds = [], [], []
    previous = SPLITTER
    for position, (character, step) in enumerate(zip(characters, steps)):
        kind = _kind(characters, position, previous)
        if kind != SPLITTER:
            if kind != previous or step - steps[position - 1] > MAX_GAP:
                groups.append([])
                group_steps.append([])
                kinds.append(kind)
            groups[-1].append(character)
            group_steps[-1].append(step)
        previous = kind
    return groups, group_steps, kinds


def _kind(characters, position, previous):
    character = characters[position]
    if "\u4e00" <= character[:1] <= "\u9fff":
        return CHINESE
    if character.isalnum():
        return LATIN
    if previous != LATIN or position + 1 == len(characters):
        return SPLITTER
    following = characters[position + 1]
    if character in "-'" and following.isalnum() or character == "." and following.isdigit():
        return LATIN
    return SPLITTER
