"""The measurements that lessons make: small tasks, surfaces and probes of trained networks."""
