"""A fitted pipeline that is compiled for few rows: the same predictions in a fraction of the time.

For one row, almost all of a prediction's time goes into making a table and checking it. Here a row
is a few look-ups in what the fitted encoders say, and a walk through the trees. The pipeline is the
specification: `compile_pipeline` compares both before the compiled form is used.
"""
