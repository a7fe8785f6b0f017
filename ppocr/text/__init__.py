"""Text: the entries of dictionaries, and the order in which texts are written."""
