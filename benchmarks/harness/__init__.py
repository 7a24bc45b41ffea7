"""How benchmarks measure and keep what they measured."""
