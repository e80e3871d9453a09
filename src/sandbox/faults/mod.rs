//! Faults on demand: how one is written, which requests it meets, and what it does to an answer, a list or a connection.

pub mod answers;
pub mod fault;
pub mod faulty_listener;
pub mod faulty_stream;
pub mod lists;
pub mod plan;
