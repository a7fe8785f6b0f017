"""Finds text: ``tools/infer_det.py -c config.yml -o Global.checkpoints=output/best_accuracy --input PATH``.

Writes ``path<TAB>JSON list of {"transcription": "", "points": [[x, y], ...]}`` lines to ``Global.save_res_path``
(./output/det/predicts_det.txt), JSON lines beside, and the images with their boxes to the folder det_results there.
"""

from ppocr.commands.inference import infer


def main(arguments=None):
    """Finds the text in every image that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: the model cannot be used, or no image can be read.
    """
    infer("det", __doc__, arguments)
