"""The public record: raw files, tidy sources and panels."""
