"""The vocabulary of the whole program."""
