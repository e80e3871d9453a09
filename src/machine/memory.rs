//! Memory that is not used any more goes back to the machine.

/// Bytes at the end of the heap that are kept for later.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: libc::c_int = 128 * 1024;

/// Heaps among which threads are spread: each of them keeps what was freed in it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: libc::c_int = 2;

/// Lets the allocator give back what is free. Left alone it learns from the largest piece of memory that it is given back to keep
/// twice as much, and has a heap for each thread, of which there are many, one after the other: an import of 20,000 rows
/// then takes a sixth more. To be called before there is another thread.
pub fn give_back_what_is_free() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: each of these sets a number of the allocator and touches no memory of anybody.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
    }
}
