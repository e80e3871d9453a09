//! The invented account: what is in it from the start, and what a seed fills it with.

pub mod sample_data;
pub mod seeder;
pub mod size;
