//! Keeping the machine from going to sleep while rows are sent: an idle laptop would break off what is on its way.

use std::marker::PhantomData;

/// The machine does not go to sleep by itself until this is dropped. It stays on its thread, which the system goes by.
#[derive(Debug)]
pub struct Awake(PhantomData<*const ()>);

impl Awake {
    /// Keeps the machine awake from now on, where the system can be asked to.
    pub fn begin() -> Awake {
        system::keep_awake();
        Awake(PhantomData)
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        system::let_sleep();
    }
}

#[cfg(windows)]
mod system {
    use windows_sys::Win32::System::Power::{ES_CONTINUOUS, ES_SYSTEM_REQUIRED, SetThreadExecutionState};

    pub(super) fn keep_awake() {
        // SAFETY: it takes a number and touches no memory.
        unsafe { SetThreadExecutionState(ES_CONTINUOUS | ES_SYSTEM_REQUIRED) };
    }

    pub(super) fn let_sleep() {
        // SAFETY: it takes a number and touches no memory.
        unsafe { SetThreadExecutionState(ES_CONTINUOUS) };
    }
}

/// Servers do not sleep, and who works at another desktop is asked by its power settings.
#[cfg(not(windows))]
mod system {
    pub(super) fn keep_awake() {}

    pub(super) fn let_sleep() {}
}
