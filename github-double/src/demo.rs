//! A month of an invented organisation's builds, and its endless present.
