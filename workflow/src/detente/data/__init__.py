"""From the public record to panels: `acquire` has raw files, `record` cleans them, `panel` joins them.

`sources` declares every dataset, one module each, and `pins` what is known of its raw files. Nothing here knows of a
model, a claim or a study: whoever wants a panel alone needs no other package.
"""
