"""Rules of docs/format.md that the reader applies: a part of it, by what they are about."""
