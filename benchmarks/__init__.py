"""Speed and memory of detente beside the libraries that do the same, on the same data, in the same run."""
