"""Papers: what they print, and what this program measures in the same way. Run from a clone; no part of the wheel."""
