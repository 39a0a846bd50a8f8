"""Own digits: labelled drawings on which the current model is fine-tuned, kept and exported."""
