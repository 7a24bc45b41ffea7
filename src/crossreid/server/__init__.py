"""The gallery as a service: who may ask, what is written down, what is refused."""
