"""Figures: one canvas and style, and one file for every figure of a study.

A figure is a function of tidy frames that draws on `canvas`; it loads the plotting library when it is drawn. A function
that is decorated with `exhibit` in a file of this package is found without being listed anywhere.
"""

from detente.report.figures.canvas import WIDTH, files_of, image
from detente.report.figures.curve import curves_of

__all__ = ["WIDTH", "curves_of", "files_of", "image"]
