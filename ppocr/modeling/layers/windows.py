"""Windows of a map: the parts between whose tokens attention is."""


def to_windows(x, window):
    """Returns a map ``[N, H, W, C]`` as windows ``[N * windows, window ** 2, C]``."""
    _, height, width, channels = x.shape
    x = x.reshape([-1, height // window, window, width // window, window, channels])
    return x.transpose([0, 1, 3, 2, 4, 5]).reshape([-1, window**2, channels])


def from_windows(x, window, height, width):
    """Returns the map of which :func:`to_windows` made windows."""
    x = x.reshape([-1, height // window, width // window, window, window, x.shape[2]])
    return x.transpose([0, 1, 3, 2, 4, 5]).reshape([-1, height, width, x.shape[5]])
