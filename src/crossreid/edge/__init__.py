"""The device: frames -> people -> tracks -> best crops -> vectors -> the cloud. No torch."""

from crossreid.edge.device import Device, Settings, Summary
from crossreid.edge.sender import Cloud, Sender
from crossreid.edge.spool import Spool

__all__ = ["Cloud", "Device", "Sender", "Settings", "Spool", "Summary"]
