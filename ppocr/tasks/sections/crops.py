"""Images of single texts on pages, as a report shows them."""

from ppocr.geometry.quads import as_quad, crop


class CroppedThumbnails:
    """Thumbnails of what lies in boxes on pages, found by :class:`ppocr.tasks.compared.BoxKey`.

    Args:
        thumbnails: :class:`ppocr.report.thumbnails.Thumbnails` of the pages.
    """

    def __init__(self, thumbnails):
        self._thumbnails, self.spend = thumbnails, thumbnails.spend
        self._last = (None, None)

    def name(self, key) -> str:
        """Returns the name under which a person finds the page of a box."""
        return self._thumbnails.name(key.page)

    def element(self, key, size):
        """Returns the image in a box, straightened, as an element; see the thumbnails of pages."""
        page, image = self._last
        if page is not key.page:
            image = self._thumbnails.load(key.page)
            self._last = (key.page, image)
        return self._thumbnails.element_of(None if image is None else crop(image, as_quad(key.points)), size)
