"""The whole system on people drawn by the program, in a few minutes on two cores."""
