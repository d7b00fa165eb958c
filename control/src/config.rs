//! Configuration: environment over TOML over defaults, parsed once into types.
