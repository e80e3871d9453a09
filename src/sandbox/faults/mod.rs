//! Faults on demand: how one is written, which requests it meets, and what it does to an answer, a list or a connection.

pub(super) mod answers;
pub(super) mod fault;
pub(super) mod faulty_listener;
pub(super) mod faulty_stream;
pub(super) mod lists;
pub(super) mod plan;
