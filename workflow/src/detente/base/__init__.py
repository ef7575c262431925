"""What every other package uses: errors, files, strict YAML, frames, numerics."""
