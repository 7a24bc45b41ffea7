"""Watchlists."""

from pydantic import Field

from crossreid.server.schemas.fields import Asked, Name, Told


class WatchlistRequest(Asked):
    """A list of people and tracks."""

    name: Name
    people: list[Name] = Field(default=[], max_length=10_000)
    tracks: list[Name] = Field(default=[], max_length=10_000)


class Watchlist(Told):
    """As it is kept."""

    name: str
    people: list[str]
    tracks: list[str]


class Watchlists(Told):
    """All of them."""

    watchlists: list[Watchlist]
