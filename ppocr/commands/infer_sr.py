"""Enlarges images of text: ``tools/infer_sr.py -c config.yml -o Global.checkpoints=output/best_accuracy --input PATH``.

Writes the enlarged images to the folder sr_results beside ``Global.save_res_path`` (./output/sr/predicts_sr.txt), which
gets ``path<TAB>WIDTHxHEIGHT`` lines, with JSON lines beside.
"""

from ppocr.commands.inference import infer


def main(arguments=None):
    """Enlarges every image that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: the model cannot be used, or no image can be read.
    """
    infer("sr", __doc__, arguments)
