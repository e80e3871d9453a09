//! What differs from one machine to the next: whether it stays awake, whether a folder is one that others write into, too, and
//! where what is remembered lies.

mod awake;
mod moved_state;
mod shared_folder;

pub use awake::Awake;
pub use moved_state::move_state;
pub use shared_folder::shared_folder;
