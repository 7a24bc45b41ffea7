"""Parts of `server.py` and `reliability.py`."""
