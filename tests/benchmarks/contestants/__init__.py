"""The contestants, one module each: how Inkling or a peer trains the same net on the same batches.

Each has `training_step(case)` and `forward_pass(case)`, which return a function to be timed, and
`facts()`; `trainer` has disciplines of its own and a `time_once` for them. They run in processes
or pages of their own, with nothing but their own packages there.
"""
