//! The invented account: what is in it from the start, and what a seed fills it with.

pub(super) mod sample_data;
pub(super) mod seeder;
pub(super) mod size;
