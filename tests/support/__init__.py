"""What tests share: made-up data, builders, oracles."""
