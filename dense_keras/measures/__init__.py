"""Measures: pure functions of arrays, one phenomenon a file. They read nothing, print nothing and draw nothing."""
