//! Exported logs on disk as a source.
