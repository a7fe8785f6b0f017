"""Where the time of a training step goes: measured part by part, with what to change."""

from ppocr.doctor.advice import Advice, advise, limit, notes
from ppocr.doctor.chart import draw
from ppocr.doctor.facts import Facts, collect
from ppocr.doctor.measure import Plan, Workload, measure
from ppocr.doctor.parts import Part
from ppocr.doctor.result import Result
from ppocr.doctor.stopwatch import Stopwatch
from ppocr.doctor.table import table, to_json

__all__ = [
    "Advice",
    "Facts",
    "Part",
    "Plan",
    "Result",
    "Workload",
    "Stopwatch",
    "advise",
    "collect",
    "draw",
    "limit",
    "measure",
    "notes",
    "table",
    "to_json",
]
