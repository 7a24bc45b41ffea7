"""`python -m papers.mllmembed`."""

from papers.mllmembed.command_line import main

main()
