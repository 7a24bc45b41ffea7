"""Model and losses together: a batch in, named losses out."""
