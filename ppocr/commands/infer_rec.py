"""Reads lines: ``tools/infer_rec.py -c config.yml -o Global.checkpoints=output/best_accuracy --input PATH``.

Writes ``path<TAB>text<TAB>score`` lines to ``Global.save_res_path`` (default: ./output/rec/predicts_rec.txt) and JSON
lines beside.
"""

from ppocr.commands.inference import infer


def main(arguments=None):
    """Reads every image that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: the model cannot be used, or no image can be read.
    """
    infer("rec", __doc__, arguments)
