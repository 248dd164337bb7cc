"""What is measured; each case returns its part of the results as Markdown lines."""
