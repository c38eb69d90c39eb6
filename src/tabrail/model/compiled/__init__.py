"""Compile a fitted pipeline for few rows: the same predictions in a fraction of the time.

For one row, almost all of the time goes into making and checking a table. The compiled form needs
only a few look-ups in the results of the fitted encoders, and a walk through the trees. The
pipeline is the specification. `compile_pipeline` compares both before the compiled form is used.
"""
