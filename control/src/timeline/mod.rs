//! The picture of a call: one self-contained HTML page.
