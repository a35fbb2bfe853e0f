"""Widgets, in folders by the area of the screen they stand in."""
