"""What people see: each view draws finished records and reports what people do to it.

No view trains, loads or decides; the laboratory puts them together.
"""
