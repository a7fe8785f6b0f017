"""What data sets of encoded images share: a cache of decoded ones, further images on request."""

from dataclasses import dataclass

from ppocr.data.cache import CacheOptions, ImageSource, build_store, with_cache
from ppocr.data.datasets.base import OcrDataset
from ppocr.data.imaug.decode import DecodeImage
from ppocr.errors import ConfigError
from ppocr.values import Index


@dataclass(eq=False, repr=False)
class StoredDataset(CacheOptions, OcrDataset):
    """Samples whose images are decoded by an operator.

    Args:
        ext_op_transform_idx: number of leading operators for the samples that CopyPaste and its like mix in.

    Attributes:
        decode: the ``DecodeImage`` among its operators, or None.

    Raises:
        ConfigError: a cache that cannot be had, or without the operator ``DecodeImage``.
    """

    ext_op_transform_idx: Index = 2

    def __post_init__(self):
        super().__post_init__()
        self.decode = next((op for op in self.ops if isinstance(op, DecodeImage)), None)
        if self.cache is not None:
            self._keep_images(build_store(self))

    def lazy_image(self, name, read):
        """Returns what a raw sample holds for an image: its bytes, or with a cache what stands for them.

        Args:
            name, read: functions, see :class:`ppocr.data.cache.ImageSource`.
        """
        return read() if self.cache is None else ImageSource(name, read)

    def _keep_images(self, store):
        cached = with_cache(self.ops, store)
        if cached == self.ops:
            raise ConfigError("cache keeps what DecodeImage gives, which is not among the transforms")
        self.ops, self.ext_ops = cached, with_cache(self.ext_ops, store)
