"""Put the claims of military diplomacy to the public record of interstate conflict."""

__version__ = "0.1.0"
