"""What a network makes of pictures beside the dense one: agreement, accuracy where there are labels, differences.

Runs networks and counts; prunes, packs and trains nothing. Importing this package is cheap.
"""
