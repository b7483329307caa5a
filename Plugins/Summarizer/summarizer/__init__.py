"""Key phrases and a summary of an article, Arabic first, by counting and place alone.

No model and no dictionary: what an article repeats, and what its headline and first sentences name,
is what it is about. Everything is a piece of the article's own text, with its place.
"""
