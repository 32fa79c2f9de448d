"""The sides of a benchmark: each module is a program for one environment and prints one line of JSON."""
