"""Taking a hall into service: what stands in its networks, a table for each device, what support needs.

Read in this order: `ranges` (pure), `sweep`, `announced`, `tables` and `findings` (`hall-edge discover`);
`table` (pure), `writing` and `adding` (`hall-edge add-device`); `recording` (`hall-edge probe --record`).
"""
