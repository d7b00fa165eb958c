//! One task per call: between the data plane, the dialogue, the tools and the call log.
