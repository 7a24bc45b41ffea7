"""`python -m papers.dsmd`."""

from papers.dsmd.comparison import run

run()
