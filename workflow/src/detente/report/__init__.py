"""Tables, figures, numbers in the text, paper and site: from tidy estimates only."""
