"""Parts of `edge.py`."""
