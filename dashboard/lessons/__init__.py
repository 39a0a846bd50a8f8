"""Lessons as data: settings, steps, checks of the run, a question, and notes for the teacher."""
