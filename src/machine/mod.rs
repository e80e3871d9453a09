//! What differs from one machine to the next: whether it stays awake, how it takes memory back, whether a folder is one that others write into, too, and
//! where what is remembered lies.

mod awake;
mod locked_file;
mod memory;
mod moved_state;
mod shared_folder;

pub use awake::Awake;
pub use locked_file::wait_when_locked;
pub use memory::give_back_what_is_free;
pub use moved_state::move_state;
pub use shared_folder::shared_folder;
