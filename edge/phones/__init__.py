"""The codes at the windows: the hall's own, which phones on its Wi-Fi open, and those the province issued.

Read in this order: `marks` (pure: what a code proves), `limits` (pure: how many may come), `keys` (the key
beside the database), `phones` (who comes in by a code), `codes` (which codes each window has), `sheet` (the
page to print), `duty` (what a person orders). Scans are not seen and not counted: only ratings are.
"""
