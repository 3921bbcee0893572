//! (plans as text)
