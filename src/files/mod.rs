//! Files of the user: written whole or not at all, for their owner alone where they belong to a run, under a name that is
//! free, and shown by a path that is short. What is no file, such as a device or a pipe, is written through.

mod atomic_file;
mod destination;
mod explained;
mod lock;
mod long_path;
mod names;
mod path_text;
mod private;
mod staging;

pub use atomic_file::{Access, AtomicFile, whole};
pub use destination::{Destination, take_over, write_through};
pub use explained::{cannot_write, explained, no_temporary_file, remove};
pub use lock::{lock, open_lock};
pub use long_path::long_path;
pub use names::{cut_name, folder_of, free_name_beside, name_with_ending, short_path};
pub use path_text::{path_as_text, path_of_text, path_to_text};
pub use private::{
    create_private_file, create_private_folder, is_unread, keep_private, open_private_to_append, private_folders,
};
pub use staging::{StagingDirectory, discard_staging_and_make_no_more, is_temporary, sweep, sweep_temporary};
