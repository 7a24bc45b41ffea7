"""`python -m papers.mllmreid`."""

from papers.mllmreid.comparison import run

run()
