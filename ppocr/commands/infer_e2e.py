"""Finds and reads text: ``tools/infer_e2e.py -c config.yml -o Global.checkpoints=output/best_accuracy --input PATH``.

Writes ``path<TAB>JSON list of {"transcription", "points", "score"}`` lines to ``Global.save_res_path``
(./output/e2e/predicts_e2e.txt), JSON lines beside, and the images next to what was read to the folder e2e_results
there.
"""

from ppocr.commands.inference import infer


def main(arguments=None):
    """Reads every page that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: the model cannot be used, or no image can be read.
    """
    infer("e2e", __doc__, arguments)
