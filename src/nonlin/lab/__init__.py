"""The laboratory: data sets, training in lockstep, statistics, the result store and the engines."""
