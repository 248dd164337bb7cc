"""Small wrong changes in the modules that everything rests on: each has to make a test fail."""
