"""Classifies images: ``tools/infer_cls.py -c config.yml -o Global.checkpoints=output/best_accuracy --input PATH``.

Writes ``path<TAB>class<TAB>score`` lines to ``Global.save_res_path`` (default: ./output/cls/predicts_cls.txt) and JSON
lines beside.
"""

from ppocr.commands.inference import infer


def main(arguments=None):
    """Classifies every image that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: the model cannot be used, or no image can be read.
    """
    infer("cls", __doc__, arguments)
