"""Pictures as networks take them: which files of a folder, and how each becomes an input.

Importing this package is cheap; decoding is done by Pillow and torchvision.
"""
