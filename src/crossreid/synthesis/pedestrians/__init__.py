"""The procedural world: who its people are, how they are met, drawn and described."""
