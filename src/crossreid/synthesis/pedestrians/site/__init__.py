"""A second way of drawing people: a strange place, seen from above, that no backbone was pretrained on."""
