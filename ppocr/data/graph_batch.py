"""The batch of SDMGR: pages as graphs of boxes, which stand at the beginning of padded fields."""

# in the order of published configurations; ``labels`` is read in training and evaluation alone
GRAPH_FIELDS = ("image", "relations", "texts", "points", "labels", "tag", "shape")
BEFORE_LABELS = GRAPH_FIELDS[:4]  # what stands before the labels in a plain list


def sizes_of(tag) -> list:
    """Returns of each page how many boxes it has, and how many characters its longest text has.

    The sizes of what is computed follow from these numbers, so that they have to come to the host.

    Args:
        tag: int ``[N, 2]``, an array or a tensor.
    """
    return [tuple(map(int, pair)) for pair in tag.tolist()]
