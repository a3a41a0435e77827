"""Reference models of published libraries as files for Strata. Weights are seeded; nothing is downloaded."""
