"""Pictures that were not photographed."""
