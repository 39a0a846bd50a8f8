"""The implementations under test: Inkling's own code and its peers, one module each.

A module has `training_step(case)` and `forward_pass(case)`, which return a function to be timed,
and `facts()`; `training_loop` has functions without a case, and a `time_once` for them. Each runs
in a process or page with only its own packages.
"""
