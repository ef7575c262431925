"""Every defensible specification of a claim."""
