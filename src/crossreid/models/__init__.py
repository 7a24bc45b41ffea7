"""nn.Modules, and what makes them encoders."""
