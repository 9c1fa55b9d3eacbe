"""What tests of services and of transports are written with."""
