"""Galleries in PostgreSQL with pgvector; of the extra `scale`."""
